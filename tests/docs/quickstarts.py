#!/usr/bin/python3
"""The pages' own commands, run in order, page by page, against fakes of the clouds.

Everything in a ```sh fence is run unless it says why not (fences.py); what a page shows behind
it must be what came out, whatever the numbers. So a stranger who follows a quick start ends
with events at a sink. Nothing is added to a page's configuration but whom to trust (world.py).

    quickstarts.py [PAGE...]    those pages only
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path

import fences
from fences import ROOT, Fence
from shown import is_shown

try:
    import world as clouds
    from world import World
except ImportError as missing:
    print(f"SKIP: {missing}; scripts/packages test installs it")
    sys.exit(77)

PROGRAM = Path(os.environ.get("AUDITBRIDGE", ROOT / "build" / "dev" / "auditbridge")).resolve()
CHOSEN = [argument for argument in sys.argv[1:] if argument.endswith(".md")]
PAGE_LIMIT_S = 300
MARK = "\x1e"  # stands before what a fence says
# What must lie at the sink once a quick start was followed: the beginnings of ids, how many.
ARRIVED = {
    "docs/quickstart-aws.md": (("aws:",), clouds.AWS_EVENTS + clouds.AWS_EVENTS // 2),
    "docs/quickstart-azure.md": (("azure:", "entra:"), 3 * clouds.AZURE_EVENTS),
    "docs/quickstart-gcp.md": (("gcp:",), clouds.GCP_EVENTS),
}


def script_of(blocks: list[Fence], world: World) -> str:
    """One shell for all of a page, so that what a fence sets holds for the next."""
    parts = ["set -euo pipefail\n"]
    for number, block in enumerate(blocks):
        if block.file is not None:
            text = world.trusting(block.text) if block.language == "yaml" else block.text
            parts.append(f"mkdir -p \"$(dirname '{block.file}')\"\n"
                         f"cat > '{block.file}' <<'END OF FILE'\n{text}END OF FILE\n")
        elif block.is_run:
            parts.append(f"printf '{MARK}{number}\\n'\n")
            parts.append(block.text if block.status == 0 else
                         f"status=0\n(\n{block.text}) || status=$?\n"
                         f"[ $status -eq {block.status} ] || exit 99\n")
    return "".join(parts) + f"printf '{MARK}end\\n'\n"


class Pages(unittest.TestCase):
    maxDiff = None
    counts: Counter[str] = Counter()

    @classmethod
    def setUpClass(cls) -> None:
        cls.world = cls.enterClassContext(World(PROGRAM))

    @classmethod
    def tearDownClass(cls) -> None:
        counts = cls.counts
        left = ", ".join(f"{counts[reason]} {reason}" for reason in fences.REASONS
                         if counts[reason])
        print(f"{counts['ran']} fences ran on {counts['pages']} pages, {counts['files']} files "
              f"written, {counts['shown']} outputs compared; not run: {left or 'none'}")

    def test_every_page_does_what_it_says(self) -> None:
        for page in fences.pages():
            name = fences.name_of(page)
            blocks = list(fences.fences_of(page))
            self.counts.update(b.reason for b in blocks if b.language == "sh" and b.reason)
            if any(block.is_run for block in blocks) and name in (CHOSEN or [name]):
                with self.subTest(name):
                    self.follow(name, blocks)

    def test_every_quick_start_is_there(self) -> None:
        for name in ARRIVED:
            self.assertTrue((ROOT / name).exists(), name)

    def follow(self, name: str, blocks: list[Fence]) -> None:
        with tempfile.TemporaryDirectory(prefix="auditbridge-docs-") as where:
            folder = Path(where)
            environment = self.world.environment(folder)
            done = subprocess.run(["bash", "-c", script_of(blocks, self.world)], cwd=folder,
                                  env=environment, stdin=subprocess.DEVNULL, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=PAGE_LIMIT_S, check=False)
            said = {part.partition("\n")[0]: part.partition("\n")[2]
                    for part in done.stdout.split(MARK)[1:]}
            if "end" not in said:
                last = blocks[int(list(said)[-1])] if said else blocks[0]
                self.fail(f"{last.place}: ended with {done.returncode}:\n{last.text}\nsaid:\n"
                          f"{done.stdout.split(MARK)[-1]}")
            self.compare(blocks, said)
            if name in ARRIVED:
                self.check_arrived(folder / "events.ndjson", *ARRIVED[name])
        self.counts.update(pages=1, ran=len(said) - 1,
                           files=sum(block.file is not None for block in blocks))

    def compare(self, blocks: list[Fence], said: dict[str, str]) -> None:
        for number, (block, after) in enumerate(zip(blocks, blocks[1:])):
            if block.is_run and after.language == "text":
                self.counts["shown"] += 1
                self.assertTrue(is_shown(after.text, said[str(number)]),
                                f"{after.place} shows\n{after.text}\nand it was\n"
                                f"{said[str(number)]}")

    def check_arrived(self, sink: Path, prefixes: tuple[str, ...], count: int) -> None:
        """Each event of the cloud, once."""
        ids = Counter(json.loads(line)["event"]["id"] for line in sink.read_text().splitlines())
        ours = {id: times for id, times in ids.items() if id.startswith(prefixes)}
        self.assertEqual((len(ours), set(ours.values())), (count, {1}))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *(a for a in sys.argv[1:] if a not in CHOSEN)])
