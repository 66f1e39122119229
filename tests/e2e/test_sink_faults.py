"""One fault table for every sink: nothing is lost, only poison is set aside, and what a
platform can tell apart is not sent twice.

    test_sink_faults.py                a few hundred events a row
    test_sink_faults.py --full [SINK]  10,000 a row, all sinks or one
"""

import signal
import sqlite3
import sys
import tempfile
import time
import unittest
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from counterparts import COUNTERPARTS, Elasticsearch, Http, ItemFault, Otlp, SplunkHec
from kafka import BROKER, NOT_ALLOWED, NOT_ENOUGH_REPLICAS, TOO_LARGE, Kafka
from harness import PROGRAM, Bench, BenchCase, Run, ScenarioSpec, hours_ago
from receiver import Fault

IS_FULL = "--full" in sys.argv
PLATFORMS = COUNTERPARTS | ({"kafka": Kafka} if BROKER.exists() else {})
SINKS = [name for name in sys.argv[1:] if name in PLATFORMS] or list(PLATFORMS)
EVENTS = 10_000 if IS_FULL else 300
SPEC = ScenarioSpec(seed=5, start=hours_ago(8), seconds=3600, events=EVENTS)
BATCH = 1000
DROPS_BUSY = PROGRAM.with_name("auditbridge-drops-busy")


Platform = Http | Kafka


@dataclass
class Row:
    name: str
    arm: Callable[[Platform, list[str]], list[Fault]]
    settings: str = ""
    status: int = 0        # of the first run
    sinks: tuple[str, ...] = tuple(COUNTERPARTS)  # those over HTTP
    poison: int = 0        # events that no run delivers
    doubted: int = 0       # letters that a broken sink may make before it is found out
    unsure: int = 0        # letters of events that may have arrived all the same
    repeats: int = 0       # allowed where the platform does not tell them
    is_fast: bool = False  # also without --full, for every sink; of http nearly all are
    is_slow: bool = False  # never without --full


def status(code: int, **more: object) -> Callable[[Http, list[str]], list[Fault]]:
    return lambda *_: [Fault("status", code, **more)]  # type: ignore[arg-type]


def kind(name: str, times: int = 1) -> Callable[[Http, list[str]], list[Fault]]:
    return lambda *_: [Fault(name, times=times)]


def poison(code: int, count: int = 1) -> Callable[[Http, list[str]], list[Fault]]:
    return lambda _, ids: [Fault("status", code, poison=set(ids[70:70 + count]))]


def items(code: int, error: str, which: slice, is_once: bool = False
          ) -> Callable[[Http, list[str]], list[Fault]]:
    """Elasticsearch answers so for single events."""
    def arm(platform: Http, ids: list[str]) -> list[Fault]:
        assert isinstance(platform, Elasticsearch)
        platform.item_faults = [ItemFault(code, error, set(ids[which]), is_once)]
        return []
    return arm


def indexer(**state: object) -> Callable[[Http, list[str]], list[Fault]]:
    """Splunk's indexer fails."""
    def arm(platform: Http, _: list[str]) -> list[Fault]:
        assert isinstance(platform, SplunkHec)
        vars(platform).update(state)
        return []
    return arm


def rejects(which: slice) -> Callable[[Http, list[str]], list[Fault]]:
    """A collector answers with partial_success."""
    def arm(platform: Http, ids: list[str]) -> list[Fault]:
        assert isinstance(platform, Otlp)
        platform.rejects = set(ids[which])
        return []
    return arm


def broker(command: str) -> Callable[[Platform, list[str]], list[Fault]]:
    def arm(platform: Platform, _: list[str]) -> list[Fault]:
        assert isinstance(platform, Kafka)
        platform.order(command)
        return []
    return arm


POSTED = ("http", "elasticsearch", "otlp", "splunk-hec")
# Waits pass quickly here, for all threads: one that waits must not time another's request out.
PATIENT = "timeout: 2m"
ROWS = [
    Row("none", lambda *_: [], sinks=tuple(PLATFORMS), is_fast=True),
    Row("429 six times, Retry-After", status(429, times=6, retry_after_s=2)),
    Row("429 for ever", status(429), status=1, is_slow=True),
    Row("503 six times", status(503, times=6), is_fast=True),
    Row("503 for ever", status(503), status=1, is_slow=True),
    Row("401", status(401), status=1, is_fast=True),
    Row("403 one event", poison(403), sinks=POSTED, poison=1),
    Row("403 all", status(403), status=1, is_fast=True),
    Row("404 all", status(404), status=1),
    Row("413 above 100 kB", status(413, size_max=100_000), sinks=POSTED),
    # Splunk's sink waits for an acknowledgement of each request: so many take too long.
    Row("413 above 20 kB", status(413, size_max=20_000),
        sinks=("http", "elasticsearch", "otlp")),
    Row("400 poison", poison(400), sinks=POSTED, poison=1, is_fast=True),
    Row("400 three poisons", poison(400, 3), sinks=POSTED, poison=3),
    Row("400 all", status(400), status=1),
    Row("400 all but heartbeats", status(400, heartbeats=False), sinks=POSTED, status=1,
        doubted=100),
    Row("422 poison", poison(422), sinks=POSTED, poison=1),
    Row("reset before the answer", kind("reset_before", 3)),
    Row("reset after storing", kind("reset_after", 2), repeats=2 * BATCH, is_fast=True),
    Row("time-out", kind("time_out"), "timeout: 10s", sinks=POSTED, repeats=2 * BATCH),
    Row("slow reply", kind("slow", 3)),
    Row("receiver killed, started later", kind("kill"), status=1),
    Row("429 of every third event", items(429, "es_rejected_execution_exception",
                                          slice(None, None, 3), is_once=True),
        sinks=("elasticsearch",), is_fast=True),
    Row("a blocked index", items(403, "cluster_block_exception", slice(None), is_once=True),
        sinks=("elasticsearch",)),
    Row("mapping error of five events", items(400, "document_parsing_exception",
                                              slice(70, 75)),
        sinks=("elasticsearch",), poison=5, is_fast=True),
    Row("no such index", items(404, "index_not_found_exception", slice(None)),
        sinks=("elasticsearch",), status=1, is_fast=True),
    Row("partial success: one rejected", rejects(slice(70, 71)), sinks=("otlp",),
        unsure=BATCH, is_fast=True),
    Row("partial success: all rejected", rejects(slice(None)), sinks=("otlp",), status=1,
        doubted=100, is_fast=True),
    Row("too few replicas, six times", broker(f"fail {NOT_ENOUGH_REPLICAS} 6"),
        sinks=("kafka",), is_fast=True),
    Row("too large, once", broker(f"fail {TOO_LARGE} 1"), sinks=("kafka",), is_fast=True),
    # What went in other requests of the batch had arrived, and comes again with it.
    Row("no right to the topic", broker(f"fail {NOT_ALLOWED} 1"), sinks=("kafka",),
        status=1, repeats=BATCH, is_fast=True),
    Row("a slow broker", broker("slow 400"), sinks=("kafka",)),
    Row("time-out, in flight", broker("slow 3000"), "timeout: 1s", sinks=("kafka",),
        status=1, repeats=100 * BATCH),
    Row("broker down, up later", broker("down"), sinks=("kafka",), status=1,
        repeats=BATCH, is_fast=True),
    Row("never indexed", indexer(indexes=False), sinks=("splunk-hec",), status=1,
        is_fast=True),
    Row("acknowledgements answer 400", indexer(ack_status=400), sinks=("splunk-hec",),
        status=1, is_fast=True),
]


def letters(bench: Bench) -> dict[str, str]:
    """Why each event became a dead letter."""
    with sqlite3.connect(bench.folder / "state.db") as store:
        return dict(store.execute("SELECT event_id, reason FROM dead_letter"))


class SinkCase(BenchCase):
    def folder(self) -> Path:
        return Path(self.enterContext(tempfile.TemporaryDirectory(prefix="receiver-")))

    def platform(self, kind: type[Platform]) -> Platform:
        return self.enterContext(kind(self.folder()))

    def bench_for(self, platform: Platform, more: str = "", **options: object) -> Bench:
        """A bench whose only sink is platform; the backlog is due at once."""
        bench = self.bench(SPEC, 4 * 3600, now=SPEC.start + 3 * 3600,
                           settings="requests_per_second: 1000", **options)
        bench.config.write_text("\n".join(
            platform.line(more) if "platform: {type: file" in old else old
            for old in bench.config.read_text().splitlines()) + "\n")
        return bench

    def lost(self, bench: Bench, platform: Platform) -> list[str]:
        kept = letters(bench)
        kept |= platform.counts
        return [id for id in map(bench.id_of, bench.sim.scenario.events) if id not in kept]

    def assert_key_unseen(self, bench: Bench, *runs: Run) -> None:
        """Neither in the log nor in the store, dead letters included."""
        for run in runs:
            self.assertNotIn("key-1", run.stderr)
        for path in bench.folder.iterdir():
            if path != bench.config:
                self.assertNotIn(b"key-1", path.read_bytes(), path.name)


class FaultTable(SinkCase):
    """Each row: a run in which the fault strikes, then one in which all is well."""

    def test_nothing_is_lost_and_only_poison_is_set_aside(self) -> None:
        print(f"\n{EVENTS} events a row\n{'sink':14} {'fault':32} {'exit':>4} "
              f"{'requests':>8} {'beats':>5} {'repeats':>7} {'letters':>7} {'lost':>4}")
        for name in SINKS:
            for row in ROWS:
                is_fast = row.is_fast or (name == "http" and not row.is_slow)
                if name in row.sinks and (IS_FULL or is_fast):
                    with self.subTest(row.name, sink=name):
                        self.strike(name, row)

    def strike(self, name: str, row: Row) -> None:
        platform = self.platform(PLATFORMS[name])
        bench = self.bench_for(platform, row.settings or (PATIENT if name in POSTED else ""))
        ids = [bench.id_of(event) for event in bench.sim.scenario.events]
        armed = row.arm(platform, ids)
        if armed:
            platform.arm(*armed)
        first = bench.run()
        requests, beats = platform.requests, platform.heartbeats
        if row.status == 1:
            self.assertLessEqual(len(letters(bench)), row.doubted, "no poison, but letters")
        self.mend(platform, armed, row)
        second = bench.run()
        lost = self.lost(bench, platform)
        print(f"{name:14} {row.name:32} {first.status:4} {requests:8} {beats:5} "
              f"{platform.repeats():7} {len(letters(bench)):7} {len(lost):4}", flush=True)
        self.assertEqual(first.status, row.status, first.stderr[-3000:])
        self.assert_good(second)
        self.assertEqual(lost, [])
        self.assert_letters(bench, platform, row)
        self.assertLessEqual(platform.repeats(), 0 if platform.tells_repeats else row.repeats)
        self.assertEqual(platform.misfits, [])
        self.assert_key_unseen(bench, first, second)

    def assert_letters(self, bench: Bench, platform: Platform, row: Row) -> None:
        """Exactly the poison; where the platform says not which, what came with it too."""
        kept = letters(bench)
        arrived = set(kept) & set(platform.counts)
        if row.unsure:
            self.assertTrue(0 < len(kept) <= row.unsure)
            self.assertLess(len(arrived), len(kept))
            self.assertTrue(all("unknown which" in reason for reason in kept.values()))
            return
        self.assertLessEqual(abs(len(kept) - row.poison), row.doubted)
        self.assertEqual(arrived, set())

    def mend(self, platform: Platform, armed: list[Fault], row: Row) -> None:
        """All is well again, but for what is poison for good."""
        if isinstance(platform, Kafka):
            return platform.mend()
        platform.arm(*[fault for fault in armed if fault.poison])
        if isinstance(platform, Elasticsearch) and row.poison == 0:
            platform.item_faults = []
        if isinstance(platform, Otlp):
            platform.rejects = set()
        if isinstance(platform, SplunkHec):
            platform.ack_status, platform.indexes = 200, True
        if platform._server is None:
            platform.start()

    def test_the_table_finds_a_sink_that_drops_on_429(self) -> None:
        for name in sorted(set(SINKS) & set(POSTED)):
            with self.subTest(name):
                platform = self.platform(PLATFORMS[name])
                bench = self.bench_for(platform, program=DROPS_BUSY)
                platform.arm(Fault("status", 429, times=6))
                bench.run()
                self.assertNotEqual(self.lost(bench, platform), [])

    @unittest.skipUnless("kafka" in SINKS, "not asked for, or built without librdkafka")
    def test_the_table_finds_a_sink_that_drops_what_a_broker_did_not_take(self) -> None:
        platform = self.platform(Kafka)
        bench = self.bench_for(platform, "timeout: 2s", program=DROPS_BUSY)
        platform.order("down")
        bench.run()
        platform.mend()
        self.assertNotEqual(self.lost(bench, platform), [])


class Killed(SinkCase):
    """The program dies by SIGKILL while it delivers."""

    def test_a_kill_loses_nothing_and_repeats_one_batch_at_most(self) -> None:
        for name in SINKS:
            with self.subTest(name):
                platform = self.platform(PLATFORMS[name])
                bench = self.bench_for(platform)
                if isinstance(platform, Kafka):
                    platform.order("slow 100")  # else it is over at once
                for part in (1, 2, 3):
                    self.kill_at(bench, platform, EVENTS * part // 5)
                self.assert_good(bench.run())
                print(f"{name:14} {'killed three times':32} {platform.repeats():27} "
                      f"{len(letters(bench)):7} {len(self.lost(bench, platform)):4}")
                self.assertEqual(self.lost(bench, platform), [])
                self.assertEqual(letters(bench), {})
                self.assertLessEqual(platform.repeats(),
                                     0 if platform.tells_repeats else 3 * BATCH)

    def kill_at(self, bench: Bench, platform: Platform, events: int) -> None:
        process = bench.start()
        limit = time.monotonic() + 60
        while (len(platform.counts) < events and process.poll() is None
               and time.monotonic() < limit):
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        bench.finish(process)


    @unittest.skipUnless("kafka" in SINKS, "not asked for, or built without librdkafka")
    def test_a_stop_ends_the_wait_for_a_broker(self) -> None:
        platform = self.platform(Kafka)
        bench = self.bench_for(platform, "timeout: 2m")
        platform.order("down")
        process = bench.start()
        time.sleep(1)
        process.terminate()
        asked = time.monotonic()
        bench.finish(process)
        self.assertLess(time.monotonic() - asked, 20)
        platform.mend()
        self.assert_good(bench.run())
        self.assertEqual(self.lost(bench, platform), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
