"""The kill suite in its quick form, the proof that it can fail, and the order on disk."""

import os
import re
import shutil
import unittest
from pathlib import Path
from unittest import mock

from harness import COMMIT_FIRST, BenchCase, ScenarioSpec, hours_ago
from kill_fleet import QUICK as QUICK_FLEET
from kill_fleet import run_fleet
from kill_suite import QUICK, run_suite

PEER = Path(__file__).with_name("peer.py")
CALL = re.compile(r"^\d+ +(write|pwrite64|writev|fsync|fdatasync)\(\d+<([^>]*)>")


class Kills(BenchCase):
    def test_nothing_is_lost_by_killing_it_anywhere(self) -> None:
        report = run_suite(QUICK, seed=5)
        print(f"\n{report}")
        self.assertEqual(report.problems(), [])

    def test_the_suite_finds_a_program_that_commits_before_it_sends(self) -> None:
        if not COMMIT_FIRST.exists():
            self.skipTest(f"{COMMIT_FIRST} was not built (-DBRIDGE_TEST_COMMIT_FIRST=ON)")
        report = run_suite(QUICK, seed=5, program=COMMIT_FIRST)
        print(f"\ncommits first: {report}")
        self.assertGreater(len(report.missing), 0)
        self.assertGreater(len(report.unproved), 0, "the receipts should not add up")


class Fleet(BenchCase):
    def test_two_processes_on_one_store_lose_nothing_and_move_no_mark_back(self) -> None:
        report, problems = run_fleet(QUICK_FLEET, seed=5)
        print(f"\n{report}")
        self.assertEqual(problems, [])


class Proof(unittest.TestCase):
    """The suite judges a reader of which we know that it loses events."""

    def test_the_suite_finds_a_reader_whose_cursor_is_the_newest_event(self) -> None:
        with mock.patch.dict(os.environ, {"PEER": "newest"}):
            report = run_suite(QUICK, seed=5, program=PEER)
        print(f"\nnewest: {report}")
        self.assertGreater(len(report.missing), 0)
        self.assertEqual(report.two_faced, [])


class Disk(BenchCase):
    def test_each_batch_is_on_disk_before_its_commit(self) -> None:
        if shutil.which("strace") is None:
            self.skipTest("strace is not installed")
        spec = ScenarioSpec(start=hours_ago(8), seconds=2 * 3600, events=4000)
        bench = self.bench(spec, 4 * 3600, now=spec.start + 3 * 3600)
        trace = bench.folder / "trace"
        self.assert_good(bench.run(
            "strace", "-f", "-y", "-qq", "-e", "trace=write,pwrite64,writev,fsync,fdatasync",
            "-o", str(trace), ASAN_OPTIONS="detect_leaks=0:verify_asan_link_order=0"))
        batches = self.read_order(trace.read_text())
        print(f"\n{batches} batches: sink written, sink synced, then the store synced")
        self.assertGreaterEqual(batches, spec.events // 1000)
        self.assert_all_once(bench)

    def read_order(self, trace: str) -> int:
        """Counts batches; fails when the store is synced while the sink is not."""
        state, batches = "committed", 0
        for line in trace.splitlines():
            found = CALL.match(line)
            if found is None:
                continue
            call, path = found.groups()
            is_sync = call in ("fsync", "fdatasync")
            if path.endswith("events.ndjson"):
                state = "synced" if is_sync else "written"
            elif "/state.db" in path and is_sync:
                self.assertNotEqual(state, "written", "committed before the sink was synced")
                batches += state == "synced"
                state = "committed"
        self.assertEqual(state, "committed", "the last batch was not committed durably")
        return batches


if __name__ == "__main__":
    unittest.main()
