#!/usr/bin/python3
"""The manual pages and the completion are what scripts/manual makes of the built program;
the pages are good roff and leave out no option and no variable that the sources know."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("AUDITBRIDGE", str(ROOT / "build/dev/auditbridge"))
PAGES = sorted((ROOT / "docs/man").iterdir())
GENERATED = [*PAGES, ROOT / "packaging/completion/auditbridge.bash"]
# How the variables that a provider reads begin.
VARIABLE = r'"((?:AWS|AZURE|CLOUD|CLOUDSDK|GCE|GOOGLE|IDENTITY|IMDS|K|KUBERNETES|MSI)_[A-Z_0-9]+'\
           r'|HOME|NO_GCE_CHECK|TERM|SSLKEYLOGFILE)"'

for tool in ("groff", "mandoc"):
    if shutil.which(tool) is None:
        print(f"SKIP: {tool} is not installed")
        sys.exit(77)


def output(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def plain(page):
    """A page's text as it stands in its source, without fonts and escapes."""
    text = re.sub(r"\\f[BIR]|\\&", "", page.read_text(encoding="ascii"))
    return text.replace("\\-", "-")


def sections(page):
    return re.findall(r'^\.SH "?([A-Z ]+)"?$', page.read_text(encoding="ascii"), re.M)


def options_of(source):
    """The long options in a command's table of options."""
    return re.findall(r'^\s+\{"([a-z-]+)", OPTION_', source.read_text(encoding="utf-8"), re.M)


class Manual(unittest.TestCase):
    def test_the_committed_files_are_what_the_program_says(self):
        with tempfile.TemporaryDirectory() as folder:
            made = output(ROOT / "scripts/manual", PROGRAM, folder)
            self.assertEqual(made, "")
            paths = {path.relative_to(folder): path.read_text(encoding="ascii")
                     for path in pathlib.Path(folder).rglob("*.*") if path.is_file()}
        self.assertEqual(set(paths), {path.relative_to(ROOT) for path in GENERATED})
        for path, text in paths.items():
            with self.subTest(path):
                self.assertEqual((ROOT / path).read_text(encoding="ascii"), text,
                                 f"run: scripts/manual {PROGRAM}")

    def test_pages_are_good_roff(self):
        for page in PAGES:
            with self.subTest(page.name):
                self.assertEqual(output("groff", "-man", "-ww", "-z", page), "")
                told = output("mandoc", "-T", "lint", page).splitlines()
                # A page is the same on every day.
                self.assertEqual([line for line in told if "missing date" not in line], [])

    def test_pages_have_the_sections_that_readers_look_for(self):
        for page in PAGES:
            with self.subTest(page.name):
                wanted = {"NAME", "DESCRIPTION", "FILES", "SEE ALSO"}
                if page.suffix == ".1":
                    wanted |= {"SYNOPSIS", "EXIT STATUS"} - (
                        {"DESCRIPTION"} if page.name == "auditbridge.1" else set())
                if page.name in ("auditbridge.1", "auditbridge-run.1", "auditbridge-check.1"):
                    wanted.add("ENVIRONMENT")
                if page.name in ("auditbridge.1", "auditbridge-state.1", "auditbridge-dlq.1"):
                    wanted.add("COMMANDS")
                self.assertEqual(wanted - set(sections(page)), set())

    def test_every_option_stands_on_its_command_s_page(self):
        tables = {source: options_of(source)
                  for source in sorted((ROOT / "src/commands").glob("*.c"))}
        self.assertGreater(sum(map(len, tables.values())), 50)
        for source, options in tables.items():
            for option in options:
                with self.subTest(f"{source.name}: --{option}"):
                    page = f"auditbridge-{source.stem.replace('_', '-')}.1"
                    self.assertIn(f"--{option}", plain(ROOT / "docs/man" / page))

    def test_every_variable_is_listed(self):
        text = plain(ROOT / "docs/man/auditbridge.1")
        known = set()
        for room in ("src", "providers"):
            for source in (ROOT / room).rglob("*.c"):
                known |= set(re.findall(VARIABLE, source.read_text(encoding="utf-8")))
        self.assertIn("AWS_ACCESS_KEY_ID", known)
        self.assertEqual({name for name in known if name not in text}, set())

    def test_every_setting_stands_on_the_configuration_s_page(self):
        page = plain(ROOT / "docs/man/auditbridge.yaml.5")
        guide = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
        settings = re.findall(r"^\| `([a-z_]+)` \|", guide, re.M)
        self.assertGreater(len(settings), 100)
        for setting in settings:
            with self.subTest(setting):  # metrics and its listen are metrics.listen
                self.assertTrue(re.search(
                    rf"^(\w+\.)?{setting}(\.\w+)?( \(must be said\))?$", page, re.M))


if __name__ == "__main__":
    unittest.main()
