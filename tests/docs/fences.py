"""The fenced parts of our pages: what kind each is, and what is to be done with it.

A fence's first word is its language, for whoever shows the page; further words are for the
tests, and no reader sees them:

    ```sh                            is run
    ```sh status=1                   is run, and ends with this status
    ```sh cloud                      is not run, for one of the REASONS
    ```yaml file=auditbridge.yaml    is written to that file, whatever the language
    ```text                          behind a ```sh: what that shows, "..." for any lines
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REASONS = {
    "cloud": "a cloud's own program, which needs an account",
    "build": "builds or installs the program, which the test has already",
    "cluster": "needs a Kubernetes cluster; what does not is run by tests/chart",
    "container": "needs a container engine",
    "root": "changes the machine it runs on; tests/package.py runs it in a Debian of its own",
    "forever": "runs until it is stopped",
    "long": "takes minutes; scripts/test --all runs it",
    "sketch": "stands for what the reader has and the test has not",
}
OPENING = re.compile(r"^(?P<indent> *)```(?P<info>[^`]*)$")


@dataclass(frozen=True)
class Fence:
    page: str               # from the root: "docs/sinks.md"
    line: int               # of its opening
    language: str
    marks: tuple[str, ...]
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def file(self) -> str | None:
        return self._value("file")

    @property
    def status(self) -> int:
        return int(self._value("status") or 0)

    @property
    def reason(self) -> str | None:
        """Why it is not run."""
        return next((mark for mark in self.marks if mark in REASONS), None)

    @property
    def is_run(self) -> bool:
        return self.language == "sh" and self.reason is None

    def _value(self, name: str) -> str | None:
        return next((mark.partition("=")[2] for mark in self.marks
                     if mark.startswith(f"{name}=")), None)


def pages() -> list[Path]:
    """Every page for people, the first ones first."""
    top = [path for name in ("README.md", "CONTRIBUTING.md") if (path := ROOT / name).exists()]
    return top + sorted((ROOT / "docs").rglob("*.md"))


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def fences_of(page: Path) -> Iterator[Fence]:
    """In order. A fence that nothing ends is an error."""
    opening: re.Match[str] | None = None
    start, lines = 0, []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if opening is None:
            opening = OPENING.match(line)
            start, lines = number, []
        elif line.strip() == "```":
            words = opening["info"].split()
            yield Fence(name_of(page), start, words[0] if words else "", tuple(words[1:]),
                        "".join(each + "\n" for each in lines))
            opening = None
        else:
            lines.append(line.removeprefix(opening["indent"]))
    if opening is not None:
        raise ValueError(f"{name_of(page)}:{start}: this fence does not end")


def without_fences(page: Path) -> str:
    """The page's prose, line for line, with empty lines for what is fenced."""
    kept, inside = [], False
    for line in page.read_text().splitlines():
        is_mark = line.strip().startswith("```")
        kept.append("" if inside or is_mark else line)
        inside ^= is_mark
    return "\n".join(kept)
