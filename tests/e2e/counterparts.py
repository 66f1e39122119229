"""Platforms that sinks are tried against, each as strict as its specification and as
cruel as a bad day. What a real one checks beyond this stands in docs/sinks.md."""

import base64
import gzip
import hashlib
import json
import re
import threading
import urllib.parse
import uuid
from dataclasses import dataclass
from datetime import datetime, timezone
from email.message import Message
from typing import ClassVar

from receiver import Answer, Handler, Receiver

from client import KEY_ID, SECRET
from errors import ApiError
from sign import STAMP, Key, Received, check_signature


class Http(Receiver):
    """Any platform that takes lines of JSON."""

    TYPE: ClassVar[str] = "http"
    SETTINGS: ClassVar[str] = "api_key: key-1"
    tells_repeats: ClassVar[bool] = False

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/v1/events"

    def line(self, more: str = "") -> str:
        """The sink's entry in a configuration."""
        settings = f"{self.SETTINGS}, {more}".rstrip(", ")
        return (f"  platform: {{type: {self.TYPE}, url: '{self.url}', "
                f"ca_file: {self.ca_file}, {settings}}}")


@dataclass
class ItemFault:
    """What Elasticsearch says of single events."""

    status: int
    error: str
    ids: set[str]
    is_once: bool = False  # of each of them


class Elasticsearch(Http):
    """The bulk API: elasticsearch-specification, specification/_global/bulk."""

    TYPE = "elasticsearch"
    SETTINGS = "api_key: key-1, index: audit-%Y.%m"
    tells_repeats = True
    BULK = "/_bulk?filter_path=errors%2Citems.%2A.status%2Citems.%2A.error.type%2C" \
           "items.%2A.error.caused_by.type"

    def __init__(self, folder, **options) -> None:
        super().__init__(folder, credential=("Authorization", "ApiKey key-1"), **options)
        self.documents: dict[tuple[str, str], dict] = {}
        self.item_faults: list[ItemFault] = []

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def parse(self, request: Handler, body: bytes) -> list[dict]:
        self.check_type(request.headers)
        if request.path != self.BULK:
            self.note_misfit(f"path {request.path}")
        if body[-1:] != b"\n":
            self.note_misfit("The bulk request must be terminated by a newline")
        lines = body.split(b"\n")[:-1]
        events = []
        for action, source in zip(lines[::2], lines[1::2], strict=True):
            event = json.loads(source)
            self.check_action(json.loads(action), event)
            events.append(event)
        return events

    def check_action(self, action: dict, event: dict) -> None:
        index = "audit-" + event["@timestamp"][:7].replace("-", ".")
        wanted = {"create": {"_index": index, "_id": event["event"]["id"]}}
        if action != wanted:
            self.note_misfit(f"action {action}, wanted {wanted}")

    def take(self, events: list[dict]) -> Answer:
        items = [{"create": self.index(event)} for event in events]
        has_errors = any("error" in item["create"] for item in items)
        return Answer(200, json.dumps({"errors": has_errors, "items": items}).encode())

    def keep(self, events: list[dict]) -> None:
        self.take(events)

    def index(self, event: dict) -> dict:
        event_id = event["event"]["id"]
        key = (event["@timestamp"][:7], event_id)
        for fault in self.item_faults:
            if event_id in fault.ids:
                if fault.is_once:
                    fault.ids.discard(event_id)
                return {"status": fault.status, "error": {"type": fault.error}}
        with self._lock:
            if key in self.documents:
                return {"status": 409, "error": {"type": "version_conflict_engine_exception"}}
            self.documents[key] = event
        self.store([event])
        return {"status": 201}


class SearchDomain(Elasticsearch):
    """An OpenSearch domain of AWS: the same, but that requests are signed, which botocore
    checks, and that an expired token is told in words."""

    SETTINGS = "aws_region: eu-west-2, index: audit-%Y.%m"

    def __init__(self, folder, **options) -> None:
        super().__init__(folder, **options)
        self.keys = {KEY_ID: Key(SECRET)}
        self.expires = 0  # how many requests are told that their token is over
        self.signers: list = []

    def welcomes(self, request: Handler, wire: bytes) -> bool:
        received = Received(request.path, request.headers.items(), wire, request.command)
        stamp = datetime.strptime(request.headers["X-Amz-Date"], STAMP)
        signed_at = stamp.replace(tzinfo=timezone.utc).timestamp()
        try:
            signer = check_signature(self.keys, "es", signed_at, received)
        except ApiError as problem:
            self.note_misfit(f"signature: {problem}")
            return False
        hashed = hashlib.sha256(wire).hexdigest()
        if request.headers.get("X-Amz-Content-Sha256") != hashed:
            self.note_misfit("X-Amz-Content-Sha256 is not that of the body")
        self.signers.append(signer)
        return signer.region == "eu-west-2"

    def ask(self, request: Handler, body: bytes) -> Answer | None:
        if self.expires <= 0:
            return None
        self.expires -= 1
        return Answer(403, b'{"message":"The security token included in the request is expired"}')


class SplunkHec(Http):
    """The HTTP Event Collector with indexer acknowledgement: docs.splunk.com,
    AboutHECIDXAck. What it has not indexed yet dies with it."""

    TYPE = "splunk-hec"
    SETTINGS = "token: key-1, sourcetype: audit, acknowledgement_timeout: 60s"
    ASKS = 2  # an acknowledgement is true when it is asked for the second time

    def __init__(self, folder, **options) -> None:
        super().__init__(folder, credential=("Authorization", "Splunk key-1"),
                         want_type="application/json", **options)
        self.pending: dict[tuple[str, int], list] = {}  # channel, ackId: asks, events
        self.next_id: dict[str, int] = {}
        self.here = threading.local()  # the channel of this thread's request
        self.ack_status = 200
        self.indexes = True

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def kill(self) -> None:
        super().kill()
        with self._lock:
            self.pending.clear()

    def parse(self, request: Handler, body: bytes) -> list[dict]:
        self.check_type(request.headers)
        if request.path != "/services/collector/event":
            self.note_misfit(f"path {request.path}")
        self.here.channel = self.channel_of(request.headers)
        decoder, text, at, events = json.JSONDecoder(), body.decode(), 0, []
        while at < len(text):
            wrapped, at = decoder.raw_decode(text, at)
            at += len(re.match(r"\s*", text[at:])[0])
            event = wrapped["event"]
            if (wrapped["fields"] != {"event_id": event["event"]["id"]}
                    or wrapped["sourcetype"] != "audit" or not isinstance(wrapped["time"], float)):
                self.note_misfit(f"wrapper {wrapped['fields']}")
            events.append(event)
        return events

    def channel_of(self, headers: Message) -> str:
        channel = headers.get("X-Splunk-Request-Channel", "")
        if str(uuid.UUID(channel)) != channel:
            self.note_misfit(f"channel {channel}")
        return channel

    def take(self, events: list[dict]) -> Answer:
        with self._lock:
            channel = self.here.channel
            number = self.next_id.get(channel, 0)
            self.next_id[channel] = number + 1
            self.pending[channel, number] = [0, events]
        body = {"text": "Success", "code": 0, "ackId": number}
        return Answer(200, json.dumps(body).encode(), {"Set-Cookie": "stick=a; Path=/"})

    def ask(self, request: Handler, body: bytes) -> Answer | None:
        url = urllib.parse.urlsplit(request.path)
        if url.path != "/services/collector/ack":
            return None
        channel = urllib.parse.parse_qs(url.query)["channel"][0]
        if not self.welcomes(request, body) or request.headers.get("Cookie") != "stick=a":
            self.note_misfit("asked for an acknowledgement without token or cookie")
        if self.ack_status != 200:
            return Answer(self.ack_status)
        acks = {str(number): self.is_indexed(channel, number)
                for number in json.loads(body)["acks"]}
        return Answer(200, json.dumps({"acks": acks}).encode())

    def is_indexed(self, channel: str, number: int) -> bool:
        with self._lock:
            entry = self.pending.get((channel, number))
            if entry is None or not self.indexes:
                return False  # unknown, and so never true
            entry[0] += 1
            if entry[0] < self.ASKS:
                return False
            del self.pending[channel, number]
        self.store(entry[1])
        return True


class S3(Http):
    """PutObject of a store that signs and names as S3 does: botocore checks signatures;
    conditional writes and checksums as the S3 User Guide has them."""

    TYPE = "s3"
    SETTINGS = "bucket: moj-audit, region: eu-west-2, prefix: audit"
    tells_repeats = True
    KEY = re.compile(r"/moj-audit/audit/source%3D[a-z0-9-]+/dt%3D(\d{4}-\d\d-\d\d)/"
                     r"hour%3D(\d\d)/[0-9a-f]{32}\.ndjson\.gz")

    def __init__(self, folder, **options) -> None:
        super().__init__(folder, **options)
        self.objects: dict[str, bytes] = {}
        self.here = threading.local()  # the object of this thread's request

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def line(self, more: str = "") -> str:
        settings = f"{self.SETTINGS}, {more}".rstrip(", ")
        return (f"  platform: {{type: s3, endpoint: '{self.url}', "
                f"ca_file: {self.ca_file}, {settings}}}")

    def welcomes(self, request: Handler, wire: bytes) -> bool:
        received = Received(request.path, request.headers.items(), wire, request.command)
        stamp = datetime.strptime(request.headers["X-Amz-Date"], STAMP)
        signed_at = stamp.replace(tzinfo=timezone.utc).timestamp()  # tests move the clock
        try:
            signer = check_signature({KEY_ID: Key(SECRET)}, "s3", signed_at, received)
        except ApiError as problem:
            self.note_misfit(f"signature: {problem}")
            return False
        return signer.region == "eu-west-2"

    def parse(self, request: Handler, body: bytes) -> list[dict]:
        checksum = base64.b64encode(hashlib.sha256(body).digest()).decode()
        headers = request.headers
        key = self.KEY.fullmatch(request.path)
        if (request.command != "PUT" or key is None or headers.get("If-None-Match") != "*"
                or headers.get("x-amz-checksum-sha256") != checksum):
            self.note_misfit(f"{request.command} {request.path} {headers.items()}")
        events = [json.loads(line) for line in gzip.decompress(body).splitlines()]
        begins = events[0]["@timestamp"]
        if key is not None and (begins[:10], begins[11:13]) != key.groups():
            self.note_misfit(f"{request.path} begins at {begins}")
        self.here.key, self.here.body = request.path, body
        return events

    def take(self, events: list[dict]) -> Answer:
        with self._lock:
            before = self.objects.setdefault(self.here.key, self.here.body)
        if before is not self.here.body:
            if before != self.here.body:
                self.note_misfit(f"{self.here.key}: other bytes under the same name")
            return Answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
        self.store(events)
        return Answer(200)

    def keep(self, events: list[dict]) -> None:
        self.take(events)

    def refusal(self, status: int) -> bytes:
        code = {400: "InvalidRequest", 401: "InvalidAccessKeyId", 403: "AccessDenied",
                404: "NoSuchBucket"}.get(status, "SlowDown")
        return f"<Error><Code>{code}</Code></Error>".encode()


def fields_of(message: bytes) -> list[tuple[int, int | bytes]]:
    """Protobuf's wire format: protobuf.dev, "Encoding". Numbers of fields and values."""
    fields, at = [], 0

    def varint() -> int:
        nonlocal at
        value, shift = 0, 0
        while message[at] & 0x80:
            value |= (message[at] & 0x7f) << shift
            shift, at = shift + 7, at + 1
        value, at = value | message[at] << shift, at + 1
        return value

    while at < len(message):
        number, kind = divmod(varint(), 8)
        if kind == 0:
            fields.append((number, varint()))
            continue
        size = {1: 8, 2: None, 5: 4}[kind]
        size = varint() if size is None else size
        value = message[at:at + size]
        if len(value) != size:
            raise ValueError("a field reaches past its message")
        fields.append((number, value if kind == 2 else int.from_bytes(value, "little")))
        at += size
    return fields


class Otlp(Http):
    """A collector's OTLP/HTTP endpoint: opentelemetry-proto, docs/specification.md."""

    TYPE = "otlp"

    def __init__(self, folder, **options) -> None:
        super().__init__(folder, want_type="application/x-protobuf", **options)
        self.rejects: set[str] = set()  # with partial_success

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def parse(self, request: Handler, body: bytes) -> list[dict]:
        self.check_type(request.headers)
        if request.path != "/v1/logs":
            self.note_misfit(f"path {request.path}")
        events = []
        for one, resource_logs in fields_of(body):
            resource, scope_logs = (dict(fields_of(resource_logs)).get(i, b"") for i in (1, 2))
            if one != 1 or b"service.name" not in resource:
                self.note_misfit(f"resource_logs {one} of {resource}")
            events += [self.event_of(dict(fields_of(record)))
                       for number, record in fields_of(scope_logs) if number == 2]
        return events

    def event_of(self, record: dict) -> dict:
        """A record's body, which must agree with what stands around it."""
        event = json.loads(dict(fields_of(record[5]))[1])
        key, value = (field for _, field in sorted(fields_of(record[6])))
        seen = (key, dict(fields_of(value))[1], record[1] // 10**6)
        when = datetime.fromisoformat(event["@timestamp"].replace("Z", "+00:00"))
        wanted = (b"log.record.uid", event["event"]["id"].encode(),
                  round(when.timestamp() * 1000))
        if seen != wanted or not record.get(11):
            self.note_misfit(f"{seen}, observed {record.get(11)}, wanted {wanted}")
        return event

    def take(self, events: list[dict]) -> Answer:
        rejected = [event for event in events if event["event"]["id"] in self.rejects]
        self.store([event for event in events if event not in rejected])
        partial = b"\x08" + bytes([len(rejected)]) + b"\x12\x02no" if rejected else b""
        body = b"\x0a" + bytes([len(partial)]) + partial if partial else b""
        return Answer(200, body, {"Content-Type": "application/x-protobuf"})


COUNTERPARTS: dict[str, type[Http]] = {
    kind.TYPE: kind for kind in (Http, Elasticsearch, Otlp, S3, SplunkHec)}
