#!/usr/bin/python3
"""How well the shipped packs agree with labelled real events: `auditbridge map` over the
corpus beside the project, scored by the corpus's own scorer. Local only: the corpus is
never part of the project, and where it is absent this says SKIP.

    tests/corpus_score.py [--binary build/dev/auditbridge] [-v]

Fails below recall 0.97 or precision 0.99 of the firm operations of principles 2 and 3,
counted by operation."""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "corpus"
# Which file of the corpus holds the records of which provider.
FILES = {"aws.ndjson": "aws-cloudtrail", "azure-activity.ndjson": "azure-activity",
         "entra-audit.ndjson": "entra-audit",
         "gcp.ndjson": "gcp-audit"}
RECALL, PRECISION = 0.97, 0.99
SKIP = 77


def skip(reason):
    print(f"SKIP: {reason}")
    sys.exit(SKIP)


def map_events(binary, provider, lines):
    """The principles of each event, in the order of the input."""
    records = "".join(json.dumps(line["event"]) + "\n" for line in lines)
    run = subprocess.run([binary, "map", "--provider", provider,
                          "--mappings", ROOT / "mappings"], input=records,
                         capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"map ended with {run.returncode}:\n{run.stderr}")
    events = [json.loads(line) for line in run.stdout.splitlines()]
    if len(events) != len(lines):
        sys.exit(f"map wrote {len(events)} events for {len(lines)} records")
    return [event.get("moj", {}).get("principles", []) for event in events]


def predict(binary, folder):
    """Writes predictions, and a folder with only the files they are for."""
    predictions = pathlib.Path(folder) / "predictions.ndjson"
    (pathlib.Path(folder) / "labels.tsv").symlink_to(CORPUS / "labels.tsv")
    with predictions.open("w", encoding="utf-8") as out:
        for name, provider in FILES.items():
            (pathlib.Path(folder) / name).symlink_to(CORPUS / name)
            lines = [json.loads(line) for line in (CORPUS / name).open(encoding="utf-8")]
            for line, found in zip(lines, map_events(binary, provider, lines)):
                out.write(json.dumps({"id": line["id"], "principles": found}) + "\n")
    return predictions


def score(folder, predictions, refs, verbose):
    command = [sys.executable, CORPUS / "score.py", folder, predictions, "--refs", refs]
    run = subprocess.run(command + (["-v"] if verbose else []), capture_output=True,
                         text=True, check=True)
    print(f"principles {refs}:\n{run.stdout}")
    return run.stdout


def firm_figures(text):
    found = re.search(r"^TOTAL +firm +\d+ +[\d.]+ +([\d.]+) +[\d.]+ +([\d.]+)$", text, re.M)
    return float(found[1]), float(found[2])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=os.environ.get(
        "AUDITBRIDGE", ROOT / "build" / "dev" / "auditbridge"))
    parser.add_argument("-v", action="store_true", help="name every miss")
    options = parser.parse_args()
    if not (CORPUS / "score.py").exists():
        skip(f"there is no corpus at {CORPUS}")
    if not pathlib.Path(options.binary).exists():
        skip(f"{options.binary} has not been built")

    with tempfile.TemporaryDirectory() as folder:
        predictions = predict(options.binary, folder)
        recall, precision = firm_figures(score(folder, predictions, "2,3", options.v))
        score(folder, predictions, "all", options.v)
    if recall < RECALL or precision < PRECISION:
        sys.exit(f"recall {recall} or precision {precision} is below "
                 f"{RECALL} and {PRECISION}")


if __name__ == "__main__":
    main()
