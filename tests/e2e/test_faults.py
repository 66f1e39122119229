"""Each way in which the cloud fails, one by one: nothing lost, nothing sent twice."""

import json
import unittest

from harness import KEY_ID, SECRET, TOKEN, Bench, BenchCase, Run, ScenarioSpec, hours_ago

SPEC = ScenarioSpec(seed=3, start=hours_ago(8), seconds=3600, events=700)


class Faults(BenchCase):
    def read_through(self, *faults: dict, may_fail: bool = False) -> tuple[Bench, Run]:
        """A run in which the faults strike, then runs without."""
        bench = self.bench(SPEC, 4 * 3600, now=SPEC.start + 3 * 3600)
        bench.sim.arm(*faults)
        first = bench.run()
        fired = bench.sim.call("state")["faults"]
        self.assertTrue(fired, "the faults were not reached")
        if not may_fail:
            self.assert_good(first)
        self.assertIn(first.status, (0, 1), first.stderr[-3000:])
        bench.sim.arm()
        self.assert_good(*bench.run_until(bench.sim.now() + 1800, 600))
        self.assert_all_once(bench)
        self.assert_no_secret(bench, first)
        return bench, first

    def test_what_passes_by_itself_is_survived_within_the_run(self) -> None:
        for kind in ("throttle", "error_500", "error_503", "reset_before", "reset_after",
                     "truncate", "slow", "oversized", "overlap"):
            for page in (1, 3):
                with self.subTest(kind, page=page):
                    self.read_through({"kind": kind, "page": page})

    def test_lost_tokens_are_survived_at_every_page(self) -> None:
        for skip in (1, 2, 5):
            with self.subTest(skip=skip):
                self.read_through({"kind": "forget_tokens", "skip": skip})

    def test_an_answer_that_is_no_json_costs_at_most_the_run(self) -> None:
        for page in (1, 3):
            with self.subTest(page=page):
                self.read_through({"kind": "not_json", "page": page}, may_fail=True)

    def test_many_faults_in_a_row_lose_nothing(self) -> None:
        kinds = ("throttle", "reset_after", "error_500", "truncate", "overlap",
                 "forget_tokens", "reset_before", "throttle")
        self.read_through(*[{"kind": kind, "skip": 1} for kind in kinds], may_fail=True)

    def test_a_cloud_that_stays_broken_fails_the_run_and_moves_nothing(self) -> None:
        for kind in ("throttle", "error_503", "reset_after"):
            with self.subTest(kind):
                bench, run = self.read_through({"kind": kind, "times": 1000, "skip": 4},
                                               may_fail=True)
                self.assertEqual(run.status, 1, run.stderr[-2000:])

    def test_a_denied_role_fails_the_run_and_names_the_permission(self) -> None:
        bench = self.bench(SPEC, 4 * 3600, now=SPEC.start + 3 * 3600)
        bench.sim.arm({"kind": "denied", "times": 1000})
        run = bench.run()
        self.assertEqual(run.status, 1)
        self.assertIn("cloudtrail:LookupEvents", run.stderr)
        self.assertLessEqual(bench.sim.counts()["requests"], 4)
        bench.sim.arm()
        self.assert_good(*bench.run_until(bench.sim.now() + 1800, 600))
        self.assert_all_once(bench)


class Credentials(BenchCase):
    def with_keys(self, **keys: dict) -> Bench:
        return self.bench(SPEC, 4 * 3600, now=SPEC.start + 3 * 3600, token=True,
                          keys=json.dumps(keys))

    def test_a_session_token_is_signed_and_accepted(self) -> None:
        bench = self.with_keys(**{KEY_ID: {"secret": SECRET, "token": TOKEN}})
        run = bench.run()
        self.assert_good(run)
        self.assert_no_secret(bench, run)

    def test_bad_credentials_fail_the_run_with_a_remedy_and_no_secret(self) -> None:
        past = SPEC.start
        for name, key in (("expired", {"secret": SECRET, "token": TOKEN, "expires_at": past}),
                          ("wrong secret", {"secret": "other", "token": TOKEN}),
                          ("wrong token", {"secret": SECRET, "token": "other"})):
            with self.subTest(name):
                bench = self.with_keys(**{KEY_ID: key})
                run = bench.run()
                self.assertEqual(run.status, 1, run.stderr[-2000:])
                self.assertRegex(run.stderr.lower(), r"credential|token|sign|key")
                self.assert_no_secret(bench, run)
                self.assertLessEqual(bench.sim.counts()["requests"], 8)

    def test_a_token_that_expires_mid_run_loses_nothing(self) -> None:
        bench = self.with_keys(**{KEY_ID: {"secret": SECRET, "token": TOKEN}})
        bench.sim.arm({"kind": "expired_token", "page": 3, "times": 1000})
        run = bench.run()
        self.assertEqual(run.status, 1)
        self.assert_no_secret(bench, run)
        bench.sim.arm()
        self.assert_good(*bench.run_until(bench.sim.now() + 1800, 600))
        self.assert_all_once(bench)


if __name__ == "__main__":
    unittest.main()
