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
DROPS_BUSY = PROGRAM.with_name("auditbridge-drops-busy")
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


class FaultTable(HttpCase):
    """Each row: a run in which the fault strikes, then one in which all is well."""

    def rows(self) -> list[tuple[str, Callable[[list[str]], list[Fault]], str, int]]:
        """Name, faults given the ids, sink settings, exit status of the first run."""
        def status(code: int, **more: object) -> Callable[[list[str]], list[Fault]]:
            return lambda _: [Fault("status", code, **more)]  # type: ignore[arg-type]

        def kind(name: str, times: int = 1) -> Callable[[list[str]], list[Fault]]:
            return lambda _: [Fault(name, times=times)]

        def poison(code: int, count: int = 1) -> Callable[[list[str]], list[Fault]]:
            return lambda ids: [Fault("status", code, poison=set(ids[70:70 + count]))]

        return [
            ("none", lambda _: [], "", 0),
            ("429 six times, Retry-After", status(429, times=6, retry_after_s=2), "", 0),
            ("429 for ever", status(429), "", 1),
            ("503 six times", status(503, times=6), "", 0),
            ("503 for ever", status(503), "", 1),
            ("401", status(401), "", 1),
            ("403 one event", poison(403), "", 0),
            ("403 all", status(403), "", 1),
            ("404 all", status(404), "", 1),
            ("413 above 100 kB", status(413, size_max=100_000), "", 0),
            ("413 above 3 kB", status(413, size_max=3000), "", 0),
            ("400 poison", poison(400), "", 0),
            ("400 three poisons", poison(400, 3), "", 0),
            ("400 all", status(400), "", 1),
            ("400 all but heartbeats", status(400, heartbeats=False), "", 1),
            ("422 poison", poison(422), "", 0),
            ("reset before the answer", kind("reset_before", 3), "", 0),
            ("reset after storing", kind("reset_after", 2), "", 0),
            ("time-out", kind("time_out"), "timeout: 10s", 0),
            ("slow reply", kind("slow", 3), "", 0),
            ("receiver killed, started later", kind("kill"), "", 1),
        ]

    def test_nothing_is_lost_and_only_poison_is_set_aside(self) -> None:
        print(f"\n{'fault':32} {'exit':>4} {'requests':>8} {'beats':>5} {'repeats':>7} "
              f"{'letters':>7} {'lost':>4}")
        for name, faults, settings, wanted in self.rows():
            with self.subTest(name):
                self.strike(name, faults, settings, wanted)

    def strike(self, name: str, faults: Callable[[list[str]], list[Fault]],
               settings: str, wanted: int) -> None:
        platform = self.platform()
        bench = self.bench_for(platform, f"api_key: key-1, {settings}".rstrip(", "))
        armed = faults(self.ids(bench))
        poison = set().union(*(fault.poison for fault in armed))
        platform.arm(*armed)
        first = bench.run()
        requests, beats = platform.requests, platform.heartbeats
        if wanted == 1:
            self.assertEqual(letters(bench), {}, "a broken sink made dead letters")
        platform.arm(*[fault for fault in armed if fault.poison])
        if platform._server is None:
            platform.start()
        second = bench.run()
        lost = self.lost(bench, platform)
        print(f"{name:32} {first.status:4} {requests:8} {beats:5} {platform.repeats():7} "
              f"{len(letters(bench)):7} {len(lost):4}", flush=True)
        self.assertEqual(first.status, wanted, first.stderr[-3000:])
        self.assert_good(second)
        self.assertEqual(lost, [])
        self.assertEqual(set(letters(bench)), poison)
        self.assertEqual(platform.misfits, [])
        self.assertEqual(poison & set(platform.counts), set())
        self.assert_key_unseen(bench, first, second)

    def test_the_table_finds_a_sink_that_drops_on_429(self) -> None:
        platform = self.platform()
        bench = self.bench_for(platform, program=DROPS_BUSY)
        platform.arm(Fault("status", 429, times=6))
        bench.run()
        self.assertNotEqual(self.lost(bench, platform), [])


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
