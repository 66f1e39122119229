"""Azure and Entra through the built program: what other collectors lose, repeat or hang on,
each with a test."""

import unittest

from azure_harness import (CLIENT, DIRECTORY, SECRET, SIGNINS, TENANT, AzureCase, AzureFault,
                           AzureSpec)
from harness import hours_ago
from test_runs import call

START = hours_ago(8)
SUB = "5a000000-0000-4000-8000-000000000001"
TWO = (SUB, "5a000000-0000-4000-8000-000000000002")


class Azure(AzureCase):
    def world(self, events: int = 700, **more: object) -> AzureSpec:
        return AzureSpec(start=START, events=events, **more)  # type: ignore[arg-type]

    def settled(self, spec: AzureSpec, **options: object):
        """A world whose events all show, so that one run must find them."""
        return self.azure(spec, now=START + spec.seconds + 2.2 * 3600, **options)

    def test_every_stream_is_read_whole_with_its_own_marks(self) -> None:
        spec = self.world(600, subscriptions=TWO, streams=(TENANT, DIRECTORY, SIGNINS))
        bench = self.azure(spec)
        runs = bench.run_until(bench.end_of_script(), 900)
        self.assert_good(*runs)
        self.assert_all_once(bench)
        self.assert_no_azure_secret(bench, *runs)

    def test_more_than_200_events_are_read_to_the_last_page(self) -> None:
        bench = self.settled(self.world(1100))
        self.assert_good(bench.run())
        self.assert_all_once(bench)

    def test_a_late_event_is_found(self) -> None:
        script = ((SUB, 600.0, 700.0), (SUB, 500.0, 6900.0), (DIRECTORY, 550.0, 6500.0))
        spec = AzureSpec(start=START, script=script, streams=(DIRECTORY,))
        bench = self.azure(spec)
        self.assert_good(*bench.run_until(START + 4 * 3600, 900))
        self.assert_all_once(bench)

    def test_two_events_of_one_moment_are_sent_once(self) -> None:
        spec = AzureSpec(start=START, script=((SUB, 600.0, 660.0), (SUB, 600.0, 900.0)))
        bench = self.azure(spec)
        self.assert_good(*bench.run_until(START + 3 * 3600, 900))
        self.assert_all_once(bench)

    def test_an_id_on_two_pages_is_sent_once(self) -> None:
        bench = self.settled(self.world())
        bench.sim.arm(AzureFault("repeat", page=2))
        self.assert_good(bench.run())
        self.assertEqual(bench.sim.fired["repeat"], 1)
        self.assert_all_once(bench)

    def test_an_empty_page_with_a_link_is_not_the_end(self) -> None:
        bench = self.settled(self.world())
        bench.sim.arm(AzureFault("empty_page", page=1), AzureFault("empty_page", page=3))
        self.assert_good(bench.run())
        self.assert_all_once(bench)

    def test_500_on_page_3_is_read_by_halves(self) -> None:
        bench = self.settled(self.world())
        bench.sim.arm(AzureFault("error_500", page=3, times=4))
        run = bench.run()
        self.assert_good(run)
        self.assertEqual(len(run.log("slice.narrowed")), 1)
        self.assert_all_once(bench)

    def test_the_same_page_for_ever_does_not_hang_or_lose(self) -> None:
        bench = self.settled(self.world())
        bench.sim.arm(AzureFault("same_page", page=2, times=1))
        bench.run()
        bench.sim.arm()
        self.assert_good(*bench.run_until(bench.sim.now() + 600))
        self.assert_all_once(bench)

    def test_a_token_that_expires_on_the_way_is_fetched_anew(self) -> None:
        bench = self.settled(self.world(streams=(DIRECTORY,)))
        bench.sim.arm(AzureFault("expired", page=2, stream=SUB),
                      AzureFault("expired", page=2, stream=DIRECTORY))
        self.assert_good(bench.run())
        self.assertEqual(bench.sim.fired["expired"], 2)
        self.assert_all_once(bench)

    def test_an_invalid_skip_token_starts_the_window_again(self) -> None:
        bench = self.settled(self.world(streams=(DIRECTORY,)))
        bench.sim.arm(AzureFault("invalid_skip", page=3, stream=DIRECTORY))
        self.assert_good(bench.run())
        self.assertEqual(bench.sim.fired["invalid_skip"], 1)
        self.assert_all_once(bench)

    def test_a_storm_of_429_is_waited_out_in_seconds_and_as_a_date(self) -> None:
        bench = self.settled(self.world())
        bench.sim.arm(AzureFault("throttle", page=1, times=2), AzureFault("throttle_date", page=2, times=2))
        self.assert_good(bench.run())
        self.assert_all_once(bench)

    def test_a_link_to_another_host_fails_its_source_alone(self) -> None:
        bench = self.settled(self.world(subscriptions=TWO))
        bench.sim.arm(AzureFault("foreign", stream=SUB))
        run = bench.run()
        self.assertEqual(run.status, 1)
        self.assertIn("leads away", run.stderr)
        self.assertEqual([e["source"] for e in run.log("source.failed")], [f"act-{SUB}"])
        bench.sink.read_new()
        self.assertEqual(bench.missing(lambda e: e.stream == TWO[1]), [])
        self.assert_good(*bench.run_until(bench.sim.now() + 600))
        self.assert_all_once(bench)

    def test_a_page_of_html_is_no_empty_log(self) -> None:
        bench = self.settled(self.world())
        bench.sim.arm(AzureFault("html", page=2))
        self.assertEqual(bench.run().status, 1)
        self.assert_good(*bench.run_until(bench.sim.now() + 600))
        self.assert_all_once(bench)

    def test_a_subscription_that_disappears_stops_no_other(self) -> None:
        bench = self.settled(self.world(subscriptions=TWO),
                             activity=f"subscriptions: [{TWO[0]}, {TWO[1]}]")
        bench.sim.subscriptions.remove(SUB)
        run = bench.run()
        self.assertEqual(run.status, 1)
        self.assertIn("SubscriptionNotFound", run.stderr)
        self.assertIn("az account list --refresh", run.stderr)
        bench.sink.read_new()
        self.assertEqual(bench.missing(lambda e: e.stream == TWO[1]), [])

    def test_what_is_older_than_90_days_is_a_gap_and_said(self) -> None:
        spec = self.world(50)
        bench = self.azure(spec)
        self.assert_good(bench.run())
        bench.sim.advance(95 * 86400)
        run = bench.run()
        self.assert_good(run)
        self.assertTrue(run.log("source.gap"))


    def test_a_tenant_that_keeps_its_log_for_a_week_has_a_gap_after_nine_days(self) -> None:
        for entra, gaps in (("", 0), ("retention: 7d", 1)):
            with self.subTest(entra):
                bench = self.azure(self.world(50, streams=(DIRECTORY,)), entra=entra)
                self.assert_good(bench.run())
                bench.sim.advance(9 * 86400)
                run = bench.run()
                self.assert_good(run)
                told = [line for line in run.log("source.gap")
                        if line["source"] == DIRECTORY]
                self.assertEqual(bool(told), bool(gaps))


class Refused(AzureCase):
    """What is not granted is told with the command that grants it: by run, and by check
    --live before it."""

    READER = f"az role assignment create --assignee {CLIENT} --role Reader --scope "
    PERMIT = ("AuditLog.Read.All and Directory.Read.All of Microsoft Graph: az ad app "
              f"permission add --id {CLIENT} ", f"az ad app permission admin-consent --id {CLIENT}")
    ROWS = {SUB: (f"act-{SUB}", f"{READER}/subscriptions/{SUB}"),
            TENANT: ("act-tenant", f"{READER}/providers/Microsoft.Insights", "elevateAccess"),
            DIRECTORY: (DIRECTORY, *PERMIT), SIGNINS: (SIGNINS, *PERMIT)}

    def setUp(self) -> None:
        super().setUp()
        spec = AzureSpec(start=START, events=100, streams=(TENANT, DIRECTORY, SIGNINS))
        self.world = self.azure(spec, now=START + spec.seconds + 2.2 * 3600)

    def deny(self) -> None:
        self.world.sim.arm(*(AzureFault("denied", stream=stream) for stream in self.ROWS))

    def check_live(self) -> dict[str, str]:
        """By source, what it says."""
        done = call(self.world, "check", "--live")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        words = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
        return {word[1]: word[2] for word in words if word[:1] == ["source"] and len(word) == 3}

    def assert_told(self, told: dict[str, str]) -> None:
        for source, *texts in self.ROWS.values():
            for text in texts:
                with self.subTest(source):
                    self.assertIn(text, told[source])

    def test_a_missing_permission_by_run_which_then_goes_on(self) -> None:
        self.deny()
        run = self.world.run()
        self.assertEqual(run.status, 1)
        self.assert_told({e["source"]: e["error"] for e in run.log("source.failed")})
        self.assert_good(*self.world.run_until(self.world.sim.now() + 600))
        self.assert_all_once(self.world)

    def test_a_missing_permission_by_check_live(self) -> None:
        self.deny()
        told = self.check_live()
        self.assert_told(told)
        for source, *_ in self.ROWS.values():
            self.assertTrue(told[source].startswith("denied "), told[source])

    def test_no_subscription_to_be_seen(self) -> None:
        self.world.sim.subscriptions.clear()
        self.assertIn(f"{self.READER}/subscriptions/SUBSCRIPTION", self.check_live()["act"])

    def test_a_wrong_secret(self) -> None:
        self.world.be(SECRET="of-another-application")
        command = f"az ad app credential reset --append --id {CLIENT}"
        told = self.check_live()
        for source in ("act", DIRECTORY, SIGNINS):
            self.assertIn(command, told[source])
        run = self.world.run()
        self.assertEqual(run.status, 1)
        self.assertIn(command, run.stderr)
        self.assertNotIn("of-another-application", run.stderr)
        self.world.be(SECRET=SECRET)
        self.assert_good(*self.world.run_until(self.world.sim.now() + 600))
        self.assert_all_once(self.world)


if __name__ == "__main__":
    unittest.main()
