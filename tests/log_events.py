#!/usr/bin/python3
"""docs/operations.md explains every event of src/base/log.h, and no other."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def main():
    header = (ROOT / "src/base/log.h").read_text()
    written = set(re.findall(r'X\(LOG_\w+, "([a-z.]+)"\)', header))
    page = (ROOT / "docs/operations.md").read_text()
    rows = re.findall(r"^\| (`[a-z.`, ]+`) \| (?:info|warn|error|debug) ", page, flags=re.M)
    explained = {name for row in rows for name in re.findall(r"`([a-z.]+)`", row)}
    for name in sorted(written - explained):
        print(f"{name}: not explained in docs/operations.md")
    for name in sorted(explained - written):
        print(f"{name}: explained in docs/operations.md, and never written")
    return int(written != explained or len(written) < 10)


if __name__ == "__main__":
    sys.exit(main())
