"""Many sources, many threads: how long a run takes, and how it ends."""

import os
import signal
import sqlite3
import subprocess
import time
import unittest
from pathlib import Path

from fleet import LIMIT_S, RESIDENT_MAX, ROOT, SECONDS_MAX, Fleet

PROGRAM = Path(os.environ.get("AUDITBRIDGE", ROOT / "build" / "dev" / "auditbridge")).resolve()
IS_SANITIZED = b"libasan" in PROGRAM.read_bytes() if PROGRAM.exists() else False
QUIET_CPU_S = 0.2  # of `run --once` with nothing new
GRACE_S = 10       # for requests in flight


@unittest.skipUnless(PROGRAM.exists(), f"SKIP: {PROGRAM} has not been built")
class FleetCase(unittest.TestCase):
    def fleet(self, count: int) -> Fleet:
        return self.enterContext(Fleet(PROGRAM, count))

    def owned(self, fleet: Fleet) -> int:
        with sqlite3.connect(fleet.folder / "state.db") as store:
            return store.execute(
                "SELECT count(*) FROM source WHERE owner IS NOT NULL").fetchone()[0]

    def finish(self, process: subprocess.Popen) -> int:
        self.addCleanup(process.kill)
        return process.wait(LIMIT_S)


class Quiet(FleetCase):
    def test_a_thousand_quiet_regions_are_read_in_good_time(self) -> None:
        fleet = self.fleet(1000)
        first = fleet.run()
        fleet.wait_until_due()
        again = fleet.run()
        print(f"\nfirst run: {first}\nall quiet: {again}")
        for cost in (first, again):
            self.assertEqual(cost.status, 0)
            self.assertEqual(set(cost.ends), {"done"})
            self.assertEqual(len(cost.ends), 1000)
            self.assertLessEqual(cost.seconds, SECONDS_MAX)
        self.assertGreaterEqual(again.requests, 1000)
        self.assertEqual(fleet.sim.counts().get("ThrottlingException", 0), 0)
        self.assertEqual(fleet.log("source.failed"), [])
        self.assertEqual(self.owned(fleet), 0)
        if not IS_SANITIZED:
            self.assertLessEqual(again.resident, RESIDENT_MAX)

    def test_a_run_with_nothing_new_costs_little(self) -> None:
        fleet = self.fleet(1)
        fleet.run()
        fleet.wait_until_due()
        costs = [fleet.run() for _ in range(3)]
        print(f"\nnothing new: {costs[0]}")
        if not IS_SANITIZED:
            self.assertLessEqual(min(cost.cpu_s for cost in costs), QUIET_CPU_S)


class Together(FleetCase):
    def test_two_processes_share_the_sources_and_both_end_well(self) -> None:
        fleet = self.fleet(200)
        both = fleet.start("--once"), fleet.start("--once")
        self.assertEqual([self.finish(process) for process in both], [0, 0])
        self.assertEqual(self.owned(fleet), 0)
        with sqlite3.connect(fleet.folder / "state.db") as store:
            self.assertEqual(store.execute("SELECT count(*) FROM source"
                                           " WHERE start IS NOT NULL").fetchone()[0], 200)


class Stopping(FleetCase):
    def start_long_run(self, fleet: Fleet, *mode: str) -> subprocess.Popen:
        """Comes back once some sources are under way."""
        process = fleet.start(*mode)
        self.addCleanup(process.kill)
        while fleet.sim.counts().get("requests", 0) < 100:
            self.assertIsNone(process.poll())
            time.sleep(0.02)
        return process

    def test_sigterm_ends_all_threads_and_gives_every_source_back(self) -> None:
        fleet = self.fleet(300)
        process = self.start_long_run(fleet)
        process.terminate()
        began = time.monotonic()
        self.assertEqual(self.finish(process), 0)
        self.assertLess(time.monotonic() - began, GRACE_S + 5)
        self.assertEqual(self.owned(fleet), 0)
        self.assertEqual(fleet.log("source.failed"), [])

    def test_when_the_time_is_up_no_turn_begins_and_status_is_0(self) -> None:
        fleet = self.fleet(300)
        process = self.start_long_run(fleet, "--max-runtime", "3s")
        self.assertEqual(self.finish(process), 0)
        self.assertEqual(self.owned(fleet), 0)

    def start_and_stop_in_a_slow_answer(self, pieces: int) -> subprocess.Popen:
        """Comes back once the first signal was heard."""
        fleet = self.fleet(1)
        fleet.sim.arm({"kind": "slow", "count": pieces})
        process = fleet.start()
        self.addCleanup(process.kill)
        while fleet.sim.call("state")["faults"].get("slow", 0) == 0:
            time.sleep(0.02)
        process.terminate()
        while hears(process, signal.SIGTERM):
            time.sleep(0.02)
        return process

    def test_a_request_in_flight_may_end_after_a_stop(self) -> None:
        process = self.start_and_stop_in_a_slow_answer(10)
        self.assertIsNone(process.poll())
        self.assertEqual(self.finish(process), 0)

    def test_a_second_signal_ends_it_at_once(self) -> None:
        process = self.start_and_stop_in_a_slow_answer(60)
        began = time.monotonic()
        process.terminate()
        self.assertEqual(self.finish(process), -signal.SIGTERM)
        self.assertLess(time.monotonic() - began, 2)


def hears(process: subprocess.Popen, number: int) -> bool:
    """Whether the signal would still be caught: the first one is, the second is not."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


if __name__ == "__main__":
    unittest.main()
