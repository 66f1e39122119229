"""gcp/adc.h against a fake Google: adc_fake.py DRIVER

The driver's assertions are verified by PyJWT, its AWS requests by botocore. Every run also
looks for planted secrets in what it said.
"""

import json
import subprocess
import sys
import time
import unittest
from pathlib import Path

from adc_world import (
    AWS_ID, AWS_SECRET, AWS_TOKEN, CLIENT, CLIENT_SECRET, EMAIL, OTHER_KEY, POOL, REFRESH, SCOPES,
    TARGET, Case, Driver, impersonation_of, pem_of)
from gcp_token import Account, Provider, Refused, leaf_of


class EveryKind(Case):
    """Each kind of credential gets a token, and another one when that has expired."""

    def check(self, content: object, principal: str | None, name: str,
              **settings: object) -> None:
        with self.run_with(content, **settings) as driver:
            self.assertEqual(f"name {name}", driver.ask("open"))
            first = self.assertToken(driver, principal)
            self.assertEqual(first, self.assertToken(driver, principal))
            self.ahead_s += 3500
            driver.ask("advance 3500")
            if (self.folder / "workload-token").exists():
                self.write("workload-token", self.workload_token())  # as the kubelet does
            second = self.assertToken(driver, principal)
            self.assertNotEqual(first, second)
            self.tokens.revoke_all()
            third = driver.ask(f"refresh {second}").removeprefix("token ")
            self.assertNotEqual(second, third)
        self.assertEqual(1, len(driver.events("credentials.found")), driver.log)

    def test_a_service_account_key(self) -> None:
        self.check(self.service_account(), EMAIL, "service account key")
        self.assertEqual(" ".join(SCOPES), next(iter(self.tokens.issued.values())).scope)

    def test_a_key_that_signs_its_tokens_asks_nobody(self) -> None:
        with self.run_with(self.service_account(), self_signed_jwt=True) as driver:
            driver.ask("open")
            self.assertToken(driver)
            driver.ask("advance 3400")
            self.ahead_s = 3400
            self.assertToken(driver)
        self.assertEqual([], self.tokens.asked)

    def test_another_universe_has_self_signed_tokens(self) -> None:
        key = self.service_account(universe_domain="apis.example")
        with self.run_with(key, universe_domain="apis.example") as driver:
            driver.ask("open")
            self.assertToken(driver)
            self.assertEqual("value apis.example", driver.ask("universe"))
        self.assertEqual([], self.tokens.asked)

    def test_a_user_login(self) -> None:
        self.check(self.user(), "user", "user login")

    def test_a_workforce_login(self) -> None:
        self.check({"type": "external_account_authorized_user", "client_id": CLIENT,
                    "client_secret": CLIENT_SECRET, "refresh_token": REFRESH,
                    "token_url": f"{self.login.origin}/v1/oauthtoken"}, "workforce",
                   "workforce login")

    def test_federation_by_a_file(self) -> None:
        self.check(self.workload(), "system:serviceaccount:audit:bridge",
                   "workload identity federation")

    def test_federation_with_impersonation(self) -> None:
        url = impersonation_of(self.login, TARGET)
        self.check(self.workload(service_account_impersonation_url=url), TARGET,
                   "service account impersonation")
        self.assertEqual(["https://www.googleapis.com/auth/iam", " ".join(SCOPES)],
                         [t.scope for t in self.tokens.issued.values()][:2])

    def test_the_lifetime_of_an_impersonation(self) -> None:
        url = impersonation_of(self.login, TARGET)
        content = self.workload(service_account_impersonation_url=url,
                                service_account_impersonation={"token_lifetime_seconds": 2800})
        with self.run_with(content) as driver:
            driver.ask("open")
            self.assertToken(driver, TARGET)
        self.assertEqual("2800s", self.tokens.asked[-1].fields["lifetime"])

    def test_federation_by_a_url_with_json(self) -> None:
        self.tokens.workload_answer = (json.dumps({"access_token": self.workload_token()}), "True")
        source = {"url": f"{self.login.metadata}/workload", "headers": {"Metadata": "True"},
                  "format": {"type": "json", "subject_token_field_name": "access_token"}}
        with self.run_with(self.federation("k8s", source)) as driver:
            driver.ask("open")
            self.assertToken(driver)

    def test_federation_from_aws_by_the_environment(self) -> None:
        self.environment.update(AWS_ACCESS_KEY_ID=AWS_ID, AWS_SECRET_ACCESS_KEY=AWS_SECRET,
                                AWS_SESSION_TOKEN=AWS_TOKEN, AWS_REGION="eu-west-2")
        with self.run_with(self.aws()) as driver:
            driver.ask("open")
            self.assertToken(driver, AWS_ID)
        self.assertEqual(["/v1/token"], [asked.path for asked in self.tokens.asked])

    def test_federation_from_aws_by_the_instance(self) -> None:
        self.check(self.aws(), AWS_ID, "workload identity federation")

    def test_federation_by_a_program(self) -> None:
        program = self.write("program", "#!/bin/sh\ntest \"$GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE\" = "
                             f"{POOL}program || exit 9\necho '" + json.dumps(
                                 {"version": 1, "success": True, "id_token": "planted-id-token",
                                  "token_type": "urn:ietf:params:oauth:token-type:id_token"})
                             + "'\n", 0o700)
        content = self.federation("program", {"executable": {"command": program}})
        self.assertIn("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1", self.refusal(content))
        self.environment["GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"] = "1"
        with self.run_with(content) as driver:
            driver.ask("open")
            self.assertToken(driver, "static")

    def test_federation_by_a_certificate(self) -> None:
        cert, key = self.folder / "leaf.pem", self.folder / "leaf.key"
        subprocess.run(("openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=leaf",
                        "-newkey", "rsa:2048", "-keyout", str(key), "-out", str(cert)),
                       check=True, capture_output=True)
        host = self.login.start_mutual(cert)
        self.tokens.providers[POOL + "x509"] = Provider(POOL + "x509",
                                                        leaf=leaf_of(cert.read_bytes()))
        config = self.write("certificate_config.json", {"cert_configs": {"workload": {
            "cert_path": str(cert), "key_path": str(key)}}})
        content = self.federation(
            "x509", {"certificate": {"certificate_config_location": config,
                                     "trust_chain_path": str(cert)}},
            subject_token_type="urn:ietf:params:oauth:token-type:mtls",
            token_url=f"https://{host}/v1/token")
        with self.run_with(content, credential_hosts=[host]) as driver:
            driver.ask("open")
            self.assertToken(driver, "x509")

    def test_impersonation_by_a_user_whose_quota_pays(self) -> None:
        content = {"type": "impersonated_service_account", "source_credentials": self.user(),
                   "service_account_impersonation_url": impersonation_of(self.login, TARGET)}
        self.check(content, TARGET, "service account impersonation")
        self.assertEqual("payer", self.tokens.asked[1].headers["x-goog-user-project"])

    def test_impersonation_through_delegates(self) -> None:
        middle = "middle@audit.iam.gserviceaccount.com"
        self.tokens.accounts[middle] = Account(middle, {}, {EMAIL})
        self.tokens.accounts[TARGET].impersonators = {middle}
        content = {"type": "impersonated_service_account",
                   "source_credentials": self.service_account(),
                   "delegates": [f"projects/-/serviceAccounts/{middle}"],
                   "service_account_impersonation_url": impersonation_of(self.login, TARGET)}
        with self.run_with(content) as driver:
            driver.ask("open")
            self.assertToken(driver, TARGET)


class Metadata(Case):
    def setUp(self) -> None:
        super().setUp()
        self.tokens.machine = EMAIL
        self.environment["GCE_METADATA_HOST"] = self.login.metadata_host

    def drive(self) -> Driver:
        return Driver(self.settings, self.environment)

    def refused(self) -> str:
        with self.drive() as driver:
            driver.ask("open")
            return driver.ask("token")

    def test_it_is_asked_where_nothing_is_set(self) -> None:
        with self.drive() as driver:
            self.assertEqual("name metadata server", driver.ask("open"))
            token = self.assertToken(driver, EMAIL)
        self.assertEqual(" ".join(SCOPES), self.tokens.issued[token].scope)

    def test_a_server_that_is_still_starting_is_waited_for(self) -> None:
        self.tokens.early = [503] * 8
        with self.drive() as driver:
            driver.ask("open")
            self.assertToken(driver, EMAIL)
            self.assertEqual(9 + 2, len(self.tokens.asked) + 1)

    def test_a_server_that_never_starts_is_waited_for_half_a_minute(self) -> None:
        self.environment["GCE_METADATA_HOST"] = "127.0.0.1:9"  # nobody listens
        with self.drive() as driver:
            driver.ask("open")
            self.assertIn("credentials_file", driver.ask("token"))
            self.assertGreaterEqual(int(driver.ask("waited").split()[1]), 45)

    def test_an_answer_without_googles_header_is_not_googles(self) -> None:
        self.tokens.flavor = ""
        self.assertIn("what answers is not Google's", self.refused())

    def test_a_machine_of_another_universe_is_named(self) -> None:
        self.tokens.universe = "apis.example"
        self.assertIn("universe_domain", self.refused())

    def test_a_machine_without_an_account_is_told_what_to_do(self) -> None:
        self.tokens.machine = ""
        self.assertIn("Workload Identity", self.refused())

    def test_the_same_token_again_is_no_reason_to_ask_in_a_loop(self) -> None:
        self.tokens.life_s = 200
        with self.drive() as driver:
            driver.ask("open")
            for _ in range(20):
                self.assertToken(driver, EMAIL)
        self.assertEqual(2, len(self.tokens.asked))

    def test_a_host_elsewhere_is_refused(self) -> None:
        self.environment["GCE_METADATA_HOST"] = "metadata.example"
        self.assertIn("error config", self.refused())

    def test_it_may_be_forbidden(self) -> None:
        self.environment["NO_GCE_CHECK"] = "true"
        with self.drive() as driver:
            self.assertIn("NO_GCE_CHECK", driver.ask("open"))

    def test_an_impersonated_account_is_asked_of_the_universe(self) -> None:
        """And of no host that the configuration does not list."""
        self.settings["impersonate_service_account"] = TARGET
        self.settings["universe_domain"] = "invalid"  # RFC 2606: resolves nowhere
        self.tokens.universe = "invalid"
        self.assertIn("iamcredentials.invalid", self.refused())


class Finding(Case):
    """What is configured decides, and nothing else is tried when that fails."""

    def setUp(self) -> None:
        super().setUp()
        self.tokens.machine = "machine@audit.iam.gserviceaccount.com"
        self.environment["GCE_METADATA_HOST"] = self.login.metadata_host

    def open(self) -> str:
        with Driver(self.settings, self.environment) as driver:
            return driver.ask("open")

    def test_the_variable_names_a_file(self) -> None:
        self.environment["GOOGLE_APPLICATION_CREDENTIALS"] = self.write("a", self.user())
        self.assertEqual("name user login", self.open())

    def test_the_setting_comes_before_the_variable(self) -> None:
        self.environment["GOOGLE_APPLICATION_CREDENTIALS"] = self.write("a", self.user())
        self.settings["credentials_file"] = self.write("b", self.service_account())
        self.assertEqual("name service account key", self.open())

    def test_gclouds_own_file_comes_before_the_metadata_server(self) -> None:
        (self.folder / ".config/gcloud").mkdir(parents=True)
        name = "application_default_credentials.json"
        self.write(f".config/gcloud/{name}", self.user())
        self.assertEqual("name user login", self.open())
        (self.folder / "other").mkdir()
        self.write(f"other/{name}", self.service_account())
        self.environment["CLOUDSDK_CONFIG"] = str(self.folder / "other")
        self.assertEqual("name service account key", self.open())

    def test_a_broken_variable_is_an_error(self) -> None:
        for path in (str(self.folder / "absent"), self.write("junk", "{"), str(self.folder)):
            with self.subTest(path):
                self.environment["GOOGLE_APPLICATION_CREDENTIALS"] = path
                line = self.open()
                self.assertRegex(line, "^error config ")
                self.assertIn(path, line)
                self.assertIn("GOOGLE_APPLICATION_CREDENTIALS", line)
        self.assertEqual([], self.tokens.asked)

    def test_the_quota_project_in_its_order(self) -> None:
        path = self.write("a", self.user())
        for settings, variables, expected in (
                ({}, {}, "payer"), ({}, {"GOOGLE_CLOUD_QUOTA_PROJECT": "ours"}, "ours"),
                ({"quota_project": "set"}, {"GOOGLE_CLOUD_QUOTA_PROJECT": "ours"}, "set")):
            with Driver({**self.settings, **settings, "credentials_file": path},
                        {**self.environment, **variables}) as driver:
                driver.ask("open")
                self.assertEqual(f"value {expected}", driver.ask("quota"))

    def test_a_key_that_everybody_may_read_is_warned_about_once(self) -> None:
        self.settings["credentials_file"] = self.write("open", self.service_account(), 0o644)
        with Driver(self.settings, self.environment) as driver:
            for _ in range(3):
                driver.ask("open")
                self.assertToken(driver)
        self.assertEqual([self.settings["credentials_file"]],
                         [line["file"] for line in driver.events("config.warning")])

    def test_a_rotated_key_is_used_at_once(self) -> None:
        with self.run_with(self.service_account()) as driver:
            driver.ask("open")
            self.assertToken(driver, EMAIL)
            self.write("credential.json", self.user())
            self.assertEqual("name user login", driver.ask("open"))
            self.assertToken(driver, "user")


class Hosts(Case):
    """A credential file cannot send our proofs to a host of its choice."""

    def check(self, content: object, **settings: object) -> None:
        line = self.refusal(content, credential_hosts=[], **settings)
        self.assertRegex(line, "^error config .*credential_hosts")
        self.assertEqual([], self.tokens.asked)

    def test_of_a_service_account(self) -> None:
        self.check(self.service_account())

    def test_of_a_user(self) -> None:
        self.check(self.user())

    def test_of_an_exchange(self) -> None:
        self.check(self.workload())

    def test_of_an_impersonation(self) -> None:
        content = self.workload(service_account_impersonation_url="https://evil.example/x")
        content["token_url"] = "https://sts.googleapis.com/v1/token"
        self.check(content)

    def test_that_only_look_like_the_universe(self) -> None:
        for host in ("evilgoogleapis.com", "googleapis.com.evil.example", "googleapis.com@evil.org",
                     "evil.example\\.googleapis.com", "sts.googleapis.com:1@evil.org", ".googleapis.com.",
                     "evil.example#.googleapis.com"):
            with self.subTest(host):
                line = self.refusal(self.service_account(token_uri=f"https://{host}/token"))
                self.assertRegex(line, "^error config ")
        line = self.refusal(self.service_account(token_uri="http://oauth2.googleapis.com/token"))
        self.assertIn("https", line)

    def test_a_file_cannot_choose_its_universe(self) -> None:
        key = self.service_account(universe_domain="evil.example",
                                   token_uri="https://oauth2.evil.example/token")
        self.assertIn("universe_domain", self.refusal(key))

    def test_a_workloads_token_comes_from_this_machine_alone(self) -> None:
        source = {"url": "https://evil.example/token"}
        self.assertIn("credential_hosts", self.refusal(self.federation("k8s", source)))

    def test_aws_signs_for_aws_alone(self) -> None:
        self.environment.update(AWS_ACCESS_KEY_ID=AWS_ID, AWS_SECRET_ACCESS_KEY=AWS_SECRET,
                                AWS_SESSION_TOKEN=AWS_TOKEN, AWS_REGION="eu-west-2")
        for url in ("https://sts.evil.example", "https://iam.amazonaws.com",
                    "https://sts.eu-west-2.amazonaws.com@evil.example",
                    "http://sts.eu-west-2.amazonaws.com"):
            content = self.aws()
            content["credential_source"]["regional_cred_verification_url"] = url
            self.assertIn("STS", self.refusal(content))


class Refusals(Case):
    """Each says what to do, in one line, and shows no secret."""

    def test_wrong_files(self) -> None:
        key = self.service_account()
        cases: tuple[tuple[object, str], ...] = (
            ("", "line 1"), ("[]", "not a JSON object"), ("{\n\n!", "line 3"),
            ({"type": "gdch_service_account"}, '"type" must be'), ({}, '"type" must be'),
            ({**key, "client_email": ""}, '"client_email" is missing'),
            ({**key, "private_key": "planted"}, "not an RSA key"),
            ({**key, "private_key": 7}, '"private_key" is missing'),
            ({**key, "token_uri": "ftp://x"}, "token_uri must be an https URL"),
            ({**self.user(), "refresh_token": None}, "gcloud auth application-default login"),
            (self.federation("k8s", {}), "credential_source"),
            (self.federation("k8s", {"file": 7}), "credential_source"),
            (self.federation("k8s", {"environment_id": "aws9"}), "aws1"),
            (self.federation("k8s", {"file": "/x", "format": {"type": "json"}}),
             "subject_token_field_name"),
            (self.federation("k8s", {"file": "/absent"}), "/absent"),
            ({"type": "impersonated_service_account"}, "source_credentials"))
        for content, expected in cases:
            with self.subTest(expected):
                line = self.refusal(content)
                self.assertRegex(line, "^error config ")
                self.assertIn(expected, line)
        self.assertEqual([], self.tokens.asked)

    def test_credentials_inside_one_another_end(self) -> None:
        content: dict[str, object] = self.user()
        for _ in range(8):
            content = {"type": "impersonated_service_account", "source_credentials": content,
                       "service_account_impersonation_url": impersonation_of(self.login, TARGET)}
        self.assertIn("inside one another", self.refusal(content))

    def test_of_a_service_account(self) -> None:
        self.assertIn("make a new key",
                      self.refusal(self.service_account(private_key=pem_of(OTHER_KEY))))
        self.assertIn("was deleted", self.refusal(self.service_account(client_email="x@y")))

    def test_of_a_user(self) -> None:
        self.assertIn("gcloud auth application-default login",
                      self.refusal(self.user(refresh_token="planted-old")))
        self.assertIn("client_secret is wrong", self.refusal(self.user(client_id="other")))

    def test_of_an_exchange(self) -> None:
        for changes, expected in (({"aud": "other"}, "another audience"),
                                  ({"iss": "https://other/"}, "issuer URI"),
                                  ({"exp": 1}, "has expired")):
            with self.subTest(expected):
                content = self.workload()
                self.write("workload-token", self.workload_token(**changes))
                self.assertIn(expected, self.refusal(content))
        self.assertIn("pool and provider", self.refusal(self.workload(audience="//iam/x")))

    def test_of_an_impersonation(self) -> None:
        self.tokens.accounts[TARGET].impersonators = set()
        url = impersonation_of(self.login, TARGET)
        self.assertIn("roles/iam.workloadIdentityUser",
                      self.refusal(self.workload(service_account_impersonation_url=url)))
        url = impersonation_of(self.login, "absent@x.iam.gserviceaccount.com")
        self.assertIn("no such service account",
                      self.refusal(self.workload(service_account_impersonation_url=url)))

    def test_of_an_api_that_is_off(self) -> None:
        self.tokens.refusal = Refused("", "API has not been used in project 7 before or it is "
                                      "disabled.", 403, "PERMISSION_DENIED")
        content = {"type": "external_account", **self.workload()}
        self.assertIn("iamcredentials.googleapis.com", self.refusal(content))

    def test_a_clock_that_is_wrong_is_put_right_by_googles(self) -> None:
        for ahead_s in (-7200, 7200):
            self.ahead_s = ahead_s
            with self.run_with(self.service_account()) as driver:
                driver.ask("open")
                self.assertToken(driver, EMAIL)
        self.tokens.refusal = Refused("invalid_grant", "Invalid JWT: Token must be a short-lived "
                                      "token (60 minutes)")
        line = self.refusal(self.service_account())
        self.assertIn("NTP", line)
        self.assertIn("Google's clock", line)

    def test_what_passes_is_repeated(self) -> None:
        self.tokens.broken = [503, 500]
        with self.run_with(self.service_account()) as driver:
            driver.ask("open")
            self.assertToken(driver, EMAIL)

    def test_what_is_no_answer_of_google(self) -> None:
        self.tokens.broken = [403] * 9
        self.assertIn("without an error of Google's", self.refusal(self.service_account()))

    def test_a_refusal_is_remembered_for_a_moment(self) -> None:
        with self.run_with(self.user(refresh_token="planted-old")) as driver:
            for _ in range(30):
                driver.ask("open")
                driver.ask("token")
            self.assertEqual(1, len(self.tokens.asked))
            self.tokens.logins["planted-old"] = (CLIENT, CLIENT_SECRET)
            driver.ask("advance 31")
            self.assertToken(driver, "user")

    def test_a_token_that_is_still_good_outlives_a_refusal(self) -> None:
        with self.run_with(self.user()) as driver:
            driver.ask("open")
            token = self.assertToken(driver, "user")
            self.tokens.logins = {}
            driver.ask("advance 3400")
            self.assertEqual(f"token {token}", driver.ask("token"))
        self.assertEqual(1, len(driver.events("credentials.stale")))

    def test_a_life_written_as_text(self) -> None:
        self.tokens.life_as_text = True
        with self.run_with(self.user()) as driver:
            driver.ask("open")
            self.assertToken(driver, "user")
            driver.ask("advance 3200")
            self.assertToken(driver, "user")
        self.assertEqual(1, len(self.tokens.asked))


class TheFake(Case):
    """Refuses what Google refuses."""

    def test_a_token_is_no_longer_good_after_its_end(self) -> None:
        with self.run_with(self.user()) as driver:
            driver.ask("open")
            token = self.assertToken(driver)
        self.ahead_s = 3600
        self.assertIsNotNone(self.tokens.problem(f"Bearer {token}"))
        self.assertIsNotNone(self.tokens.problem("Bearer x"))
        self.assertIsNotNone(self.tokens.problem(None))
        self.assertLess(time.time(), self.tokens.now())


if __name__ == "__main__":
    Driver.program = sys.argv.pop(1)
    assert Path(Driver.program).exists()
    unittest.main()
