#!/usr/bin/python3
"""scripts/demo ends well, and what README.md shows of it is what it prints."""

import subprocess
import sys
import unittest
from pathlib import Path

from harness import ROOT, BenchCase, PROGRAM

sys.path.insert(0, str(ROOT / "tests" / "docs"))

import fences  # noqa: E402
from shown import is_shown  # noqa: E402

LIMIT_S = 300


class Demo(BenchCase):
    def test_the_screen_in_the_readme_is_the_demos(self) -> None:
        screens = [fence for fence in fences.fences_of(ROOT / "README.md")
                   if fence.language == "text" and "demo" in fence.marks]
        self.assertEqual(len(screens), 1)
        done = subprocess.run(
            [sys.executable, "-B", str(Path(__file__).with_name("demo.py")), str(PROGRAM)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S,
            check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertTrue(is_shown(screens[0].text, done.stdout),
                        f"{screens[0].place} shows\n{screens[0].text}\nand the demo said\n"
                        f"{done.stdout}")


if __name__ == "__main__":
    unittest.main()
