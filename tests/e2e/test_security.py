"""What docs/security.md promises of the process: one test a line, on the built program.

What it promises of hosts, TLS, YAML, parsers and packs is in unit.http*, unit.yaml,
unit.scan*, unit.split*, unit.inflate and unit.mapping_problems; docs/security.md has
the list.
"""

import json
import os
import signal
import stat
import subprocess
import time
import unittest
from pathlib import Path

from harness import KEY_ID, SECRET, TOKEN, Bench, BenchCase, ScenarioSpec, hours_ago

SPEC = ScenarioSpec(seed=8, start=hours_ago(6), seconds=3600, events=200, awkward=20)
PATIENCE_S = 20


class Security(BenchCase):
    def begun(self) -> tuple[Bench, subprocess.Popen]:
        """A long-running program that has delivered something and waits for more."""
        keys = {KEY_ID: {"secret": SECRET, "token": TOKEN}}
        bench = self.bench(SPEC, 4 * 3600, now=SPEC.start + 2 * 3600, token=True,
                           keys=json.dumps(keys))
        process = bench.start(mode=())
        self.addCleanup(self.end, process)
        limit = time.monotonic() + PATIENCE_S
        while not bench.sink.read_new() and time.monotonic() < limit:
            self.assertIsNone(process.poll(), "it ended by itself")
            time.sleep(0.05)
        self.assertTrue(bench.sink.counts, "nothing was delivered")
        return bench, process

    def end(self, process: subprocess.Popen) -> None:
        if process.poll() is None:
            process.kill()
        process.wait()

    def test_no_core_is_written_and_no_other_process_may_look_inside(self) -> None:
        _, process = self.begun()
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        # What cannot be dumped belongs to root in /proc, whoever runs it.
        self.assertEqual(Path(f"/proc/{process.pid}/mem").stat().st_uid, 0)
        process.send_signal(signal.SIGQUIT)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -signal.SIGQUIT
        self.assertEqual(os.WTERMSIG(status), signal.SIGQUIT)
        self.assertFalse(os.WCOREDUMP(status), "a core was written")

    def test_no_secret_is_in_arguments_files_or_log(self) -> None:
        bench, process = self.begun()
        arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        for secret in (SECRET, TOKEN):
            self.assertNotIn(secret.encode(), arguments)
        process.send_signal(signal.SIGTERM)
        run = bench.finish(process)
        self.assertEqual(run.status, 0, run.stderr[-2000:])
        self.assert_no_secret(bench, run)

    def test_files_with_events_are_for_their_owner_alone(self) -> None:
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        bench = self.bench(SPEC, 4 * 3600, now=SPEC.start + 2 * 3600)
        self.assert_good(bench.run())
        for path in bench.folder.iterdir():
            if path.name != "auditbridge.yaml" and not path.name.startswith("stderr"):
                self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o077, 0, path.name)

    def test_session_keys_are_not_logged_whatever_the_environment_says(self) -> None:
        bench = self.bench(SPEC, 4 * 3600, now=SPEC.start + 2 * 3600)
        keys = bench.folder / "tls-keys"
        self.assert_good(bench.run(SSLKEYLOGFILE=str(keys)))
        self.assertFalse(keys.exists(), "whoever reads this file can read the traffic")

    def test_files_are_closed_in_programs_that_it_starts(self) -> None:
        _, process = self.begun()
        for fd in Path(f"/proc/{process.pid}/fd").iterdir():
            name = os.readlink(fd)
            if int(fd.name) <= 2 or not name.startswith("/"):
                continue  # a pair of sockets inside libcurl; base/process.c closes all
            info = Path(f"/proc/{process.pid}/fdinfo/{fd.name}").read_text()
            flags = next(line for line in info.splitlines() if line.startswith("flags:"))
            self.assertTrue(int(flags.split()[1], 8) & os.O_CLOEXEC, name)


if __name__ == "__main__":
    unittest.main()
