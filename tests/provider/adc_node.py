"""Our token requests and those of Google's library for node, field by field, at one fake.

adc_node.py DRIVER FOLDER, where FOLDER is for npm's packages. SKIP (77) where node, or the
registry, is not to be had."""

import json
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

import jwt
from adc_world import (
    AWS_ID, AWS_SECRET, AWS_TOKEN, CLIENT, CLIENT_SECRET, EMAIL, REFRESH, SCOPES, TARGET, Case,
    Driver, impersonation_of, shape)

PACKAGE = "google-auth-library@10.9.1"
SCRIPT = Path(__file__).with_suffix(".js")
ALLOWED = "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"
FOLDER = Path()


def install(folder: Path) -> bool:
    """Puts the package into folder, once."""
    if (folder / "node_modules" / "google-auth-library").is_dir():
        return True
    if shutil.which("node") is None or shutil.which("npm") is None:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return subprocess.run(
            ("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix",
             str(folder), PACKAGE), capture_output=True, timeout=120).returncode == 0
    except subprocess.TimeoutExpired:
        return False


class Same(Case):
    maxDiff = None

    def ask_theirs(self, content: object, **more: object) -> str:
        told = {"host": self.login.origin, "scopes": SCOPES, **more}
        if content is not None:
            told["credential"] = content
        done = subprocess.run(
            ("node", str(SCRIPT), json.dumps(told)), capture_output=True, text=True, timeout=60,
            env={"PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": str(self.login.ca_file),
                 "NODE_PATH": str(FOLDER / "node_modules"),
                 "METADATA_SERVER_DETECTION": "assume-present", **self.environment})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip().removeprefix("token ")

    def ask_ours(self, content: object, **more: object) -> str:
        settings = {**self.settings, **more}
        if content is not None:
            settings["credentials_file"] = self.write("credential.json", content)
        with Driver(settings, self.environment) as driver:
            driver.ask("open")
            return self.assertToken(driver)

    def workload(self, **changes: object) -> dict[str, object]:
        content = super().workload(**changes)
        self.write("workload-token", self.workload_token())  # the library keeps a line's end
        return content

    def compare(self, content: object, skipped: tuple[str, ...] = ()) -> None:
        self.ask_ours(content)
        ours = self.take(skipped)
        self.assertIsNone(self.tokens.problem(f"Bearer {self.ask_theirs(content)}"))
        theirs = self.take(skipped)
        self.assertGreater(len(theirs), 0)
        self.assertEqual(theirs, ours)

    def take(self, skipped: tuple[str, ...]) -> list[dict[str, Any]]:
        taken = [shape(asked) for asked in self.tokens.asked if asked.path not in skipped]
        self.tokens.asked.clear()
        is_chain = any(each["path"].endswith(":generateAccessToken") for each in taken)
        for each in taken:
            self.level(each["fields"], is_chain)
        return taken

    def level(self, fields: dict[str, Any], is_chain: bool) -> None:
        """Takes out what node's library and Python's, which we follow, do differently: the
        header of assertions, the scope of who impersonates, and a list of no delegates."""
        if "assertion" in fields:
            header, claims = fields["assertion"]
            header.pop("kid", None)
            header.pop("typ", None)
            claims["scope"] = "any" if is_chain else claims["scope"]
        if is_chain and isinstance(fields.get("scope"), str):
            fields["scope"] = "any"
        if fields.get("delegates") == []:
            del fields["delegates"]

    def test_a_service_account_key(self) -> None:
        self.compare(self.service_account())

    def test_a_user_login(self) -> None:
        self.compare(self.user())

    def test_a_workforce_login(self) -> None:
        self.compare({"type": "external_account_authorized_user", "client_id": CLIENT,
                      "client_secret": CLIENT_SECRET, "refresh_token": REFRESH,
                      "token_url": f"{self.login.origin}/v1/oauthtoken"})

    def test_a_key_that_signs_its_tokens(self) -> None:
        both = []
        for text in (self.ask_theirs(self.service_account(), is_self_signed=True),
                     self.ask_ours(self.service_account(), self_signed_jwt=True)):
            self.assertIsNone(self.tokens.problem(f"Bearer {text}"))
            claims = jwt.decode(text, options={"verify_signature": False})
            both.append((jwt.get_unverified_header(text).pop("kid"),
                         claims.pop("exp") - claims.pop("iat"), claims))
        self.assertEqual(both[0], both[1])

    def test_federation_by_a_file(self) -> None:
        self.compare(self.workload())

    def test_federation_by_a_url(self) -> None:
        self.tokens.workload_answer = (json.dumps({"access_token": "planted-id-token"}), "True")
        self.compare(self.federation("program", {
            "url": f"{self.login.metadata}/workload", "headers": {"Metadata": "True"},
            "format": {"type": "json", "subject_token_field_name": "access_token"}}))

    def test_federation_with_impersonation(self) -> None:
        self.compare(self.workload(
            service_account_impersonation_url=impersonation_of(self.login, TARGET),
            service_account_impersonation={"token_lifetime_seconds": 2800}))

    def test_federation_from_aws(self) -> None:
        """Of the signature only the key is compared: we sign the target header as well."""
        self.environment.update(AWS_ACCESS_KEY_ID=AWS_ID, AWS_SECRET_ACCESS_KEY=AWS_SECRET,
                                AWS_SESSION_TOKEN=AWS_TOKEN, AWS_REGION="eu-west-2")
        self.compare(self.aws())

    def test_federation_from_aws_by_the_instance(self) -> None:
        """Node's asks for a session of the metadata service once more."""
        self.compare(self.aws(), ("/latest/api/token",))

    def test_federation_by_a_program(self) -> None:
        answer = json.dumps({"version": 1, "success": True, "id_token": "planted-id-token",
                             "token_type": "urn:ietf:params:oauth:token-type:id_token",
                             "expiration_time": 4_000_000_000})
        program = self.write("program", f"#!/bin/sh\necho '{answer}'\n", 0o700)
        self.environment[ALLOWED] = "1"
        self.compare(self.federation("program", {"executable": {"command": program}}))

    def test_impersonation_by_a_service_account(self) -> None:
        self.compare({"type": "impersonated_service_account",
                      "source_credentials": self.service_account(),
                      "service_account_impersonation_url": impersonation_of(self.login, TARGET)})

    def test_the_metadata_server(self) -> None:
        self.tokens.machine = EMAIL
        self.environment["GCE_METADATA_HOST"] = self.login.metadata_host
        self.compare(None, ("/", "/computeMetadata/v1/universe/universe-domain"))


if __name__ == "__main__":
    FOLDER = Path(sys.argv.pop(2)).absolute()
    Driver.program = sys.argv.pop(1)
    if not install(FOLDER):
        print(f"SKIP: {PACKAGE} cannot be had from npm here")
        sys.exit(77)
    unittest.main()
