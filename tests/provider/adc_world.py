"""What tests of Google credentials share: keys, credential files and the driver."""

import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any
from urllib.parse import unquote

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cloudsim"))

import jwt  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402
from cryptography.hazmat.primitives.serialization import (  # noqa: E402
    Encoding, NoEncryption, PrivateFormat)
from gcp_token import Account, Asked, GcpLogin, Provider  # noqa: E402
from sign import Key  # noqa: E402

EMAIL = "bridge@audit.iam.gserviceaccount.com"
TARGET = "reader@audit.iam.gserviceaccount.com"
KEY_ID = "0123456789abcdef"
POOL = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/"
ISSUER, SUBJECT = "https://cluster.example/", "system:serviceaccount:audit:bridge"
REFRESH, CLIENT, CLIENT_SECRET = "planted-refresh", "client.apps", "planted-client-secret"
AWS_ID, AWS_SECRET, AWS_TOKEN = "AKIAEXAMPLE", "planted-aws-secret", "planted-aws-token"
SCOPES = ["https://www.googleapis.com/auth/cloud-platform.read-only",
          "https://www.googleapis.com/auth/logging.read"]
PLANTED = ("planted", "PRIVATE KEY", "eyJ", "ya29")
JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt"
KEY = rsa.generate_private_key(65537, 2048)
OTHER_KEY = rsa.generate_private_key(65537, 2048)


def pem_of(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def impersonation_of(login: GcpLogin, email: str) -> str:
    return f"{login.origin}/v1/projects/-/serviceAccounts/{email}:generateAccessToken"


HEADERS = ("content-type", "authorization", "metadata-flavor", "x-goog-user-project")


def shape(asked: Asked) -> dict[str, Any]:
    """What was asked, without what no two requests share."""
    fields = {name: value for name, value in asked.fields.items() if value is not None}
    headers = {name: asked.headers[name] for name in HEADERS if name in asked.headers}
    if "content-type" in headers:
        headers["content-type"] = headers["content-type"].partition(";")[0]
    if asked.headers.get("authorization", "").startswith("Bearer"):
        headers["authorization"] = "Bearer"
    if "assertion" in fields:
        claims = jwt.decode(fields["assertion"], options={"verify_signature": False})
        claims["life"] = claims.pop("exp") - claims.pop("iat")
        fields["assertion"] = [jwt.get_unverified_header(fields["assertion"]), claims]
    if "aws4_request" in fields.get("subject_token_type", ""):
        request = json.loads(unquote(fields["subject_token"]))
        request["headers"] = {item["key"].lower(): item["value"]
                              for item in request["headers"]}
        request["headers"]["authorization"] = request["headers"]["authorization"].split("/")[0]
        request["headers"].pop("x-amz-date")
        fields["subject_token"] = request
    path = asked.path.replace(f"accounts/{EMAIL}/token", "accounts/default/token")
    return {"path": path, "fields": fields, "headers": headers}


class Driver:
    """One run of the driver; its process and its files end with the `with`."""

    program = ""

    def __init__(self, settings: dict[str, object], environment: dict[str, str]) -> None:
        self.settings, self.environment = settings, environment
        self.said = ""

    def __enter__(self) -> "Driver":
        self._file = tempfile.NamedTemporaryFile("w", suffix=".json")
        json.dump(self.settings, self._file)
        self._file.flush()
        self._errors = tempfile.TemporaryFile("w+")
        # Only what a sanitizer and programs need of this process's own environment.
        clean = {name: value for name, value in os.environ.items()
                 if name.endswith("_OPTIONS") or name == "PATH"}
        self._process = subprocess.Popen(
            (self.program, self._file.name), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._errors, text=True, env={**clean, **self.environment})
        return self

    def ask(self, command: str) -> str:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline().rstrip("\n")
        self.said += "" if line.startswith("token ") else line + "\n"
        return line

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        argv = Path(f"/proc/{self._process.pid}/cmdline").read_bytes().decode()
        self._process.stdin.close()
        status = self._process.wait(timeout=60)
        self._process.stdout.close()
        self._errors.seek(0)
        self.log = self._errors.read()
        self._errors.close()
        self._file.close()
        everything = self.log + self.said + argv
        for secret in PLANTED:
            assert secret not in everything, f"a secret was shown: {everything}"
        assert status == 0, self.log

    def events(self, name: str) -> list[dict[str, str]]:
        lines = [json.loads(line) for line in self.log.splitlines() if line[:1] == "{"]
        return [line for line in lines if line["event"] == name]


class Case(unittest.TestCase):
    """A fake Google that knows every credential below, and files of each kind."""

    def setUp(self) -> None:
        self.ahead_s = 0.0
        self.login = GcpLogin(lambda: time.time() + self.ahead_s).__enter__()
        self.addCleanup(self.login.__exit__)
        self.tokens = self.login.tokens
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.tokens.accounts = {EMAIL: Account(EMAIL, {KEY_ID: KEY.public_key()}),
                                TARGET: Account(TARGET, {}, {"*"})}
        self.tokens.logins = {REFRESH: (CLIENT, CLIENT_SECRET)}
        self.signer = rsa.generate_private_key(65537, 2048)
        self.tokens.providers = {
            POOL + "k8s": Provider(POOL + "k8s", ISSUER, self.signer.public_key(), "google"),
            POOL + "aws": Provider(POOL + "aws", aws={AWS_ID: Key(AWS_SECRET, AWS_TOKEN)}),
            POOL + "program": Provider(POOL + "program", subjects={"planted-id-token"})}
        self.settings: dict[str, object] = {"ca_file": str(self.login.ca_file),
                                            "universe_domain": "googleapis.com",
                                            "credential_hosts": [self.login.host]}
        self.environment: dict[str, str] = {"HOME": str(self.folder)}

    # Credential files

    def write(self, name: str, content: object, mode: int = 0o600) -> str:
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        path.chmod(mode)
        return str(path)

    def service_account(self, **changes: object) -> dict[str, object]:
        return {"type": "service_account", "project_id": "audit", "private_key_id": KEY_ID,
                "private_key": pem_of(KEY), "client_email": EMAIL,
                "token_uri": f"{self.login.origin}/token", **changes}

    def user(self, **changes: object) -> dict[str, object]:
        return {"type": "authorized_user", "client_id": CLIENT, "client_secret": CLIENT_SECRET,
                "refresh_token": REFRESH, "token_uri": f"{self.login.origin}/token",
                "quota_project_id": "payer", **changes}

    def federation(self, provider: str, source: dict[str, object], **changes: object
                   ) -> dict[str, object]:
        return {"type": "external_account", "audience": POOL + provider,
                "subject_token_type": JWT_TYPE, "token_url": f"{self.login.origin}/v1/token",
                "credential_source": source, **changes}

    def aws(self, **changes: object) -> dict[str, object]:
        metadata = f"{self.login.metadata}/latest"
        return self.federation("aws", {
            "environment_id": "aws1", "region_url": f"{metadata}/meta-data/placement/availability-zone",
            "url": f"{metadata}/meta-data/iam/security-credentials",
            "imdsv2_session_token_url": f"{metadata}/api/token",
            "regional_cred_verification_url": "https://sts.{region}.amazonaws.com"
                                              "?Action=GetCallerIdentity&Version=2011-06-15"},
            subject_token_type="urn:ietf:params:aws:token-type:aws4_request", **changes)

    def workload_token(self, **changes: object) -> str:
        now = int(time.time() + self.ahead_s)
        return jwt.encode({"iss": ISSUER, "sub": SUBJECT, "aud": "google", "iat": now,
                           "exp": now + 3600, **changes}, self.signer, algorithm="RS256")

    def workload(self, **changes: object) -> dict[str, object]:
        self.write("workload-token", self.workload_token() + "\n")
        return self.federation("k8s", {"file": str(self.folder / "workload-token")}, **changes)

    # Runs

    def run_with(self, content: object, **settings: object) -> Driver:
        path = self.write("credential.json", content)
        return Driver({**self.settings, "credentials_file": path, **settings}, self.environment)

    def assertToken(self, driver: Driver, principal: str | None = None) -> str:
        line = driver.ask("token")
        self.assertRegex(line, r"^token ")
        token = line.removeprefix("token ")
        self.assertIsNone(self.tokens.problem(f"Bearer {token}"))
        if principal is not None:
            self.assertEqual(principal, self.tokens.issued[token].principal)
        return token

    def refusal(self, content: object, **settings: object) -> str:
        """What is said when content is read and, if it may be, used."""
        with self.run_with(content, **settings) as driver:
            line = driver.ask("open")
            return driver.ask("token") if line.startswith("name ") else line
