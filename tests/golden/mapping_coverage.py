#!/usr/bin/python3
"""Whether the shipped packs decide on everything: `auditbridge mappings coverage`, `lint`
and `test` over the catalogues beside the project. Local only: they are other people's
lists and never part of the project, and where they are absent this says SKIP.

    tests/golden/mapping_coverage.py [--priority N]

Fails while one write of a service of priority 1 to N (default: 2) is undecided, while a
figure is not what golden/recount.py counts, lint has a finding, or an example fails. golden/known_operations/PROVIDER.tsv adds to the
catalogues what is in no published list, but in a cloud's documentation."""
import argparse
import json
import os
import pathlib
import subprocess
import sys

try:
    from recount import Recount
except ImportError as missing:
    print(f"SKIP: {missing}; install python3-yaml")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
CATALOGUES = ROOT.parent / "shared" / "catalogs"
PROGRAM = os.environ.get("AUDITBRIDGE", ROOT / "build" / "dev" / "auditbridge")
# Which catalogues hold the operations of which provider.
FILES = {"aws-cloudtrail": ("aws.tsv", "aws-data-events.tsv"),
         "azure-activity": ("azure.tsv",), "entra-audit": ("entra.tsv",),
         "gcp-audit": ("gcp.tsv",)}
SHOWN, SKIP = 20, 77


def call(*arguments):
    run = subprocess.run([PROGRAM, "mappings", *arguments, "--mappings", ROOT / "mappings"],
                         capture_output=True, text=True, check=False)
    if run.returncode > 1:
        sys.exit(f"mappings {arguments[0]} ended with {run.returncode}:\n{run.stderr}")
    return run


def show(lines):
    for line in lines[:SHOWN]:
        print(f"  {line}")
    if len(lines) > SHOWN:
        print(f"  and {len(lines) - SHOWN} more")


def measure(provider, priority):
    """True when every write in scope is decided. Data events are in no scope."""
    told = json.loads(call("coverage", "--provider", provider, "--catalog",
                           CATALOGUES / FILES[provider][0], "--scope",
                           CATALOGUES / "in_scope.tsv", "--priority", priority, "--output",
                           "json").stdout)
    total = told["total"]
    print(f"{provider}: {total['writes'] - total['undecided']} of {total['writes']} writes "
          f"decided ({total['percent']} %): {total['mapped']} mapped, {total['conditional']} "
          f"on a condition, {total['no_principle']} of no principle")
    show([f"{one['service']}  {one['operation']}" for one in told["undecided"]])
    return is_counted(provider, priority, told) and total["undecided"] == 0


def is_counted(provider, priority, told):
    """True when the figures are those of the recount."""
    kinds, letters = Recount(provider, ROOT / "mappings").count(
        CATALOGUES / FILES[provider][0], CATALOGUES / "in_scope.tsv", int(priority))
    wrong = [f"{kind}: {told['total'][kind]}, and {kinds[kind]} were counted"
             for kind in ("mapped", "conditional", "no_principle", "undecided")
             if told["total"][kind] != kinds[kind]]
    wrong += [f"{letter}: {one['mapped']} mapped, and {letters[letter]} were counted"
              for letter, one in told["principles"].items() if one["mapped"] != letters[letter]]
    show(wrong)
    return not wrong


def lint(provider):
    """True when lint has no finding with every catalogue of provider."""
    files = [CATALOGUES / name for name in FILES[provider]]
    known = ROOT / "tests" / "golden" / "known_operations" / f"{provider}.tsv"
    files += [known] if known.exists() else []
    options = [part for file in files for part in ("--catalog", file)]
    run = call("lint", "--provider", provider, *options)
    show(run.stdout.splitlines())
    return run.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--priority", default="2")
    priority = parser.parse_args().priority
    if not CATALOGUES.is_dir():
        print(f"SKIP: {CATALOGUES} is not on this machine")
        sys.exit(SKIP)
    answers = [measure(provider, priority) for provider in FILES]
    answers += [lint(provider) for provider in FILES]
    examples = call("test")
    print(examples.stdout, end="")
    answers.append(examples.returncode == 0)
    sys.exit(0 if all(answers) else 1)


if __name__ == "__main__":
    main()
