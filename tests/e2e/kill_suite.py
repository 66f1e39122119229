"""Kills the program again and again through a scripted day, and counts what that cost.

    python3 tests/e2e/kill_suite.py [--quick] [--program PATH] [--seed N]

Claims: every event of the script arrives, and the receipts prove it; repeats are at most
one batch a kill; no id ever stands for two records; sink and store stay readable. Exit status 1 when one fails.
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

import receipts
from harness import FASTTIME, LAST_PASS_S, PROGRAM, Bench, ScenarioSpec, hours_ago

BATCH = 1000
AT_RANDOM, WHILE_WRITING = "at_random", "while_writing"
WHILE_COMMITTING = "while_committing"
BY_CLOUD = ("before_read", "after_read", "mid_answer", "after_answer")
PAGES = 5               # kills are aimed at the first so many pages of a walk
TOGETHER = 6            # so many kills before cloud time moves on
MISSED_S = 60           # so far it moves when a run ended before it could be killed
SETTLED_S = 0.001       # a file that has not grown for so long is being synced
PATIENCE = 5            # misses before another kind of kill is tried
TRIES = 40              # quiet runs to deliver the rest, once nobody kills any more
RANDOM_FAULTS = {"throttle": .004, "error_500": .004, "reset_after": .004, "truncate": .004,
                 "forget_tokens": .01, "overlap": .03, "not_json": .004}


@dataclass(frozen=True)
class Size:
    events: int
    hours: int
    backlog_hours: int  # of the day that lie behind at the first run
    each: int           # kills at each kind of moment


FULL = Size(20_000, 24, 8, 50)
QUICK = Size(3000, 6, 3, 5)


@dataclass
class Report:
    kills: Counter
    events: int
    missing: list[str]
    repeats: int
    two_faced: list[str]
    torn: int
    seconds: float
    runs: int
    requests: int
    faults: dict
    store: str
    unproved: list[str]  # what the sink's file does not prove by its receipts

    def problems(self) -> list[str]:
        total = sum(self.kills.values())
        found = []
        if self.missing:
            found.append(f"{len(self.missing)} events were lost, as {self.missing[0]}")
        if self.repeats > total * BATCH:
            found.append(f"{self.repeats} repeats are more than a batch for {total} kills")
        if self.two_faced:
            found.append(f"{len(self.two_faced)} ids stand for two records")
        if self.torn:
            found.append("the sink ends in a torn line")
        if self.store != "ok":
            found.append(f"store: {self.store}")
        if self.unproved:
            found.append(f"receipts do not add up: {self.unproved[0]}")
        return found

    def __str__(self) -> str:
        kills = ", ".join(f"{name} {count}" for name, count in sorted(self.kills.items()))
        return (f"kills: {sum(self.kills.values())} ({kills})\n"
                f"runs {self.runs}, requests {self.requests}, faults {self.faults}\n"
                f"events {self.events}, lost {len(self.missing)}, repeats {self.repeats}; "
                f"{self.seconds:.0f} s")


class Suite:
    def __init__(self, bench: Bench, size: Size, seed: int) -> None:
        self.bench = bench
        self.size = size
        self.random = random.Random(seed)
        self.kills: Counter[str] = Counter()
        self.runs = 0
        self.usual_s = 0.5  # how long a run takes, learnt
        self.todo = [kind for kind in (*BY_CLOUD, "page", AT_RANDOM, WHILE_WRITING,
                                           WHILE_COMMITTING)
                     for _ in range(size.each)]
        self.random.shuffle(self.todo)
        # What needs new events goes first, while there are some: todo is taken from its end.
        self.todo.sort(key=lambda kind: kind in (WHILE_WRITING, WHILE_COMMITTING))

    def run(self) -> None:
        end = self.bench.spec.start + self.bench.spec.seconds
        self.bench.sim.arm(random=RANDOM_FAULTS)
        missed = 0
        while self.todo and missed < 20 * self.size.each:
            is_killed = self.kill_once(self.todo[-1], missed)
            if is_killed:
                self.todo.pop()
                missed = 0
            else:
                missed += 1
                if missed % PATIENCE == 0:
                    self.todo.insert(0, self.todo.pop())
            if not is_killed:
                self.bench.sim.advance(MISSED_S)
            elif len(self.todo) % TOGETHER == 0:
                left = max(0.0, end - self.bench.sim.now())
                self.bench.sim.advance(max(MISSED_S, left / (len(self.todo) + 1) * TOGETHER))
        if self.todo:
            raise AssertionError(f"no chance to kill any more, left: {Counter(self.todo)}")
        self.deliver_the_rest()

    def deliver_the_rest(self) -> None:
        self.bench.sim.call("kill")
        self.bench.sim.arm()
        after = self.bench.spec.start + self.bench.spec.seconds + LAST_PASS_S + 1800
        while self.bench.sim.now() < after:
            self.quiet_run()
            self.bench.sim.advance(600)
        for _ in range(TRIES):  # a source that failed rests for a second of real time
            self.quiet_run()
            if not self.bench.missing():
                return
            self.bench.sim.advance(60)

    def quiet_run(self) -> None:
        self.runs += 1
        self.bench.run()
        self.bench.sink.read_new()

    def kill_once(self, kind: str, missed: int) -> bool:
        """One run with a kill waiting for it; False when it ended before."""
        self.runs += 1
        began = time.monotonic()
        process = self.bench.start(**self.disk_for(kind))
        if kind == AT_RANDOM:
            self.kill_later(process, self.random.uniform(0, self.usual_s))
        elif kind == WHILE_WRITING:
            self.kill_when_grown(process, self.bench.sink.path, 1)
        elif kind == WHILE_COMMITTING:  # the first to grow the store's log is the claim
            self.kill_when_grown(process, self.bench.folder / "state.db-wal",
                                 self.random.choice((2, 3)))
        else:
            self.arm(process.pid, kind, missed)
        run = self.bench.finish(process)
        self.bench.sink.read_new()
        if run.status == -signal.SIGKILL:
            self.kills[kind] += 1
            return True
        if run.status not in (0, 1):
            raise AssertionError(f"status {run.status}: {run.stderr[-3000:]}")
        self.usual_s = 0.8 * self.usual_s + 0.2 * (time.monotonic() - began)
        return False

    def disk_for(self, kind: str) -> dict[str, str]:
        """What a kill between two syncs needs: syncs that take as long as on a real disk."""
        slow = FASTTIME.with_name("slowdisk.so")
        if kind not in (WHILE_WRITING, WHILE_COMMITTING) or not slow.exists():
            return {}
        return {"LD_PRELOAD": f"{FASTTIME} {slow}"}

    def arm(self, pid: int, kind: str, missed: int) -> None:
        skip = 0 if missed else self.random.randrange(4)
        if kind != "page":
            self.bench.sim.call("kill", pid=pid, point=kind, skip=skip)
            return
        page = 1 + self.random.randrange(max(1, PAGES - missed))
        self.bench.sim.call("kill", pid=pid, point=self.random.choice(BY_CLOUD[1:]),
                            page=page)

    def kill_later(self, process: subprocess.Popen, seconds: float) -> None:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()

    def kill_when_grown(self, process: subprocess.Popen, path: Path, times: int) -> None:
        """Once the file has grown so often, and while the slow disk still syncs it."""
        before = size_of(path)
        while process.poll() is None:
            now = size_of(path)
            if now > before:
                time.sleep(SETTLED_S)
                if size_of(path) == now:
                    times -= 1
                before = size_of(path)
            if times == 0:
                process.kill()
                return


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def check_store(path: Path) -> str:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as store:
        return str(store.execute("PRAGMA integrity_check").fetchone()[0])


def run_suite(size: Size, seed: int, program: Path = PROGRAM) -> Report:
    spec = ScenarioSpec(seed=seed, start=hours_ago(size.hours + 6),
                        seconds=size.hours * 3600, events=size.events, awkward=50)
    backlog_s = size.backlog_hours * 3600
    began = time.monotonic()
    # The whole day, for a first run that dies before its first answer has no start yet.
    with Bench(spec, spec.seconds, program, now=spec.start + backlog_s) as bench:
        suite = Suite(bench, size, seed)
        suite.run()
        state = bench.sim.call("state")
        data = bench.sink.path.read_bytes()
        two_faced = [id for id, faces in bench.sink.originals.items() if len(faces) > 1]
        return Report(suite.kills, spec.events, bench.missing(), bench.sink.repeats(),
                      two_faced, int(not data.endswith(b"\n")),
                      time.monotonic() - began, suite.runs, state["counts"]["requests"],
                      state["faults"], check_store(bench.folder / "state.db"),
                      receipts.check(bench.sink.path))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="40 kills, 3,000 events")
    parser.add_argument("--program", type=Path, default=PROGRAM)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    report = run_suite(QUICK if arguments.quick else FULL, arguments.seed, arguments.program)
    print(report)
    for problem in report.problems():
        print(f"FAILED: {problem}")
    return int(bool(report.problems()))


if __name__ == "__main__":
    sys.exit(main())
