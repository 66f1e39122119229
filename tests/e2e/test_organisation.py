"""Many accounts and regions: found, read, gone, denied, back; and who reads them."""

import json
import sqlite3
import time
import unittest
from collections import Counter

from harness import KEY_ID, SECRET, Bench, BenchCase, Run, ScenarioSpec, hours_ago

HUB = "999988887777"
ACCOUNTS = [f"{n}" * 12 for n in range(1, 6)]
REGIONS = ["us-east-1", "eu-west-2", "eu-west-1"]
START = hours_ago(8)
SPECS = tuple(ScenarioSpec(seed=10 + n, start=START, events=60 + n, account=account,
                           region=REGIONS[n % 3]) for n, account in enumerate(ACCOUNTS))
NEWCOMER = ScenarioSpec(seed=30, start=START, events=40, account="6" * 12,
                        region="eu-west-2")
WHERE = """organization: true
role: audit/reader
regions: [all]
endpoints: {sts: ENDPOINT, ec2: ENDPOINT, organizations: ENDPOINT}"""
LATER_S = 3 * 3600


def members(*accounts: str) -> list[dict[str, str]]:
    return [{"Id": account, "Name": f"team-{account[0]}"} for account in accounts]


class OrganisationCase(BenchCase):
    def start(self, where: str = WHERE, specs: tuple[ScenarioSpec, ...] = SPECS,
              **options: object) -> Bench:
        layout = {"organization": members(*ACCOUNTS), "management": HUB, "page": 2,
                  "regions": {"*": REGIONS}, "disabled": ["af-south-1"]}
        layout |= options.pop("world", {})  # type: ignore[arg-type, operator]
        keys = {KEY_ID: {"secret": SECRET, "account": HUB}}
        # Cloud time stands still: fifteen sources at once would hurry it on.
        options = {"tick": 0, "every": "60s", **options}
        bench = self.bench(specs[0], 6 * 3600, others=specs[1:], where=where,
                           now=START + LATER_S, world=json.dumps(layout),
                           keys=json.dumps(keys), **options)
        if "ENDPOINT" in where:
            bench.reconfigure("ENDPOINT", bench.sim.endpoint)
        else:
            bench.be(AWS_ENDPOINT_URL=bench.sim.endpoint)
        return bench

    def ids(self, bench: Bench, *accounts: str) -> set[str]:
        return {f"aws:{s.spec.account}:{event.event_id}" for s in bench.sim.scenarios
                for event in s.events if not accounts or s.spec.account in accounts}

    def assert_has(self, bench: Bench, *accounts: str) -> None:
        bench.sink.read_new()
        self.assertEqual(set(bench.sink.counts), self.ids(bench, *accounts))
        self.assertEqual(bench.sink.repeats(), 0)

    def polled(self, bench: Bench, since: int = 0) -> Counter:
        """Requests for events by account and region."""
        return Counter((e["account"], e["region"]) for e in bench.sim.log()[since:]
                       if "page" in e)

    def rows(self, bench: Bench, sql: str) -> list:
        with sqlite3.connect(bench.folder / "state.db") as db:
            return db.execute(sql).fetchall()


class Found(OrganisationCase):
    def test_every_account_and_region_is_read_with_one_role_an_account(self) -> None:
        bench = self.start()
        self.assert_good(bench.run())
        self.assert_has(bench)
        counts = bench.sim.counts()
        self.assertEqual(set(self.polled(bench)), {(a, r) for a in ACCOUNTS for r in REGIONS})
        self.assertEqual({name: counts[name] for name in
                          ("sts:AssumeRole", "ec2:DescribeRegions",
                           "organizations:ListAccounts")},
                         {"sts:AssumeRole": 5, "ec2:DescribeRegions": 5,
                          "organizations:ListAccounts": 3})
        names = {name for name, in self.rows(bench, "SELECT name FROM source")}
        self.assertIn("prod-111111111111-eu-west-2", names)
        self.assertEqual(len(names), 15)

    def test_listed_accounts_and_regions_need_no_discovery(self) -> None:
        bench = self.start(f"accounts: {json.dumps(ACCOUNTS[:2])}\nrole: reader\n"
                           "regions: [eu-west-2]")
        self.assert_good(bench.run())
        self.assertEqual(set(self.polled(bench)), {(a, r) for a in ACCOUNTS[:2]
                                                   for r in ("us-east-1", "eu-west-2")})
        self.assertEqual(bench.sim.counts()["sts:AssumeRole"], 2)
        self.assertNotIn("ec2:DescribeRegions", bench.sim.counts())

    def test_globs_of_ids_names_and_regions_choose(self) -> None:
        bench = self.start(WHERE + '\ninclude_accounts: ["team-*"]\n'
                           f'exclude_accounts: [team-2, "{ACCOUNTS[2]}", "44*"]\n'
                           'exclude_regions: ["eu-*-1"]')
        self.assert_good(bench.run())
        self.assertEqual(set(self.polled(bench)),
                         {(a, r) for a in (ACCOUNTS[0], ACCOUNTS[4])
                          for r in ("us-east-1", "eu-west-2")})

    def test_closed_accounts_and_regions_not_opted_into_are_left_out(self) -> None:
        organization = members(*ACCOUNTS)
        organization[1]["State"] = "SUSPENDED"
        organization[2]["State"] = "CLOSED"
        organization[3]["State"] = "PENDING_CLOSURE"
        bench = self.start(world={"organization": organization})
        self.assert_good(bench.run())
        self.assertEqual({account for account, _ in self.polled(bench)},
                         {ACCOUNTS[0], ACCOUNTS[3], ACCOUNTS[4]})

    def test_leaving_out_the_global_region_is_warned_of(self) -> None:
        bench = self.start(WHERE + "\nexclude_regions: [us-east-1]")
        run = bench.run()
        self.assert_good(run)
        warned = [w for w in run.log("config.warning") if w.get("region") == "us-east-1"]
        self.assertEqual(len(warned), 1)
        self.assertNotIn("us-east-1", {region for _, region in self.polled(bench)})

    def test_the_global_region_is_read_without_being_listed(self) -> None:
        bench = self.start(WHERE.replace("[all]", "[eu-west-2]"))
        run = bench.run()
        self.assert_good(run)
        self.assertEqual({region for _, region in self.polled(bench)},
                         {"us-east-1", "eu-west-2"})
        self.assertFalse([w for w in run.log("config.warning") if "region" in w])


class Changing(OrganisationCase):
    def test_an_account_that_vanishes_is_gone_and_goes_on_when_it_is_back(self) -> None:
        bench = self.start()
        self.assert_good(bench.run())
        bench.sim.change(organization=members(*ACCOUNTS[1:]))
        bench.sim.advance(600)
        seen = len(bench.sim.log())
        run = bench.run()
        self.assert_good(run)
        self.assertEqual({line["source"] for line in run.log("source.gone")},
                         {f"prod-{ACCOUNTS[0]}-{region}" for region in REGIONS})
        self.assertNotIn(ACCOUNTS[0], {account for account, _ in self.polled(bench, seen)})
        self.assertEqual(len(self.rows(bench, "SELECT * FROM source")), 15)
        self.assertFalse(bench.run().log("source.gone"))

        bench.sim.change(organization=members(*ACCOUNTS))
        run = bench.run()
        self.assert_good(run)
        self.assertEqual(len(run.log("source.new")), 3)
        self.assert_has(bench)
        self.assertEqual(self.rows(bench, "SELECT * FROM gap"), [])

    def wait_for(self, bench: Bench, ids: set[str]) -> None:
        for _ in range(600):
            bench.sink.read_new()
            if ids <= set(bench.sink.counts):
                return
            time.sleep(0.1)
        self.fail(f"{len(ids - set(bench.sink.counts))} events did not come in 60 s")

    def test_an_account_that_appears_is_read_without_a_restart(self) -> None:
        bench = self.start(specs=(*SPECS, NEWCOMER), faster=600)
        process = bench.start(mode=())
        self.wait_for(bench, self.ids(bench, *ACCOUNTS))
        bench.sim.change(organization=members(*ACCOUNTS[1:], NEWCOMER.account))
        self.wait_for(bench, self.ids(bench))
        process.terminate()
        run = bench.finish(process)
        self.assert_good(run)
        self.assert_has(bench)
        self.assertEqual(len(run.log("source.new")), 3)
        self.assertEqual(len(run.log("source.gone")), 3)


class Failing(OrganisationCase):
    def assert_others(self, bench: Bench, run: Run) -> None:
        self.assertEqual(run.status, 1, run.stderr[-2000:])
        self.assert_has(bench, *ACCOUNTS[1:])

    def test_an_account_that_denies_its_role_holds_up_no_other(self) -> None:
        bench = self.start(world={"denied": ACCOUNTS[:1]})
        run = bench.run()
        self.assert_others(bench, run)
        denied = run.log("discovery.account")
        self.assertEqual([(d["account"], d["kind"]) for d in denied],
                         [(ACCOUNTS[0], "denied")])
        self.assertIn("sts:AssumeRole", denied[0]["error"])
        bench.sim.change(denied=[])
        self.assert_good(bench.run())
        self.assert_has(bench)

    def test_a_known_account_that_denies_is_told_of_once(self) -> None:
        bench = self.start()
        self.assert_good(bench.run())
        bench.sim.change(denied=ACCOUNTS[:1])
        bench.sim.advance(600)
        run = bench.run()
        self.assert_others_as_before(bench, run)
        failed = [line for line in run.log("source.failed") if line["kind"] == "denied"]
        self.assertEqual([line["level"] for line in failed], ["error"])
        self.assertFalse(run.log("source.gone"))

    def assert_others_as_before(self, bench: Bench, run: Run) -> None:
        self.assertEqual(run.status, 1, run.stderr[-2000:])
        self.assert_has(bench)

    def test_a_refusal_that_goes_on_is_told_once_an_hour(self) -> None:
        bench = self.start("accounts: ['111111111111', '222222222222']\nrole: reader\n"
                           "regions: [us-east-1]", world={"no_lookup": ACCOUNTS[:1]},
                           faster=100)
        run = bench.finish(bench.start(mode=("--max-runtime", "20m")))
        self.assertEqual(run.status, 1)
        requests = self.polled(bench)[ACCOUNTS[0], "us-east-1"]
        self.assertGreater(requests, 5)
        self.assertEqual(len(run.log("source.failed")), 1, requests)

    def test_discovery_that_fails_uses_what_it_found_before(self) -> None:
        bench = self.start()
        bench.sim.change(organization_fails=True)
        first = bench.run()
        self.assertEqual(first.status, 1)
        self.assertEqual([f["level"] for f in first.log("discovery.failed")], ["error"])

        bench.sim.change(organization_fails=False)
        self.assert_good(bench.run())
        bench.sim.change(organization_fails=True)
        seen = len(bench.sim.log())
        bench.sim.advance(600)
        run = bench.run()
        self.assert_good(run)
        self.assertEqual([(f["level"], f["sources"]) for f in run.log("discovery.failed")],
                         [("warn", 15)])
        self.assertEqual(len(self.polled(bench, seen)), 15)
        self.assert_has(bench)

    def test_a_name_that_would_be_too_long_is_refused(self) -> None:
        bench = self.start()
        bench.reconfigure("  prod:", f"  {'p' * 45}:")
        run = bench.run()
        self.assertEqual(run.status, 2)
        self.assertIn("longer than 63 characters", run.stderr)


class Selecting(OrganisationCase):
    KEPT = {"AssumeRole"}

    def test_without_reads_changes_and_assumed_roles_still_come(self) -> None:
        spec = ScenarioSpec(seed=3, start=START, events=8000, seconds=3600)
        pages = {}
        for read_only in ("true", "false"):
            bench = self.bench(spec, 2 * 3600 + 600, now=START + 2 * 3600, tick=0,
                               every="60s", settings=f"read_only: {read_only}")
            self.assert_good(bench.run())
            bench.sink.read_new()
            pages[read_only] = bench.sim.counts()["requests"]
        wanted = {bench.id_of(event) for event in bench.sim.scenario.events
                  if event.outer["ReadOnly"] == "false" or
                  event.outer["EventName"] in self.KEPT}
        self.assertEqual(set(bench.sink.counts), wanted)
        self.assertEqual(bench.sink.repeats(), 0)
        print(f"\nof {spec.events} events {len(wanted)} are wanted: "
              f"{pages['false']} requests, not {pages['true']}")
        self.assertLess(2 * pages["false"], pages["true"])

    def test_a_run_killed_between_parts_goes_on_in_the_right_one(self) -> None:
        spec = ScenarioSpec(seed=3, start=START, events=4000, seconds=1800)
        bench = self.bench(spec, 6 * 3600, now=START + LATER_S, settings="read_only: false")
        killed = 0
        for skip in (7, 15, 19, 24):
            process = bench.start()
            bench.sim.call("kill", pid=process.pid, point="after_answer", skip=skip)
            killed += bench.finish(process).status == -9
        bench.sim.call("kill")
        self.assert_good(bench.run())
        self.assertGreater(killed, 1)
        bench.sink.read_new()
        missing = bench.missing(lambda e: e.outer["ReadOnly"] == "false" or
                                e.outer["EventName"] in self.KEPT)
        self.assertEqual(missing, [])


class OurOwn(OrganisationCase):
    def test_our_own_calls_say_so_and_nobody_else_can(self) -> None:
        ours = f"arn:aws:sts::{ACCOUNTS[0]}:assumed-role/reader/auditbridge"
        calls = [(ours, "auditbridge/0.1.0"), (ours, "aws-cli/2.15"),
                 (ours.replace("reader", "writer"), "auditbridge/0.1.0")]
        script = [{"second": 60 * n, "visible": 60 * n + 200, "name": "LookupEvents",
                   "arn": arn, "agent": agent} for n, (arn, agent) in enumerate(calls)]
        spec = ScenarioSpec(start=START, script=script, account=ACCOUNTS[0])
        bench = self.start("accounts: ['111111111111']\nrole: audit/reader\n"
                           "regions: [us-east-1]", specs=(spec,))
        self.assert_good(bench.run())
        events = [json.loads(line) for line in
                  (bench.folder / "events.ndjson").read_text().splitlines()]
        marked = {(e["user"]["id"], e["user_agent"]["original"]): e["moj"].get("self")
                  for e in events if e["event"]["id"].startswith("aws:")}
        self.assertEqual(marked, {calls[0]: True, calls[1]: None, calls[2]: None})


if __name__ == "__main__":
    unittest.main()
