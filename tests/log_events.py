#!/usr/bin/python3
"""docs/operations.md explains every event of src/base/log.h, and no other, with a level at
which the code does write it; and the code writes every one."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def written() -> dict[str, set[str]]:
    """The levels at which each event of the header's table is written."""
    header = (ROOT / "src/base/log.h").read_text()
    names = dict(re.findall(r'X\((LOG_\w+), "([a-z.]+)"\)', header))
    levels: dict[str, set[str]] = {name: set() for name in names.values()}
    for folder in ("src", "providers"):
        for path in (ROOT / folder).rglob("*.c"):
            text = re.sub(r"\s+", " ", path.read_text())
            # Also "is_told ? LOG_ERROR : LOG_DEBUG, LOG_SOURCE_FAILED".
            for call, event in re.findall(r"((?:LOG_(?:ERROR|WARN|INFO|DEBUG)[ :]*)+), (LOG_\w+)",
                                          text):
                if event in names:
                    levels[names[event]] |= set(re.findall("ERROR|WARN|INFO|DEBUG", call))
    return levels


def explained() -> dict[str, str]:
    """The level that the page gives for each event."""
    page = (ROOT / "docs/operations.md").read_text()
    rows = re.findall(r"^\| (`[a-z.`, ]+`) \| (info|warn|error|debug) ", page, flags=re.M)
    return {name: level.upper() for names, level in rows
            for name in re.findall(r"`([a-z.]+)`", names)}


def main() -> int:
    code, page = written(), explained()
    problems = [f"{name}: not explained in docs/operations.md" for name in code if name not in page]
    problems += [f"{name}: explained in docs/operations.md, and not in log.h"
                 for name in page if name not in code]
    problems += [f"{name}: in log.h, and never written" for name in code if not code[name]]
    problems += [f"{name}: written as {sorted(code[name])}, explained as {page[name]}"
                 for name in code if code[name] and page.get(name) not in {*code[name], None}]
    print("\n".join(problems) or f"{len(code)} events are explained")
    return int(bool(problems) or len(code) < 10)


if __name__ == "__main__":
    sys.exit(main())
