#!/usr/bin/python3
"""The units of systemd are right, and leave their services little to do harm with."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("AUDITBRIDGE", str(ROOT / "build/dev/auditbridge")))
SERVICES = ("auditbridge.service", "auditbridge-once.service")
UNITS = (*SERVICES, "auditbridge-once.timer")
EXPOSURE = 12  # tenths; most of it is that the program talks to the network

if shutil.which("systemd-analyze") is None:
    print("SKIP: systemd-analyze is not installed")
    sys.exit(77)


def output(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=120, check=False, **options)
    return done.returncode, done.stdout


class Units(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """Units and manual pages, installed into a folder; the program is the one just built."""
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        environment = {**os.environ, "DESTDIR": cls.folder.name}
        status, text = output("cmake", "--install", PROGRAM.parent, env=environment)
        assert status == 0, text
        cls.units = next(pathlib.Path(cls.folder.name).rglob("lib/systemd/system"))
        cls.manual = cls.units.parents[2] / "share/man"
        for name in SERVICES:
            unit = cls.units / name
            text = unit.read_text(encoding="utf-8")
            unit.write_text(re.sub(r"(?m)^(Exec\w+)=/\S*/auditbridge ", rf"\1={PROGRAM} ", text),
                            encoding="utf-8")

    def test_systemd_has_nothing_to_say_of_them(self):
        environment = {**os.environ, "MANPATH": str(self.manual)}
        paths = [self.units / name for name in UNITS]
        self.assertEqual(output("systemd-analyze", "verify", *paths, env=environment), (0, ""))

    def test_services_are_hardly_exposed(self):
        for name in SERVICES:
            with self.subTest(name):
                status, text = output(
                    "systemd-analyze", "security", "--offline=true", "--no-pager",
                    f"--threshold={EXPOSURE}", self.units / name)
                self.assertEqual(status, 0, text)

    def test_both_services_have_the_same_sandbox(self):
        sandbox = (ROOT / "packaging/systemd/sandbox.conf").read_text(encoding="utf-8")
        for name in SERVICES:
            self.assertIn(sandbox, (self.units / name).read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
