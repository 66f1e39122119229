"""A fake of what gives Google's tokens: OAuth, STS, iamcredentials, the metadata servers.

Assertions and the workload's tokens are verified by PyJWT against registered keys, AWS's
signed requests by botocore. Every answer, refusals too, has the shape of the real one.
"""

import base64
import json
import secrets
import shutil
import ssl
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import certificate
import jwt
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from errors import ApiError
from sign import AUTHORIZATION, Key, Received, check_key, check_stamp, expected_signature

AUDIENCE = "https://oauth2.googleapis.com/token"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
LATE = ("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
        "timeframe. Check your iat and exp values in the JWT claim.")
SESSION = "planted-imds-session"
BODY_MAX = 1 << 20
SKEW_S = 300
Fields = dict[str, str]


class Refused(Exception):
    """An OAuth error, or with `status_name` one in the shape of Google's APIs."""

    def __init__(self, error: str, text: str, status: int = 400, name: str = "") -> None:
        super().__init__(text)
        self.error, self.text, self.status, self.name = error, text, status, name


@dataclass
class Account:
    """A service account; `impersonators` may act as it, "*" meaning anyone."""

    email: str
    keys: dict[str, Any] = field(default_factory=dict)  # key id: public key
    impersonators: set[str] = field(default_factory=set)


@dataclass
class Provider:
    """A workload identity provider: whose tokens stand for which principals."""

    audience: str
    issuer: str = ""
    key: Any = None                                      # the issuer's public key
    token_audience: str = ""
    aws: dict[str, Key] = field(default_factory=dict)    # access key id: key
    subjects: set[str] = field(default_factory=set)      # static tokens, as of programs
    leaf: bytes = b""                                    # DER of an X.509 workload


@dataclass
class Issued:
    principal: str
    scope: str
    expires_at: float
    revoked: bool = False


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """What a client sent: the path, its headers in lower case and its fields."""

    path: str
    headers: Fields
    fields: dict[str, Any]


def _json(status: int, body: Any) -> Answer:
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


class GcpTokens:
    """State of the fake; thread-safe. `now` tells the cloud's time in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.accounts: dict[str, Account] = {}
        self.providers: dict[str, Provider] = {}
        self.logins: dict[str, tuple[str, str]] = {}  # refresh token: client id and secret
        self.machine = ""              # e-mail of the metadata server's account; "": none
        self.universe: str | None = None
        self.flavor = "Google"
        self.life_s: float = 3599
        self.early: list[int] = []     # statuses that the metadata server gives at first
        self.broken: list[int] = []    # statuses of the token services' next answers
        self.life_as_text = False
        self.refusal: Refused | None = None           # of every token request
        self.workload_answer: tuple[str, str] = ("", "")  # of /workload: body, header wanted
        self.issued: dict[str, Issued] = {}
        self.asked: list[Asked] = []
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    # What Cloud Logging asks.

    def problem(self, authorization: str | None) -> str | None:
        """Why a bearer token will not do; None when it does."""
        kind, _, text = (authorization or "").partition(" ")
        with self._lock:
            token = self.issued.get(text)
            account = self._self_signed(text) if token is None and "." in text else None
        if kind == "Bearer" and account is not None:
            return None
        if kind != "Bearer" or token is None:
            return "the token is missing or unknown"
        if token.revoked or self.now() >= token.expires_at:
            return "the token has expired"
        return None

    def revoke_all(self) -> None:
        with self._lock:
            for token in self.issued.values():
                token.revoked = True

    def _self_signed(self, text: str) -> Account | None:
        try:
            return self._verify(text, None)
        except Refused:
            return None

    # What clients ask.

    def answer(self, method: str, target: str, headers: Any, body: bytes) -> Answer | None:
        """None when the path is not one of ours."""
        parts = urlsplit(target)
        fields = dict(parse_qsl(parts.query, keep_blank_values=True))
        if headers.get("Content-Type", "").startswith("application/json") and body:
            fields.update(json.loads(body))
        else:
            fields.update(parse_qsl(body.decode(), keep_blank_values=True))
        asked = Asked(parts.path, {k.lower(): v for k, v in headers.items()}, fields)
        with self._lock:
            handler = self._find(method, parts.path)
            if handler is None:
                return None
            self.asked.append(asked)
            self.counts[parts.path] += 1
            try:
                return handler(asked)
            except Refused as refused:
                return self._refuse(refused)

    def _find(self, method: str, path: str) -> Callable[[Asked], Answer] | None:
        routes = {("POST", "/token"): self._oauth, ("POST", "/v1/token"): self._exchange,
                  ("POST", "/v1/oauthtoken"): self._workforce, ("GET", "/workload"): self._workload,
                  ("PUT", "/latest/api/token"): lambda _: Answer(200, SESSION.encode())}
        if path.startswith("/computeMetadata/v1/") or path == "/":
            return self._metadata
        if path.startswith("/latest/meta-data/"):
            return self._aws_metadata
        if method == "POST" and path.endswith(":generateAccessToken"):
            return self._impersonate
        return routes.get((method, path))

    def _refuse(self, refused: Refused) -> Answer:
        if refused.name:
            return _json(refused.status, {"error": {
                "code": refused.status, "message": refused.text, "status": refused.name}})
        return _json(refused.status, {"error": refused.error, "error_description": refused.text})

    def _gate(self) -> Answer | None:
        if self.broken:
            return Answer(self.broken.pop(0), b"<html>try again</html>")
        if self.refusal is not None:
            raise self.refusal
        return None

    def _issue(self, principal: str, scope: str) -> str:
        text = f"ya29.planted-{secrets.token_urlsafe(24)}"
        self.issued[text] = Issued(principal, scope, self.now() + self.life_s)
        return text

    def _give(self, principal: str, granted: str, /, **more: str) -> Answer:
        life: Any = str(int(self.life_s)) if self.life_as_text else int(self.life_s)
        return _json(200, {"access_token": self._issue(principal, granted), "expires_in": life,
                           "token_type": "Bearer", **more})

    # oauth2.googleapis.com/token

    def _verify(self, assertion: str, audience: str | None) -> Account:
        try:
            header = jwt.get_unverified_header(assertion)
            claims = jwt.decode(assertion, options={"verify_signature": False})
            account = self.accounts.get(claims["iss"])
            if account is None:
                raise Refused("invalid_grant", "Invalid grant: account not found")
            # Node's library sends neither "kid" nor "typ", and Google takes that; a "kid" of
            # no key of the account's it does not.
            key_id = header.get("kid", next(iter(account.keys), ""))
            key = account.keys.get(key_id)
            if header["alg"] != "RS256" or header.get("typ", "JWT") != "JWT" or key is None:
                raise Refused("invalid_grant", "Invalid JWT Signature.")
            claims = jwt.decode(assertion, key, algorithms=["RS256"], audience=audience,
                                options={"verify_exp": False, "verify_iat": False,
                                         "verify_aud": audience is not None})
        except (jwt.PyJWTError, KeyError) as error:
            raise Refused("invalid_grant", "Invalid JWT Signature.") from error
        now = self.now()
        if claims["exp"] - claims["iat"] > 3600 or claims["iat"] > now + SKEW_S or \
                claims["exp"] < now - SKEW_S or not claims.get("scope"):
            raise Refused("invalid_grant", LATE)
        if audience is None and claims.get("sub") != claims["iss"]:
            raise Refused("invalid_grant", "Invalid JWT: sub")
        return account

    def _oauth(self, asked: Asked) -> Answer:
        broken = self._gate()
        if broken is not None:
            return broken
        fields = asked.fields
        if fields.get("grant_type") == "refresh_token":
            if self.logins.get(fields.get("refresh_token", "")) is None:
                raise Refused("invalid_grant", "Token has been expired or revoked.")
            if self.logins[fields["refresh_token"]] != (fields.get("client_id"),
                                                        fields.get("client_secret")):
                raise Refused("invalid_client", "The OAuth client was not found.", 401)
            return self._give("user", "", scope="https://www.googleapis.com/auth/cloud-platform")
        if fields.get("grant_type") != JWT_BEARER:
            raise Refused("unsupported_grant_type", f"Invalid grant_type: {fields.get('grant_type')}")
        account = self._verify(fields["assertion"], AUDIENCE)
        claims = jwt.decode(fields["assertion"], options={"verify_signature": False})
        return self._give(account.email, claims["scope"])

    # sts.googleapis.com

    def _workforce(self, asked: Asked) -> Answer:
        kind, _, text = asked.headers.get("authorization", "").partition(" ")
        client, _, secret = base64.b64decode(text).decode().partition(":")
        if kind != "Basic" or asked.fields.get("grant_type") != "refresh_token" or \
                self.logins.get(asked.fields.get("refresh_token", "")) != (client, secret):
            raise Refused("invalid_grant", "The refresh token is invalid.")
        return self._give("workforce", "")

    def _exchange(self, asked: Asked) -> Answer:
        broken = self._gate()
        if broken is not None:
            return broken
        fields = asked.fields
        if fields.get("grant_type") != EXCHANGE or \
                fields.get("requested_token_type") != ACCESS_TOKEN or not fields.get("scope"):
            raise Refused("invalid_request", "Invalid value for the request.")
        provider = self.providers.get(fields.get("audience", ""))
        if provider is None:
            raise Refused("invalid_target", "The target service indicated by the \"audience\" "
                          "parameters is invalid.")
        principal = self._subject(provider, fields)
        return self._give(principal, fields["scope"], issued_token_type=ACCESS_TOKEN)

    def _subject(self, provider: Provider, fields: Fields) -> str:
        token, kind = fields["subject_token"], fields["subject_token_type"]
        if kind == "urn:ietf:params:aws:token-type:aws4_request":
            return self._aws(provider, token)
        if kind == "urn:ietf:params:oauth:token-type:mtls":
            chain = json.loads(token)
            if base64.b64decode(chain[0]) != provider.leaf:
                raise Refused("invalid_grant", "The certificate is not trusted.")
            return "x509"
        if token in provider.subjects:
            return "static"
        try:
            claims = jwt.decode(token, provider.key, algorithms=["RS256"],
                                audience=provider.token_audience, issuer=provider.issuer,
                                options={"verify_exp": False, "verify_iat": False})
        except jwt.InvalidAudienceError as error:
            raise Refused("invalid_grant", "The audience in ID Token [planted-aud] does not "
                          "match the expected audience.") from error
        except jwt.InvalidIssuerError as error:
            raise Refused("invalid_grant", "The issuer in ID Token planted-iss does not match "
                          "the expected ones.") from error
        except (jwt.PyJWTError, TypeError, AttributeError) as error:
            raise Refused("invalid_grant", "Unable to verify the ID Token signature.") from error
        if claims["exp"] < self.now():
            raise Refused("invalid_grant", "ID Token issued at 1 is stale to sign-in.")
        return str(claims["sub"])

    def _aws(self, provider: Provider, token: str) -> str:
        request = json.loads(unquote(token))
        headers = {item["key"].lower(): item["value"] for item in request["headers"]}
        parts = urlsplit(request["url"])
        found = AUTHORIZATION.fullmatch(headers["authorization"])
        if headers["x-goog-cloud-target-resource"] != provider.audience or found is None or \
                parts.scheme != "https" or headers["host"] != parts.netloc:
            raise Refused("invalid_grant", "The AWS request is for another audience.")
        key_id, day, region, service, signed, signature = found.groups()
        try:
            check_stamp(headers["x-amz-date"], day, self.now())
            key = check_key(provider.aws, key_id, headers.get("x-amz-security-token"), self.now())
        except ApiError as error:
            raise Refused("invalid_grant", "Could not fetch the AWS caller identity.") from error
        url = f"https://{parts.netloc}{parts.path or '/'}?{parts.query}"
        expected = expected_signature(key, (key_id, day, region, service), url,
                                      {name: headers[name] for name in signed.split(";")},
                                      Received(parts.path, (), b""))
        if signature != expected or service != "sts":
            raise Refused("invalid_grant", "Could not verify the AWS signature.")
        return key_id

    # iamcredentials.googleapis.com

    def _impersonate(self, asked: Asked) -> Answer:
        broken = self._gate()
        if broken is not None:
            return broken
        email = asked.path.rpartition("/")[2].partition(":")[0]
        token = self.issued.get(asked.headers.get("authorization", "").partition(" ")[2])
        account = self.accounts.get(email)
        if token is None or self.now() >= token.expires_at:
            raise Refused("", "Request had invalid authentication credentials.", 401,
                          "UNAUTHENTICATED")
        if account is None:
            raise Refused("", "Not found; Gaia id not found for email planted", 404, "NOT_FOUND")
        chain = [token.principal] + [d.rpartition("/")[2] for d in asked.fields.get("delegates") or []]
        for caller, callee in zip(chain, chain[1:] + [email]):
            may = self.accounts[callee].impersonators
            if caller not in may and "*" not in may:
                raise Refused("", "Permission 'iam.serviceAccounts.getAccessToken' denied on "
                              "resource (or it may not exist).", 403, "PERMISSION_DENIED")
        life_s = float(asked.fields.get("lifetime", "3600s").rstrip("s"))
        if life_s > 3600:
            raise Refused("", "The lifetime is longer than allowed.", 400, "INVALID_ARGUMENT")
        scope = " ".join(asked.fields["scope"])
        text = self._issue(email, scope)
        end = min(self.life_s, life_s) + self.now()
        self.issued[text].expires_at = end
        return _json(200, {"accessToken": text, "expireTime": time.strftime(
            "%Y-%m-%dT%H:%M:%SZ", time.gmtime(end))})

    # 169.254.169.254, of Google, AWS and Azure

    def _metadata(self, asked: Asked) -> Answer:
        if asked.headers.get("metadata-flavor") != "Google":
            return Answer(403, b"Missing Metadata-Flavor:Google header.")
        flavor = {"Metadata-Flavor": self.flavor} if self.flavor else {}
        if self.early:
            return Answer(self.early.pop(0), b"", flavor)
        name = asked.path.rpartition("v1/")[2]
        if name == "universe/universe-domain" and self.universe is not None:
            return Answer(200, self.universe.encode(), flavor)
        mine = ("default", self.machine)
        if name in [f"instance/service-accounts/{who}/token" for who in mine] and self.machine:
            answer = self._give(self.machine, asked.fields.get("scopes", "").replace(",", " "))
            answer.headers.update(flavor)
            return answer
        if name == "instance/service-accounts/default/email" and self.machine:
            return Answer(200, self.machine.encode(), flavor)
        if name == "instance/service-accounts/default/" and self.machine:
            return Answer(200, json.dumps({"email": self.machine, "scopes": [], "aliases": []}).encode(),
                          {**flavor, "Content-Type": "application/json"})
        return Answer(200 if asked.path == "/" else 404, b"", flavor)

    def _aws_metadata(self, asked: Asked) -> Answer:
        if asked.headers.get("x-aws-ec2-metadata-token") != SESSION:
            return Answer(401, b"")
        if asked.path.endswith("/availability-zone"):
            return Answer(200, b"eu-west-2b")
        if asked.path.rstrip("/").endswith("/security-credentials"):
            return Answer(200, b"bridge-role\n")
        keys = [key for provider in self.providers.values() for key in provider.aws.values()]
        key = keys[0]
        return _json(200, {"Code": "Success", "AccessKeyId": next(
            name for provider in self.providers.values() for name in provider.aws),
            "SecretAccessKey": key.secret, "Token": key.token, "Expiration": "2099-01-01T00:00:00Z"})

    def _workload(self, asked: Asked) -> Answer:
        body, wanted = self.workload_answer
        if wanted and asked.headers.get("metadata") != wanted:
            return Answer(400, b"")
        return Answer(200, body.encode())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Listener"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(self.server.tokens.now())

    def serve(self) -> None:
        if self.server.with_certificate:
            connection: Any = self.connection
            if connection.getpeercert(binary_form=True) is None:
                return self.send_error(401)
        size = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(min(size, BODY_MAX))
        answer = self.server.tokens.answer(self.command, self.path, self.headers, body)
        if answer is None:
            return self.send_error(404)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = serve


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, tokens: GcpTokens, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.tokens = tokens
        self.with_certificate = context is not None and context.verify_mode != ssl.CERT_NONE
        self.address = f"127.0.0.1:{self.server_address[1]}"
        if context is not None:
            # The handshake happens in the connection's own thread, at its first read.
            self.socket = context.wrap_socket(self.socket, server_side=True,
                                              do_handshake_on_connect=False)

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class GcpLogin:
    """The token services over TLS, with and without client certificates, and the metadata
    servers over plain HTTP, for as long as the `with` lasts."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gcplogin-"))
        self.ca_file = certificate.make(self.folder)
        self.tokens = GcpTokens(now)
        context = certificate.server_context(self.folder)
        self._tls, self._plain = Listener(self.tokens, context), Listener(self.tokens)
        self._mutual: Listener | None = None
        self.host = self._tls.address
        self.origin = f"https://{self._tls.address}"
        self.metadata_host = self._plain.address
        self.metadata = f"http://{self._plain.address}"

    def start_mutual(self, client_ca: Path) -> str:
        """A listener that asks for certificates of client_ca; its host."""
        context = certificate.server_context(self.folder)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_ca)
        self._mutual = Listener(self.tokens, context)
        self._mutual.start()
        return self._mutual.address

    def __enter__(self) -> "GcpLogin":
        self._tls.start()
        self._plain.start()
        return self

    def __exit__(self, *_: object) -> None:
        for listener in (self._tls, self._plain, self._mutual):
            if listener is not None:
                listener.shutdown()
                listener.server_close()
        shutil.rmtree(self.folder)


def leaf_of(pem: bytes) -> bytes:
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
