"""Each Google credential end to end: used, renewed in the middle of a walk, and refused with
a remedy while other sources go on."""

import json
import subprocess
import sys
import time
import unittest
from pathlib import Path

from gcp_harness import GcpBench, GcpCase, GcpFault, GcpSpec
from harness import Run, hours_ago

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "provider"))

import adc_world as world  # noqa: E402
from adc_world import AWS_ID, AWS_SECRET, AWS_TOKEN, EMAIL, POOL, TARGET  # noqa: E402
from gcp_token import Account, Provider, Refused, leaf_of  # noqa: E402

SPEC = GcpSpec(start=hours_ago(8), events=400, stragglers=0)
OTHER = "projects/case-9"
BOTH = GcpSpec(start=SPEC.start, events=400, stragglers=0, parents=("projects/case-1", OTHER))
AWS_ENVIRONMENT = {"AWS_ACCESS_KEY_ID": AWS_ID, "AWS_SECRET_ACCESS_KEY": AWS_SECRET,
                   "AWS_SESSION_TOKEN": AWS_TOKEN, "AWS_REGION": "eu-west-2"}
# Long enough not to be met by chance in a certificate or a digest.
IN_FILES = ("planted", "PRIVATE KEY", "ya29.", "eyJhbGciOi", "eyJ0eXAiOi")
NO_AWS = dict.fromkeys(AWS_ENVIRONMENT, "")
ALLOWED = "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"


class IdentityCase(GcpCase, world.Case):
    """A fake Logging whose tokens are those of a fake Google that verifies every proof."""

    def setUp(self) -> None:
        GcpCase.setUp(self)
        world.Case.setUp(self)

    def open(self, content: object, spec: GcpSpec = SPEC, more: str = "",
             hosts: tuple[str, ...] = (), **options: object) -> GcpBench:
        """content: of the credential file; None: there is none."""
        settings = f"projects: [case-1]\ncredential_hosts: [{', '.join((self.login.host, *hosts))}]"
        bench = self.gcp(spec, now=spec.start + spec.seconds + 3000, page_max=40, **options)
        bench.sim.tokens = self.tokens
        self.tokens.now = bench.sim.now
        self.ahead_s = bench.sim.now() - time.time()
        self.trust(bench)
        bench.be(GCE_METADATA_HOST=self.login.metadata_host, **NO_AWS)
        if content is not None:
            settings += f"\ncredentials_file: {self.write('credential.json', content)}"
        if (self.folder / "workload-token").exists():
            self.write("workload-token", self.workload_token())
        bench.configure(f"{settings}\nrequests_per_second: 1000\n{more}")
        return bench

    def trust(self, bench: GcpBench) -> None:
        both = bench.folder / "both.pem"
        both.write_text(Path(bench.sim.ca_file).read_text() + self.login.ca_file.read_text())
        bench.sim.ca_file = str(both)

    def add_other(self, bench: GcpBench) -> None:
        """A second source, that of a machine whose account may read."""
        self.tokens.machine = "machine@audit.iam.gserviceaccount.com"
        bench.config.write_text(bench.config.read_text() + "  other:\n" + "".join(
            f"    {line}\n" for line in (
                "provider: gcp-audit", "projects: [case-9]",
                f'endpoints: {{logging: "{bench.sim.endpoint}"}}',
                f"ca_file: {bench.sim.ca_file}", "sinks: [platform]", "every: 1s",
                "lookback: 14400s", "requests_per_second: 1000")))

    def assert_no_planted(self, bench: GcpBench, *runs: Run) -> None:
        for secret in world.PLANTED:
            for run in runs:
                self.assertNotIn(secret, run.stderr)
        for secret in IN_FILES:
            for path in bench.folder.iterdir():
                self.assertNotIn(secret.encode(), path.read_bytes(), path.name)


class EveryKind(IdentityCase):
    """Reads a walk of many pages, its token refused in the middle of it, and loses nothing."""

    def check(self, content: object, principal: str | None, **options: object) -> GcpBench:
        environment = options.pop("environment", {})
        bench = self.open(content, **options)  # type: ignore[arg-type]
        bench.be(**environment)  # type: ignore[arg-type]
        bench.sim.arm(GcpFault("expired", page=4), GcpFault("expired", page=7))
        run = bench.run()
        self.assert_good(run)
        self.assert_all_once(bench)
        self.assertEqual(bench.sim.fired["expired"], 2)
        self.assertEqual(bench.sim.counts["changed_requests"], 0)
        self.assertEqual(len(run.log("credentials.found")), 1)
        if principal is not None:
            users = {issued.principal for issued in self.tokens.issued.values()}
            self.assertIn(principal, users)
            self.assertGreaterEqual(bench.sim.counts["unauthenticated"], 2)
        self.assert_no_planted(bench, run)
        return bench

    def test_a_service_account_key(self) -> None:
        self.check(self.service_account(), EMAIL)

    def test_a_service_account_key_that_signs_its_own_tokens(self) -> None:
        self.check(self.service_account(), None, more="self_signed_jwt: true")
        self.assertEqual([], self.tokens.asked)

    def test_a_user_login_whose_quota_project_pays(self) -> None:
        bench = self.check(self.user(), "user")
        payers = {headers.get("X-Goog-User-Project") for headers in bench.sim.headers}
        self.assertEqual(payers, {"payer"})

    def test_the_metadata_server_that_starts_late(self) -> None:
        self.tokens.machine = EMAIL
        self.tokens.early = [503] * 8
        self.check(None, EMAIL)

    def test_federation_by_a_file(self) -> None:
        self.check(self.workload(), world.SUBJECT)

    def test_federation_by_a_url(self) -> None:
        source = {"url": f"{self.login.metadata}/workload", "headers": {"Metadata": "True"},
                  "format": {"type": "json", "subject_token_field_name": "access_token"}}
        content = self.federation("program", source)
        self.tokens.workload_answer = (json.dumps({"access_token": "planted-id-token"}), "True")
        self.check(content, "static")

    def test_federation_from_aws(self) -> None:
        self.check(self.aws(), AWS_ID, environment=AWS_ENVIRONMENT)

    def test_federation_from_aws_by_the_instances_role(self) -> None:
        self.check(self.aws(), AWS_ID)

    def test_federation_with_impersonation(self) -> None:
        url = world.impersonation_of(self.login, TARGET)
        self.check(self.workload(service_account_impersonation_url=url), TARGET)

    def test_an_impersonated_service_account(self) -> None:
        self.check({"type": "impersonated_service_account",
                    "source_credentials": self.service_account(),
                    "service_account_impersonation_url": world.impersonation_of(
                        self.login, TARGET)}, TARGET)

    def program(self) -> dict[str, object]:
        answer = json.dumps({"version": 1, "success": True, "id_token": "planted-id-token",
                             "token_type": "urn:ietf:params:oauth:token-type:id_token"})
        program = self.write("program", f"#!/bin/sh\necho '{answer}'\n", 0o700)
        return self.federation("program", {"executable": {"command": program}})

    def test_federation_by_a_program(self) -> None:
        self.check(self.program(), "static", environment={ALLOWED: "1"})

    def test_a_program_is_not_run_without_its_variable(self) -> None:
        run = self.open(self.program()).run()
        self.assertEqual(run.status, 1)
        self.assertIn(f"{ALLOWED}=1", run.stderr)

    def test_federation_by_a_certificate(self) -> None:
        cert, key = self.folder / "leaf.pem", self.folder / "leaf.key"
        subprocess.run(("openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=leaf",
                        "-newkey", "rsa:2048", "-keyout", str(key), "-out", str(cert)),
                       check=True, capture_output=True)
        host = self.login.start_mutual(cert)
        self.tokens.providers[POOL + "x509"] = Provider(
            POOL + "x509", leaf=leaf_of(cert.read_bytes()))
        config = self.write("certificate_config.json", {"cert_configs": {"workload": {
            "cert_path": str(cert), "key_path": str(key)}}})
        self.check(self.federation(
            "x509", {"certificate": {"certificate_config_location": config,
                                     "trust_chain_path": str(cert)}},
            subject_token_type="urn:ietf:params:oauth:token-type:mtls",
            token_url=f"https://{host}/v1/token"), "x509", hosts=(host,))


class Lives(IdentityCase):
    def test_a_token_that_lives_for_seconds_lasts_a_whole_walk(self) -> None:
        """Each request takes half a second of the cloud's time."""
        self.tokens.life_s = 4
        bench = self.open(self.service_account())
        self.assert_good(bench.run())
        self.assert_all_once(bench)
        self.assertGreater(len(self.tokens.issued), 1)

    def test_a_projected_token_that_is_rotated_is_read_anew(self) -> None:
        bench = self.open(self.workload())
        self.assert_good(bench.run())
        self.ahead_s += 4000
        bench.sim.advance(4000)
        self.write("workload-token", self.workload_token())
        self.assert_good(bench.run())
        self.assert_all_once(bench)


class Broken(IdentityCase):
    """What cannot get in says why and what to do; the other source goes on; once it is set
    right, nothing is lost."""

    def check(self, bench: GcpBench, *says: str) -> None:
        """The run fails with says, having read the other source alone."""
        run = bench.run()
        self.assertEqual(run.status, 1, run.stderr[-2000:])
        text = " ".join(line.get("error", "") for line in run.log("source.failed"))
        for part in says:
            self.assertIn(part, text or run.stderr)
        bench.sink.read_new()
        self.assertEqual(bench.missing(lambda e: e.parent == OTHER), [])
        self.assertEqual(set(e for e in bench.sink.counts if OTHER not in e), set())
        self.assert_no_planted(bench, run)

    def check_healed(self, bench: GcpBench) -> None:
        bench.sim.advance(120)
        self.assert_good(bench.run())
        self.assert_all_once(bench)

    def opened(self, content: object, **options: object) -> GcpBench:
        bench = self.open(content, BOTH, **options)  # type: ignore[arg-type]
        self.add_other(bench)
        return bench

    def test_a_key_file_that_is_no_json(self) -> None:
        bench = self.opened(self.service_account())
        path = self.write("credential.json", "{\n\n!")
        self.check(bench, path, "line 3")
        self.write("credential.json", self.service_account())
        self.check_healed(bench)

    def test_a_key_that_was_deleted(self) -> None:
        bench = self.opened(self.service_account(private_key=world.pem_of(world.OTHER_KEY)))
        self.check(bench, "make a new key")
        self.write("credential.json", self.service_account())
        self.check_healed(bench)

    def test_a_workload_token_for_another_audience(self) -> None:
        bench = self.opened(self.workload())
        self.write("workload-token", self.workload_token(aud="other"))
        self.check(bench, "another audience")
        self.write("workload-token", self.workload_token())
        self.check_healed(bench)

    def test_a_clock_that_google_calls_wrong_is_set_right_by_googles(self) -> None:
        """google-auth gives up with `Invalid JWT` here."""
        bench = self.opened(self.service_account())
        bench._clock_off_s = 1800
        self.assert_good(bench.run())
        bench._clock_off_s = 0
        self.check_healed(bench)

    def test_an_assertion_whose_time_is_refused_whatever_it_says(self) -> None:
        bench = self.opened(self.service_account())
        self.tokens.machine = ""
        bench.sim.tokens = None
        late = Refused("invalid_grant", "Invalid JWT: Token must be a short-lived token")
        self.tokens.refusal = late
        run = bench.run()
        self.assertEqual(run.status, 1)
        self.assertIn("clock", run.stderr)

    def test_an_impersonation_whose_api_is_off(self) -> None:
        url = world.impersonation_of(self.login, TARGET)
        bench = self.open(self.workload(service_account_impersonation_url=url))
        self.tokens.refusal = Refused("", "IAM Service Account Credentials API has not been used "
                                      "in project 7 before or it is disabled.", 403,
                                      "PERMISSION_DENIED")
        run = bench.run()
        self.assertEqual(run.status, 1)
        self.assertIn("iamcredentials.googleapis.com", run.stderr)
        self.tokens.refusal = None
        self.check_healed(bench)

    def test_an_impersonation_that_was_not_granted(self) -> None:
        url = world.impersonation_of(self.login, TARGET)
        bench = self.opened(self.workload(service_account_impersonation_url=url))
        self.tokens.accounts[TARGET].impersonators = set()
        self.check(bench, "roles/iam.workloadIdentityUser")
        self.tokens.accounts[TARGET] = Account(TARGET, {}, {"*"})
        self.check_healed(bench)

    def test_an_answer_that_is_not_of_googles_metadata_server(self) -> None:
        bench = self.open(None)
        self.tokens.machine = EMAIL
        self.tokens.flavor = ""
        run = bench.run()
        self.assertEqual(run.status, 1)
        self.assertIn("what answers is not Google's", run.stderr)
        self.tokens.flavor = "Google"
        self.check_healed(bench)

    def test_a_project_that_was_deleted(self) -> None:
        bench = self.opened(self.service_account())
        bench.sim.gone = {"projects/case-1"}
        self.check(bench, "does not exist or was deleted", "case-1")
        bench.sim.gone = set()  # within 30 days it can be restored
        self.check_healed(bench)

    def test_a_quota_that_is_used_up_for_an_hour(self) -> None:
        bench = self.opened(self.service_account())
        bench.sim.exhausted_until = bench.sim.now() + 3600
        failed = [bench.run()]
        while bench.sim.now() < bench.sim.exhausted_until:
            self.assertEqual(failed[-1].status, 1, failed[-1].stderr[-2000:])
            bench.sim.advance(600)
            failed.append(bench.run())
        for part in ("projects/42", "60 a minute", "ask Google for more", "quota_project"):
            self.assertIn(part, failed[0].stderr)
        self.check_healed(bench)


if __name__ == "__main__":
    unittest.main()
