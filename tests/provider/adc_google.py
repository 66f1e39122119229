"""The requests of gcp/adc.h equal those of Google's own library, field by field:
adc_google.py DRIVER FOLDER. google-auth is gcloud's, else PyPI's, put into FOLDER; Debian's
knows no federation. Skipped where there is neither.
"""

import base64
import json
import os
import shutil
import ssl
import subprocess
import sys
import unittest
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BUNDLED = Path("/usr/lib/google-cloud-sdk/lib/third_party")
WANTED = ("google-auth==2.39.0", "requests", "urllib3<2")


def find_library() -> Path:
    folder = Path(sys.argv.pop(2)) if len(sys.argv) > 2 else Path()
    pip = shutil.which("pip3")
    if BUNDLED.exists() or pip is None:
        return BUNDLED
    if not (folder / "google").exists():
        subprocess.run([pip, "install", "--quiet", "--target", str(folder), *WANTED],
                       check=False, timeout=120)
    return folder


sys.path.append(str(find_library()))
try:
    from google.auth import (
        aws, compute_engine, external_account_authorized_user, identity_pool,
        impersonated_credentials, transport)
    from google.oauth2 import credentials as user_credentials
    from google.oauth2 import service_account
except ImportError as error:
    print(f"SKIP: no google-auth with federation ({error}); gcloud and PyPI have one")
    sys.exit(77)

import jwt
from adc_world import (
    AWS_ID, AWS_SECRET, AWS_TOKEN, CLIENT, CLIENT_SECRET, EMAIL, REFRESH, SCOPES, TARGET, Case,
    Driver, impersonation_of, shape)
from gcp_token import GcpLogin


class Response(transport.Response):
    def __init__(self, status: int, headers: Any, data: bytes) -> None:
        self._parts = status, headers, data

    status = property(lambda self: self._parts[0])
    headers = property(lambda self: self._parts[1])
    data = property(lambda self: self._parts[2])


class Request(transport.Request):
    """Sends everything that is for Google to the fake."""

    def __init__(self, login: GcpLogin) -> None:
        self.origin, self.metadata = login.origin, login.metadata
        self.context = ssl.create_default_context(cafile=str(login.ca_file))

    def __call__(self, url: str, method: str = "GET", body: Any = None, headers: Any = None,
                 timeout: Any = None, **_: Any) -> Response:
        parts = urlsplit(url)
        if parts.hostname == "metadata.google.internal":
            url = self.metadata + parts.path + (f"?{parts.query}" if parts.query else "")
        elif parts.scheme == "https":
            url = self.origin + parts.path + (f"?{parts.query}" if parts.query else "")
        body = body.encode() if isinstance(body, str) else body
        request = urllib.request.Request(url, body, dict(headers or {}), method=method)
        try:
            with urllib.request.urlopen(request, timeout=20, context=self.context) as answer:
                return Response(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as refused:
            return Response(refused.code, refused.headers, refused.read())


class Same(Case):
    def setUp(self) -> None:
        super().setUp()
        self.request = Request(self.login)

    def workload(self, **changes: object) -> dict[str, object]:
        content = super().workload(**changes)
        self.write("workload-token", self.workload_token())  # the library keeps a line's end
        return content

    def compare(self, content: object, theirs: Callable[[Any], Any],
                skipped: tuple[str, ...] = ()) -> None:
        """skipped: paths that the library asks besides, for other purposes."""
        settings = dict(self.settings)
        if content is not None:
            settings["credentials_file"] = self.write("credential.json", content)
        with Driver(settings, self.environment) as driver:
            driver.ask("open")
            self.assertToken(driver)
        ours = [shape(asked) for asked in self.tokens.asked if asked.path not in skipped]
        self.tokens.asked.clear()
        theirs(content).refresh(self.request)
        self.maxDiff = None
        expected = [shape(a) for a in self.tokens.asked if a.path not in skipped]
        self.assertGreater(len(expected), 0)
        self.assertEqual(expected, ours)

    def test_a_service_account_key(self) -> None:
        self.compare(self.service_account(), lambda info:
                     service_account.Credentials.from_service_account_info(info, scopes=SCOPES))

    def test_a_key_that_signs_its_tokens(self) -> None:
        made = service_account.Credentials.from_service_account_info(
            self.service_account(), scopes=SCOPES, always_use_jwt_access=True)
        made._create_self_signed_jwt(None)
        made.refresh(self.request)
        path = self.write("credential.json", self.service_account())
        with Driver({**self.settings, "credentials_file": path, "self_signed_jwt": True},
                    self.environment) as driver:
            driver.ask("open")
            token = self.assertToken(driver)
        both = []
        for text in (made.token.decode() if isinstance(made.token, bytes) else made.token, token):
            claims = jwt.decode(text, options={"verify_signature": False})
            both.append((jwt.get_unverified_header(text), claims.pop("exp") - claims.pop("iat"),
                         claims))
        self.assertEqual(both[0], both[1])

    def test_our_assertions_and_tokens_are_signed_as_theirs_byte_by_byte(self) -> None:
        """RS256 has no choice: over the same text their signer must say what ours said."""
        signer = service_account.Credentials.from_service_account_info(
            self.service_account()).signer
        path = self.write("credential.json", self.service_account())
        texts = []
        for is_self_signed in (False, True):
            with Driver({**self.settings, "credentials_file": path,
                         "self_signed_jwt": is_self_signed}, self.environment) as driver:
                driver.ask("open")
                texts.append(self.assertToken(driver))
        texts[0] = self.tokens.asked[0].fields["assertion"]
        for text in texts:
            signed, _, signature = text.rpartition(".")
            theirs = base64.urlsafe_b64encode(signer.sign(signed)).rstrip(b"=").decode()
            self.assertEqual(theirs, signature)

    def test_a_user_login(self) -> None:
        self.compare(self.user(), user_credentials.Credentials.from_authorized_user_info)

    def test_a_workforce_login(self) -> None:
        self.compare({"type": "external_account_authorized_user", "client_id": CLIENT,
                      "client_secret": CLIENT_SECRET, "refresh_token": REFRESH,
                      "token_url": f"{self.login.origin}/v1/oauthtoken"},
                     external_account_authorized_user.Credentials.from_info)

    def test_federation_by_a_file(self) -> None:
        self.compare(self.workload(), lambda info:
                     identity_pool.Credentials.from_info(info, scopes=SCOPES))

    def test_federation_by_a_client_of_ones_own(self) -> None:
        self.compare(self.workload(client_id=CLIENT, client_secret=CLIENT_SECRET), lambda info:
                     identity_pool.Credentials.from_info(info, scopes=SCOPES))

    def test_federation_with_impersonation(self) -> None:
        content = self.workload(
            service_account_impersonation_url=impersonation_of(self.login, TARGET),
            service_account_impersonation={"token_lifetime_seconds": 2800})
        self.compare(content, lambda info:
                     identity_pool.Credentials.from_info(info, scopes=SCOPES))

    def test_federation_from_aws(self) -> None:
        """Of the signature only the key is compared: we sign the target header as well."""
        self.environment.update(AWS_ACCESS_KEY_ID=AWS_ID, AWS_SECRET_ACCESS_KEY=AWS_SECRET,
                                AWS_SESSION_TOKEN=AWS_TOKEN, AWS_REGION="eu-west-2")
        os.environ.update({name: value for name, value in self.environment.items()
                           if name.startswith("AWS_")})
        content = self.aws()
        content["credential_source"].pop("imdsv2_session_token_url")
        self.compare(content, lambda info: aws.Credentials.from_info(info, scopes=SCOPES))

    def test_impersonation_by_a_service_account(self) -> None:
        content = {"type": "impersonated_service_account",
                   "source_credentials": self.service_account(),
                   "service_account_impersonation_url": impersonation_of(self.login, TARGET)}
        self.compare(content, lambda info: impersonated_credentials.Credentials.
                     from_impersonated_service_account_info(info, scopes=SCOPES))

    def test_the_metadata_server(self) -> None:
        self.tokens.machine = EMAIL
        self.environment["GCE_METADATA_HOST"] = self.login.metadata_host
        self.compare(None, lambda _: compute_engine.Credentials(scopes=SCOPES), (
            "/", "/computeMetadata/v1/instance/service-accounts/default/",
            "/computeMetadata/v1/universe/universe-domain"))


if __name__ == "__main__":
    Driver.program = sys.argv.pop(1)
    unittest.main()
