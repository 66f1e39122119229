"""Bridge events: what they say adds up, from what the sink holds and nothing else."""

import json
import sqlite3
import unittest
from pathlib import Path

import receipts
from harness import Bench, BenchCase, ScenarioSpec, hours_ago

HOUR = 3600
DAY = 24 * HOUR
QUIET = ScenarioSpec(start=hours_ago(8), script=[{"second": 60, "visible": 120}])
FAULTS = {"throttle": .01, "error_500": .01, "reset_after": .01, "truncate": .01,
          "forget_tokens": .02, "overlap": .05}
PACK = """\
pack: local
records: aws-cloudtrail
version: 2026.11.0
rules:
  - id: local-nothing
    principles: [7a]
    service: nothing.amazonaws.com
    operations: [DoNothing]
    action: nothing
"""


class Case(BenchCase):
    def own(self, bench: Bench, kind: str) -> list[dict]:
        """The bridge's events of a kind, with each id once."""
        bench.sink.read_new()
        found = {event["event"]["id"]: event for event in bench.sink.own
                 if event["event"]["action"] == f"bridge.{kind}"}
        return list(found.values())

    def change(self, bench: Bench, sql: str) -> None:
        with sqlite3.connect(bench.folder / "state.db") as store:
            store.execute(sql)
        store.close()


class Completeness(Case):
    def read_a_day(self) -> Bench:
        """Late and awkward events, faults in one answer of ten, a kill every third run."""
        spec = ScenarioSpec(seed=11, start=hours_ago(14), seconds=6 * HOUR, events=1500,
                            stragglers=.03, awkward=20)
        bench = self.bench(spec, 2 * HOUR)
        bench.sim.arm(random=FAULTS)
        points = ("before_read", "after_read", "mid_answer", "after_answer")
        kills = 0
        for i in range(36):
            process = bench.start()
            if i % 3 == 1:
                bench.sim.call("kill", pid=process.pid, point=points[i % 4], skip=i % 2)
            kills += bench.finish(process).status == -9
            bench.sim.advance(600)
        self.assertGreater(kills, 4)
        bench.sim.call("kill")
        bench.sim.arm()
        bench.run_until(bench.end_of_script() + HOUR, 1200)
        self.assertEqual(bench.missing(), [])
        return bench

    def test_a_day_of_kills_faults_and_late_events_adds_up_and_every_theft_shows(self) -> None:
        bench = self.read_a_day()
        path = bench.sink.path
        told = [event["moj"]["bridge"] for event in self.own(bench, "receipt")]
        counted = sum(receipt["count"] for receipt in told)
        print(f"\n{len(told)} receipts of {counted} events; {len(bench.sink.counts)} are "
              f"here, {bench.sink.repeats()} of them more than once")
        self.assertEqual(receipts.check(path), [])
        self.assertEqual(counted, len(bench.sink.counts))
        self.assertTrue(all(receipt["complete"] for receipt in told))
        self.steal(path)

    def steal(self, path: Path) -> None:
        """Every way in which the receiver's copy can be short makes the proof fail."""
        lines = path.read_bytes().splitlines(keepends=True)
        ids = [json.loads(line)["event"]["id"] for line in lines]
        victim = next(id for id in ids if id.startswith("aws:") and ids.count(id) == 1)
        receipt = next(id for id in ids if ":receipt:" in id and ids.count(id) == 1)
        start = next(id for id in ids if ":start:" in id)
        at = ids.index(victim)
        altered = lines[at].replace(victim.encode(), victim[:-1].encode() + b"g")
        self.assertNotEqual(altered, lines[at])
        for name, stolen in (
                ("an event", [line for i, line in enumerate(lines) if i != at]),
                ("an id", [altered if i == at else line for i, line in enumerate(lines)]),
                ("a receipt", [line for line, id in zip(lines, ids) if id != receipt]),
                ("the start", [line for line, id in zip(lines, ids) if id != start])):
            with self.subTest(name):
                copy = path.with_suffix(".stolen")
                copy.write_bytes(b"".join(stolen))
                self.assertNotEqual(receipts.check(copy), [])

    def test_a_quiet_account_differs_from_a_dead_poller(self) -> None:
        bench = self.bench(ScenarioSpec(start=hours_ago(12), script=[
            {"second": 8 * HOUR, "visible": 8 * HOUR + 60}]), HOUR)
        self.assert_good(*bench.run_until(bench.spec.start + 5 * HOUR, 1200))
        beats = self.own(bench, "heartbeat")
        self.assertGreaterEqual(len(beats), 5)
        self.assertEqual({beat["moj"]["bridge"]["end"] for beat in beats}, {"done"})
        told = [event["moj"]["bridge"] for event in self.own(bench, "receipt")]
        self.assertGreaterEqual(len(told), 4)
        self.assertEqual({receipt["count"] for receipt in told}, {0})
        self.assertEqual(receipts.check(bench.sink.path), [])
        self.assertEqual(len(self.own(bench, "start")), 1)


class Told(Case):
    def test_a_gap_is_told_and_its_receipts_are_not_complete(self) -> None:
        bench = self.bench(QUIET, HOUR)
        self.assert_good(bench.run())
        long_ago = (int(bench.sim.now()) - 91 * DAY) * 1000
        self.change(bench, f"UPDATE source SET start = {long_ago}, mark1 = {long_ago},"
                           f" mark2 = {long_ago}, mark3 = {long_ago}, mark4 = {long_ago}")
        # Ninety days are a long way: that it is told does not wait for them.
        self.assert_good(bench.finish(bench.start(mode=("--once", "--max-runtime", "60s"))))
        [gap] = self.own(bench, "gap")
        self.assertEqual(gap["event"]["kind"], "pipeline_error")
        bridge = gap["moj"]["bridge"]
        self.assertEqual(bridge["reason"], "older than the cloud keeps")
        self.assertGreater(receipts.ms_of(bridge["to"]) - receipts.ms_of(bridge["from"]),
                           23 * HOUR * 1000)
        problems = receipts.check(bench.sink.path)
        self.assertTrue(problems)
        for problem in problems:
            self.assertIn("the cloud had more than was read", problem)

    def test_dead_letters_that_expire_are_told_as_a_loss(self) -> None:
        bench = self.bench(QUIET, HOUR)
        self.assert_good(bench.run())
        old = (int(bench.sim.now()) - 9 * DAY) * 1000
        self.change(bench, "INSERT INTO dead_letter SELECT NULL, id, 'aws:1:2', 'platform',"
                           f" 'poison', {old}, x'7b7d' FROM source")
        bench.sim.advance(300)
        self.assert_good(bench.run(), bench.run())
        [loss] = self.own(bench, "loss")
        self.assertEqual(loss["moj"]["bridge"]["count"], 1)
        self.assertEqual(loss["moj"]["bridge"]["sink"], "platform")

    def test_a_denied_source_is_told_once_an_hour_and_again_when_it_lasts(self) -> None:
        bench = self.bench(QUIET, HOUR)
        bench.sim.arm({"kind": "denied", "times": 1000})
        bench.sim.advance(HOUR - bench.sim.now() % HOUR + 300)
        for _ in range(3):
            self.assertEqual(bench.run().status, 1)
            bench.sim.advance(60)
        [denied] = self.own(bench, "denied")
        self.assertIn("cloudtrail:LookupEvents", denied["error"]["message"])
        ids = [event["event"]["id"] for event in bench.sink.own]
        self.assertEqual(len(ids), len(set(ids)), "told more than once")
        self.assertEqual(self.own(bench, "heartbeat")[0]["moj"]["bridge"]["end"], "failed")
        bench.sim.advance(HOUR)
        self.assertEqual(bench.run().status, 1)
        self.assertEqual(len(self.own(bench, "denied")), 2)

    def test_another_pack_is_told_with_what_was_before(self) -> None:
        bench = self.bench(QUIET, HOUR)
        self.assert_good(bench.run(), bench.run())
        self.assertEqual(self.own(bench, "config"), [])
        before = self.own(bench, "start")[0]["moj"]["mapping"]["hash"]
        (bench.folder / "packs").mkdir()
        (bench.folder / "packs" / "local.yaml").write_text(PACK)
        bench.config.write_text(f"mappings: [{bench.folder}/packs]\n"
                                + bench.config.read_text())
        self.assert_good(bench.run(), bench.run())
        [config] = self.own(bench, "config")
        bridge = config["moj"]["bridge"]
        self.assertEqual(bridge["mapping_hash_before"], before)
        self.assertEqual(bridge["mapping_hash"], config["moj"]["mapping"]["hash"])
        self.assertNotEqual(bridge["mapping_hash"], before)


if __name__ == "__main__":
    unittest.main()
