"""Kills the program again and again through a scripted day, and counts what that cost.

    python3 tests/e2e/kill_suite.py [--quick] [--program PATH] [--seed N]

Claims: every event of the script arrives, and the receipts prove it; repeats are at most
one batch a kill; no id ever stands for two records; sink and store stay readable. Exit
status 1 when one fails.
"""

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import receipts
from harness import FASTTIME, LAST_PASS_S, PROGRAM, Bench, ScenarioSpec, hours_ago

BATCH = 1000
AT_RANDOM, WHILE_WRITING = "at_random", "while_writing"
WHILE_COMMITTING = "while_committing"
KINDS = ("before_read", "after_read", "mid_answer", "after_answer", "page", AT_RANDOM,
         WHILE_WRITING, WHILE_COMMITTING)
FILES = {WHILE_WRITING: "events.ndjson", WHILE_COMMITTING: "state.db-wal"}
BY_CLOUD = ("before_read", "after_read", "mid_answer", "after_answer")
PAGES = 5               # kills are aimed at the first so many pages of a walk
TOGETHER = 6            # so many kills before a run that ends, and cloud time moves on
MISSES = 60             # runs in a row that ended before they could be killed
MISSED_S = 60           # so far it moves when a run ended before it could be killed
NTH = 3                 # kills are aimed at the first so many calls of a kind
SETTLE_TRIES = 40              # quiet runs to deliver the rest, once nobody kills any more
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
    def __init__(self, bench: Bench, size: Size, seed: int,
                 faults: dict[str, float] = RANDOM_FAULTS) -> None:
        self.bench = bench
        self.faults = faults
        self.size = size
        self.random = random.Random(seed)
        self.kills: Counter[str] = Counter()
        self.runs = 0
        self.usual_s = 0.5  # how long a run takes, learnt
        self.todo = [kind for kind in KINDS for _ in range(size.each)]
        self.random.shuffle(self.todo)

    def run(self) -> None:
        """The script's events are spread over the kills, so that each finds some."""
        end = self.bench.spec.start + self.bench.spec.seconds
        total = len(self.todo)
        self.bench.sim.arm(random=self.faults)
        while self.todo:
            kind = self.todo.pop()
            missed = 0
            while not self.kill_once(kind, missed):
                missed += 1
                self.bench.sim.advance(MISSED_S)
                if missed == MISSES:
                    raise AssertionError(f"{kind}: no chance in {missed} runs, "
                                         f"with {len(self.todo)} of {total} left")
            if len(self.todo) % TOGETHER == 0:
                self.quiet_run()  # marks move: what a wrong cursor skips is skipped now
                left = max(0.0, end - self.bench.sim.now())
                self.bench.sim.advance(max(MISSED_S, left / (len(self.todo) + 1) * TOGETHER))
        self.deliver_the_rest()

    def deliver_the_rest(self) -> None:
        self.bench.sim.call("kill")
        self.bench.sim.arm()
        after = self.bench.spec.start + self.bench.spec.seconds + LAST_PASS_S + 1800
        while self.bench.sim.now() < after:
            self.quiet_run()
            self.bench.sim.advance(600)
        for _ in range(SETTLE_TRIES):  # a source that failed rests for a second of real time
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
        process = self.bench.start(**self.disk_for(kind, missed))
        if kind == AT_RANDOM:
            self.kill_later(process, self.random.uniform(0, self.usual_s))
        elif kind not in FILES:
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

    def disk_for(self, kind: str, missed: int) -> dict[str, str]:
        if kind not in FILES:
            return {}
        nth = 1 if missed else self.random.randint(1, NTH)
        return preloaded(FILES[kind], nth, self.random)

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


def preloaded(file: str, nth: int, dice: random.Random) -> dict[str, str]:
    """What kills the program in the middle of what it does to a file."""
    return {"LD_PRELOAD": f"{FASTTIME} {FASTTIME.with_name('killdisk.so')}",
            "KILL_FILE": file, "KILL_NTH": str(nth),
            "KILL_CALL": dice.choice(("write", "sync", "synced"))}


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
        return run_on(bench, Suite(bench, size, seed), began)


def run_on(bench: Bench, suite: Suite, began: float) -> Report:
    """Runs the suite, and reports what reached the bench's sink."""
    suite.run()
    state = bench.sim.call("state")
    data = bench.sink.path.read_bytes()
    two_faced = [id for id, faces in bench.sink.originals.items() if len(faces) > 1]
    return Report(suite.kills, len(bench.sim.scenario.events), bench.missing(),
                  bench.sink.repeats(), two_faced, int(not data.endswith(b"\n")),
                  time.monotonic() - began, suite.runs, state["counts"]["requests"],
                  state["faults"], check_store(bench.folder / "state.db"),
                  [] if "PEER" in os.environ else receipts.check(bench.sink.path))


def tell(report: Report) -> int:
    """Prints it and what is wrong; the exit status."""
    print(report)
    for problem in report.problems():
        print(f"FAILED: {problem}")
    return int(bool(report.problems()))


def main_full(doc: str | None, run: Callable[[Size, int], Report], full: Size) -> int:
    """The command line of a suite over another cloud: --full [--seed N]."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--full", action="store_true", required=True)
    parser.add_argument("--seed", type=int, default=1)
    return tell(run(full, parser.parse_args().seed))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="40 kills, 3,000 events")
    parser.add_argument("--program", type=Path, default=PROGRAM)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    return tell(run_suite(QUICK if arguments.quick else FULL, arguments.seed,
                          arguments.program))


if __name__ == "__main__":
    sys.exit(main())
