"""The sink syslog against real receivers: each gets every event, and nothing counts that a
receiver has not read.

test_syslog.py FOLDER, where FOLDER is for syslog-ng's packages. SKIP (77) without rsyslog."""

import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from dataclasses import replace
from pathlib import Path

from harness import Bench, BenchCase, ScenarioSpec, hours_ago
from receiver import client_certificate
from syslog_receivers import Rsyslog, RsyslogDefault, RsyslogGnutls, SyslogNg

IS_FULL = "--full" in sys.argv
SPEC = ScenarioSpec(seed=5, start=hours_ago(8), seconds=3600, events=300)
BATCH = 1000
KILLS = 20
FOLDER = Path()


class SyslogCase(BenchCase):
    def receiver(self, kind: type[Rsyslog] = Rsyslog) -> Rsyslog:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="syslog-")))
        return self.enterContext(kind(folder))

    def bench_for(self, receiver: Rsyslog, more: str = "", spec: ScenarioSpec = SPEC) -> Bench:
        bench = self.bench(spec, 4 * 3600, now=spec.start + 3 * 3600,
                           settings="requests_per_second: 1000\nallow_unverified: true")
        bench.config.write_text("\n".join(
            receiver.line(more) if "platform: {type: file" in old else old
            for old in bench.config.read_text().splitlines()) + "\n")
        return bench

    def lost(self, receiver: Rsyslog, *benches: Bench) -> list[str]:
        receiver.settle()
        counts = receiver.counts
        return [id for bench in benches for id in map(bench.id_of, bench.sim.scenario.events)
                if id not in counts]


class Delivered(SyslogCase):
    def test_every_receiver_gets_every_event(self) -> None:
        kinds: list[type[Rsyslog]] = [Rsyslog, RsyslogGnutls]
        if SyslogNg.unpack(FOLDER):
            kinds.append(SyslogNg)
        else:
            print("SKIP: syslog-ng's packages are not to be had")
        for kind in kinds:
            with self.subTest(kind.__name__):
                receiver = self.receiver(kind)
                bench = self.bench_for(receiver)
                self.assert_good(bench.run())
                self.assertEqual(self.lost(receiver, bench), [])
                self.assertEqual(receiver.repeats(), 0)
                self.assertEqual(receiver.misfits, [])

    def test_cef_has_the_id_and_the_principles_and_no_record(self) -> None:
        receiver = self.receiver()
        bench = self.bench_for(receiver, "message: cef")
        self.assert_good(bench.run())
        receiver.settle()
        lines = [line for line in (receiver.folder / "received").read_text().splitlines()
                 if " AUDIT " in line]
        self.assertEqual(len(lines), SPEC.events)
        for line in lines:
            self.assertRegex(line, r"\] CEF:0\|auditbridge\|auditbridge\|[\d.]+\|\w+\|\w+\|[35]\|rt=")
            self.assertIn(" externalId=aws:", line)
            self.assertNotIn("eventVersion", line)
        self.assertTrue(any(" cs1=" in line for line in lines))

    def test_an_event_that_is_too_long_goes_without_its_record(self) -> None:
        receiver = self.receiver()
        bench = self.bench_for(receiver, "max_message_length: 3KiB")
        self.assert_good(bench.run())
        self.assertEqual(self.lost(receiver, bench), [])
        short = [event for _, event in receiver.received()
                 if event["moj"].get("truncated")]
        self.assertTrue(0 < len(short))
        self.assertTrue(all("original" not in event["event"] for event in short))


class Trust(SyslogCase):
    def test_a_certificate_of_nobody_we_know_holds_the_sink(self) -> None:
        receiver = self.receiver()
        other, _ = client_certificate(receiver.folder)
        receiver.ca_file = other
        bench = self.bench_for(receiver)
        run = bench.run()
        self.assertEqual(run.status, 1)
        self.assertIn("its certificate: ", run.stderr)
        self.assertEqual(receiver.counts, {})

    def test_a_pinned_certificate_is_believed_and_no_other(self) -> None:
        receiver = self.receiver()
        pem = receiver.folder / "server.pem"
        shown = subprocess.run(("openssl", "x509", "-in", pem, "-noout", "-fingerprint", "-sha256"),
                               check=True, capture_output=True, text=True).stdout
        fingerprint = shown.strip().rpartition("=")[2].replace(":", "")
        for pinned, status in ((fingerprint, 0), ("0" * 64, 1)):
            with self.subTest(status=status):
                bench = self.bench_for(receiver)
                bench.reconfigure(f"ca_file: {receiver.ca_file}", f"fingerprint: '{pinned}'")
                run = bench.run()
                self.assertEqual(run.status, status)
                self.assertEqual(fingerprint.lower() in run.stderr, status == 1)


class Barrier(SyslogCase):
    """What the receiver has not read does not count."""

    def test_a_receiver_that_ends_without_close_notify_is_told_of(self) -> None:
        receiver = self.receiver(RsyslogGnutls)
        bench = self.bench_for(receiver)
        bench.reconfigure("accept_fin: true", "accept_fin: false")
        run = bench.run()
        self.assertEqual(run.status, 1)
        self.assertIn("accept_fin", run.stderr)

    def test_a_receiver_that_is_stopped_takes_nothing(self) -> None:
        receiver = self.receiver()
        bench = self.bench_for(receiver, "timeout: 1s")
        receiver.stop()
        run = bench.run()
        self.assertEqual(run.status, 1)
        self.assertIn("in time", run.stderr)
        receiver.mend()
        self.assert_good(bench.run())
        self.assertEqual(self.lost(receiver, bench), [])

    def test_a_receiver_that_is_down_is_waited_for(self) -> None:
        receiver = self.receiver()
        bench = self.bench_for(receiver)
        receiver.kill()
        self.assertEqual(bench.run().status, 1)
        receiver.mend()
        self.assert_good(bench.run())
        self.assertEqual(self.lost(receiver, bench), [])

    def test_our_kill_loses_nothing_and_repeats_one_batch_at_most(self) -> None:
        receiver = self.receiver()
        bench = self.bench_for(receiver)
        for part in (1, 2, 3):
            process = bench.start()
            until = time.monotonic() + 60
            while (len(receiver.received()) < SPEC.events * part // 5
                   and process.poll() is None and time.monotonic() < until):
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL)
            bench.finish(process)
        self.assert_good(bench.run())
        self.assertEqual(self.lost(receiver, bench), [])
        self.assertLessEqual(receiver.repeats(), 3 * BATCH)


class Killed(SyslogCase):
    """The receiver dies by SIGKILL while it is sent to, and comes back."""

    def strike(self, kind: type[Rsyslog], kills: int) -> tuple[int, int, int]:
        """Events sent, lost, repeated."""
        receiver, dice, benches = self.receiver(kind), random.Random(7), []
        for seed in range(kills):
            bench = self.bench_for(receiver, spec=replace(SPEC, seed=100 + seed, events=1000))
            benches.append(bench)
            before = self.size_of(receiver)
            process = bench.start()
            until = time.monotonic() + 60
            while self.size_of(receiver) == before and time.monotonic() < until:
                time.sleep(0.0005)
            time.sleep(dice.uniform(0, 0.05))
            receiver.kill()
            receiver.start()
            self.assert_good(bench.finish(process))
        lost = self.lost(receiver, *benches)
        return 1000 * kills, len(lost), receiver.repeats()

    def size_of(self, receiver: Rsyslog) -> int:
        path = receiver.folder / "received"
        return path.stat().st_size if path.exists() else 0

    def test_with_a_direct_queue_nothing_is_lost(self) -> None:
        kills = KILLS if IS_FULL else 5
        sent, lost, repeats = self.strike(Rsyslog, kills)
        print(f"rsyslog, direct queue: {kills} kills, {sent} events, lost {lost}, "
              f"repeats {repeats}", flush=True)
        self.assertEqual(lost, 0)

    @unittest.skipUnless(IS_FULL, "measured by --all")
    def test_with_the_default_queue_what_is_lost_is_measured(self) -> None:
        sent, lost, repeats = self.strike(RsyslogDefault, KILLS)
        print(f"rsyslog, default queue: {KILLS} kills, {sent} events, lost {lost}, "
              f"repeats {repeats}", flush=True)


if __name__ == "__main__":
    FOLDER = Path(sys.argv.pop(1))
    if not Rsyslog.is_here():
        print("SKIP: rsyslogd is not installed")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
