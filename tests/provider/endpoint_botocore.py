"""Our partitions and host names against the tables and rules of Debian's botocore.

endpoint_botocore.py DRIVER. botocore knows no aws-eusc, aws-iso-e and aws-iso-f yet; their
rows are in test_aws_setup.c.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import botocore
from botocore.endpoint_provider import EndpointProvider
from botocore.loaders import Loader

DATA = Path(botocore.__file__).parent / "data"
SERVICES = {"cloudtrail": "2013-11-01", "sts": "2011-06-15", "ec2": "2016-11-15"}
# Not in the rules: China has no FIPS endpoints, and nobody asks for them.
NO_FIPS = ("aws-cn",)


def load(name: str) -> dict:
    return json.loads((DATA / name).read_text())


def providers() -> dict[str, EndpointProvider]:
    partitions = load("partitions.json")
    loader = Loader(include_default_search_paths=True)
    return {service: EndpointProvider(
        loader.load_service_model(service, "endpoint-rule-set-1", version), partitions)
        for service, version in SERVICES.items()}


def host_of(provider: EndpointProvider, region: str, is_fips: bool) -> str:
    url = provider.resolve_endpoint(Region=region, UseFIPS=is_fips, UseDualStack=False,
                                    **({"UseGlobalEndpoint": False}
                                       if "UseGlobalEndpoint" in provider_parameters(provider)
                                       else {})).url
    return url.removeprefix("https://")


def provider_parameters(provider: EndpointProvider) -> set[str]:
    return set(provider.ruleset.parameters)


def organisation_region(partition: dict) -> str | None:
    service = partition["services"].get("organizations")
    if service is None:
        return None
    return service["endpoints"][service["partitionEndpoint"]]["credentialScope"]["region"]


def main() -> int:
    rules = providers()
    questions, expected = [], []
    for partition in load("endpoints.json")["partitions"]:
        iam = partition["services"]["iam"]
        home = iam["endpoints"][iam["partitionEndpoint"]]["credentialScope"]["region"]
        for region in partition["regions"]:
            for service, provider in rules.items():
                for is_fips in (False, True):
                    if is_fips and partition["partition"] in NO_FIPS:
                        continue
                    questions.append({"service": service, "region": region, "fips": is_fips})
                    expected.append((host_of(provider, region, is_fips),
                                     partition["partition"], partition["dnsSuffix"], home,
                                     organisation_region(partition)))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    driver = subprocess.run([sys.argv[1]], input="\n".join(map(json.dumps, questions)),
                            capture_output=True, text=True, check=True, env=environment)
    ours = [tuple(line.split()) for line in driver.stdout.splitlines()]
    wrong = [(q, o, e) for q, o, e in zip(questions, ours, expected, strict=True)
             if o[:4] != e[:4] or e[4] not in (None, o[4])]
    for question, our, their in wrong[:5]:
        print(question, "ours:  ", our, "theirs:", their, sep="\n")
    print(f"{len(questions)} endpoints, {len(wrong)} differ")
    return bool(wrong) or len(questions) < 100


sys.exit(main())
