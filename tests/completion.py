#!/usr/bin/python3
"""The completion in a real bash: what it offers behind the words so far."""
import os
import pathlib
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import unittest

SCRIPT = (pathlib.Path(__file__).resolve().parent.parent / "packaging/completion"
          / "auditbridge.bash")
# Bash puts the words into COMP_WORDS and calls the function that `complete` named.
ASK = """
. "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
set -- $(complete -p auditbridge)
"$3" auditbridge
printf '%s\\n' "${COMPREPLY[@]-}"
"""

if shutil.which("bash") is None:
    print("SKIP: bash is not installed")
    sys.exit(77)


def typed(keys, wanted, folder):
    """Whether wanted shows on the terminal of a bash in which keys are typed, within 30 s."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        environment = {"PATH": os.defpath, "TERM": "dumb", "PS1": "$ ", "HISTFILE": ""}
        os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "-i"], environment)
    shown = b""
    try:
        os.write(terminal, f". {SCRIPT}\n{keys}".encode())
        while wanted not in shown and select.select([terminal], [], [], 30)[0]:
            shown += os.read(terminal, 4096)
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)
    return wanted in shown


def offered(*words, folder="."):
    done = subprocess.run(["bash", "--norc", "-c", ASK, "ask", SCRIPT, "auditbridge", *words],
                          capture_output=True, text=True, timeout=60, check=True, cwd=folder)
    if done.stderr:
        raise AssertionError(done.stderr)
    return done.stdout.split()


class Completion(unittest.TestCase):
    def test_commands(self):
        self.assertEqual(offered("s"), ["sources", "state"])
        self.assertEqual(offered("--"), ["--help", "--version"])
        for command in ("run", "check", "map", "dlq", "mappings"):
            self.assertIn(command, offered(""))

    def test_parts_of_a_command(self):
        self.assertEqual(offered("state", "re"), ["reset", "retire"])
        self.assertEqual(offered("mappings", "l"), ["lint", "list"])
        self.assertEqual(offered("dlq", "p"), ["purge"])

    def test_options_of_each_command(self):
        self.assertEqual(offered("check", "--"),
                         ["--live", "--send", "--config", "--mappings", "--help"])
        self.assertEqual(offered("run", "--ma"), ["--max-runtime", "--mappings"])
        self.assertEqual(offered("run", "--once", "--dr"), ["--dry-run"])
        self.assertEqual(offered("mappings", "coverage", "--un"), ["--undecided"])

    def test_options_of_another_part_are_not_offered(self):
        self.assertIn("--older-than", offered("dlq", "purge", "--"))
        self.assertNotIn("--older-than", offered("dlq", "list", "--"))
        self.assertIn("--skip", offered("state", "reset", "--"))
        self.assertNotIn("--skip", offered("state", "show", "--"))

    def test_words_of_an_option(self):
        self.assertEqual(offered("sources", "--format", ""), ["text", "json"])
        self.assertEqual(offered("map", "--format", "o"), ["ocsf"])
        self.assertEqual(offered("map", "--ocsf-version", "1.3"), ["1.3.0"])
        self.assertEqual(offered("explain", "--provider", "gcp"), ["gcp-audit"])
        self.assertEqual(offered("mappings", "lint", "--provider", "aws"), ["aws-cloudtrail"])
        self.assertEqual(offered("map", "--format", "=", "ec"), ["ecs"])
        self.assertEqual(offered("map", "--format", "="), ["ecs", "raw", "ocsf"])

    def test_files_and_folders(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "site.yaml").touch()
            (folder / "packs").mkdir()
            self.assertEqual(offered("run", "--config", "s", folder=folder), ["site.yaml"])
            self.assertEqual(offered("map", "--packs", "", folder=folder), ["packs"])
            self.assertEqual(sorted(offered("map", "", folder=folder)), ["packs", "site.yaml"])
            self.assertEqual(offered("state", "import", "s", folder=folder), ["site.yaml"])
            self.assertEqual(offered("mappings", "diff", "", folder=folder), ["packs"])
            self.assertEqual(offered("check", "s", folder=folder), [])

    def test_the_tab_key(self):
        with tempfile.TemporaryDirectory() as name:
            (pathlib.Path(name) / "a b.yaml").touch()
            self.assertTrue(typed("auditbridge che\t--conf\t", b"check --config ", name))
            self.assertTrue(typed("auditbridge check --config a\t", rb"--config a\ b.yaml", name))

    def test_free_text_offers_nothing(self):
        self.assertEqual(offered("run", "--source", ""), [])
        self.assertEqual(offered("run", "--max-runtime", ""), [])
        self.assertEqual(offered("nosuch", ""), [])


if __name__ == "__main__":
    unittest.main()
