#!/usr/bin/python3
"""Real records through `auditbridge map`: every event is JSON that gives its record
back, says nothing empty, and uses only names and words of Elastic Common Schema."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
CORPUS = SHARED / "corpus"
FILES = {"aws-cloudtrail": "aws.ndjson", "azure-activity": "azure-activity.ndjson",
         "entra-audit": "entra-audit.ndjson", "entra-signin": "entra-signin.ndjson",
         "gcp-audit": "gcp.ndjson"}
GOLDEN = ROOT / "tests/golden/events"
SCHEMA = SHARED / "schemas/ecs_flat.yml"
PROGRAM = os.environ.get("AUDITBRIDGE", ROOT / "build/dev/auditbridge")
# What a record or an operator names freely.
FREE = ("moj.transport", "moj.tenant")


def leaves(value, name=""):
    if isinstance(value, dict) and name not in FREE:
        assert value, f"{name} is empty"
        for key, member in value.items():
            yield from leaves(member, f"{name}.{key}" if name else key)
        return
    assert value not in (None, "", []), f"{name} is empty"
    yield name, value


def check_names(event, schema):
    for name, value in leaves(event):
        if name.startswith("moj."):
            continue
        field = schema.get(name)
        assert field is not None, f"{name} is not in the schema"
        is_array = "array" in field.get("normalize", [])
        assert isinstance(value, list) == is_array, f"{name}: array or not"


def check(event, record, schema):
    original = event["event"]["original"]
    assert original == record, "event.original is not the record"
    assert event["event"]["hash"] == hashlib.sha256(record.encode()).hexdigest()
    check_names(event, schema)
    expected = {
        row["name"]: set(row["expected_event_types"])
        for row in schema["event.category"]["allowed_values"]
    }
    categories = event["event"].get("category", [])
    allowed = set().union(*(expected[category] for category in categories))
    types = set(event["event"].get("type", []))
    assert types <= allowed, f"types {types - allowed} of {categories}"
    assert len(categories) == len(set(categories))
    assert bool(categories) == bool(event["moj"].get("principles"))


def main():
    if not CORPUS.exists() or not pathlib.Path(PROGRAM).exists():
        print(f"SKIP: {CORPUS} or {PROGRAM} is absent")
        return 77
    schema = yaml.load(
        SCHEMA.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    for path in sorted(GOLDEN.glob("*/event.json")):
        check_names(json.loads(path.read_text()), schema)
    return int(any([map_all(provider, schema) for provider in FILES]))


def map_all(provider, schema):
    """Counts the faults of one provider's records."""
    records = [
        json.dumps(json.loads(line)["event"], ensure_ascii=False, separators=(",", ":"))
        for line in (CORPUS / FILES[provider]).read_text().splitlines()
    ]
    command = [PROGRAM, "map", "--provider", provider]
    command += ["--mappings", ROOT / "mappings"]
    given = "\n".join(records) + "\n"
    output = subprocess.run(command, input=given.encode(), stdout=subprocess.PIPE, check=True)
    lines = output.stdout.decode().split("\n")[:-1]
    assert len(lines) == len(records), f"{len(lines)} events of {len(records)} records"
    faults = 0
    for number, (line, record) in enumerate(zip(lines, records), 1):
        try:
            check(json.loads(line), record, schema)
        except (AssertionError, ValueError, KeyError) as fault:
            print(f"record {number}: {fault!r}")
            faults += 1
    print(f"{provider}: {len(lines)} events, {faults} faults")
    return faults


sys.exit(main())
