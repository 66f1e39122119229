"""Two processes of 8 threads on one store and one sink; one of the two dies or sleeps.

    python3 tests/e2e/kill_fleet.py [--quick] [--program PATH] [--seed N]

Claims: every event arrives; no id ever stands for two records; no mark goes back; and a
process that slept past its lease settles nothing when it wakes. Exit status 1 when one
fails.
"""

import argparse
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from harness import PROGRAM, Bench, Run, ScenarioSpec, hours_ago
from kill_suite import BY_CLOUD, FILES, NTH, SETTLE_TRIES, check_store, preloaded

LEASE_S = 60            # STORE_LEASE_MS
SLEEPS = "sleeps"       # it is stopped past its lease, while another takes its sources
AT_RANDOM = "at_random"
KINDS = (*BY_CLOUD, AT_RANDOM, *FILES, SLEEPS)
RUN_S = (0.05, 0.4)     # when one is killed at random, after its start
POLL_S = 0.005


@dataclass(frozen=True)
class Size:
    sources: int
    events: int         # of each
    each: int           # rounds of each kind


FULL = Size(200, 40, 6)
QUICK = Size(40, 30, 2)
SETTINGS = "requests_per_second: 1000"


class Fleet:
    def __init__(self, bench: Bench, size: Size, seed: int) -> None:
        self.bench = bench
        self.random = random.Random(seed)
        self.rounds = [kind for kind in KINDS for _ in range(size.each)]
        self.random.shuffle(self.rounds)
        self.done: Counter[str] = Counter()
        self.lost_leases = 0
        self.marks: dict[str, tuple[int, ...]] = {}

    def run(self) -> None:
        """The day is spread over the rounds."""
        step_s = (self.bench.end_of_script() - self.bench.sim.now()) / len(self.rounds)
        for kind in self.rounds:
            self.sleep_once() if kind == SLEEPS else self.kill_once(kind)
            self.done[kind] += 1
            self.check_marks()
            self.bench.sim.advance(step_s)
        self.deliver_the_rest()

    def kill_once(self, kind: str) -> None:
        """Both run until one is killed; the other goes on."""
        disk = preloaded(FILES[kind], self.random.randint(1, NTH),
                         self.random) if kind in FILES else {}
        victim = self.bench.start(**disk)
        other = self.bench.start()
        if kind == AT_RANDOM:
            time.sleep(self.random.uniform(*RUN_S))
            victim.kill()
        elif kind in BY_CLOUD:
            self.bench.sim.call("kill", pid=victim.pid, point=kind,
                                skip=self.random.randrange(20))
        self.finish(victim, other)
        self.bench.sim.call("kill")

    def sleep_once(self) -> None:
        """It wakes once another, for whom its lease has run out, has had its sources."""
        sleeper = self.bench.start()
        self.bench.sim.call("kill", pid=sleeper.pid, point="after_read", stop=True,
                            skip=self.random.randrange(5))
        while not is_stopped(sleeper):
            time.sleep(POLL_S)
        self.bench.sim.advance(3 * LEASE_S)  # and so its clock is ahead of the sleeper's
        other = self.bench.start()
        self.finish(other)
        taken = self.read_marks()
        sleeper.send_signal(signal.SIGCONT)
        run, = self.finish(sleeper)
        self.lost_leases += bool(run.log("lease.lost"))
        for source, marks in self.read_marks().items():
            if marks < taken.get(source, marks):
                raise AssertionError(f"{source}: a stale process moved its marks back")

    def finish(self, *processes: subprocess.Popen) -> list[Run]:
        runs = [self.bench.finish(process) for process in processes]
        for run in runs:
            if run.status not in (0, 1, -signal.SIGKILL):
                raise AssertionError(f"status {run.status}: {run.stderr[-3000:]}")
        self.bench.sink.read_new()
        return runs

    def read_marks(self) -> dict[str, tuple[int, ...]]:
        path = self.bench.folder / "state.db"
        if not path.exists():
            return {}
        with sqlite3.connect(path) as store:
            return {row[0]: row[1:] for row in store.execute(
                "SELECT name, mark1, mark2, mark3, mark4 FROM source"
                " WHERE start IS NOT NULL")}

    def check_marks(self) -> None:
        now_ms = self.bench.sim.now() * 1000
        for source, marks in self.read_marks().items():
            before = self.marks.get(source, marks)
            if any(new < old for new, old in zip(marks, before)):
                raise AssertionError(f"{source}: a mark went back: {before} to {marks}")
            if list(marks) != sorted(marks, reverse=True) or marks[0] > now_ms:
                raise AssertionError(f"{source}: {marks} break an invariant")
            self.marks[source] = marks

    def deliver_the_rest(self) -> None:
        for _ in range(SETTLE_TRIES):
            self.bench.run()
            self.bench.sink.read_new()
            if not self.bench.missing():
                return
            self.bench.sim.advance(600)


def is_stopped(process: subprocess.Popen) -> bool:
    """Or at its end."""
    if process.poll() is not None:
        return True
    status = Path(f"/proc/{process.pid}/stat").read_text()
    return status.rpartition(")")[2].split()[0] == "T"


def run_fleet(size: Size, seed: int, program: Path = PROGRAM) -> tuple[str, list[str]]:
    """A report, and what is wrong."""
    start = hours_ago(12)
    specs = [ScenarioSpec(seed=seed * 1000 + i, start=start, seconds=2 * 3600,
                          events=size.events, region=f"eu-fleet-{i}")
             for i in range(size.sources)]
    began = time.monotonic()
    with Bench(specs[0], 3 * 3600, program, more=specs[1:], now=start + 3600, tick=0.02,
               settings=SETTINGS, head="workers: 8\n") as bench:
        fleet = Fleet(bench, size, seed)
        fleet.run()
        missing, repeats = bench.missing(), bench.sink.repeats()
        faces = [id for id, faces in bench.sink.originals.items() if len(faces) > 1]
        store = check_store(bench.folder / "state.db")
    total = size.sources * size.events
    problems = [text for text, is_wrong in (
        (f"{len(missing)} events were lost, as {missing[:1]}", missing),
        (f"{len(faces)} ids stand for two records", faces),
        (f"store: {store}", store != "ok"),
        ("no sleeper ever lost its lease: the suite shows nothing",
         not fleet.lost_leases)) if is_wrong]
    rounds = ", ".join(f"{kind} {count}" for kind, count in sorted(fleet.done.items()))
    return (f"{size.sources} sources, two processes, rounds: {rounds}\n"
            f"events {total}, lost {len(missing)}, repeats {repeats}; leases lost to "
            f"another {fleet.lost_leases}; {time.monotonic() - began:.0f} s"), problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="40 sources, 16 rounds")
    parser.add_argument("--program", type=Path, default=PROGRAM)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    report, problems = run_fleet(QUICK if arguments.quick else FULL, arguments.seed,
                                 arguments.program)
    print(report)
    for problem in problems:
        print(f"FAILED: {problem}")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
