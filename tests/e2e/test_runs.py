"""Runs with a purpose of their own: rehearsals, backfills, and checks of the live clouds."""

import contextlib
import hashlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import time
import unittest

from fleet import Fleet
from harness import PROGRAM, Bench, BenchCase, ScenarioSpec, Sink, hours_ago

HOUR = 3600
LIMIT_S = 120


def stamp(second: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


def call(bench: Bench, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(bench.program), arguments[0], "--config", str(bench.config), *arguments[1:]],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=bench.folder,
        env=bench.environment(), timeout=LIMIT_S, check=False)


class RunCase(BenchCase):
    def ends(self, status: int, bench: Bench, *arguments: str) -> subprocess.CompletedProcess:
        done = call(bench, *arguments)
        self.assertEqual(done.returncode, status, done.stdout[-2000:] + done.stderr[-3000:])
        return done

    def announced(self, done: subprocess.CompletedProcess) -> int:
        found = re.search(r"^dry run: (\d+) events would be delivered", done.stdout, re.M)
        self.assertIsNotNone(found, done.stdout)
        return int(found[1])

    def principles(self, text: str) -> list[str]:
        """The table of principles, as it stands in a summary."""
        table = text[text.index("\nprinciple"):]
        return table[1:table.index("\n\n")].splitlines()


class Rehearsal(RunCase):
    def files(self, bench: Bench) -> dict[str, str]:
        """SQLite's reader leaves an empty journal and its index of it beside a store."""
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
                for path in bench.folder.iterdir()
                if path.name not in ("stderr", "state.db-shm")
                and (path.name != "state.db-wal" or path.stat().st_size > 0)}

    def test_a_first_rehearsal_says_what_the_run_delivers_and_leaves_nothing(self) -> None:
        spec = ScenarioSpec(start=hours_ago(8), seconds=3 * HOUR, events=1200)
        bench = self.bench(spec, 6 * HOUR, now=spec.start + 4 * HOUR)
        before = self.files(bench)
        rehearsal = self.ends(0, bench, "run", "--dry-run")
        self.assertEqual(self.files(bench), before)
        run = self.ends(0, bench, "run", "--once", "--summary")
        bench.sink.read_new()
        self.assertEqual(self.announced(rehearsal), sum(bench.sink.counts.values()))
        self.assertGreater(self.announced(rehearsal), 1000)
        self.assertEqual(self.principles(rehearsal.stdout), self.principles(run.stderr))

    def test_a_rehearsal_reads_on_from_the_store_and_moves_nothing(self) -> None:
        spec = ScenarioSpec(start=hours_ago(10), seconds=5 * HOUR, events=2000)
        bench = self.bench(spec, 6 * HOUR, now=spec.start + 2 * HOUR)
        self.assert_good(bench.run())
        bench.sink.read_new()
        bench.sim.advance(40 * 60)  # late ones of before are read once more
        before = self.files(bench)
        announced = [self.announced(self.ends(0, bench, "run", "--dry-run"))
                     for _ in range(2)]
        self.assertEqual(self.files(bench), before)
        self.assert_good(bench.run())
        new = len(bench.sink.read_new())
        self.assertGreater(new, 100)
        self.assertEqual(announced, [new, new])
        self.assertEqual(bench.sink.repeats(), 0)

    def test_it_names_the_operations_that_no_rule_names(self) -> None:
        spec = ScenarioSpec(start=hours_ago(6), seconds=HOUR, events=500)
        bench = self.bench(spec, 4 * HOUR, now=spec.start + 3 * HOUR)
        told = self.ends(0, bench, "run", "--dry-run").stdout
        self.assert_good(bench.run())
        unmapped = [(document["event"]["provider"], document["event"]["action"])
                    for line in bench.sink.path.read_text().splitlines()
                    if "principles" not in (document := json.loads(line))["moj"]]
        first = re.search(r"^operations that no rule names.*\n(\S+) (\S+) +(\d+)$", told, re.M)
        self.assertIsNotNone(first, told)
        self.assertEqual(unmapped.count((first[1], first[2])), int(first[3]))
        self.assertEqual(max(unmapped.count(name) for name in unmapped), int(first[3]))


class Backfill(RunCase):
    def marks(self, bench: Bench) -> list[tuple]:
        with sqlite3.connect(f"file:{bench.folder}/state.db?mode=ro", uri=True) as db:
            return db.execute("SELECT name, start, mark1, mark2, mark3, mark4, version"
                              " FROM source WHERE instr(name, '~') = 0").fetchall()

    def world(self, **options: object) -> Bench:
        spec = ScenarioSpec(start=hours_ago(14), seconds=10 * HOUR, events=2500, **options)
        return self.bench(spec, 3 * HOUR, now=spec.start + 12 * HOUR)

    def empty_sink(self, bench: Bench) -> None:
        """The platform has lost everything."""
        bench.sink.path.unlink()
        bench.sink = Sink(bench.sink.path)

    def assert_stretch(self, bench: Bench, from_s: float, to_s: float) -> None:
        bench.sink.read_new()
        wanted = [e for e in bench.sim.scenario.events if from_s <= e.second <= to_s]
        self.assertGreater(len(wanted), 150)
        self.assertEqual(bench.missing(lambda e: from_s <= e.second <= to_s), [])
        self.assertEqual(len(bench.sink.counts), len(wanted))

    def test_a_stretch_before_the_start_is_read_and_the_source_stays(self) -> None:
        bench = self.world()
        self.assert_good(bench.run())
        before = self.marks(bench)
        self.empty_sink(bench)
        from_s, to_s = bench.spec.start + HOUR, bench.spec.start + 3 * HOUR
        self.ends(0, bench, "run", "--from", stamp(from_s), "--to", stamp(to_s))
        self.assert_stretch(bench, from_s, to_s)
        self.assertEqual(bench.sink.repeats(), 0)
        self.assertEqual(self.marks(bench), before)
        self.assertNotIn("~", self.ends(0, bench, "sources").stdout)

    def test_what_the_platform_lost_is_sent_again_each_time_it_is_asked_for(self) -> None:
        bench = self.world()
        self.assert_good(bench.run())
        ids = set(bench.sink.read_new())
        before = self.marks(bench)
        from_s, to_s = bench.spec.start + 9.2 * HOUR, bench.spec.start + 10.5 * HOUR
        for _ in range(2):
            self.empty_sink(bench)
            self.ends(0, bench, "run", "--from", stamp(from_s), "--to", stamp(to_s),
                      "--source", "prod")
            self.assert_stretch(bench, from_s, to_s)
            self.assertLessEqual(set(bench.sink.counts), ids)
            self.assertEqual(bench.sink.repeats(), 0)
            self.assertTrue(all(json.loads(line)["moj"]["backfill"] is True
                                for line in bench.sink.path.read_text().splitlines()))
        self.assertEqual(self.marks(bench), before)

    def test_a_backfill_that_was_killed_goes_on_where_it_was(self) -> None:
        bench = self.world(seed=3)
        self.assert_good(bench.run())
        self.empty_sink(bench)
        from_s, to_s = bench.spec.start, bench.spec.start + 8 * HOUR
        mode = ("--from", stamp(from_s), "--to", stamp(to_s))
        process = bench.start(mode=mode)
        while process.poll() is None and len(bench.sink.counts) < 500:
            bench.sink.read_new()
        process.send_signal(signal.SIGKILL)
        process.wait()
        bench.sink.read_new()
        killed_at = len(bench.sink.counts)
        self.assertLess(killed_at, 1900, "it ended before it was killed")
        again = self.ends(0, bench, "run", *mode)
        self.assert_stretch(bench, from_s, to_s)
        self.assertLessEqual(bench.sink.repeats(), 1000)  # one batch
        delivered = [json.loads(line)["delivered"] for line in again.stderr.splitlines()
                     if '"run.done"' in line]
        self.assertLess(delivered[0], len(bench.sink.counts))

    def test_a_rehearsed_backfill_says_what_the_real_one_sends(self) -> None:
        bench = self.world()
        mode = ("--from", stamp(bench.spec.start), "--to", stamp(bench.spec.start + 4 * HOUR))
        announced = [self.announced(self.ends(0, bench, "run", "--dry-run", *mode))]
        self.ends(0, bench, "run", *mode)
        self.assertEqual(announced, [len(bench.sink.read_new())])
        announced = self.announced(self.ends(0, bench, "run", "--dry-run", *mode))
        self.assertEqual(announced, len(bench.sink.counts))

    def test_what_is_older_than_the_cloud_keeps_is_told(self) -> None:
        bench = self.world()
        now = bench.sim.now()
        done = self.ends(0, bench, "run", "--from", stamp(now - 91 * 24 * HOUR), "--to",
                         stamp(now - 89.9 * 24 * HOUR))
        gaps = [json.loads(line) for line in done.stderr.splitlines()
                if '"source.gap"' in line]
        self.assertEqual([gap["reason"] for gap in gaps], ["older than the cloud keeps"])
        self.assertEqual(gaps[0]["from"][:19], stamp(now - 91 * 24 * HOUR)[:19])

    def test_wrong_stretches_and_names_are_wrong_usage(self) -> None:
        bench = self.world()
        for mode in (("--to", "2026-11-01"), ("--from", "2026-11-02", "--to", "2026-11-01"),
                     ("--from", "2099-01-01"), ("--from", "yesterday"),
                     ("--from", "2026-11-01", "--source", "pord"),
                     ("--once", "--source", "pord")):
            with self.subTest(mode):
                done = self.ends(2, bench, "run", *mode)
                self.assertIn(mode[-2] if mode[-1] == "pord" else "--", done.stderr)
        self.assertFalse(bench.sink.path.exists() and bench.sink.path.stat().st_size)


class Progress(RunCase):
    """The line at the bottom of a terminal while a backlog is read."""

    def backlog(self) -> Bench:
        spec = ScenarioSpec(start=hours_ago(20), seconds=10 * HOUR, events=3000)
        return self.bench(spec, 12 * HOUR, now=spec.start + 12 * HOUR)

    def on_terminal(self, bench: Bench, **environment: str) -> str:
        """What a run writes to a terminal on stderr."""
        ours, theirs = os.openpty()
        try:
            process = subprocess.Popen(
                [str(bench.program), "run", "--once", "--config", str(bench.config)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs,
                cwd=bench.folder, env=bench.environment() | environment)
            os.close(theirs)
            written = b""
            with contextlib.suppress(OSError):  # EIO: the other end is closed
                while chunk := os.read(ours, 65536):
                    written += chunk
            self.assertEqual(process.wait(LIMIT_S), 0, written[-2000:])
        finally:
            os.close(ours)
        return written.decode()

    def test_a_terminal_shows_how_long_it_will_take_and_nothing_is_left_of_it(self) -> None:
        bench = self.backlog()
        written = self.on_terminal(bench, TERM="xterm")
        lines = re.findall("\r(catching up: [^\x1b]*)\x1b\\[K\r", written)
        self.assertGreater(len(lines), 0, written)
        self.assertRegex(lines[-1], r"^catching up: 0 of 1 sources done, \d+ events/s, "
                                    r"\d+ times real time, \d+ (s|min|h) left$")
        self.assertTrue(all(len(line) < 80 for line in lines), lines)
        after = written[written.rindex("catching up"):]
        self.assertRegex(after, "^catching up[^\n]*\r\x1b\\[K")
        self.assertLess(after.index("\r\x1b[K"), after.index("events delivered in"))
        self.assert_all_once(bench)

    def test_a_log_and_a_dumb_terminal_see_none_of_it(self) -> None:
        bench = self.backlog()
        self.assertNotIn("catching up", self.on_terminal(bench, TERM="dumb"))
        bench = self.backlog()
        run = bench.run(TERM="xterm")
        self.assert_good(run)
        self.assertNotIn("catching up", run.stderr)
        self.assertTrue(all(line.startswith("{") for line in run.stderr.splitlines()))


class Live(RunCase):
    def test_a_source_and_a_sink_that_work(self) -> None:
        spec = ScenarioSpec(start=hours_ago(6), events=50)
        bench = self.bench(spec, now=spec.start + 3 * HOUR)
        done = self.ends(0, bench, "check", "--live", "--send")
        self.assertRegex(done.stdout, r"(?m)^source prod      ok +answered in \d+ ms; the "
                                      r"clocks agree within \d s$")
        self.assertRegex(done.stdout, r"(?m)^sink   platform  ok +took a heartbeat in \d+ ms$")
        bench.sink.read_new()
        self.assertEqual([own["event"]["action"] for own in bench.sink.own],
                         ["bridge.heartbeat"])
        self.assertFalse((bench.folder / "state.db").exists())

    def test_each_thing_that_does_not_work_is_named_with_what_to_do(self) -> None:
        spec = ScenarioSpec(start=hours_ago(6), events=50)
        bench = self.bench(spec, now=spec.start + 3 * HOUR)
        config = bench.config.read_text()
        rows = (
            ("wrong key", config, {"AWS_SECRET_ACCESS_KEY": "wrong"}, "denied",
             "check the secret key"),
            ("no such key", config, {"AWS_ACCESS_KEY_ID": "AKIANOSUCHKEY0000000"},
             "denied", "renew them"),
            ("untrusted CA", re.sub(r"    ca_file: .*\n", "", config), {}, "unreachable",
             "trusted CA"),
            ("unreachable", re.sub(r"endpoint: .*", "endpoint: https://127.0.0.1:1", config),
             {}, "unreachable", "check network"),
            ("wrong region", re.sub(r"region: .*", "region: eu-west-9", config), {}, "denied",
             "secret key"),
        )
        for name, text, environment, kind, remedy in rows:
            with self.subTest(name):
                bench.config.write_text(text)
                before = dict(bench._environment)
                bench.be(**environment)
                done = self.ends(1, bench, "check", "--live")
                bench._environment = before
                line = [l for l in done.stdout.splitlines() if l.startswith("source prod ")]
                self.assertEqual(len(line), 1, done.stdout)
                self.assertRegex(line[0], rf"^source prod +{kind} +.*{remedy}")
                self.assertIn("sink   platform", done.stdout)
                self.assertIn("1 of them did not work", done.stdout)

    def test_a_wrong_clock_is_told(self) -> None:
        spec = ScenarioSpec(start=hours_ago(6), events=50)
        bench = self.bench(spec, now=spec.start + 3 * HOUR, clock_off_s=1200)
        done = self.ends(0, bench, "check", "--live")
        self.assertRegex(done.stdout, r"source prod      ok +answered in \d+ ms; this machine's "
                                      r"clock is (119\d|1200) s ahead of the cloud's: set it right")

    def test_what_the_cloud_refuses_is_told_with_its_remedy(self) -> None:
        for fault, kind, remedy in (
                ("expired_token", "denied", "renew them"),
                ("denied", "denied", "may not call cloudtrail:LookupEvents; allow it"),
                ("throttle", "busy", "try again"), ("error_500", "unreachable", "try again")):
            with self.subTest(fault):
                spec = ScenarioSpec(start=hours_ago(6), events=50)
                bench = self.bench(spec, now=spec.start + 3 * HOUR, token=True)
                bench.sim.arm({"kind": fault, "times": 20})
                done = self.ends(1, bench, "check", "--live")
                self.assertRegex(done.stdout, f"(?m)^source prod +{kind} +.*{remedy}")

    def test_send_without_live_is_wrong_usage(self) -> None:
        bench = self.bench(ScenarioSpec(start=hours_ago(6), events=5))
        self.ends(2, bench, "check", "--send")


class Many(RunCase):
    REGIONS = 200

    def setUp(self) -> None:
        super().setUp()
        self.fleet = self.enterContext(Fleet(PROGRAM.resolve(), self.REGIONS))

    def call(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(PROGRAM.resolve()), arguments[0], "--config", str(self.fleet.config),
             *arguments[1:]],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            env=self.fleet.environment(), timeout=LIMIT_S, check=False)

    def test_all_are_asked_in_good_time_and_told_in_order(self) -> None:
        began = time.monotonic()
        done = self.call("check", "--live")
        took_s = time.monotonic() - began
        print(f"\ncheck --live: {self.REGIONS} sources in {took_s:.1f} s")
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        names = re.findall(r"(?m)^source (quiet-\S+) +ok ", done.stdout)
        self.assertEqual(len(names), self.REGIONS)
        self.assertEqual(names, sorted(names))
        self.assertLess(took_s, 60)

    def test_the_summary_of_a_dry_run_is_one_screen_and_names_choose(self) -> None:
        done = self.call("run", "--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        self.assertIn(f"all {self.REGIONS} sources", done.stdout)
        self.assertLess(len(done.stdout.splitlines()), 30)
        chosen = re.findall(r"(?m)^quiet-\S+", done.stdout)[3:5]
        done = self.call("run", "--dry-run", "--source", chosen[0], "--source", chosen[1])
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        self.assertEqual(re.findall(r"(?m)^quiet-\S+", done.stdout), chosen)
        self.assertEqual(sorted(path.name for path in self.fleet.folder.iterdir()),
                         ["auditbridge.yaml"])


if __name__ == "__main__":
    unittest.main()
