"""One name of a set that is denied or gone: the others go on, the platform is told which it
is, and what it missed is read when it answers again."""

import json
import time
import unittest
from collections.abc import Callable
from subprocess import Popen

from gcp_harness import GcpBench, GcpCase, GcpSpec
from harness import Run, hours_ago

START = hours_ago(8)
ONE, TWO, THREE = (f"projects/case-{i}" for i in (1, 2, 3))
ALL = (ONE, TWO, THREE)
STEP_S = 600


class DeniedCase(GcpCase):
    def world(self, **options: object) -> GcpBench:
        """Three hours, of which nothing has happened yet. options: of GcpBench."""
        spec = GcpSpec(start=START, seconds=3 * 3600, events=900, stragglers=0, parents=ALL)
        return self.gcp(spec, now=START + 60, **options)

    def advance(self, bench: GcpBench, seconds: float) -> list[Run]:
        """Runs every ten minutes of the cloud."""
        until, runs = bench.sim.now() + seconds, []
        while bench.sim.now() < until:
            bench.sim.advance(STEP_S)
            runs.append(bench.run())
        bench.sink.read_new()
        return runs

    def behind(self, bench: GcpBench, *names: str) -> list[str]:
        """Of names' entries, those that have been shown for a while and were not delivered."""
        settled = bench.sim.now() - 300
        return bench.missing(lambda e: e.parent in names and e.visible_at < settled)

    def assert_ends_well(self, bench: GcpBench, names: tuple[str, ...] = ALL) -> None:
        """Nothing is missing in the end; only what was delivered within the last pass before
        a name was set apart may have come again, with the same id."""
        self.assert_good(*bench.run_until(bench.end_of_script(), STEP_S))
        bench.sink.read_new()
        self.assertEqual(bench.missing(lambda e: e.parent in names), [])
        self.assertTrue(all(len(hashes) == 1 for hashes in bench.sink.originals.values()))

    def told(self, bench: GcpBench) -> set[str]:
        """What bridge.denied said."""
        return {own["error"]["message"] for own in bench.sink.own
                if own["event"]["action"] == "bridge.denied"}


class Denied(DeniedCase):
    def run_through(self, deny: str) -> GcpBench:
        bench = self.world()
        self.assert_good(*self.advance(bench, 3000))
        before = set(bench.sink.counts)
        setattr(bench.sim, deny, {ONE, THREE} if deny == "readable" else {TWO})
        runs = self.advance(bench, 3600)
        self.assertEqual({run.status for run in runs}, {1})
        self.assertEqual(self.behind(bench, ONE, THREE), [])
        self.assertGreater(len(set(bench.sink.counts) - before), 100)
        self.assertNotEqual(self.behind(bench, TWO), [])
        for run in runs:
            failed = run.log("source.failed")
            self.assertEqual([line["source"] for line in failed], ["gcp-set2"])
            self.assertIn(f"cloud logging: {TWO}: HTTP 40", failed[0]["error"])
        messages = self.told(bench)
        self.assertTrue(messages and all(TWO in message for message in messages), messages)
        setattr(bench.sim, deny, set(ALL) if deny == "readable" else set())
        self.assert_ends_well(bench)
        again = {e.event_id: e for e in bench.sim.scenario.events
                 if bench.sink.counts[e.event_id] > 1}
        self.assertEqual({e.parent for e in again.values()} - {TWO}, set())
        return bench

    def test_a_name_that_is_denied_and_answers_again(self) -> None:
        self.run_through("readable")

    def test_a_project_that_is_deleted_and_restored(self) -> None:
        self.run_through("gone")

    def test_a_name_that_was_denied_from_the_first_run_on(self) -> None:
        """Its lookback, a quarter of an hour, is over long before it answers."""
        bench = self.world(lookback_s=900)
        bench.sim.readable = {ONE, THREE}
        runs = self.advance(bench, 3600)
        self.assertEqual({run.status for run in runs}, {1})
        self.assertEqual(self.behind(bench, ONE, THREE), [])
        bench.sim.readable = set(ALL)
        self.assert_ends_well(bench)
        self.assert_all_once(bench)

    def test_two_names_denied_one_after_the_other(self) -> None:
        bench = self.world()
        self.assert_good(*self.advance(bench, 1800))
        bench.sim.readable = {ONE, THREE}
        self.advance(bench, 1800)
        bench.sim.readable = {ONE}
        self.advance(bench, 1800)
        self.assertEqual(self.behind(bench, ONE), [])
        bench.sim.readable = {ONE, TWO}
        self.advance(bench, 1200)
        self.assertEqual(self.behind(bench, ONE, TWO), [])
        bench.sim.readable = set(ALL)
        self.assert_ends_well(bench)

    def test_a_set_of_which_nothing_may_be_read_stays_together(self) -> None:
        bench = self.world()
        self.assert_good(*self.advance(bench, 1800))
        bench.sim.readable = set()
        runs = self.advance(bench, 1800)
        self.assertEqual([line["source"] for line in runs[-1].log("source.failed")], ["gcp"])
        bench.sim.readable = set(ALL)
        self.assert_ends_well(bench)
        self.assert_all_once(bench)

    def test_the_entries_between_mark_and_denial_are_in_the_part_that_is_read_later(self) -> None:
        """Received before the denial and shown after it: behind all marks but the last."""
        script = tuple((TWO, at, at + 1, at + 201) for at in range(600, 1800, 20)) + \
            tuple((ONE, at, at + 1, at + 2) for at in range(600, 3600, 60))
        bench = self.gcp(GcpSpec(start=START, seconds=3600, script=script, parents=(ONE, TWO)),
                         now=START + 1200)
        self.assert_good(bench.run())
        bench.sim.readable = {ONE}
        self.advance(bench, 1800)
        bench.sim.readable = {ONE, TWO}
        self.assert_ends_well(bench, (ONE, TWO))

    def test_sources_shows_the_part_by_itself(self) -> None:
        bench = self.world()
        self.assert_good(*self.advance(bench, 1800))
        bench.sim.readable = {ONE, THREE}
        self.advance(bench, 600)
        shown = json.loads(bench.ask("sources", "--format", "json"))["sources"]
        self.assertEqual([row["source"] for row in shown], ["gcp", "gcp-set2"])


class Running(DeniedCase):
    """In a run that does not end, discovery is not waited for: a refusal calls for it."""

    def wait_for(self, bench: GcpBench, is_done: Callable[[], bool]) -> None:
        until = time.monotonic() + 60
        while not is_done():
            self.assertLess(time.monotonic(), until, "not within a minute")
            time.sleep(0.1)
            bench.sim.advance(10)
            bench.sink.read_new()

    def delivered(self, bench: GcpBench, name: str) -> int:
        return len([e for e in bench.sim.scenario.events
                    if e.parent == name and e.event_id in bench.sink.counts])

    def refused(self, bench: GcpBench, process: Popen) -> set[str]:
        said = bench.stderr_of(process).rpartition("\n")[0]  # it may be writing a line
        return {line["source"] for line in Run(0, said).log("source.failed")}

    def test_a_refusal_is_sorted_out_within_minutes(self) -> None:
        bench = self.world(faster=30)  # an hour would be two minutes
        process = bench.start(mode=())
        try:
            self.wait_for(bench, lambda: self.delivered(bench, TWO) > 5)
            bench.sim.readable = {ONE, THREE}
            bench.sim.advance(1800)
            goal = self.delivered(bench, ONE) + 30
            self.wait_for(bench, lambda: self.delivered(bench, ONE) > goal)
            self.wait_for(bench, lambda: self.refused(bench, process) == {"gcp", "gcp-set2"})
            bench.sim.readable = set(ALL)
            self.wait_for(bench, lambda: not self.behind(bench, *ALL))
        finally:
            process.terminate()
            bench.finish(process)
        self.assert_ends_well(bench)


if __name__ == "__main__":
    unittest.main()
