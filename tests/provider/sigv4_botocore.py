#!/usr/bin/python3
"""Signs thousands of made-up requests twice, by sigv4_driver and by botocore, and
compares. botocore takes a URL's query as already encoded, so the query is encoded
here before both see it."""

import datetime
import json
import random
import subprocess
import sys
from urllib.parse import quote

try:
    import botocore.auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
except ImportError:
    print("SKIP: botocore is not installed for", sys.executable)
    sys.exit(77)

COUNT = 5000
NAMES = ["X-Amz-Target", "Content-Type", "x-amz-meta-a", "X-Amz-Meta-A-B", "Accept",
         "My-Header", "User-Agent", "Range", "X-Amzn-Trace-Id", "If-Match"]
SERVICES = ["cloudtrail", "sts", "sqs", "organizations", "s3"]
ALPHABET = "abcXYZ019-._~!$&'()*+,;=:@%/ \u00e9\u4e2d\U0001f600"


def text(rng, low, high, alphabet=ALPHABET):
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(low, high)))


def value(rng):
    spaces = ["", " ", "  ", "\t", " \t "]
    words = [text(rng, 0, 6, "abcXYZ019-._~!$&'()*+,;=:@%/") for _ in range(rng.randint(0, 4))]
    return rng.choice(spaces) + rng.choice(spaces[1:]).join(words) + rng.choice(spaces)


def path(rng, is_s3):
    segments = [rng.choice(["", ".", "..", "a", text(rng, 0, 8)]) for _ in range(rng.randint(0, 5))]
    encoded = [quote(s.replace("/", ""), safe="~") for s in segments]
    if is_s3:  # what S3 is sent has been encoded once, without dot segments or "//"
        encoded = [s for s in encoded if s not in ("", ".", "..")]
    return "/" + "/".join(encoded)


def request(rng):
    service = rng.choice(SERVICES)
    query = [(text(rng, 1, 5), text(rng, 0, 6)) for _ in range(rng.randint(0, 5))]
    query += [rng.choice(query)] if query and rng.random() < 0.3 else []
    headers = [["Host", "h%d.example" % rng.randint(0, 9)]]
    headers += [[rng.choice(NAMES), value(rng)] for _ in range(rng.randint(0, 6))]
    return {
        "method": rng.choice(["GET", "POST", "PUT", "DELETE", "HEAD"]),
        "path": path(rng, service == "s3"),
        "query": "&".join(quote(k, safe="-_.~") + "=" + quote(v, safe="-_.~")
                          for k, v in query),
        "headers": headers,
        "body": text(rng, 0, 80),
        "id": "AKID" + text(rng, 0, 8, "ABCDEF0123"),
        "secret": text(rng, 1, 40, "abcXYZ019+/"),
        "token": rng.choice(["", text(rng, 10, 60, "abcXYZ019+/=")]),
        "region": rng.choice(["eu-west-2", "us-gov-west-1", "cn-north-1"]),
        "service": service,
        "now": rng.randint(1000000000, 4000000000),
        "s3": service == "s3",
    }


def botocore_signs(req):
    class Clock(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return cls.utcfromtimestamp(req["now"])

    class Module:
        datetime = Clock

    botocore.auth.datetime = Module
    kind = botocore.auth.S3SigV4Auth if req["s3"] else botocore.auth.SigV4Auth
    signer = kind(Credentials(req["id"], req["secret"], req["token"] or None),
                  req["service"], req["region"])
    url = "https://h.example" + req["path"] + ("?" + req["query"] if req["query"] else "")
    signed = AWSRequest(req["method"], url, data=req["body"].encode())
    for name, content in req["headers"]:
        signed.headers.add_header(name, content)
    signer.add_auth(signed)
    return signed.headers["Authorization"]


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
    rng = random.Random(seed)
    requests = [request(rng) for _ in range(COUNT)]
    lines = "\n".join(json.dumps(r) for r in requests)
    driver = subprocess.run([sys.argv[1]], input=lines, capture_output=True, text=True,
                            check=True)
    ours = driver.stdout.splitlines()
    if len(ours) != COUNT:
        sys.exit("seed %d: %d answers to %d requests" % (seed, len(ours), COUNT))
    wrong = 0
    for req, our in zip(requests, ours):
        theirs = botocore_signs(req)
        if our != theirs:
            wrong += 1
            if wrong <= 3:
                print(json.dumps(req), "ours:   " + our, "theirs: " + theirs, sep="\n")
    print("seed %d: %d requests, %d differ" % (seed, COUNT, wrong))
    sys.exit(wrong > 0)


main()
