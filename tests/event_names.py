#!/usr/bin/python3
"""Every name that src/event writes in ecs is one of Elastic Common Schema's, or stands under
moj., and docs/event.md explains it."""

import os
import pathlib
import re
import sys

import yaml

os.chdir(pathlib.Path(__file__).resolve().parents[1])
SCHEMA = pathlib.Path("../shared/schemas/ecs_flat.yml")
PAIR = re.compile(r'(?:NAME|MEMBER)\(\s*"([^"]*)",\s*"([^"]+)"\)')
FIELD = re.compile(r'X\(\w+,\s*"([^"]*)",\s*"([^"]+)",')


def written():
    for path in sorted(pathlib.Path("src/event").glob("*.[ch]")):
        if path.name.startswith("ocsf"):
            continue  # names of another schema: ocsf_corpus.py checks them
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        for pattern in (PAIR, FIELD):
            for found in pattern.finditer(text):
                yield ".".join(part for part in found.groups() if part)
    # What the origin writes once, through jansson.
    for leaf in ("product", "type", "version", "name"):
        yield f"observer.{leaf}"
    yield from ("moj.tenant", "moj.mapping.versions", "moj.mapping.hash")


def main():
    if not SCHEMA.exists():
        print(f"SKIP: {SCHEMA} is absent")
        return 77
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    schema = yaml.load(SCHEMA.read_text(), Loader=loader)
    explained = set(re.findall(r"`([a-z0-9@_.]+)`", pathlib.Path("docs/event.md").read_text()))
    faults = 0
    names = set(written())
    for name in sorted(names):
        if not name.startswith("moj.") and name not in schema:
            print(f"{name}: not in Elastic Common Schema")
            faults += 1
        if name not in explained:
            print(f"{name}: not explained in docs/event.md")
            faults += 1
    print(f"{len(names)} names, {faults} faults")
    return 1 if faults or len(names) < 90 else 0


sys.exit(main())
