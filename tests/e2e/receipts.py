#!/usr/bin/python3
"""Proves from the receiver's side alone that nothing is missing.

    python3 tests/e2e/receipts.py [--sink NAME] events.ndjson

Reads only what a sink stored: for each source and receipt it counts the events that are
there, adds up their ids, and looks for holes between receipts. Knows nothing of the
program but docs/event.md. Exit status 1 when something is missing.
"""

import argparse
import hashlib
import json
import sys
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

HOUR_MS = 3_600_000


def ms_of(text: str) -> int:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)
    return round(moment.timestamp() * 1000)


def text_of(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, timezone.utc).isoformat().replace("+00:00", "Z")


@dataclass
class Source:
    """What the receiver holds of one source, each event.id once."""

    events: dict[str, int] = field(default_factory=dict)   # id to time
    receipts: dict[str, dict] = field(default_factory=dict)
    starts: list[int] = field(default_factory=list)
    sealed: int = 0

    def within(self, begin: int, end: int) -> list[str]:
        return [id for id, time in self.events.items() if begin <= time < end]


def read(path: Path) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for line in path.read_bytes().splitlines():
        document = json.loads(line)
        event, moj = document["event"], document["moj"]
        source = sources.setdefault(moj["source"], Source())
        bridge = moj.get("bridge", {})
        if not event["id"].startswith("bridge:"):
            source.events.setdefault(event["id"],
                                     ms_of(moj.get("counted_at", document["@timestamp"])))
        elif event["action"] == "bridge.receipt":
            source.receipts[event["id"]] = bridge
        elif event["action"] == "bridge.start" and "from" in bridge:
            source.starts.append(ms_of(bridge["from"]))
        elif event["action"] == "bridge.heartbeat" and "sealed" in bridge:
            source.sealed = max(source.sealed, ms_of(bridge["sealed"]))
    return sources


def sum_of(ids: list[str]) -> int:
    return sum(int.from_bytes(hashlib.sha256(id.encode()).digest()[:16], "big")
               for id in ids) % 2**128


def check_receipt(source: Source, receipt: dict) -> str | None:
    stored = source.within(ms_of(receipt["from"]), ms_of(receipt["to"]))
    told = receipt["count"] - receipt.get("refused", 0)
    told_sum = int(receipt["id_sum"], 16) - int(receipt.get("refused_id_sum", "0"), 16)
    where = f"{receipt['from']} to {receipt['to']}"
    if len(stored) != told:
        return f"{where}: {told} events were delivered, {len(stored)} are here"
    if sum_of(stored) != told_sum % 2**128:
        return f"{where}: {told} events, but not those that were delivered"
    return None


def check_holes(source: Source, receipts: list[dict]) -> list[str]:
    """From the source's start to its last sealed hour, every moment has a receipt."""
    if not source.starts:
        return ["nothing says where it starts"] if receipts or source.events else []
    at, problems = max(source.starts), []
    spans = sorted((ms_of(receipt["from"]), ms_of(receipt["to"])) for receipt in receipts)
    end = max([source.sealed // HOUR_MS * HOUR_MS, *(to for _, to in spans)])
    for begin, to in [*spans, (end, end)]:
        if begin > at:
            problems.append(f"{text_of(at)} to {text_of(begin)}: no receipt")
        at = max(at, to)
    return problems


def check(path: Path, sink: str = "") -> list[str]:
    """What is missing in path, in words; empty when it is complete."""
    problems = []
    for name, source in sorted(read(path).items()):
        receipts = [receipt for receipt in source.receipts.values()
                    if receipt.get("sink", sink) == sink]
        found = [problem for receipt in receipts
                 if (problem := check_receipt(source, receipt)) is not None]
        found += [f"{receipt['from']} to {receipt['to']}: the cloud had more than was read"
                  for receipt in receipts if not receipt["complete"]]
        problems += [f"{name}: {text}" for text in found + check_holes(source, receipts)]
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sink", default="", help="the name of this sink")
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    problems = check(options.file, options.sink)
    print("\n".join(problems) or "complete")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
