"""Whether what a page shows is what a command said."""

import re


def plain(line: str) -> str:
    """Without what differs from run to run: numbers, their units, and the width of columns."""
    text = re.sub(r"\d[\w.:+-]*", "#", " ".join(line.split()))
    return re.sub(r"# (?:ms|s|min|h|d)\b", "# long", text)


def is_shown(shown: str, said: str) -> bool:
    """Whether said is what the page shows; "..." stands for any lines, or for the end of one.
    The log's lines are no part of either."""
    lines = [plain(line) for line in said.splitlines() if not line.startswith('{"time":')]
    at, may_skip = 0, False
    for wanted in shown.splitlines():
        if wanted.strip() == "...":
            may_skip = True
            continue
        wanted = plain(wanted)
        begins = wanted.removesuffix("...") if wanted.endswith("...") else None
        while at < len(lines) and not (lines[at] == wanted or begins is not None
                                       and lines[at].startswith(begins.rstrip())):
            if not may_skip:
                return False
            at += 1
        if at == len(lines):
            return False
        at, may_skip = at + 1, False
    return may_skip or at == len(lines)
