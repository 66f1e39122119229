"""The log: for machines in a pipe, for people on a terminal, and what a run says at its end."""

import json
import os
import pty
import subprocess
import unittest

from test_cli import GOOD_CONFIG, LIMIT_S, PROGRAM, CliCase, record

ESCAPE = "\033["


class LogCase(CliCase):
    def setUp(self) -> None:
        super().setUp()
        (self.folder / "auditbridge.yaml").write_text(GOOD_CONFIG)
        (self.folder / "records.ndjson").write_bytes(record(1) + record(2) + record(3, "NoName"))

    def on_terminal(self, *options: str, **environment: str) -> list[str]:
        """The lines that a run writes to a terminal that is its stderr."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [PROGRAM, "run", "--once", *options], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=theirs, cwd=self.folder,
            env={"PATH": os.environ["PATH"], "TZ": "UTC", "TERM": "xterm", **environment})
        os.close(theirs)
        said = b""
        while chunk := self.read(ours):
            said += chunk
        os.close(ours)
        self.assertEqual(process.wait(LIMIT_S), 0, said)
        return said.decode().replace("\033[K", "").splitlines()

    def read(self, terminal: int) -> bytes:
        try:
            return os.read(terminal, 4096)
        except OSError:  # nobody has the other end any more
            return b""

    def spoil(self) -> None:
        """Bytes that are no record: a run then warns."""
        with (self.folder / "records.ndjson").open("ab") as file:
            file.write(b'{"eventID": "\xff"}\n')

    def warnings(self, lines: list[str]) -> list[str]:
        return [line for line in lines if "source.unreadable" in line]


class Forms(LogCase):
    def test_a_pipe_gets_objects_and_a_terminal_lines(self) -> None:
        piped = self.ends(0, "run", "--once").stderr.decode().splitlines()
        self.assertTrue(all(json.loads(line)["event"] for line in piped))
        shown = self.on_terminal()
        self.assertRegex(shown[0], r"^\d{4}-\d\d-\d\dT\S+Z info  run\.start  version=")
        self.assertFalse([line for line in shown if line.startswith("{")])

    def test_the_form_can_be_chosen(self) -> None:
        shown = self.on_terminal("--log-format", "json")
        self.assertEqual(json.loads(shown[0])["event"], "run.start")
        piped = self.ends(0, "run", "--once", "--log-format", "human").stderr.decode()
        self.assertRegex(piped.splitlines()[0], r" info  run\.start  version=")
        self.assertNotIn(ESCAPE, piped)
        wrong = self.ends(2, "run", "--once", "--log-format", "xml").stderr
        self.assertIn(b"known are auto, json, human", wrong)

    def test_only_a_terminal_gets_colours_and_no_color_is_obeyed(self) -> None:
        self.spoil()
        (line,) = self.warnings(self.on_terminal())
        self.assertIn("Z \033[33mwarn \033[0m source.unreadable", line)
        for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            (self.folder / "state.db").unlink()
            (line,) = self.warnings(self.on_terminal(**environment))
            self.assertNotIn(ESCAPE, line)
        (self.folder / "state.db").unlink()
        (line,) = self.warnings(self.on_terminal(NO_COLOR=""))
        self.assertIn(ESCAPE, line)

    def test_the_level_can_be_chosen(self) -> None:
        self.spoil()
        for level, wanted in (("error", set()), ("warn", {"warn"}), ("info", {"warn", "info"})):
            lines = self.ends(0, "run", "--once", "--log-level", level).stderr.splitlines()
            self.assertEqual({json.loads(line)["level"] for line in lines}, wanted)
            (self.folder / "state.db").unlink()
        wrong = self.ends(2, "run", "--once", "--log-level", "loud").stderr
        self.assertIn(b"known are error, warn, info, debug", wrong)


class Sums(LogCase):
    def test_the_last_line_is_the_runs_sums_by_provider_and_principle(self) -> None:
        for _ in range(2):
            lines = self.ends(0, "run", "--once").stderr.splitlines()
            done = json.loads(lines[-1])
            self.assertEqual((done["event"], done["status"]), ("run.done", 0))
            self.assertGreaterEqual(done["took_ms"], 0)
            self.assertEqual(done["providers"]["replay"]["read"], done["read"])
            with (self.folder / "records.ndjson").open("ab") as file:
                file.write(record(4))
        # The second run: one record is new.
        self.assertEqual((done["sources"], done["read"], done["delivered"]), (1, 1, 1))
        self.assertEqual(done["providers"]["replay"]["principles"], done["principles"])
        self.assertEqual(sum(done["principles"].values()), done["mapped"])

    def test_a_run_that_fails_says_so_in_its_status(self) -> None:
        (self.folder / "records.ndjson").unlink()
        done = json.loads(self.ends(1, "run", "--once").stderr.splitlines()[-1])
        self.assertEqual((done["status"], done["failed"]), (1, 1))


if __name__ == "__main__":
    unittest.main(verbosity=2)
