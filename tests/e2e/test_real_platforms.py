"""The sinks kafka and elasticsearch against a real broker and a real search node: each event
arrives, also over kills of either side, and what they refuse is told apart.

test_real_platforms.py FOLDER [--full], where FOLDER is for their jars. SKIP (77) without."""

import random
import signal
import sys
import tempfile
import time
import unittest
import urllib.error
from dataclasses import replace
from pathlib import Path

from harness import Bench, BenchCase, Run, ScenarioSpec, hours_ago
from real_platforms import Kafka, Kafka3, OpenSearch, Process, install_all
from test_sink_faults import letters

IS_FULL = "--full" in sys.argv
SPEC = ScenarioSpec(seed=5, start=hours_ago(8), seconds=3600, events=300)
BATCH = 1000
EVENTS = 10_000 if IS_FULL else 2000  # where something is killed
KILLS = 5 if IS_FULL else 2
PATIENT = "timeout: 2m"


class PlatformCase(BenchCase):
    def platform(self, kind: type[Process], *settings: str) -> Process:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="platform-")))
        return self.enterContext(kind(folder, *settings))

    def bench_for(self, platform: Process, more: str = PATIENT, spec: ScenarioSpec = SPEC,
                  line: str | None = None) -> Bench:
        bench = self.bench(spec, 4 * 3600, now=spec.start + 3 * 3600,
                           settings="requests_per_second: 1000")
        bench.config.write_text("\n".join(
            (line or platform.line(more)) if "platform: {type: file" in old else old
            for old in bench.config.read_text().splitlines()) + "\n")
        return bench

    def assert_all_there(self, bench: Bench, platform: Process, repeats: int = 0) -> None:
        counts = platform.counts
        ids = [bench.id_of(event) for event in bench.sim.scenario.events]
        self.assertEqual([id for id in ids if id not in counts], [])
        self.assertEqual(set(counts) - set(ids), set())
        self.assertLessEqual(sum(counts.values()) - len(counts), repeats)

    def assert_held(self, run: Run, platform: Process, bench: Bench, *words: str) -> None:
        """The sink says why, and no event is taken for delivered or for poison."""
        self.assertEqual(run.status, 1)
        for word in words:
            self.assertIn(word, run.stderr)
        self.assertNotIn("key-1", run.stderr)
        self.assertEqual(platform.counts, {})
        self.assertEqual(letters(bench), {})

    def kill_platform(self, platform: Process, more: str) -> None:
        """The platform dies by SIGKILL while it is sent to, comes back, and dies again."""
        bench = self.bench_for(platform, more, spec=replace(SPEC, events=EVENTS))
        dice = random.Random(7)
        for _ in range(KILLS):
            process = bench.start()
            time.sleep(dice.uniform(0.2, 1.2))
            platform.kill()
            platform.start()
            bench.finish(process)
        self.assert_good(bench.run())
        self.assert_all_there(bench, platform, self.allowed(platform))
        print(f"{type(platform).__name__}: {KILLS} kills, {EVENTS} events, lost 0, "
              f"repeats {sum(platform.counts.values()) - len(platform.counts)}", flush=True)

    def kill_us(self, platform: Process, more: str) -> None:
        bench = self.bench_for(platform, more, spec=replace(SPEC, events=EVENTS))
        for part in range(1, KILLS + 1):
            process = bench.start()
            until = time.monotonic() + 60
            while (sum(platform.counts.values()) < EVENTS * part // (KILLS + 2)
                   and process.poll() is None and time.monotonic() < until):
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            bench.finish(process)
        self.assert_good(bench.run())
        self.assert_all_there(bench, platform, self.allowed(platform))
        self.assertEqual(letters(bench), {})

    def allowed(self, platform: Process) -> int:
        """Repeats: a batch at each kill, and none where the platform knows them."""
        return 0 if isinstance(platform, OpenSearch) else KILLS * BATCH


class KafkaBroker(PlatformCase):
    def test_every_message_is_an_event_under_its_id(self) -> None:
        platform = self.platform(Kafka)
        platform.grant()
        for seed, compression in enumerate(("none", "gzip", "lz4", "zstd"), 1):
            with self.subTest(compression):
                self.assert_comes(platform, platform.line(f"compression: {compression}"), seed)
        with self.subTest("a client certificate"):
            self.assert_comes(platform, platform.line_with_certificate(), 5)
        for key, event in platform.messages():
            self.assertEqual(event["event"]["id"], key)

    def assert_comes(self, platform: Kafka, line: str, seed: int) -> None:
        bench = self.bench_for(platform, line=line, spec=replace(SPEC, seed=seed))
        self.assert_good(bench.run())
        counts = platform.counts
        ids = [bench.id_of(event) for event in bench.sim.scenario.events]
        self.assertEqual({id: counts[id] for id in ids}, dict.fromkeys(ids, 1))

    def test_scram_works_where_librdkafka_and_the_broker_agree(self) -> None:
        platform = self.platform(Kafka3)
        platform.grant()
        self.assert_comes(platform, platform.line(), 1)

    def test_scram_of_an_old_librdkafka_is_told_apart_from_a_wrong_password(self) -> None:
        platform = self.platform(Kafka)
        platform.grant()
        platform.mechanism = "SCRAM-SHA-512"
        bench = self.bench_for(platform)
        run = bench.run()
        if run.status == 0:  # 2.6.1 or later
            return self.assert_all_there(bench, platform)
        self.assert_held(run, platform, bench, "cannot use SCRAM (2.6.1 can)")

    def test_without_the_right_or_the_topic_or_the_password_the_sink_is_held(self) -> None:
        platform = self.platform(Kafka)
        bench = self.bench_for(platform, "")
        self.assert_held(bench.run(), platform, bench, "TOPIC_AUTHORIZATION_FAILED")
        platform.grant()
        password = platform.folder / "password"
        password.write_text("another")
        self.assert_held(bench.run(), platform, bench, "Authentication failed")
        password.write_text(Kafka.PASSWORD)
        bench.reconfigure("topic: audit", "topic: elsewhere")
        self.assert_held(bench.run(), platform, bench, "TOPIC")
        bench.reconfigure("topic: elsewhere", "topic: audit")
        self.assert_good(bench.run())
        self.assert_all_there(bench, platform)

    def test_a_certificate_of_nobody_we_know_holds_the_sink(self) -> None:
        platform = self.platform(Kafka)
        platform.grant()
        platform.ca_file = platform.client_cert
        bench = self.bench_for(platform, "")
        self.assert_held(bench.run(), platform, bench, "certificate verify failed")

    def test_a_kill_of_the_broker_loses_nothing(self) -> None:
        platform = self.platform(Kafka)
        platform.grant()
        self.kill_platform(platform, PATIENT)

    def test_our_kill_loses_nothing(self) -> None:
        platform = self.platform(Kafka)
        platform.grant()
        self.kill_us(platform, PATIENT)


class SearchNode(PlatformCase):
    def test_every_document_is_an_event_under_its_id_and_is_there_once(self) -> None:
        platform = self.platform(OpenSearch)
        bench = self.bench_for(platform, f"index: audit-%Y.%m, {PATIENT}")
        self.assert_good(bench.run())
        self.assert_all_there(bench, platform)
        for hit in platform.documents():
            source = hit["_source"]
            self.assertEqual(source["event"]["id"], hit["_id"])
            self.assertEqual(hit["_index"], "audit-" + source["@timestamp"][:7].replace("-", "."))
        before = len(platform.documents())
        for path in bench.folder.glob("state.db*"):
            path.unlink()
        self.assert_good(bench.run())  # everything a second time: 409 is delivered
        self.assert_all_there(bench, platform)
        self.assertGreaterEqual(len(platform.documents()), before)

    def test_a_data_stream_takes_them_too_and_an_index_in_its_stead_is_found_out(self) -> None:
        platform = self.platform(OpenSearch)
        bench = self.bench_for(platform, "data_stream: audit")
        run = bench.run()
        self.assertEqual(run.status, 1)
        self.assertIn("audit is an index and no data stream", run.stderr)
        platform.ask("PUT", "/_index_template/audit", {
            "index_patterns": ["audit*"], "data_stream": {}})
        platform.ask("DELETE", "/audit")
        self.assert_good(bench.run())
        self.assert_all_there(bench, platform)

    def test_what_its_mapping_cannot_hold_is_set_aside_alone(self) -> None:
        platform = self.platform(OpenSearch)
        platform.ask("PUT", "/_index_template/audit", {
            "index_patterns": ["audit*"], "template": {"mappings": {"properties": {
                "user_agent": {"properties": {"original": {"type": "long"}}}}}}})
        script = [{"second": second, "visible": second + 60,
                   "agent": "no number" if second in (70, 130) else str(second)}
                  for second in range(10, 210, 10)]
        bench = self.bench_for(platform, f"index: audit-%Y.%m, {PATIENT}",
                               spec=replace(SPEC, events=0, script=script))
        self.assert_good(bench.run())
        events = bench.sim.scenario.events
        poison = {bench.id_of(event) for event in events if '"no number"' in event.text}
        self.assertEqual(len(poison), 2)
        self.assertEqual(letters(bench), dict.fromkeys(
            poison, "HTTP 400 mapper_parsing_exception"))
        self.assertEqual(dict(platform.counts), dict.fromkeys(
            {bench.id_of(event) for event in events} - poison, 1))

    def test_a_block_or_a_missing_index_holds_the_sink(self) -> None:
        platform = self.platform(OpenSearch, "action.auto_create_index=false")
        bench = self.bench_for(platform, "index: audit")
        run = bench.run()
        self.assertEqual(run.status, 1)
        self.assertIn("index_not_found_exception", run.stderr)
        platform.ask("PUT", "/audit", {"settings": {"index.blocks.write": True}})
        self.assert_held(bench.run(), platform, bench, "HTTP 403 cluster_block_exception")
        platform.ask("PUT", "/audit/_settings", {"index.blocks.write": False})
        self.assert_good(bench.run())
        self.assert_all_there(bench, platform)

    def test_a_kill_of_the_node_loses_nothing_and_repeats_nothing(self) -> None:
        self.kill_platform(self.platform(OpenSearch), f"index: audit-%Y.%m, {PATIENT}")

    def test_our_kill_loses_nothing_and_repeats_nothing(self) -> None:
        platform = self.platform(OpenSearch)
        platform.ask("PUT", "/audit-2000.01")  # so that there is something to search
        self.kill_us(platform, f"index: audit-%Y.%m, {PATIENT}")


if __name__ == "__main__":
    if not install_all(Path(sys.argv.pop(1))):
        sys.exit(77)
    if IS_FULL:
        sys.argv.remove("--full")
    unittest.main()
