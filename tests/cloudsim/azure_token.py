"""A fake of what gives Azure tokens: Entra ID's token endpoint, IMDS and App Service.

Assertions are verified by PyJWT against the certificates and federated credentials that
an application has registered. Every answer, refusals too, has the shape of the real one.
"""

import base64
import json
import secrets
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Callable
from urllib.parse import parse_qsl, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EXCHANGE = "api://AzureADTokenExchange"
AUDIENCES = ("https://management.azure.com", "https://graph.microsoft.com")
LEEWAY_S = 300  # Entra's, for nbf and exp
Fields = dict[str, str]


class Refused(Exception):
    """An answer other than a token."""

    def __init__(self, code: int, error: str, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.code, self.error, self.text, self.status = code, error, text, status


@dataclass
class Federated:
    """A federated credential: which tokens of which issuer stand for the application."""

    issuer: str
    subject: str
    key: Any  # the issuer's public key
    audience: str = EXCHANGE


@dataclass
class App:
    client_id: str
    tenant: str
    secrets: dict[str, float | None] = field(default_factory=dict)  # value: expires at
    certificates: list[bytes] = field(default_factory=list)         # PEM
    federated: list[Federated] = field(default_factory=list)


@dataclass
class Identity:
    """A managed identity of the machine; exactly one has no name and is system-assigned."""

    client_id: str = ""
    object_id: str = ""
    resource_id: str = ""


@dataclass
class Issued:
    audience: str
    client_id: str
    expires_at: float
    revoked: bool = False


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class AzureTokens:
    """State of the fake; thread-safe. `now` tells the cloud's time in seconds."""

    def __init__(self, now: Callable[[], float], origin: str = "") -> None:
        self.now = now
        self.origin = origin  # "https://127.0.0.1:1234", which `aud` must begin with
        self.audiences: tuple[str, ...] = AUDIENCES
        self.apps: dict[str, App] = {}
        self.identities: list[Identity] = []
        self.identity_header = ""      # App Service's; "": there is none
        self.life_s: float = 3599
        self.refresh_s: float | None = None
        self.early: list[int] = []     # statuses that IMDS gives before it is ready
        self.spoil: list[str] = []     # "html", "no_expiry": of the next answers
        self.issued: dict[str, Issued] = {}
        self.requests: list[Fields] = []
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    # What ARM and Graph ask.

    def problem(self, authorization: str | None, audience: str) -> str | None:
        """Why a bearer token will not do; None when it does."""
        kind, _, text = (authorization or "").partition(" ")
        with self._lock:
            token = self.issued.get(text)
        if kind != "Bearer" or token is None:
            return "the token is missing or unknown"
        if token.audience.rstrip("/") != audience.rstrip("/"):
            return "the token is for another audience"
        if token.revoked or self.now() >= token.expires_at:
            return "the token has expired"
        return None

    def revoke_all(self) -> None:
        """As an administrator's "revoke sessions" does: continuous access evaluation."""
        with self._lock:
            for token in self.issued.values():
                token.revoked = True

    # What clients ask.

    def answer(self, method: str, target: str, headers: Any, body: bytes) -> Answer | None:
        """None when the path is not one of ours."""
        path = urlsplit(target).path.rstrip("/")  # msal-node ends IMDS's with a slash
        parts = path.strip("/").split("/")
        with self._lock:
            if method == "POST" and parts[1:] == ["oauth2", "v2.0", "token"]:
                return self._entra(parts[0], headers, body)
            if parts[1:] == ["v2.0", ".well-known", "openid-configuration"]:
                return self._discover(parts[0])
            if path == "/metadata/identity/oauth2/token":
                return self._guarded(self._imds, target, headers)
            if path == "/msi/token":
                return self._guarded(self._app_service, target, headers)
        return None

    def _discover(self, tenant: str) -> Answer:
        base = f"{self.origin}/{tenant}"
        return _json(200, {
            "token_endpoint": f"{base}/oauth2/v2.0/token", "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "jwks_uri": f"{base}/discovery/v2.0/keys"})

    def _entra(self, tenant: str, headers: Any, body: bytes) -> Answer:
        pairs = parse_qsl(body.decode(), keep_blank_values=True)
        form = dict(pairs)
        self.counts["entra"] += 1
        self.requests.append({"": "entra", "tenant": tenant,
                              "content-type": headers.get("Content-Type", ""), **form})
        if self.spoil and self.spoil[0] == "html":
            self.spoil.pop(0)
            return Answer(200, b"<html>Sign in to the hotel</html>",
                          {"Content-Type": "text/html"})
        try:
            if len(form) != len(pairs):
                raise Refused(900144, "invalid_request", "A field is repeated.")
            return self._grant(tenant, form)
        except Refused as refused:
            self.counts[f"AADSTS{refused.code}"] += 1
            return _json(refused.status, {
                "error": refused.error,
                "error_description": f"AADSTS{refused.code}: {refused.text}\r\nTrace ID: x",
                "error_codes": [refused.code], "timestamp": "2026-01-01 00:00:00Z",
                "trace_id": "0f0f0f0f-1111-2222-3333-444444444444",
                "correlation_id": "0a0a0a0a-5555-6666-7777-888888888888",
                "error_uri": f"https://login.microsoftonline.com/error?code={refused.code}"})

    def _grant(self, tenant: str, form: Fields) -> Answer:
        if tenant not in {app.tenant for app in self.apps.values()}:
            raise Refused(90002, "invalid_request", f"Tenant '{tenant}' not found.")
        if form.get("grant_type") != "client_credentials":
            raise Refused(70003, "unsupported_grant_type", "No such grant.")
        app = self.apps.get(form.get("client_id", ""))
        if app is None or app.tenant != tenant:
            raise Refused(700016, "unauthorized_client", "Application was not found.")
        if "client_secret" in form:
            self._check_secret(app, form["client_secret"])
        elif form.get("client_assertion_type") == JWT_BEARER:
            self._check_assertion(app, form.get("client_assertion", ""))
        else:
            raise Refused(7000216, "invalid_client", "A secret or assertion is needed.", 401)
        scope = form.get("scope", "")
        if not scope.endswith("/.default"):
            raise Refused(1002012, "invalid_scope", "The scope is not valid.")
        answer = self._issue(scope.removesuffix("/.default"), app.client_id)
        answer["ext_expires_in"] = answer["expires_in"]
        if self.refresh_s is not None:
            answer["refresh_in"] = int(self.refresh_s)
        if self.spoil and self.spoil[0] == "no_expiry":
            self.spoil.pop(0)
            answer = {name: answer[name] for name in ("token_type", "access_token")}
        return _json(200, answer)

    def _issue(self, audience: str, client_id: str) -> dict[str, Any]:
        if audience.rstrip("/") not in self.audiences:
            raise Refused(500011, "invalid_resource", "The resource was not found.")
        text = f"cloudsim.{secrets.token_urlsafe(24)}"
        self.issued[text] = Issued(audience, client_id, self.now() + self.life_s)
        self.counts["issued"] += 1
        return {"token_type": "Bearer", "expires_in": int(self.life_s), "access_token": text}

    def _check_secret(self, app: App, secret: str) -> None:
        if secret not in app.secrets:
            raise Refused(7000215, "invalid_client", "Invalid client secret provided.", 401)
        expires_at = app.secrets[secret]
        if expires_at is not None and self.now() >= expires_at:
            raise Refused(7000222, "invalid_client", "The client secret keys are expired.",
                          401)

    def _check_assertion(self, app: App, assertion: str) -> None:
        try:
            header = jwt.get_unverified_header(assertion)
            claims = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.InvalidTokenError as problem:
            raise Refused(50027, "invalid_client", "The JWT is not well formed.") from problem
        if claims.get("iss") == app.client_id:
            self._check_certificate(app, header, assertion)
        else:
            self._check_federated(app, claims, assertion)

    def _check_times(self, claims: dict[str, Any]) -> None:
        now = self.now()
        if claims.get("nbf", 0) > now + LEEWAY_S or claims["exp"] < now - LEEWAY_S:
            raise Refused(700024, "invalid_client",
                          "Client assertion is not within its valid time range.", 401)

    def _check_certificate(self, app: App, header: dict[str, Any], assertion: str) -> None:
        found = next((pem for pem in app.certificates if _is_named(header, pem)), None)
        unknown = Refused(700027, "invalid_client", "The certificate is not registered.", 401)
        if found is None:
            raise unknown
        audience = f"{self.origin}/{app.tenant}/oauth2/v2.0/token"
        certificate = x509.load_pem_x509_certificate(found)
        try:
            claims = jwt.decode(
                assertion, certificate.public_key(), algorithms=[header["alg"]],
                audience=audience, issuer=app.client_id,
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False,
                         "require": ["exp", "nbf", "iss", "sub", "aud", "jti"]})
        except jwt.InvalidAudienceError as problem:
            raise Refused(700023, "invalid_client", "The audience is wrong.", 401) from problem
        except jwt.InvalidTokenError as problem:
            raise unknown from problem
        if claims["sub"] != app.client_id or claims["exp"] - claims["nbf"] > 86400:
            raise unknown
        self._check_times(claims)

    def _check_federated(self, app: App, claims: dict[str, Any], assertion: str) -> None:
        issued = [each for each in app.federated if each.issuer == claims.get("iss")]
        if not issued:
            raise Refused(700211, "invalid_client", "No matching issuer.", 401)
        meant = [each for each in issued if each.audience in _list(claims.get("aud"))]
        if not meant:
            raise Refused(700212, "invalid_client", "No matching audience.", 401)
        match = next((each for each in meant if each.subject == claims.get("sub")), None)
        if match is None:
            raise Refused(700213, "invalid_client", "No matching subject.", 401)
        try:
            jwt.decode(assertion, match.key, algorithms=["RS256"], audience=match.audience,
                       options={"verify_exp": False, "verify_nbf": False,
                                "verify_iat": False})
        except jwt.InvalidTokenError as problem:
            raise Refused(5000210, "invalid_client", "Invalid signature.", 401) from problem
        self._check_times(claims)

    # Managed identities.

    def _guarded(self, ask: Callable[[Fields, Any], Answer], target: str,
                 headers: Any) -> Answer:
        query = dict(parse_qsl(urlsplit(target).query, keep_blank_values=True))
        self.requests.append({"": ask.__name__.lstrip("_"), **query})
        self.counts["metadata"] += 1
        try:
            return ask(query, headers)
        except Refused as refused:
            return _json(refused.status, {"error": refused.error,
                                          "error_description": refused.text})

    def _imds(self, query: Fields, headers: Any) -> Answer:
        if headers.get("Metadata") != "true" or headers.get("X-Forwarded-For"):
            raise Refused(0, "bad_request", "Required metadata header not specified")
        if self.early:
            raise Refused(0, "not_ready", "The identity is not ready", self.early.pop(0))
        if query.get("api-version") != "2018-02-01":
            raise Refused(0, "bad_request", "No such api-version")
        identity = self._find(query, "msi_res_id", "Identity not found")
        answer = self._issue(query.get("resource", ""), identity.client_id)
        return _json(200, {**_as_strings(answer, self.now()), "expires_in":
                           str(answer["expires_in"]), "client_id": identity.client_id})

    def _app_service(self, query: Fields, headers: Any) -> Answer:
        if not self.identity_header or (headers.get("X-IDENTITY-HEADER") !=
                                        self.identity_header):
            raise Refused(0, "unauthorized", "The header is wrong", 401)
        if query.get("api-version") != "2019-08-01":
            raise Refused(0, "bad_request", "No such api-version")
        identity = self._find(query, "mi_res_id", "No User Assigned or Delegated Managed "
                              "Identity found for specified ClientId/ResourceId/PrincipalId.")
        answer = self._issue(query.get("resource", ""), identity.client_id)
        return _json(200, _as_strings(answer, self.now()))

    def _find(self, query: Fields, resource_name: str, text: str) -> Identity:
        wanted = Identity(query.get("client_id", ""), query.get("object_id", ""),
                          query.get(resource_name, ""))
        for identity in self.identities:
            pairs = ((wanted.client_id, identity.client_id),
                     (wanted.object_id, identity.object_id),
                     (wanted.resource_id, identity.resource_id))
            is_named = any(left and left == right for left, right in pairs)
            if is_named or (wanted == Identity() and not identity.resource_id):
                return identity
        raise Refused(0, "invalid_request", text)


def _is_named(header: dict[str, Any], pem: bytes) -> bool:
    """x5t#S256 goes with PS256, x5t with RS256; nothing else is taken."""
    certificate = x509.load_pem_x509_certificate(pem)
    if header.get("alg") == "PS256":
        return header.get("x5t#S256") == base64url(certificate.fingerprint(hashes.SHA256()))
    if header.get("alg") == "RS256":
        return header.get("x5t") == base64url(certificate.fingerprint(hashes.SHA1()))
    return False


def _as_strings(answer: dict[str, Any], now: float) -> dict[str, Any]:
    """Metadata services say when a token ends, since 1970 and as a string."""
    return {"access_token": answer["access_token"], "token_type": "Bearer",
            "expires_on": str(int(now + answer["expires_in"]))}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _json(status: int, value: dict[str, Any]) -> Answer:
    return Answer(status, json.dumps(value).encode(),
                  {"Content-Type": "application/json; charset=utf-8"})
