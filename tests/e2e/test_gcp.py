"""Google Cloud through the built program: what other collectors lose, repeat or stop at,
each with a test."""

import json
import signal
import unittest

from gcp_harness import GcpBench, GcpCase, GcpFault, GcpSpec
from harness import hours_ago

START = hours_ago(8)
ONE, TWO = "projects/case-1", "projects/case-2"
ORGANIZATION = "organizations/7"
DAY_MS = 24 * 3600 * 1000


class Gcp(GcpCase):
    def scripted(self, *rows: tuple[float, float, float], **options: object):
        """Entries as (happened, received, shown), in seconds from the start."""
        script = tuple((ONE, *row) for row in rows)
        return self.gcp(GcpSpec(start=START, script=script), **options)

    def settled(self, spec: GcpSpec, **options: object):
        """A world whose entries all show, so that one run must find them."""
        return self.gcp(spec, now=START + spec.seconds + 3000, **options)

    def test_a_scripted_hour_arrives_once_and_verbatim(self) -> None:
        spec = GcpSpec(start=START, events=900, parents=(ONE, TWO, "folders/7"))
        bench = self.gcp(spec, settings="projects: [case-1, case-2]\nfolders: ['7']")
        runs = bench.run_until(bench.end_of_script(), 600)
        self.assert_good(*runs)
        self.assert_all_once(bench)
        self.assert_no_gcp_secret(bench, *runs)
        self.assertEqual(bench.sim.counts["bad_filters"], 0)
        self.assertEqual(bench.sim.counts["changed_requests"], 0)

    def test_a_late_entry_behind_the_newest_timestamp_is_found(self) -> None:
        """Tailpipe: the newest timestamp is the cursor, so what comes late is lost."""
        bench = self.scripted((600, 601, 602), (100, 3000, 3040), (50, 1500, 1510))
        self.assert_good(*bench.run_until(START + 5400, 600))
        self.assert_all_once(bench)

    def test_23_hours_late_is_found_and_25_is_outside_the_promise(self) -> None:
        day = 23 * 3600
        spec = GcpSpec(start=hours_ago(40), script=((ONE, 600, 601, 602),
                                                    (ONE, 700, 700 + day, 705 + day),
                                                    (ONE, 800, 800 + 25 * 3600, 25 * 3600 + 805)))
        bench = self.gcp(spec, now=spec.start + 3600)
        self.assert_good(*bench.run_until(spec.start + 27 * 3600, 2 * 3600))
        bench.sink.read_new()
        late = [e.event_id for e in bench.sim.scenario.events][2]
        self.assertEqual(bench.missing(), [late])
        self.assertEqual(bench.sink.repeats(), 0)
        self.assert_promised(bench, DAY_MS)

    def assert_promised(self, bench: GcpBench, late_ms: int) -> None:
        """The platform is told how late is too late, and so is who asks."""
        for kind in ("bridge.start", "bridge.receipt"):
            told = {event["moj"]["bridge"].get("late_ms") for event in bench.sink.own
                    if event["event"]["action"] == kind}
            self.assertEqual(told, {late_ms}, kind)
        self.assertIn(f"more than {late_ms // DAY_MS}d after it happened",
                      bench.ask("sources"))
        sources = json.loads(bench.ask("sources", "--format", "json"))["sources"]
        self.assertEqual([each["late_s"] for each in sources], [late_ms // 1000])

    def test_what_late_says_is_found_later(self) -> None:
        day = 25 * 3600
        spec = GcpSpec(start=hours_ago(40), script=((ONE, 800, 800 + day, 805 + day),))
        bench = self.gcp(spec, now=spec.start + 3600,
                         settings="projects: [case-1]\nlate: 72h")
        self.assert_good(*bench.run_until(spec.start + 27 * 3600, 2 * 3600))
        self.assert_all_once(bench)
        self.assert_promised(bench, 3 * DAY_MS)

    def test_an_organisation_may_be_three_days_late(self) -> None:
        """Workspace shares its logs that late, and into organisations alone."""
        two_days = 48 * 3600
        late = (ORGANIZATION, 800, 800 + two_days, 805 + two_days)
        spec = GcpSpec(start=hours_ago(60), script=(late,), parents=(ORGANIZATION,))
        bench = self.gcp(spec, now=spec.start + 3600, settings="organizations: ['7']")
        self.assert_good(*bench.run_until(spec.start + 50 * 3600, 4 * 3600))
        self.assert_all_once(bench)
        told = {event["moj"]["bridge"]["late_ms"] for event in bench.sink.own
                if event["event"]["action"] == "bridge.receipt"}
        self.assertEqual(told, {3 * DAY_MS})

    def test_an_empty_page_with_a_token_is_not_the_end(self) -> None:
        bench = self.settled(GcpSpec(start=START), page_max=100)
        bench.sim.arm(GcpFault("empty_page", page=1), GcpFault("empty_page", page=3))
        self.assert_good(bench.run())
        self.assertEqual(bench.sim.fired["empty_page"], 2)
        self.assert_all_once(bench)

    def test_entries_that_are_on_two_pages_are_sent_once(self) -> None:
        bench = self.settled(GcpSpec(start=START), page_max=100)
        bench.sim.arm(GcpFault("repeat", page=1), GcpFault("repeat", page=2))
        self.assert_good(bench.run())
        self.assert_all_once(bench)

    def test_a_token_that_is_refused_reads_the_slice_again(self) -> None:
        bench = self.settled(GcpSpec(start=START), page_max=100)
        bench.sim.arm(GcpFault("token_lost", page=3))
        self.assert_good(bench.run())
        self.assertEqual(bench.sim.fired["token_lost"], 1)
        self.assert_all_once(bench)

    def test_a_token_is_not_used_for_another_request_than_gave_it(self) -> None:
        """It is refused after any change, and here is one: killed in the middle of a walk,
        the program comes back with another filter."""
        bench = self.settled(GcpSpec(start=START, seconds=900, events=2600), page_max=500,
                             lookback_s=4500)  # one slice holds them all
        process = bench.start()
        bench.sim.call("kill", pid=process.pid, point="after_read", page=5)
        self.assertEqual(bench.finish(process).status, -signal.SIGKILL)
        bench.sink.read_new()
        self.assertGreater(len(bench.sink.counts), 999)
        bench.configure("projects: [case-1]\nrequests_per_second: 1000\n"
                        "exclusions: ['protoPayload.methodName:\"nothing.\"']")
        asked = len(bench.sim.asked)
        self.assert_good(bench.run())
        self.assertNotIn("pageToken", bench.sim.asked[asked])
        self.assertEqual(bench.sim.counts["changed_requests"], 0)
        bench.sink.read_new()
        self.assertEqual(bench.missing(), [])
        self.assertLessEqual(bench.sink.repeats(), 1000)  # a batch, for the kill

    def test_no_filter_names_a_parent_that_is_not_listed(self) -> None:
        """Logging answers such a one with nothing, and no word: 10 of 100 projects, lost."""
        bench = self.settled(GcpSpec(start=START, events=60, parents=(ONE, TWO)),
                             settings="projects: [case-1, case-2]")
        self.assert_good(bench.run())
        self.assert_all_once(bench)
        for asked in bench.sim.asked:
            self.assertEqual(asked["resourceNames"], [ONE, TWO])
            self.assertNotIn("projects/", asked["filter"])
            self.assertNotIn("logName", asked["filter"])

    def test_an_organisations_log_is_not_that_of_its_projects(self) -> None:
        spec = GcpSpec(start=START, events=90, parents=(ONE, ORGANIZATION))
        bench = self.settled(spec, settings="organizations: ['7']")
        self.assert_good(bench.run())
        bench.sink.read_new()
        self.assertEqual(bench.missing(lambda e: e.parent == ORGANIZATION), [])
        self.assertTrue(all(id.startswith(f"gcp:{ORGANIZATION}/") for id in bench.sink.counts))

    def test_an_access_token_is_fetched_anew_in_the_middle(self) -> None:
        """Vector: the source stops for good after a token was refreshed."""
        bench = self.settled(GcpSpec(start=START), page_max=100)
        bench.sim.arm(GcpFault("expired", page=2), GcpFault("expired", page=4))
        self.assert_good(bench.run())
        self.assertEqual(bench.sim.fired["expired"], 2)
        self.assert_all_once(bench)

    def test_what_breaks_on_the_way_is_asked_again(self) -> None:
        for kind in ("error_500", "error_503", "reset", "truncate"):
            with self.subTest(kind):
                bench = self.settled(GcpSpec(start=START, events=300), page_max=100)
                bench.sim.arm(GcpFault(kind, page=2))
                self.assert_good(bench.run())
                self.assertEqual(bench.sim.fired[kind], 1)
                self.assert_all_once(bench)

    def test_a_page_that_is_no_answer_fails_the_run_and_loses_nothing(self) -> None:
        for kind in ("html", "denied", "disabled"):
            with self.subTest(kind):
                bench = self.settled(GcpSpec(start=START, events=300), page_max=100)
                bench.sim.arm(GcpFault(kind, page=2))
                self.assertEqual(bench.run().status, 1)
                self.assert_good(bench.run())
                self.assert_all_once(bench)

    def test_a_page_past_16_mib_is_asked_for_in_smaller_ones(self) -> None:
        bench = self.settled(GcpSpec(start=START, events=80, big=80))
        self.assert_good(bench.run())
        self.assert_all_once(bench)
        sizes = {asked["pageSize"] for asked in bench.sim.asked}
        self.assertLess(min(sizes), 33)

    def test_a_search_that_takes_too_long_is_made_shorter(self) -> None:
        bench = self.settled(GcpSpec(start=START, events=300))
        bench.sim.arm(GcpFault("timeout", times=4))
        self.assert_good(bench.run())
        self.assert_all_once(bench)

    def test_a_quota_that_is_used_up_is_waited_out(self) -> None:
        bench = self.settled(GcpSpec(start=START, events=600), page_max=20, limit=20,
                             paced=True, tick_s=0.2)
        runs = bench.run_until(bench.sim.now() + 600, 60)
        self.assert_all_once(bench)
        self.assertEqual(runs[-1].status, 0, runs[-1].stderr[-2000:])
        # Google said no, and how much it allows; from then on that was kept to.
        self.assertLessEqual(bench.sim.counts["over_quota"], 2)
        self.assertGreaterEqual(len(bench.sim.asked), 30)

    def test_a_missing_role_is_named(self) -> None:
        bench = self.settled(GcpSpec(start=START, events=10))
        bench.sim.readable.clear()
        run = bench.run()
        self.assertEqual(run.status, 1)
        self.assertIn("logging.logEntries.list", run.stderr)
        self.assertIn("roles/logging.viewer", run.stderr)

    def test_a_project_that_cannot_pay_is_named_with_the_remedy(self) -> None:
        for kind, remedy in (("disabled", "gcloud services enable"),
                             ("consumer_gone", "does not exist or was deleted")):
            with self.subTest(kind):
                bench = self.settled(GcpSpec(start=START, events=10))
                bench.sim.arm(GcpFault(kind, times=9))
                run = bench.run()
                self.assertEqual(run.status, 1)
                self.assertIn(remedy, run.stderr)
                self.assertIn("projects/42", run.stderr)
                bench.sim.arm()
                self.assert_good(bench.run())
                self.assert_all_once(bench)

    def test_data_access_is_read_of_two_services_alone(self) -> None:
        for service, found in (("iamcredentials.googleapis.com", 40),
                               ("bigquery.googleapis.com", 0)):
            with self.subTest(service):
                spec = GcpSpec(start=START, events=40, log="data_access", service=service)
                bench = self.settled(spec)
                self.assert_good(bench.run())
                bench.sink.read_new()
                self.assertEqual(len(bench.sink.counts), found)


class Sets(GcpCase):
    def tree(self, *names: str, parent: str = "organizations/1") -> dict[str, dict]:
        return {name: {"parent": parent} for name in names}

    def test_projects_are_discovered_and_a_newcomer_is_read_from_its_start(self) -> None:
        spec = GcpSpec(start=START, events=300, parents=(ONE, TWO, "projects/case-3"))
        bench = self.gcp(spec, now=START + spec.seconds + 3000, settings="")
        bench.sim.tree = self.tree(ONE, TWO)
        self.assert_good(bench.run())
        bench.sim.tree |= self.tree("projects/case-3")
        self.assert_good(bench.run(), bench.run())
        self.assert_all_once(bench)

    def test_a_folder_is_followed_down(self) -> None:
        parents = ("organizations/1", "folders/2", "folders/3", ONE, TWO)
        spec = GcpSpec(start=START, events=300, parents=parents)
        bench = self.gcp(spec, now=START + spec.seconds + 3000,
                         settings="descendants_of: [organizations/1]\nexclude: ['*-9']")
        bench.sim.tree = (self.tree("folders/2", "projects/case-9")
                          | self.tree("folders/3", ONE, parent="folders/2")
                          | self.tree(TWO, parent="folders/3"))
        self.assert_good(bench.run())
        self.assert_all_once(bench)
        asked = {name for each in bench.sim.asked for name in each["resourceNames"]}
        self.assertEqual(asked, set(parents))

    def test_more_than_100_projects_are_several_sets(self) -> None:
        parents = tuple(f"projects/case-{i}" for i in range(250))
        spec = GcpSpec(start=START, events=500, parents=parents)
        bench = self.gcp(spec, now=START + spec.seconds + 3000)
        self.assert_good(bench.run())
        self.assert_all_once(bench)
        self.assertLessEqual(max(len(a["resourceNames"]) for a in bench.sim.asked), 100)

    def test_a_project_that_goes_takes_nothing_with_it(self) -> None:
        spec = GcpSpec(start=START, events=300, parents=(ONE, TWO))
        bench = self.gcp(spec, now=START + 1800, settings="")
        bench.sim.tree = self.tree(ONE, TWO)
        self.assert_good(bench.run())
        bench.sim.tree = self.tree(ONE)
        bench.sim.readable = {ONE}
        self.assert_good(*bench.run_until(bench.end_of_script(), 900))
        bench.sink.read_new()
        self.assertEqual(bench.missing(lambda e: e.parent == ONE), [])


if __name__ == "__main__":
    unittest.main()
