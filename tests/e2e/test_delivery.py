"""What a cloud shows, sooner or later, reaches the sink: once, and in good time."""

import os
import statistics
import time
import unittest

from harness import LAST_PASS_S, Bench, BenchCase, ScenarioSpec, hours_ago

LATENCY_HOURS = float(os.environ.get("E2E_LATENCY_HOURS", "1"))


def minutes(seconds: float) -> float:
    return seconds / 60


class Delivery(BenchCase):
    def test_a_scripted_hour_arrives_once_and_verbatim(self) -> None:
        spec = ScenarioSpec(start=hours_ago(6), events=1000, awkward=14)
        bench = self.bench(spec)
        runs = bench.run_until(bench.end_of_script())
        self.assert_good(*runs)
        self.assert_all_once(bench)
        self.assert_no_secret(bench, *runs)

    def test_a_backlog_is_read_in_one_run(self) -> None:
        spec = ScenarioSpec(start=hours_ago(20), seconds=10 * 3600, events=3000)
        bench = self.bench(spec, 12 * 3600, now=spec.start + 12 * 3600)
        self.assert_good(bench.run())
        self.assert_all_once(bench)

    def test_a_run_with_nothing_new_sends_nothing(self) -> None:
        spec = ScenarioSpec(start=hours_ago(6), events=200)
        bench = self.bench(spec, 4 * 3600, now=spec.start + 3 * 3600)
        self.assert_good(bench.run(), bench.run(), bench.run())
        self.assert_all_once(bench)

    def test_lookback_says_where_a_new_source_begins(self) -> None:
        spec = ScenarioSpec(start=hours_ago(8), seconds=3 * 3600, events=600)
        now = spec.start + 4 * 3600
        bench = self.bench(spec, 2 * 3600, now=now)
        self.assert_good(*bench.run_until(now + 2 * 3600))
        first = now - 2 * 3600 + 60
        self.assertEqual(bench.missing(lambda e: e.second >= first), [])
        self.assertLess(len(bench.sink.counts), spec.events)

    def test_many_events_of_one_second_cross_page_borders(self) -> None:
        script = [{"second": 600 + i // 120, "visible": 700 + i % 7} for i in range(600)]
        spec = ScenarioSpec(start=hours_ago(6), script=script)
        bench = self.bench(spec)
        self.assert_good(*bench.run_until(bench.end_of_script()))
        self.assert_all_once(bench)

    def test_events_reach_the_sink_within_the_promised_time(self) -> None:
        seconds = int(LATENCY_HOURS * 3600)
        spec = ScenarioSpec(start=hours_ago(LATENCY_HOURS + 4), seconds=seconds,
                            events=seconds)
        bench = self.bench(spec, 3600, limit=2, burst=2)
        arrived: dict[str, float] = {}
        runs = 0
        minute = float(spec.start)
        while minute < bench.end_of_script() and len(arrived) < spec.events:
            bench.sim.call("set", now=max(minute, bench.sim.now()))
            self.assert_good(bench.run())
            runs += 1
            now = bench.sim.now()
            for event_id in bench.sink.read_new():
                arrived.setdefault(event_id, now)
            minute += 60
        self.assert_all_once(bench)
        waits = [arrived[bench.id_of(e)] - e.second for e in bench.sim.scenario.events]
        shown = [arrived[bench.id_of(e)] - e.visible_at for e in bench.sim.scenario.events]
        cuts = statistics.quantiles(waits, n=100)
        requests = bench.sim.counts()["requests"] / runs
        print(f"\nlatency: {spec.events} events, {runs} runs, {requests:.1f} requests a minute; "
              f"event to sink p50 {minutes(cuts[49]):.1f} p95 {minutes(cuts[94]):.1f} "
              f"max {minutes(max(waits)):.1f} min; shown to sink "
              f"p50 {minutes(statistics.median(shown)):.1f} min")
        self.assertLessEqual(cuts[49], 7 * 60)
        self.assertLessEqual(cuts[94], 12 * 60)
        self.assertLessEqual(requests, 8)


class Stopping(BenchCase):
    def wait_for_events(self, bench: Bench) -> None:
        for _ in range(200):
            if bench.sink.read_new():
                return
            time.sleep(0.1)
        self.fail("no event came in 20 s")

    def test_a_long_run_ends_on_sigterm_and_the_next_goes_on(self) -> None:
        spec = ScenarioSpec(start=hours_ago(3), seconds=3600, events=600)
        bench = self.bench(spec, 4 * 3600, now=spec.start + 2 * 3600)
        process = bench.start(mode=())
        self.wait_for_events(bench)
        process.terminate()
        self.assert_good(bench.finish(process))
        self.assert_good(bench.run())
        self.assert_all_once(bench)

    def test_max_runtime_ends_a_long_run_with_status_0(self) -> None:
        spec = ScenarioSpec(start=hours_ago(3), seconds=3600, events=60)
        bench = self.bench(spec, 4 * 3600, now=spec.start + 2 * 3600)
        self.assert_good(bench.finish(bench.start(mode=("--max-runtime", "10s"))))
        self.assert_all_once(bench)


class Clocks(BenchCase):
    """This machine's clock may be wrong by any amount; the cloud's Date rules."""

    def test_a_wrong_clock_loses_nothing_and_costs_few_requests(self) -> None:
        for name, off_s in (("ten minutes ahead", 600), ("ten minutes behind", -600),
                            ("five hours ahead", 5 * 3600), ("five hours behind", -5 * 3600),
                            ("a year ahead", 365 * 86400), ("a year behind", -365 * 86400)):
            with self.subTest(name):
                spec = ScenarioSpec(start=hours_ago(8), events=900)
                bench = self.bench(spec, clock_off_s=off_s)
                runs = bench.run_until(spec.start + spec.seconds + LAST_PASS_S + 600, 600)
                self.assert_good(*runs)
                self.assert_all_once(bench)
                requests = bench.sim.counts()["requests"] / len(runs)
                print(f"\na clock {name}: {requests:.1f} requests a run")
                self.assertLessEqual(requests, 20)

    def test_a_clock_that_jumps_ahead_between_runs_gives_nothing_up(self) -> None:
        spec = ScenarioSpec(start=hours_ago(8), events=300)
        bench = self.bench(spec)
        self.assert_good(bench.run())
        bench.sim.advance(3600)
        ahead = bench.sim.now() - hours_ago(0) + 200 * 86400
        self.assert_good(bench.run(WALL_OFFSET_S=str(round(ahead))))
        runs = bench.run_until(spec.start + spec.seconds + LAST_PASS_S + 600, 600)
        self.assert_good(*runs)
        self.assert_all_once(bench)


if __name__ == "__main__":
    unittest.main()
