"""SIGHUP: a long run goes on with a new configuration, new packs and new secrets, and loses
nothing; a bad configuration changes nothing and is told of."""

import json
import os
import signal
import subprocess
import tempfile
import time
import unittest
from collections.abc import Callable
from pathlib import Path

from harness import Bench, Event, ScenarioSpec, hours_ago
from receiver import Fault
from test_http_sink import SPEC as HELD_SPEC
from test_http_sink import HttpCase
from test_metrics import free_port, get, series_of

HOUR = 3600
RELOADS = 50
PATIENCE_S = 60
PACK = """\
pack: own
records: aws-cloudtrail
version: 2026.11.1
rules:
  - id: own-roles
    principles: [3g]
    service: iam.amazonaws.com
    operations: ['*']
    action: made-by-a-reload
"""


def is_shown(event: Event, second: float) -> bool:
    """It happened before second, and the cloud showed it before the first pass."""
    return event.second < second and event.visible_at < event.second + 60


class ReloadCase(HttpCase):
    def started(self, spec: ScenarioSpec, now: float, **options: object,
                ) -> tuple[Bench, subprocess.Popen]:
        bench = self.bench(spec, 12 * HOUR, now=now, **options)
        return bench, self.start(bench)

    def start(self, bench: Bench) -> subprocess.Popen:
        process = bench.start(mode=())
        self.addCleanup(self.end, process)
        self.soon(bench, process, lambda: "run.start" in bench.stderr_of(process), "run.start")
        return process

    def end(self, process: subprocess.Popen) -> None:
        if process.poll() is None:
            process.kill()
        process.wait()

    def soon(self, bench: Bench, process: subprocess.Popen, is_so: Callable[[], bool],
             name: str) -> None:
        limit = time.monotonic() + PATIENCE_S
        while not is_so():
            self.assertIsNone(process.poll(), bench.stderr_of(process)[-3000:])
            self.assertLess(time.monotonic(), limit, f"{name}: not within {PATIENCE_S} s: "
                            + bench.stderr_of(process)[-3000:])
            time.sleep(0.02)

    def log(self, bench: Bench, process: subprocess.Popen, event: str) -> list[dict]:
        whole = bench.stderr_of(process).rpartition("\n")[0]
        lines = [json.loads(line) for line in whole.splitlines() if line[:1] == "{"]
        return [line for line in lines if line["event"] == event]

    def hang_up(self, bench: Bench, process: subprocess.Popen, event: str) -> dict:
        """Reloads, and waits for what the program says of it."""
        before = len(self.log(bench, process, event))
        process.send_signal(signal.SIGHUP)
        self.soon(bench, process,
                  lambda: len(self.log(bench, process, event)) > before, event)
        return self.log(bench, process, event)[-1]

    def arrive(self, bench: Bench, process: subprocess.Popen, second: float) -> None:
        """Everything that happened before second comes to the sink."""
        def is_there() -> bool:
            bench.sink.read_new()
            return not bench.missing(lambda event: is_shown(event, second))
        self.soon(bench, process, is_there, "the events")

    def finish(self, bench: Bench, process: subprocess.Popen) -> list[dict]:
        """Lets all that is left arrive and ends it well; the lines of run.done."""
        bench.sim.advance(max(1.0, bench.end_of_script() - bench.sim.now()))

        def is_whole() -> bool:
            bench.sink.read_new()
            return not bench.missing()
        self.soon(bench, process, is_whole, "the last events")
        process.terminate()
        run = bench.finish(process)
        self.assert_good(run)
        self.assert_no_secret(bench, run)
        return run.log("run.done")


class Reload(ReloadCase):
    def actions(self, bench: Bench, wanted: Callable[[Event], bool]) -> set[str]:
        """What the packs made of some events."""
        ids = {bench.id_of(event) for event in bench.sim.scenario.events if wanted(event)}
        documents = map(json.loads, bench.sink.path.read_text().splitlines())
        return {document["moj"].get("action", "") for document in documents
                if document["event"]["id"] in ids
                and document["event"]["provider"] == "iam.amazonaws.com"}

    def test_a_source_is_added_and_a_rule_applies_to_the_next_events(self) -> None:
        spec = ScenarioSpec(start=hours_ago(12), seconds=4 * HOUR, events=1500)
        other = ScenarioSpec(seed=2, region="eu-west-2", start=spec.start,
                             seconds=4 * HOUR, events=300)
        half = spec.start + 2 * HOUR
        bench = self.bench(spec, 12 * HOUR, now=half, more=[other])
        whole = bench.config.read_text()
        first, name, second = whole.partition("  more-1:")
        bench.config.write_text(first)
        process = self.start(bench)
        self.arrive_of(bench, process, spec, half - 120)

        packs = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="packs-")))
        (packs / "own.yaml").write_text(PACK)
        bench.config.write_text(f"mappings: [{packs}]\n{first}{name}{second}")
        told = self.hang_up(bench, process, "reload.done")
        self.assertEqual(told["sources_added"], ["more-1"])
        self.assertEqual(told["sources"], 2)
        self.assertIn("own 2026.11.1", told["packs_changed"][0])
        self.assertNotIn("sources_changed", told)
        done = self.finish(bench, process)[0]

        self.assert_all_once(bench)
        before = self.actions(bench, lambda event: is_shown(event, half - 120))
        after = self.actions(bench, lambda event: event.second > half + 120)
        self.assertNotIn("made-by-a-reload", before)
        self.assertIn("made-by-a-reload", after)
        self.assertEqual(done["delivered"], 1800)
        self.assertEqual(done["providers"]["aws-cloudtrail"]["sources"], 2)
        changed = [own for own in bench.sink.own if own["event"]["action"] == "bridge.config"]
        self.assertEqual([own["moj"]["source"] for own in changed], ["prod"])

    def arrive_of(self, bench: Bench, process: subprocess.Popen, spec: ScenarioSpec,
                  second: float) -> None:
        """As arrive, of the region of spec alone."""
        wanted = {f"aws:{spec.account}:{event.event_id}" for scenario in bench.sim.scenarios
                  if scenario.spec.region == spec.region for event in scenario.events
                  if is_shown(event, second)}

        def is_there() -> bool:
            bench.sink.read_new()
            return wanted <= set(bench.sink.counts)
        self.soon(bench, process, is_there, "the events")

    def test_a_bad_configuration_changes_nothing_and_is_told_of(self) -> None:
        spec = ScenarioSpec(start=hours_ago(12), seconds=4 * HOUR, events=800)
        bench, process = self.started(spec, spec.start + HOUR)
        good = bench.config.read_text()
        for name, bad, wanted in (
                ("keys", good.replace("every:", "evry:").replace("[platform]", "[none]"),
                 ["unknown key \"evry\"", "unknown sink"]),
                ("no YAML", good + "  : : [", [str(bench.config)]),
                ("state", good.replace("state.db", "other.db"),
                 ["auditbridge.yaml:1:1: \"state\" cannot change"]),
                ("a sink that cannot be opened", good.replace("events.ndjson", "no/such"),
                 ["no/such"]),
                ("no configuration", None, ["cannot be"])):
            with self.subTest(name):
                bench.config.unlink()
                if bad is not None:
                    bench.config.write_text(bad)
                told = self.hang_up(bench, process, "reload.refused")
                self.assertEqual(told["level"], "error")
                for text in wanted:
                    self.assertIn(text, "\n".join(told["problems"]))
                bench.sim.advance(1200)
                self.arrive(bench, process, bench.sim.now() - 300)
                bench.config.write_text(good)
        self.assertFalse((bench.folder / "other.db").exists())
        self.assertEqual(self.log(bench, process, "reload.done"), [])
        self.hang_up(bench, process, "reload.done")
        self.finish(bench, process)
        self.assert_all_once(bench)

    def test_metrics_go_on_and_nothing_of_a_removed_sink_stays(self) -> None:
        spec = ScenarioSpec(start=hours_ago(12), seconds=4 * HOUR, events=800)
        bench = self.bench(spec, 12 * HOUR, now=spec.start + HOUR)
        port = free_port()
        whole = f"metrics: {{listen: '127.0.0.1:{port}'}}\n{bench.config.read_text()}"
        down = whole.replace("sinks:\n", "sinks:\n  other: {type: http, url: "
                             f"'http://127.0.0.1:{free_port()}', api_key: key-1}}\n", 1)
        down = down.replace("[platform]", "[platform, {name: other, required: false}]", 1)
        self.assertIn("{name: other", down)
        bench.config.write_text(down)
        process = self.start(bench)
        held = 'auditbridge_sink_held{sink="other",reason="unreachable"}'
        delivered = ('auditbridge_events_total{provider="aws-cloudtrail",'
                     'outcome="delivered"}')

        def series() -> dict[str, float]:
            return series_of(get(port, "/metrics")[1])
        self.arrive(bench, process, spec.start + HOUR - 300)
        self.soon(bench, process, lambda: series().get(held) == 1, "held")
        before = series()[delivered]
        self.assertGreater(before, 0)

        bench.config.write_text(whole.replace(str(port), str(free_port())))
        told = self.hang_up(bench, process, "reload.refused")
        self.assertIn('auditbridge.yaml:1:1: "metrics" cannot change',
                      "\n".join(told["problems"]))
        bench.config.write_text(whole)
        self.hang_up(bench, process, "reload.done")
        self.soon(bench, process, lambda: held not in series(), "the sink is gone")
        self.assertGreaterEqual(series()[delivered], before)
        bench.sim.advance(HOUR)
        self.soon(bench, process, lambda: series()[delivered] > before, "counting on")
        self.finish(bench, process)
        self.assert_all_once(bench)

    def test_a_removed_source_ends_and_goes_on_where_it_was_when_it_is_back(self) -> None:
        spec = ScenarioSpec(start=hours_ago(12), seconds=4 * HOUR, events=800)
        other = ScenarioSpec(seed=2, region="eu-west-2", start=spec.start,
                             seconds=4 * HOUR, events=800)
        bench, process = self.started(spec, spec.start + HOUR, more=[other])
        both = bench.config.read_text()
        self.arrive(bench, process, spec.start + HOUR - 300)
        bench.config.write_text(both.partition("  more-1:")[0])
        self.assertEqual(self.hang_up(bench, process, "reload.done")["sources_removed"],
                         ["more-1"])
        left = self.log(bench, process, "source.done")
        self.assertEqual([line["source"] for line in left], ["more-1"])
        bench.sim.advance(2 * HOUR)
        self.arrive_of(bench, process, spec, bench.sim.now() - 300)
        late = [f"aws:{other.account}:{event.event_id}"
                for event in bench.sim.scenarios[1].events
                if event.second > spec.start + HOUR + 600]
        self.assertFalse(set(late) & set(bench.sink.counts))

        bench.config.write_text(both)
        self.hang_up(bench, process, "reload.done")
        done = self.finish(bench, process)[0]
        self.assert_all_once(bench)
        self.assertEqual(done["delivered"], 1600)

    def test_fifty_reloads_of_a_busy_day_lose_nothing_and_repeat_nothing(self) -> None:
        spec = ScenarioSpec(start=hours_ago(14), seconds=10 * HOUR, events=6000)
        other = ScenarioSpec(seed=2, region="eu-west-2", start=spec.start,
                             seconds=10 * HOUR, events=3000)
        bench, process = self.started(spec, spec.start + HOUR, more=[other])
        texts = [bench.config.read_text()]
        texts.append(texts[0].replace("every: 1s", "every: 2s"))
        texts.append(texts[0].partition("  more-1:")[0])
        files = []
        for number in range(RELOADS):
            bench.sim.advance((bench.end_of_script() - bench.sim.now()) / RELOADS)
            bench.config.write_text(texts[number % 3])
            self.hang_up(bench, process, "reload.done")
            files.append(len(os.listdir(f"/proc/{process.pid}/fd")))
        bench.config.write_text(texts[0])
        self.hang_up(bench, process, "reload.done")
        done = self.finish(bench, process)[0]  # LeakSanitizer looks now
        self.assert_all_once(bench)
        self.assertEqual(done["delivered"], 9000)
        self.assertEqual(done["status"], 0)
        self.assertEqual(len(self.log(bench, process, "reload.refused")), 0)
        self.assertLessEqual(min(files[-10:]), min(files[:10]), files)  # none stays open

    def test_two_signals_in_a_row_and_sigterm_among_them(self) -> None:
        spec = ScenarioSpec(start=hours_ago(12), seconds=4 * HOUR, events=2000)
        bench, process = self.started(spec, spec.start + 3 * HOUR)
        self.hang_up(bench, process, "reload.done")
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        self.assert_good(bench.finish(process))
        self.assertLess(time.monotonic() - began, 15)
        for _ in range(2):  # the other order, and in the middle of making the next world
            process = self.start(bench)
            process.send_signal(signal.SIGHUP)
            time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            self.assert_good(bench.finish(process))
        bench.run_until(bench.end_of_script(), 1200)
        self.assert_all_once(bench)

    def test_run_once_ignores_it_and_says_so(self) -> None:
        spec = ScenarioSpec(start=hours_ago(12), seconds=4 * HOUR, events=3000)
        bench = self.bench(spec, 12 * HOUR, now=spec.start + 6 * HOUR)
        process = bench.start()
        self.addCleanup(self.end, process)
        self.soon(bench, process, lambda: "run.start" in bench.stderr_of(process), "run.start")
        process.send_signal(signal.SIGHUP)
        run = bench.finish(process)
        self.assert_good(run)
        self.assertEqual(len(run.log("reload.ignored")), 1)
        self.assert_all_once(bench)


class Held(ReloadCase):
    def test_a_held_sink_is_tried_at_once_with_its_new_secret(self) -> None:
        platform = self.platform(credential=("x-api-key", "key-2"))
        key = platform.folder / "key"
        key.write_text("key-1\n")
        bench = self.bench_for(platform, 'api_key: "${file:%s}"' % key)
        process = self.start(bench)
        self.soon(bench, process, lambda: "sink.held" in bench.stderr_of(process), "sink.held")
        self.assertEqual(platform.counts, {})
        key.write_text("key-2\n")
        began = time.monotonic()
        told = self.hang_up(bench, process, "reload.done")
        self.assertEqual(told["sinks_changed"], ["platform"])
        self.soon(bench, process, lambda: len(platform.counts) == HELD_SPEC.events, "delivery")
        self.assertLess(time.monotonic() - began, 20)
        process.terminate()
        run = bench.finish(process)
        self.assert_complete(bench, platform)
        self.assert_key_unseen(bench, run)
        self.assertNotIn("key-2", run.stderr)

    def test_batches_that_reloads_interrupt_are_neither_lost_nor_repeated(self) -> None:
        platform = self.platform()
        bench = self.bench_for(platform)
        platform.arm(Fault("status", status=503))
        process = self.start(bench)
        for number in range(10):
            self.soon(bench, process,
                      lambda: len(self.log(bench, process, "sink.retried")) > number, "a retry")
            self.hang_up(bench, process, "reload.done")
        self.assertEqual(platform.counts, {})
        platform.arm()
        self.soon(bench, process, lambda: len(platform.counts) >= HELD_SPEC.events, "delivery")
        process.terminate()
        run = bench.finish(process)
        self.assert_good(run)
        self.assert_complete(bench, platform)
        self.assertEqual(platform.repeats(), 0)
        self.assertEqual(run.log("sink.held"), [])  # it was not the sink that stopped

    def test_a_sink_that_is_down_holds_up_no_reload(self) -> None:
        platform = self.platform()
        bench = self.bench_for(platform)
        good = bench.config.read_text()
        bench.config.write_text(good.replace(platform.url, "https://127.0.0.1:9/"))
        process = self.start(bench)
        self.soon(bench, process, lambda: "sink.retried" in bench.stderr_of(process), "sink.retried")
        bench.config.write_text(good)
        began = time.monotonic()
        self.hang_up(bench, process, "reload.done")
        self.assertLess(time.monotonic() - began, 15)
        self.soon(bench, process, lambda: len(platform.counts) == HELD_SPEC.events, "delivery")
        process.terminate()
        bench.finish(process)
        self.assert_complete(bench, platform)


if __name__ == "__main__":
    unittest.main(verbosity=2)
