"""Checks each request's Signature Version 4 with botocore, from the bytes received.

botocore is not ours: what it accepts, the real service accepts.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from errors import ApiError, expired

SKEW_S = 300
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([^/,]+)/([^/,]+)/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})")
STAMP = "%Y%m%dT%H%M%SZ"


@dataclass
class Key:
    """A credential the cloud knows."""

    secret: str
    token: str | None = None
    expires_at: float | None = None  # cloud time
    account: str | None = None       # whose it is; None: the first scenario's
    arn: str | None = None           # the role that it is of


@dataclass(frozen=True)
class Received:
    """A request as it came over the wire."""

    path: str
    fields: Iterable[tuple[str, str]]
    body: bytes
    method: str = "POST"


def invalid_signature(why: str) -> ApiError:
    return ApiError("InvalidSignatureException", why)


def check_stamp(stamp: str, day: str, now: float) -> None:
    try:
        signed_at = datetime.strptime(stamp, STAMP).replace(tzinfo=timezone.utc)
    except ValueError:
        raise ApiError("IncompleteSignatureException", f"Date must be ISO-8601: {stamp}")
    if not stamp.startswith(day):
        raise invalid_signature(f"Date in Credential scope does not match: {stamp}")
    here = datetime.fromtimestamp(now, timezone.utc).strftime(STAMP)
    if signed_at.timestamp() < now - SKEW_S:
        raise invalid_signature(f"Signature expired: {stamp} is now earlier than {here} - 5 min.")
    if signed_at.timestamp() > now + SKEW_S:
        raise invalid_signature(f"Signature not yet current: {stamp} is still later than "
                                f"{here} + 5 min.")


def check_key(keys: dict[str, Key], key_id: str, token: str | None, now: float) -> Key:
    key = keys.get(key_id)
    if key is None or key.token != token:
        raise ApiError("UnrecognizedClientException",
                       "The security token included in the request is invalid.")
    if key.expires_at is not None and now >= key.expires_at:
        raise expired()
    return key


def check_signed_headers(headers: dict[str, str], signed: list[str]) -> None:
    """The service insists on host and on everything x-amz-; we also on content-type."""
    wanted = {"host", "content-type"} | {name for name in headers if name.startswith("x-amz-")}
    missing = sorted(wanted - set(signed))
    unknown = sorted(set(signed) - set(headers))
    if missing or unknown or signed != sorted(signed):
        raise invalid_signature(f"SignedHeaders: not signed {missing}, not sent {unknown}")


def expected_signature(key: Key, scope: tuple[str, str, str, str], url: str,
                       headers: dict[str, str], request: Received) -> str:
    key_id, _, region, service = scope
    kind = S3SigV4Auth if service == "s3" else SigV4Auth
    request = AWSRequest(method=request.method, url=url, data=request.body, headers=headers)
    request.context["timestamp"] = headers["x-amz-date"]
    auth = kind(Credentials(key_id, key.secret, key.token), service, region)
    to_sign = auth.string_to_sign(request, auth.canonical_request(request))
    return auth.signature(to_sign, request)


@dataclass(frozen=True)
class Signer:
    """Who signed, and for which region."""

    key_id: str
    key: Key
    region: str


def claimed_scope(authorization: str) -> tuple[str, str]:
    """Key id and region as a request names them, unchecked; "" where it names none."""
    found = AUTHORIZATION.fullmatch(authorization)
    return (found[1], found[3]) if found is not None else ("", "")


def check_signature(keys: dict[str, Key], service: str, now: float,
                    request: Received) -> Signer:
    """Raises what the service would answer."""
    headers: dict[str, str] = {}
    for name, value in request.fields:
        name = name.lower()
        if name in headers:
            raise invalid_signature(f"header {name} was sent twice")
        headers[name] = value
    if "authorization" not in headers:
        raise ApiError("MissingAuthenticationTokenException", "Missing Authentication Token")
    found = AUTHORIZATION.fullmatch(headers["authorization"])
    if found is None or "x-amz-date" not in headers:
        raise ApiError("IncompleteSignatureException",
                       "Authorization header requires Credential, SignedHeaders, Signature")
    key_id, day, scope_region, scope_service, signed_text, signature = found.groups()
    if scope_service != service:
        raise invalid_signature(f"Credential should be scoped to {service}, "
                                f"not {scope_service}")
    check_stamp(headers["x-amz-date"], day, now)
    key = check_key(keys, key_id, headers.get("x-amz-security-token"), now)
    signed = signed_text.split(";")
    check_signed_headers(headers, signed)
    body_hash = hashlib.sha256(request.body).hexdigest()
    if headers.get("x-amz-content-sha256", body_hash) != body_hash:
        raise invalid_signature("x-amz-content-sha256 is not the hash of the body")
    expected = expected_signature(key, (key_id, day, scope_region, scope_service),
                                  f"https://{headers['host']}{request.path}",
                                  {name: headers[name] for name in signed}, request)
    if not hmac.compare_digest(expected, signature):
        raise invalid_signature("The request signature we calculated does not match the "
                                "signature you provided.")
    return Signer(key_id, key, scope_region)
