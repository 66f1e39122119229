"""check --live of Google Cloud: who we are, which right is missing and the command that grants
it, and what the logs do not show although they may be read."""

import sys
import unittest
from pathlib import Path

from gcp_harness import GcpBench, GcpCase, GcpFault, GcpSpec
from harness import hours_ago

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cloudsim"))

from gcp_cloud import MACHINE  # noqa: E402
from gcp_manager import audit_config  # noqa: E402
from test_runs import call  # noqa: E402

START = hours_ago(8)
ONE, TWO, FOLDER, ORG = "projects/case-1", "projects/case-2", "folders/7", "organizations/1"
MEMBER = f"serviceAccount:{MACHINE}"
IAM, STS = "iam.googleapis.com", "sts.googleapis.com"
BOTH = [audit_config(IAM, "ADMIN_READ", "DATA_READ"), audit_config(STS, "ADMIN_READ")]
ALL = "projects: [case-1, case-2]\nfolders: ['7']\norganizations: ['1']"
GROUPS = dict(service="cloudidentity.googleapis.com")


class LiveCase(GcpCase):
    def world(self, settings: str = ALL, **spec: object) -> GcpBench:
        """An hour of entries, all to be seen, in a tree where everything is as it should be."""
        bench = self.gcp(GcpSpec(start=START, events=120, stragglers=0,  # type: ignore[arg-type]
                                 **{"parents": (ONE, TWO, FOLDER, ORG), **GROUPS, **spec}),
                         now=START + 2 * 3600, settings=settings)
        bench.sim.manager.tree = {ONE: {"parent": FOLDER}, TWO: {"parent": ORG},
                                  FOLDER: {"parent": ORG}}
        bench.sim.manager.audits = {ORG: BOTH}
        return bench

    def check(self, bench: GcpBench, status: int) -> list[str]:
        """What it says of the sources, one line each: "gcp ok answered in ..."."""
        done = call(bench, "check", "--live")
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertNotIn("fake-gcp-token", done.stdout + done.stderr)
        self.assertEqual(bench.sim.counts["bad_filters"], 0)
        return [" ".join(line.split()[1:]) for line in done.stdout.splitlines()
                if line.startswith("source ")]

    def assert_told(self, lines: list[str], *parts: str) -> None:
        """One of the lines holds all the parts."""
        found = [line for line in lines if all(part in line for part in parts)]
        self.assertEqual(len(found), 1, f"{parts} in\n" + "\n".join(lines))

    def assert_none(self, lines: list[str], *parts: str) -> None:
        for part in parts:
            self.assertEqual([line for line in lines if part in line], [])


class Rights(LiveCase):
    def test_all_is_well(self) -> None:
        lines = self.check(self.world(), 0)
        for parts in (("gcp ok", f"as {MEMBER}, by metadata server"),
                      ("gcp ok", "3 of 3 may be read, data_access too"),
                      ("gcp-set2 ok", "1 of 1 may be read"),
                      ("gcp-set2 ok", f"2b: {ORG} shows group membership"),
                      ("gcp ok", "2c: tokens made for service accounts are audited at 3"),
                      ("gcp ok", "clocks agree")):
            self.assert_told(lines, *parts)
        self.assert_none(lines, "denied", "warning")

    def test_a_missing_right_is_named_with_the_command_that_grants_it(self) -> None:
        rows = ((ONE, "gcloud projects add-iam-policy-binding case-1"),
                (FOLDER, "gcloud resource-manager folders add-iam-policy-binding 7"),
                (ORG, "gcloud organizations add-iam-policy-binding 1"))
        for name, command in rows:
            with self.subTest(name):
                bench = self.world()
                bench.sim.manager.private -= {name}
                self.assert_told(
                    self.check(bench, 1), " denied ",
                    f"{name}: logging.privateLogEntries.list is missing: {command} "
                    f"--member='{MEMBER}' --role=roles/logging.privateLogViewer")
                bench.sim.manager.readable -= {name}
                self.assert_told(
                    self.check(bench, 1), " denied ",
                    f"{name}: logging.logEntries.list is missing: {command} "
                    f"--member='{MEMBER}' --role=roles/logging.viewer")

    def test_the_private_right_is_not_missed_where_data_access_is_not_read(self) -> None:
        bench = self.world("projects: [case-1]\nlogs: [activity]")
        bench.sim.manager.private.clear()
        lines = self.check(bench, 0)
        self.assert_none(lines, "privateLogEntries", "denied")
        self.assert_told(lines, "warning", "2c is not visible: \"logs\" leaves data_access out")

    def test_where_rights_may_not_be_asked_reading_tells(self) -> None:
        bench = self.world("projects: [case-1, case-2]")
        bench.sim.manager.untested = {ONE, TWO}
        self.assert_told(self.check(bench, 0), "ok", "2 of 2 may be read")
        bench.sim.manager.private -= {TWO}
        self.assert_told(self.check(bench, 1), "denied",
                         f"{TWO}: logging.privateLogEntries.list is missing")

    def test_a_deleted_project_and_a_wrong_id_are_named(self) -> None:
        bench = self.world("projects: [case-1, case-2]")
        bench.sim.gone = {TWO}
        lines = self.check(bench, 1)
        self.assert_told(lines, "denied", "HTTP 404", "does not exist or was deleted")
        self.assert_told(lines, "denied", f"{TWO}: logging.logEntries.list is missing")

    def test_an_api_that_is_off_is_told_with_its_remedy(self) -> None:
        bench = self.world("projects: [case-1, case-2]")
        bench.sim.manager.is_disabled = True
        lines = self.check(bench, 0)
        self.assert_told(lines, "warning", "Resource Manager was not asked",
                         "gcloud services enable")
        self.assert_told(lines, "ok", "2 of 2 may be read")
        bench.sim.arm(GcpFault("disabled", times=99))
        self.assert_told(self.check(bench, 1), "gcp config", "gcloud services enable")

    def test_a_clock_that_is_wrong_is_told(self) -> None:
        bench = self.world("projects: [case-1]")
        bench._clock_off_s = 1200
        self.assert_told(self.check(bench, 0), "gcp ok", "ahead of the cloud's: set it right")

    def test_without_a_token_only_that_is_told(self) -> None:
        bench = self.world("projects: [case-1]")
        bench.be(GCE_METADATA_HOST="127.0.0.1:1")
        lines = self.check(bench, 1)
        self.assertEqual(len(lines), 1, lines)
        self.assert_told(lines, "metadata server", "credentials_file")

    def test_of_many_names_ten_are_told_and_the_rest_counted(self) -> None:
        parents = tuple(f"projects/case-{i}" for i in range(30))
        ids = ", ".join(name.split("/")[1] for name in parents)
        bench = self.world(f"projects: [{ids}]", parents=parents)
        bench.sim.manager.private = set(parents[:4])
        bench.sim.manager.audits = {}
        lines = self.check(bench, 1)
        self.assertEqual(len([l for l in lines if "privateLogEntries.list is missing" in l]), 10)
        self.assert_told(lines, "denied", "and 16 more logging.privateLogEntries.list")


class Invisible(LiveCase):
    """What may be read and is not there: a warning, no failure."""

    def test_2c_where_auditing_is_off_with_the_command_that_turns_it_on(self) -> None:
        bench = self.world("projects: [case-1]\nfolders: ['7']")
        bench.sim.manager.audits = {}
        lines = self.check(bench, 0)
        self.assert_told(
            lines, f"2c is not visible at {ONE}", "iamcredentials.googleapis.com",
            "gcloud projects get-iam-policy case-1 --format=json | jq '.auditConfigs += "
            '[{"service":"iam.googleapis.com","auditLogConfigs":[{"logType":"ADMIN_READ"},'
            '{"logType":"DATA_READ"}]}]\' > policy.json && '
            "gcloud projects set-iam-policy case-1 policy.json")
        self.assert_told(lines, f"2c is not visible at {FOLDER}", '"service":"sts.googleapis.com"',
                         "gcloud resource-manager folders set-iam-policy 7 policy.json")

    def test_2c_is_visible_by_whatever_turns_it_on_here_or_above(self) -> None:
        every = [audit_config("allServices", "DATA_READ", "ADMIN_READ")]
        for name, configs, seen in (
                (ONE, BOTH, True), (FOLDER, BOTH, True), (ORG, every, True),
                (ONE, [audit_config(IAM, "DATA_READ"), audit_config(STS, "DATA_WRITE")], False),
                (ONE, [audit_config("iamcredentials.googleapis.com", "ADMIN_READ")], False),
                (TWO, BOTH, False)):
            with self.subTest(name, configs=configs):
                bench = self.world("projects: [case-1]")
                bench.sim.manager.audits = {name: configs}
                lines = self.check(bench, 0)
                self.assertEqual(seen, any("2c: tokens made" in line and " ok " in line
                                           for line in lines))
                self.assertEqual(not seen, any("2c is not visible at" in line for line in lines))

    def test_2c_of_exempted_members_is_told(self) -> None:
        bench = self.world("projects: [case-1]")
        bench.sim.manager.audits = {ORG: [
            audit_config(IAM, "ADMIN_READ", exempted=("user:m.khan@example.org",)),
            audit_config(STS, "ADMIN_READ")]}
        self.assert_told(self.check(bench, 0), "warning", "members are exempted from auditing of "
                         "iamcredentials.googleapis.com")

    def test_2c_that_nobody_may_look_up_is_no_failure_and_no_assurance(self) -> None:
        bench = self.world("projects: [case-1]")
        bench.sim.manager.hidden = {FOLDER}
        lines = self.check(bench, 0)
        self.assert_told(lines, "warning", "tokens made", f"the policy of {FOLDER} may not be "
                         "read; grant roles/iam.securityReviewer")
        self.assert_none(lines, "2c is not visible", " are audited at 1")

    def test_2c_of_a_service_that_is_not_read(self) -> None:
        bench = self.world("projects: [case-1]\ndata_access_services: [sts.googleapis.com]")
        self.assert_told(self.check(bench, 0), "warning", "2c is not visible",
                         "leaves iamcredentials.googleapis.com out")

    def test_2b_where_workspace_shares_nothing(self) -> None:
        bench = self.world("organizations: ['1']", service="compute.googleapis.com")
        self.assert_told(self.check(bench, 0), "warning", f"2b: {ORG} holds no entry of",
                         "admin.google.com", "Sharing options")

    def test_2b_where_no_organisation_is_read(self) -> None:
        self.assert_told(self.check(self.world("projects: [case-1]"), 0), "warning",
                         "2b: group membership is in an organisation's log alone")


if __name__ == "__main__":
    unittest.main()
