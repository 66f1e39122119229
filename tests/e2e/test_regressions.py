"""Bugs of other collectors, found in their issues or reproduced; here each has a test."""

import unittest

from harness import BenchCase, ScenarioSpec, hours_ago

START = hours_ago(8)


class Regressions(BenchCase):
    def scripted(self, *events: tuple[int, int], lookback_s: int = 3600, **options: object):
        """Events as (second, visible), relative to the start."""
        script = [{"second": second, "visible": visible} for second, visible in events]
        return self.bench(ScenarioSpec(start=START, script=script), lookback_s, **options)

    def test_late_events_behind_the_newest_are_found(self) -> None:
        """Ansible EDA: the newest event's time is the cursor, so older ones are lost."""
        bench = self.scripted((600, 660), (500, 1500), (550, 2000), (400, 3600))
        self.assert_good(*bench.run_until(START + 2 * 3600, 60))
        self.assert_all_once(bench)

    def test_two_events_of_one_second_are_sent_once(self) -> None:
        """Ansible EDA: A,B,A,B,... for ever when both share the newest second."""
        bench = self.scripted((600, 660), (600, 760))
        self.assert_good(*bench.run_until(START + 3000, 120))
        self.assert_all_once(bench)

    def test_a_straggler_of_55_minutes_is_found(self) -> None:
        """Wazuh: what is delivered after the marker has passed is never read."""
        bench = self.scripted((600, 660), (600, 600 + 3300), (5000, 5060))
        self.assert_good(*bench.run_until(START + 3 * 3600, 300))
        self.assert_all_once(bench)

    def test_a_day_late_is_not_promised_but_breaks_nothing(self) -> None:
        """Beyond the last pass nothing is claimed; what came in time is unharmed."""
        bench = self.scripted((600, 660), (600, 600 + 86400), (4000, 4060))
        self.assert_good(*bench.run_until(START + 3 * 3600, 600))
        self.assertEqual(len(bench.sink.counts), 2)
        self.assertEqual(bench.sink.repeats(), 0)

    def test_a_day_without_runs_is_caught_up(self) -> None:
        spec = ScenarioSpec(start=hours_ago(40), seconds=30 * 3600, events=2000)
        bench = self.bench(spec, 3600)
        self.assert_good(bench.run())
        bench.sim.advance(30 * 3600)
        self.assert_good(*bench.run_until(bench.sim.now() + 3600, 900))
        self.assert_all_once(bench)

    def test_more_than_500_ids_in_the_window_are_not_sent_again(self) -> None:
        """Wazuh keeps 500 keys: 600 files, three idle polls send 600, 100, 100 events."""
        bench = self.scripted(*[(600 + i, 700 + i) for i in range(900)])
        self.assert_good(*bench.run_until(START + 3000, 300))
        sent = len(bench.sink.counts)
        self.assertGreater(sent, 600)
        for _ in range(3):
            bench.sim.advance(60)
            self.assert_good(bench.run())
        self.assert_all_once(bench)

    def test_progress_is_committed_per_batch_not_at_the_end(self) -> None:
        """Wazuh commits at the end of a bucket: an error sends everything again."""
        spec = ScenarioSpec(start=START, seconds=2 * 3600, events=5000)
        bench = self.bench(spec, 4 * 3600, now=START + 3 * 3600)
        process = bench.start()
        bench.sim.call("kill", pid=process.pid, point="after_read", skip=70)
        self.assertEqual(bench.finish(process).status, -9)
        bench.sink.read_new()
        before = len(bench.sink.counts)
        self.assertGreaterEqual(before, 2000)
        seen = bench.sim.counts()["events"]
        self.assert_good(bench.run())
        bench.sink.read_new()
        self.assertLessEqual(bench.sink.repeats(), 1000)
        again = bench.sim.counts()["events"] - seen - (spec.events - before)
        self.assertLessEqual(again, 1500, "events were read again that had been committed")

    def test_throttling_does_not_send_everything_again(self) -> None:
        spec = ScenarioSpec(start=START, seconds=2 * 3600, events=3000)
        bench = self.bench(spec, 4 * 3600, now=START + 3 * 3600)
        bench.sim.arm({"kind": "throttle", "skip": 30, "times": 100})
        self.assertEqual(bench.run().status, 1)
        bench.sink.read_new()
        self.assertGreater(len(bench.sink.counts), 1000)
        bench.sim.arm()
        self.assert_good(*bench.run_until(bench.sim.now() + 600))
        self.assert_all_once(bench)


if __name__ == "__main__":
    unittest.main()
