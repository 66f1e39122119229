"""Metrics and health of the built program: scraped from a long run while its sink fails, and
handed on by runs that end, to promtool and a real Pushgateway where they are installed."""

import base64
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from harness import ROOT, Bench, Run, ScenarioSpec, hours_ago
from receiver import Fault
from test_http_sink import HttpCase

HOUR = 3600
PATIENCE_S = 90
SPEC = ScenarioSpec(seed=5, start=hours_ago(8), seconds=3600, events=300)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def get(port: int, path: str) -> tuple[int, str]:
    """Status and body; status 0 when nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()
    except OSError:
        return 0, ""


def series_of(text: str) -> dict[str, float]:
    """By name and labels, as they are written."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def names_of(text: str) -> set[str]:
    return set(re.findall(r"^# TYPE (\w+) ", text, re.M))


def wait_for(question: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not question():
        if time.monotonic() > end:
            raise AssertionError(f"not within {PATIENCE_S} s: {what}")
        time.sleep(0.2)


class MetricsCase(HttpCase):
    def assert_promtool_takes(self, text: str) -> None:
        """No warning either. Without promtool nothing is asked, and that is said."""
        if shutil.which("promtool") is None:
            print("SKIP: promtool is not there; install prometheus", file=sys.stderr)
            return
        done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                              capture_output=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def declared(self) -> set[str]:
        page = (ROOT / "docs/metrics.md").read_text()
        return set(re.findall(r"^\| `(\w+)` \| (?:counter|gauge|histogram) ", page, re.M))

    def prom(self, bench: Bench) -> dict[str, float]:
        text = (bench.folder / "bridge.prom").read_text()
        self.assert_promtool_takes(text)
        return series_of(text)

    def start_long(self, bench: Bench) -> subprocess.Popen:
        process = bench.start(mode=())
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def stop(self, bench: Bench, process: subprocess.Popen) -> Run:
        process.terminate()
        return bench.finish(process)


class LongRun(MetricsCase):
    def test_a_held_sink_and_the_lag_behind_it_are_seen_and_are_no_readiness(self) -> None:
        port = free_port()
        platform = self.platform()
        bench = self.bench_for(platform, head=f"metrics: {{listen: '127.0.0.1:{port}'}}\n")
        platform.arm(Fault("status", status=503))
        held = 'auditbridge_sink_held{sink="platform",reason="unreachable"}'
        lag = 'auditbridge_source_lag_seconds{provider="aws-cloudtrail",source="prod"}'

        process = self.start_long(bench)
        wait_for(lambda: series_of(get(port, "/metrics")[1]).get(held) == 1, "held")
        wait_for(lambda: get(port, "/readyz") == (200, "ok\n"), "ready")
        series = series_of(get(port, "/metrics")[1])
        self.assertGreater(series[lag], 2.9 * HOUR)
        self.assertEqual(get(port, "/healthz"), (200, "ok\n"))
        self.assertEqual(series['auditbridge_events_total{provider="aws-cloudtrail",'
                                'outcome="delivered"}'], 0)
        self.assertGreater(series['auditbridge_sink_retried_events_total{'
                                  'provider="aws-cloudtrail",sink="platform"}'], 0)

        platform.arm()
        wait_for(lambda: len(platform.counts) == SPEC.events, "delivered")
        wait_for(lambda: series_of(get(port, "/metrics")[1])[lag] < HOUR, "caught up")
        # A page under way has been read and not yet settled.
        wait_for(lambda: self.do_counts_agree(series_of(get(port, "/metrics")[1])), "counted")
        text = get(port, "/metrics")[1]
        series = series_of(text)
        self.assertEqual(series[held], 0)
        self.assert_promtool_takes(text)
        self.assert_counts(series, SPEC.events)
        self.assertLessEqual(names_of(text), self.declared())
        run = self.stop(bench, process)
        self.assert_good(run)
        self.assertEqual(run.log("metrics.listening")[0]["address"], f"127.0.0.1:{port}")
        self.assert_key_unseen(bench, run)
        self.assertNotIn("key-1", text)
        self.assertEqual(get(port, "/healthz")[0], 0)

    def outcome(self, series: dict[str, float], name: str) -> float:
        return series[f'auditbridge_events_total{{provider="aws-cloudtrail",outcome="{name}"}}']

    def do_counts_agree(self, series: dict[str, float]) -> bool:
        """What was read is known, delivered, refused or unwanted; and a turn has ended."""
        settled = sum(self.outcome(series, name)
                      for name in ("delivered", "known", "refused", "unwanted"))
        read = series['auditbridge_source_events_read_total{provider="aws-cloudtrail"}']
        return read == settled and "auditbridge_run_last_success_timestamp_seconds" in series

    def assert_counts(self, series: dict[str, float], events: int) -> None:
        self.assertEqual(self.outcome(series, "delivered"), events)
        self.assertEqual(series['auditbridge_sink_events_total{provider="aws-cloudtrail",'
                                'sink="platform",result="accepted"}'], events)
        self.assertEqual(series['auditbridge_event_delay_seconds_count{'
                                'provider="aws-cloudtrail"}'], events)
        self.assertGreater(series['auditbridge_turns_total{provider="aws-cloudtrail",'
                                  'end="done"}'], 0)

    def test_it_is_ready_once_discovery_has_had_its_turn(self) -> None:
        port = free_port()
        gate = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        where = (f'account: "{SPEC.account}"\nregions: [all]\n'
                 f'endpoints: {{ec2: "http://127.0.0.1:{gate.getsockname()[1]}"}}')
        bench = self.bench(SPEC, 4 * HOUR, where=where, now=SPEC.start + 3 * HOUR,
                           head=f"metrics: {{listen: '127.0.0.1:{port}'}}\n")
        bench.reconfigure(f"    endpoint: {bench.sim.endpoint}\n", "")
        process = self.start_long(bench)
        caught, _ = gate.accept()  # who asks for the regions waits here
        self.assertEqual(get(port, "/healthz"), (200, "ok\n"))
        status, reason = get(port, "/readyz")
        self.assertEqual((status, reason.partition(":")[0]), (503, "starting"))
        gate.close()
        caught.close()
        wait_for(lambda: get(port, "/readyz") == (200, "ok\n"), "ready")
        self.stop(bench, process)

    def test_an_address_in_use_is_wrong_configuration(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            bench = self.bench(SPEC, head=f"metrics: {{listen: '{address}'}}\n")
            run = bench.finish(bench.start(mode=()))
        self.assertEqual(run.status, 2)
        self.assertIn(f"cannot listen on {address}: Address already in use", run.stderr)

    def test_nothing_listens_unless_it_is_configured(self) -> None:
        bench = self.bench(SPEC, now=SPEC.start + 3 * HOUR)
        process = self.start_long(bench)
        wait_for(lambda: "run.start" in bench.stderr_of(process), "started")
        self.assertEqual(self.stop(bench, process).log("metrics.listening"), [])


class Textfile(MetricsCase):
    HEAD = "metrics: {textfile: bridge.prom}\n"

    def test_a_run_that_ends_writes_it_for_all_to_read(self) -> None:
        bench = self.bench(SPEC, 4 * HOUR, now=SPEC.start + 3 * HOUR, head=self.HEAD)
        self.assert_good(bench.run())
        series = self.prom(bench)
        self.assertEqual((bench.folder / "bridge.prom").stat().st_mode & 0o777, 0o644)
        self.assertEqual(series["auditbridge_run_exit_code"], 0)
        self.assertEqual(series["auditbridge_run_last_success_timestamp_seconds"],
                         series["auditbridge_run_end_timestamp_seconds"])
        self.assertGreater(series["auditbridge_run_duration_seconds"], 0)
        self.assertEqual(series['auditbridge_sources{provider="aws-cloudtrail",'
                                'state="good"}'], 1)
        self.assertLess(series['auditbridge_retention_used_ratio{'
                               'provider="aws-cloudtrail"}'], 0.01)
        self.assertFalse([name for name in series if name.startswith("process_")])
        self.assertEqual(list(bench.folder.glob("bridge.prom.*")), [])

    def test_a_run_that_fails_remembers_when_one_last_succeeded(self) -> None:
        platform = self.platform()
        bench = self.bench_for(platform, head=self.HEAD)
        self.assert_good(bench.run())
        before = self.prom(bench)["auditbridge_run_last_success_timestamp_seconds"]
        platform.kill()
        bench.sim.advance(HOUR)
        self.assertEqual(bench.run().status, 1)
        series = self.prom(bench)
        self.assertEqual(series["auditbridge_run_exit_code"], 1)
        self.assertEqual(series["auditbridge_run_last_success_timestamp_seconds"], before)

    def test_a_dead_letter_is_seen_at_its_sink(self) -> None:
        platform = self.platform()
        bench = self.bench_for(platform, head=self.HEAD)
        poison = self.ids(bench)[7]
        platform.arm(Fault("status", status=400, poison={poison}))
        self.assert_good(bench.run())
        series = self.prom(bench)
        self.assertEqual(series['auditbridge_dead_letters_total{sink="platform"}'], 1)
        when = series['auditbridge_last_dead_letter_timestamp_seconds{sink="platform"}']
        self.assertLess(abs(when - bench.sim.now()), HOUR)

    def test_what_the_cloud_no_longer_keeps_is_a_gap(self) -> None:
        bench = self.bench(SPEC, 4 * HOUR, now=SPEC.start + 3 * HOUR, head=self.HEAD)
        self.assert_good(bench.run())
        self.assertNotIn("auditbridge_last_gap_timestamp_seconds",
                         (bench.folder / "bridge.prom").read_text())
        bench.sim.advance(95 * 24 * HOUR)
        self.assert_good(bench.finish(bench.start(mode=("--once", "--max-runtime", "20s"))))
        series = self.prom(bench)
        labels = '{provider="aws-cloudtrail"}'
        self.assertGreaterEqual(series[f"auditbridge_gaps_total{labels}"], 1)
        self.assertGreater(series[f"auditbridge_gap_seconds_total{labels}"], 4 * 24 * HOUR)
        self.assertLess(abs(series[f"auditbridge_last_gap_timestamp_seconds{labels}"] -
                            series["auditbridge_run_end_timestamp_seconds"]), HOUR)

    def test_a_clock_that_is_ahead_is_measured_against_the_clouds(self) -> None:
        bench = self.bench(SPEC, 4 * HOUR, now=SPEC.start + 3 * HOUR, head=self.HEAD,
                           clock_off_s=200)
        self.assert_good(bench.run())
        skew = self.prom(bench)['auditbridge_clock_skew_seconds{provider="aws-cloudtrail"}']
        self.assertLess(abs(skew - 200), 60)

    def test_only_the_sources_furthest_behind_have_series_of_their_own(self) -> None:
        more = [ScenarioSpec(seed=6 + i, account=f"44445555666{i}", start=SPEC.start,
                             seconds=3600, events=20) for i in range(3)]
        bench = self.bench(SPEC, 4 * HOUR, now=SPEC.start + 3 * HOUR, more=more,
                           head="metrics: {textfile: bridge.prom, max_sources: 2}\n")
        self.assert_good(bench.run())
        series = self.prom(bench)
        lags = [name for name in series if name.startswith("auditbridge_source_lag_seconds{")]
        self.assertEqual(len(lags), 2)
        self.assertEqual(series["auditbridge_sources_left_out"], 2)
        self.assertEqual(series['auditbridge_sources{provider="aws-cloudtrail",'
                                'state="good"}'], 4)

    def test_a_folder_that_is_not_there_fails_no_run(self) -> None:
        bench = self.bench(SPEC, 4 * HOUR, now=SPEC.start + 3 * HOUR,
                           head="metrics: {textfile: nowhere/bridge.prom}\n")
        run = bench.run()
        self.assert_good(run)
        self.assertIn("No such file", run.log("metrics.failed")[0]["error"])

    def test_a_rehearsal_writes_nothing(self) -> None:
        bench = self.bench(SPEC, 4 * HOUR, now=SPEC.start + 3 * HOUR, head=self.HEAD)
        self.assert_good(bench.finish(bench.start(mode=("--dry-run",))))
        self.assertFalse((bench.folder / "bridge.prom").exists())


class Gateway(ThreadingHTTPServer):
    """Takes what is pushed, from those who know the password."""

    LOGIN = "Basic " + base64.b64encode(b"bridge:hunter2").decode()

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), GatewayHandler)
        self.requests: list[tuple[str, str]] = []
        self.refused = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *problem: object) -> None:
        self.shutdown()
        self.server_close()


class GatewayHandler(BaseHTTPRequestHandler):
    server: Gateway

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        is_known = self.headers["Authorization"] == Gateway.LOGIN
        self.server.refused += not is_known
        self.server.requests.append((self.command, self.path))
        self.send_response(200 if is_known else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Pushgateway(MetricsCase):
    def pushgateway(self) -> int:
        if shutil.which("prometheus-pushgateway") is None:
            print("SKIP: prometheus-pushgateway is not installed", file=sys.stderr)
            self.skipTest("no Pushgateway")
        port = free_port()
        gateway = subprocess.Popen(
            ["prometheus-pushgateway", f"--web.listen-address=127.0.0.1:{port}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(gateway.wait)
        self.addCleanup(gateway.kill)
        wait_for(lambda: get(port, "/-/ready")[0] == 200, "the Pushgateway")
        return port

    def test_a_real_one_keeps_what_only_a_good_run_knows(self) -> None:
        port = self.pushgateway()
        platform = self.platform()
        bench = self.bench_for(platform, head=f"""\
metrics: {{pushgateway: "http://127.0.0.1:{port}/", job: audit, instance: prod.eu}}
""")
        run = bench.run()
        self.assert_good(run)
        self.assertEqual(run.log("metrics.failed"), [])
        label = '{instance="prod.eu",job="audit"}'
        series = series_of(get(port, "/metrics")[1])
        success = series[f"auditbridge_run_last_success_timestamp_seconds{label}"]
        self.assertEqual(series[f"auditbridge_run_exit_code{label}"], 0)
        self.assertEqual(series[f"push_failure_time_seconds{label}"], 0)

        platform.kill()
        bench.sim.advance(HOUR)
        self.assertEqual(bench.run().status, 1)
        series = series_of(get(port, "/metrics")[1])
        self.assertEqual(series[f"auditbridge_run_exit_code{label}"], 1)
        self.assertEqual(
            series[f"auditbridge_run_last_success_timestamp_seconds{label}"], success)

    def test_its_password_comes_from_a_file_and_is_shown_nowhere(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="gateway-")))
        secret = folder / "password"
        with Gateway() as gateway:
            for password, failures in (("hunter2", 0), ("hunter3", 1)):
                bench = self.bench(SPEC, 4 * HOUR, now=SPEC.start + 3 * HOUR, head=f"""\
metrics:
  pushgateway: http://127.0.0.1:{gateway.server_port}
  pushgateway_username: bridge
  pushgateway_password: ${{file:{secret}}}
""")
                secret.write_text(password + "\n")
                secret.chmod(0o600)
                run = bench.run()
                self.assert_good(run)
                self.assertEqual(len(run.log("metrics.failed")), failures)
                self.assertNotIn(password, run.stderr)
            self.assertEqual(gateway.requests[0],
                             ("PUT", "/metrics/job/auditbridge/instance/default"))
            self.assertEqual(gateway.refused, 1)

    def test_one_that_is_not_there_fails_no_run(self) -> None:
        bench = self.bench(SPEC, 4 * HOUR, now=SPEC.start + 3 * HOUR,
                           head=f"metrics: {{pushgateway: 'http://127.0.0.1:{free_port()}'}}\n")
        run = bench.run()
        self.assert_good(run)
        self.assertEqual(run.log("metrics.failed")[0]["kind"], "unreachable")


if __name__ == "__main__":
    unittest.main()
