#!/usr/bin/python3
"""Golden records and real ones through `auditbridge map --format ocsf`: every event keeps
to the release's own schema, gives its record back and says nothing empty."""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
CORPUS = SHARED / "corpus"
CHECK = SHARED / "schemas/check_ocsf.py"
FILES = {"aws-cloudtrail": "aws.ndjson", "azure-activity": "azure-activity.ndjson",
         "entra-audit": "entra-audit.ndjson", "entra-signin": "entra-signin.ndjson",
         "gcp-audit": "gcp.ndjson"}
# Whose a golden record is, by how its folder's name begins; AWS's else.
GOLDEN = {"azure_": "azure-activity", "entra_": "entra-audit", "signin_": "entra-signin",
          "gcp_": "gcp-audit", "": "aws-cloudtrail"}
VERSIONS = ("1.1.0", "1.3.0", "1.8.0")
PROGRAM = os.environ.get("AUDITBRIDGE", ROOT / "build/dev/auditbridge")
# What a record or an operator names freely.
FREE = ("transport", "tenant")


def records_of(provider):
    """Golden records as they stand, then the corpus'."""
    for folder in sorted((ROOT / "tests/golden/events").iterdir()):
        prefix = next(prefix for prefix in GOLDEN if folder.name.startswith(prefix))
        if GOLDEN[prefix] == provider:
            # Between tokens alone: no string may hold one.
            yield (folder / "record.json").read_text().strip().replace("\n", " ")
    for line in (CORPUS / FILES[provider]).read_text().splitlines():
        yield json.dumps(json.loads(line)["event"], ensure_ascii=False,
                         separators=(",", ":"))


def map_records(provider, records, *options):
    command = [PROGRAM, "map", "--provider", provider, "--mappings", ROOT / "mappings",
               *options]
    given = "\n".join(records) + "\n"
    done = subprocess.run(command, input=given.encode(), stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


def find_empty(value, name=""):
    """The name of something that is null or empty, or None."""
    if value in (None, "", [], {}):
        return name
    members = ()
    if isinstance(value, dict):
        members = ((key, member) for key, member in value.items() if key not in FREE)
    elif isinstance(value, list):
        members = enumerate(value)
    found = (find_empty(member, f"{name}.{key}") for key, member in members)
    return next(filter(None, found), None)


def check_event(line, ecs_line, record):
    event, ecs = json.loads(line), json.loads(ecs_line)
    assert event["raw_data"] == record, "raw_data is not the record"
    assert event["metadata"]["uid"] == ecs["event"]["id"], "another id than in ecs"
    assert find_empty(event) is None, f"{find_empty(event)} is empty"
    assert event["unmapped"]["moj"] == ecs["moj"], "another moj than in ecs"
    return event["class_uid"], event["activity_id"]


def check_schema(version, lines):
    """How many faults the validator finds; prints the first of each kind."""
    done = subprocess.run(["/usr/bin/python3", CHECK, version], input=lines, text=True,
                          stdout=subprocess.PIPE, check=False)
    *faults, total = done.stdout.splitlines()
    kinds = {re.sub(r"^line \d+: ", "", fault): fault for fault in reversed(faults)}
    for fault in sorted(kinds.values())[:20]:
        print(f"  {version}: {fault}")
    assert total.endswith(f" {len(faults)} faults"), total
    return len(faults)


def check_provider(provider):
    records = list(records_of(provider))
    ecs = map_records(provider, records).split("\n")
    faults = 0
    for version in VERSIONS:
        text = map_records(provider, records, "--format", "ocsf", "--ocsf-version", version)
        lines = text.split("\n")
        assert len(lines) == len(ecs) == len(records) + 1
        faults += check_schema(version, text)
        classes = collections.Counter()
        for number, parts in enumerate(zip(lines, ecs, records), 1):
            try:
                classes[check_event(*parts)] += 1
            except (AssertionError, ValueError, KeyError) as fault:
                print(f"  {version}: record {number}: {fault!r}")
                faults += 1
        shown = ", ".join(f"{uid}:{activity} {count}"
                          for (uid, activity), count in sorted(classes.items()))
        print(f"{provider} {version}: {len(records)} events; {shown}")
    return faults


def main():
    if not CHECK.exists() or not CORPUS.exists():
        print(f"SKIP: {CHECK} or {CORPUS} is absent")
        return 77
    faults = sum([check_provider(provider) for provider in FILES])
    print(f"{faults} faults")
    return int(faults > 0)


sys.exit(main())
