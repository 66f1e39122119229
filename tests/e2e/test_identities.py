"""Each AWS identity, end to end: found, used, renewed mid-run, and never a broader one."""

import json
import unittest
from pathlib import Path

from harness import SECRET, Bench, BenchCase, Run, ScenarioSpec, hours_ago

SPEC = ScenarioSpec(seed=5, start=hours_ago(8), seconds=3600, events=700)
ROLE = f"arn:aws:iam::{SPEC.account}:role/audit"
HUB = "arn:aws:iam::999988887777:role/hub"
NO_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
WEB_TOKEN = "cloudsim-web-token"
POD_TOKEN = "cloudsim-pod-token"
PLANTED = ("cloudsim-issued-", "cloudsim-imds-", WEB_TOKEN, POD_TOKEN, SECRET)
SHORT_S = 7  # a request takes half a second of the cloud: over in the middle of a run


class IdentityCase(BenchCase):
    def start(self, settings: str = "", life_s: float = 3600, **rules: object) -> Bench:
        # Not faster than life: metadata has a second to answer, also on a busy machine.
        bench = self.bench(SPEC, 4 * 3600, now=SPEC.start + 3 * 3600, settings=settings, faster=1,
                           sts=json.dumps({"life_s": life_s, **rules}))
        bench.be(AWS_ENDPOINT_URL_STS=bench.sim.endpoint, AWS_EC2_METADATA_DISABLED="")
        return bench

    def assert_nothing_planted(self, bench: Bench, run: Run) -> None:
        for secret in PLANTED:
            self.assertNotIn(secret, run.stderr)
            for path in bench.folder.iterdir():
                if path.is_file() and not path.name.startswith(("token", "credentials")):
                    self.assertNotIn(secret.encode(), path.read_bytes(), path.name)

    def found(self, run: Run) -> list[str]:
        return [line["from"] for line in run.log("credentials.found")]

    def read_all(self, bench: Bench) -> Run:
        first = bench.run()
        self.assert_good(first)
        self.assert_good(*bench.run_until(bench.sim.now() + 1800, 900))
        self.assert_all_once(bench)
        self.assert_nothing_planted(bench, first)
        return first

    def assert_fails(self, bench: Bench, *says: str) -> Run:
        run = bench.run()
        self.assertEqual(run.status, 1, run.stderr[-2000:])
        for text in says:
            self.assertIn(text, run.stderr)
        self.assert_nothing_planted(bench, run)
        return run

    def token_file(self, bench: Bench, text: str) -> str:
        path: Path = bench.folder / "token"
        path.write_text(text + "\n")
        return str(path)


class Found(IdentityCase):
    def test_a_role_is_assumed_with_its_external_id_and_session_name(self) -> None:
        bench = self.start(f"role_arn: [{ROLE}]\nexternal_id: outside-7\n"
                           "session_name: audit-bridge", external_ids={ROLE: "outside-7"})
        run = self.read_all(bench)
        self.assertEqual(self.found(run), ["environment"])
        calls = [each for each in bench.sim.log() if each.get("operation") == "sts:AssumeRole"]
        self.assertEqual({call["session"] for call in calls}, {"audit-bridge"})

    def test_a_chain_passes_through_its_hub(self) -> None:
        bench = self.start(f"role_arn: [{HUB}, {ROLE}]", trusted={ROLE: [HUB]})
        self.read_all(bench)

    def test_a_profile_with_its_source(self) -> None:
        bench = self.start("profile: audit", trusted={ROLE: [HUB]})
        (bench.folder / "config").write_text(
            f"[profile audit]\nrole_arn = {ROLE}\nsource_profile = hub\n"
            f"[profile hub]\nrole_arn = {HUB}\nsource_profile = base\n")
        (bench.folder / "credentials").write_text(
            f"[base]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = {SECRET}\n")
        bench.be(**NO_KEYS, AWS_CONFIG_FILE=str(bench.folder / "config"),
                 AWS_SHARED_CREDENTIALS_FILE=str(bench.folder / "credentials"))
        self.assertEqual(self.found(self.read_all(bench)), ["profile audit"])

    def test_a_program_s_credentials(self) -> None:
        bench = self.start("credentials: process\ncredential_process: [/bin/cat, ./printed]")
        (bench.folder / "printed").write_text(json.dumps(
            {"Version": 1, "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": SECRET}))
        bench.be(**NO_KEYS)
        first = bench.run()
        self.assert_good(first)
        self.assertEqual(self.found(first), ["program /bin/cat"])


class ExpiringMidRun(IdentityCase):
    def assert_renewed(self, bench: Bench, count: str) -> None:
        self.assertGreaterEqual(bench.sim.counts()["ExpiredTokenException"], 1)
        self.assertGreaterEqual(bench.sim.counts()[count], 2)

    def test_a_role(self) -> None:
        bench = self.start(f"role_arn: [{ROLE}]", SHORT_S)
        self.read_all(bench)
        self.assert_renewed(bench, "sts:AssumeRole")

    def test_a_web_identity_whose_file_changes(self) -> None:
        bench = self.start("", SHORT_S, web_tokens=[WEB_TOKEN])
        bench.be(**NO_KEYS, AWS_ROLE_ARN=ROLE,
                 AWS_WEB_IDENTITY_TOKEN_FILE=self.token_file(bench, WEB_TOKEN))
        run = self.read_all(bench)
        self.assertEqual(self.found(run), [f"web identity as role {ROLE}"])
        self.assert_renewed(bench, "sts:AssumeRoleWithWebIdentity")

    def test_a_pod(self) -> None:
        bench = self.start("", SHORT_S, metadata_token=POD_TOKEN)
        bench.be(**NO_KEYS,
                 AWS_CONTAINER_CREDENTIALS_FULL_URI=bench.sim.metadata + "/v1/credentials",
                 AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=self.token_file(bench, POD_TOKEN))
        self.read_all(bench)
        self.assert_renewed(bench, "metadata:GET /v1/credentials")

    def test_an_instance(self) -> None:
        bench = self.start("", SHORT_S)
        bench.be(**NO_KEYS, AWS_EC2_METADATA_SERVICE_ENDPOINT=bench.sim.metadata)
        run = self.read_all(bench)
        self.assertEqual(self.found(run), ["instance (EC2 role node-role)"])
        self.assert_renewed(bench, "metadata:PUT /latest/api/token")


class Refused(IdentityCase):
    def test_a_role_that_does_not_trust_us_is_named_and_asked_once(self) -> None:
        bench = self.start(f"role_arn: [{ROLE}]", trusted={ROLE: [HUB]})
        self.assert_fails(bench, ROLE, "trust policy")
        counts = bench.sim.counts()
        self.assertEqual(counts["sts:AssumeRole AccessDenied"], 1)
        self.assertEqual(counts.get("requests", 0), 0)

    def test_a_broken_web_identity_never_becomes_the_instance_s(self) -> None:
        bench = self.start("", web_tokens=[WEB_TOKEN])
        bench.be(**NO_KEYS, AWS_EC2_METADATA_SERVICE_ENDPOINT=bench.sim.metadata,
                 AWS_ROLE_ARN=ROLE, AWS_WEB_IDENTITY_TOKEN_FILE="/nowhere/token")
        self.assert_fails(bench, "/nowhere/token")
        bench.be(AWS_WEB_IDENTITY_TOKEN_FILE=self.token_file(bench, "cloudsim-web-other"))
        self.assert_fails(bench, "InvalidIdentityToken")
        bench.be(AWS_WEB_IDENTITY_TOKEN_FILE="")
        self.assert_fails(bench, "AWS_WEB_IDENTITY_TOKEN_FILE is missing")
        counts = bench.sim.counts()
        self.assertFalse([name for name in counts if name.startswith("metadata:")], counts)

    def test_a_pod_s_wrong_token_and_a_foreign_address_are_refused(self) -> None:
        bench = self.start("", metadata_token=POD_TOKEN)
        url = bench.sim.metadata + "/v1/credentials"
        bench.be(**NO_KEYS, AWS_CONTAINER_CREDENTIALS_FULL_URI=url,
                 AWS_CONTAINER_AUTHORIZATION_TOKEN="cloudsim-pod-other")
        self.assert_fails(bench, "HTTP 401")
        bench.be(AWS_CONTAINER_CREDENTIALS_FULL_URI="http://127.evil.example/v1",
                 AWS_CONTAINER_AUTHORIZATION_TOKEN=POD_TOKEN)
        self.assert_fails(bench, "use https")


if __name__ == "__main__":
    unittest.main()
