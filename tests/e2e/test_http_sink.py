"""The http sink against a receiver that fails in every way: nothing is lost, and only
poison becomes a dead letter."""

import base64
import sqlite3
import tempfile
import time
import unittest
from collections.abc import Callable
from pathlib import Path

from harness import PROGRAM, Bench, BenchCase, Run, ScenarioSpec, hours_ago
from receiver import Fault, Proxy, Receiver, client_certificate

SPEC = ScenarioSpec(seed=5, start=hours_ago(8), seconds=3600, events=300)
SINK = "  platform: {type: http, url: %s, ca_file: %s, %s}"


def letters(bench: Bench) -> dict[str, str]:
    """Why each event became a dead letter."""
    with sqlite3.connect(bench.folder / "state.db") as store:
        return dict(store.execute("SELECT event_id, reason FROM dead_letter"))


class HttpCase(BenchCase):
    def platform(self, **options: object) -> Receiver:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="receiver-")))
        return self.enterContext(Receiver(folder, **options))  # type: ignore[arg-type]

    def bench_for(self, platform: Receiver, sink: str = "api_key: key-1",
                  **options: object) -> Bench:
        """A bench whose only sink is platform; the backlog is due at once."""
        bench = self.bench(SPEC, 4 * 3600, now=SPEC.start + 3 * 3600, **options)
        line = SINK % (platform.url, platform.ca_file, sink)
        bench.config.write_text("\n".join(
            line if "platform: {type: file" in old else old
            for old in bench.config.read_text().splitlines()) + "\n")
        return bench

    def ids(self, bench: Bench) -> list[str]:
        return [bench.id_of(event) for event in bench.sim.scenario.events]

    def lost(self, bench: Bench, platform: Receiver) -> list[str]:
        kept = letters(bench)
        return [id for id in self.ids(bench) if id not in platform.counts and id not in kept]

    def assert_complete(self, bench: Bench, platform: Receiver) -> None:
        self.assertEqual(self.lost(bench, platform), [])
        self.assertEqual(letters(bench), {})
        self.assertEqual(platform.misfits, [])

    def assert_key_unseen(self, bench: Bench, *runs: Run) -> None:
        """Neither in the log nor in the store, dead letters included."""
        for run in runs:
            self.assertNotIn("key-1", run.stderr)
        for path in bench.folder.iterdir():
            if path != bench.config:
                self.assertNotIn(b"key-1", path.read_bytes(), path.name)


class Sending(HttpCase):
    def test_gzip_arrays_and_presets_arrive_as_they_must(self) -> None:
        for name, sink, options in (
                ("gzip", "api_key: key-1, gzip: true", {"want_gzip": True}),
                ("array", "api_key: key-1, body: json_array", {"want_type": "application/json"}),
                ("xsiam", "preset: xsiam, api_key: key-1, gzip: true",
                 {"want_gzip": True, "want_type": "text/plain",
                  "credential": ("Authorization", "key-1")}),
                ("bearer", "bearer_token: key-1",
                 {"credential": ("Authorization", "Bearer key-1")}),
                ("basic", "username: user, password: key-1",
                 {"credential": ("Authorization", "Basic dXNlcjprZXktMQ==")}),
                ("small bodies", "api_key: key-1, max_body_size: 16KiB", {})):
            with self.subTest(name):
                platform = self.platform(**options)
                bench = self.bench_for(platform, sink)
                run = bench.run()
                self.assert_good(run)
                self.assert_complete(bench, platform)
                self.assertEqual(platform.repeats(), 0)
                self.assert_key_unseen(bench, run)

    def test_an_event_longer_than_a_body_goes_without_its_original(self) -> None:
        platform = self.platform()
        bench = self.bench_for(platform, "api_key: key-1, max_body_size: 2KiB")
        self.assert_good(bench.run())
        self.assertEqual(self.lost(bench, platform), [])
        self.assertTrue(platform.truncated)

    def test_a_client_certificate_is_shown(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="client-")))
        certificate, key = client_certificate(folder)
        platform = self.platform(client_ca=certificate)
        bench = self.bench_for(
            platform, f"api_key: key-1, client_cert: {certificate}, client_key: {key}")
        self.assert_good(bench.run())
        self.assert_complete(bench, platform)

    def test_a_server_that_misses_the_client_certificate_gets_nothing(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="client-")))
        certificate, key = client_certificate(folder)
        platform = self.platform(client_ca=certificate)
        bench = self.bench_for(platform)
        self.assertEqual(bench.run().status, 1)
        self.assertEqual(platform.requests, 0)

    def test_a_client_certificate_that_is_none_is_named(self) -> None:
        platform = self.platform()
        bench = self.bench_for(platform, f"api_key: key-1, client_cert: {PROGRAM}")
        run = bench.run()
        self.assertEqual(run.status, 1)
        self.assertIn("certificate", run.log("sink.held")[0]["cause"])

    def test_a_proxy_sees_neither_events_nor_the_key(self) -> None:
        login = base64.b64encode(b"user:proxy-secret").decode()
        proxy = self.enterContext(Proxy(login))
        platform = self.platform()
        sink = (f"api_key: key-1, proxy: 'http://127.0.0.1:{proxy.port}', "
                "proxy_username: user, proxy_password: proxy-secret")
        bench = self.bench_for(platform, sink)
        run = bench.run()
        self.assert_good(run)
        self.assert_complete(bench, platform)
        self.assertGreater(proxy.connects, 0)
        self.assertNotIn(b"key-1", proxy.saw)
        self.assertNotIn("proxy-secret", run.stderr)

    def test_a_proxy_that_refuses_fails_the_run_and_loses_nothing(self) -> None:
        proxy = self.enterContext(Proxy("other"))
        platform = self.platform()
        sink = (f"api_key: key-1, proxy: 'http://127.0.0.1:{proxy.port}', "
                "proxy_username: user, proxy_password: proxy-secret")
        bench = self.bench_for(platform, sink)
        run = bench.run()
        self.assertEqual(run.status, 1)
        self.assertIn("407", run.stderr)
        self.assertEqual((platform.requests, letters(bench)), (0, {}))


class Rotation(HttpCase):
    def wait_for(self, what: Callable[[], bool], name: str) -> None:
        for _ in range(300):
            if what():
                return
            time.sleep(0.1)
        self.fail(f"{name}: not within 30 s")

    def test_a_key_is_rotated_without_a_restart(self) -> None:
        platform = self.platform(credential=("x-api-key", "key-2"))
        key = platform.folder / "key"
        key.write_text("key-1\n")
        bench = self.bench_for(platform, f"api_key_file: {key}")
        process = bench.start(mode=())
        try:
            self.wait_for(lambda: "sink.held" in bench.stderr_of(process), "sink.held")
            self.assertEqual(platform.counts, {})
            key.with_suffix(".new").write_text("key-2\n")
            key.with_suffix(".new").rename(key)
            self.wait_for(lambda: len(platform.counts) == SPEC.events, "delivery")
        finally:
            process.terminate()
            run = bench.finish(process)
        self.assert_complete(bench, platform)
        self.assert_key_unseen(bench, run)
        self.assertIn("api_key_file", run.log("sink.held")[0]["cause"])


class Routes(HttpCase):
    def test_an_optional_sink_that_is_down_never_holds_the_line(self) -> None:
        platform = self.platform()
        bench = self.bench_for(platform)
        dead = "  siem: {type: http, url: 'https://127.0.0.1:9/'}"
        text = bench.config.read_text().replace("sources:", f"{dead}\nsources:")
        bench.config.write_text(text.replace(
            "sinks: [platform]", "sinks: [platform, {name: siem, required: false}]"))
        run = bench.run()
        self.assert_good(run)
        self.assert_complete(bench, platform)
        self.assertEqual(run.log("source.done")[0]["missed"], SPEC.events)

    def test_a_sink_gets_only_the_principles_it_wants(self) -> None:
        platform = self.platform()
        bench = self.bench_for(platform)
        some = f"  some: {{type: file, path: {bench.folder}/some.ndjson}}"
        text = bench.config.read_text().replace("sources:", f"{some}\nsources:")
        bench.config.write_text(text.replace(
            "sinks: [platform]", "sinks: [platform, {name: some, principles: [2a, 2b, 2c]}]"))
        run = bench.run()
        self.assert_good(run)
        self.assert_complete(bench, platform)
        lines = (bench.folder / "some.ndjson").read_text().splitlines()
        self.assertTrue(lines)
        self.assertLess(len(lines), SPEC.events)
        for line in lines:
            self.assertRegex(line, r'"principles":\[[^]]*"(2[abc]|7a)"')
        self.assertEqual(run.log("source.done")[0]["unwanted"], 0)


if __name__ == "__main__":
    unittest.main()
