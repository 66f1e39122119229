"""STS: who assumes which role, and for how long the credentials are good."""

import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Protocol
from xml.sax.saxutils import escape

from clock import CloudClock
from errors import ApiError
from sign import Key

VERSION = "2011-06-15"
SPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
ARN = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/[\w+=,.@/-]+")
SESSION = re.compile(r"[\w+=,.@-]{2,64}")
EXTERNAL = re.compile(r"[\w+=,.@:/-]{2,1224}")
CONTENT_TYPE = "text/xml"
UNSIGNED = "AssumeRoleWithWebIdentity"


class StsError(ApiError):
    content_type = CONTENT_TYPE

    def body(self) -> bytes:
        return (f'<ErrorResponse xmlns="{SPACE}"><Error><Type>Sender</Type><Code>'
                f"{escape(self.code)}</Code><Message>{escape(self.message)}</Message></Error>"
                f"<RequestId>0</RequestId></ErrorResponse>").encode()


@dataclass
class Rules:
    """What the roles' trust policies say, as JSON of --sts or of the control door."""

    life_s: float = 3600.0   # cloud seconds that credentials are good for
    # Role to what it asks for; a role that is not here trusts everybody.
    external_ids: dict[str, str] = field(default_factory=dict)
    trusted: dict[str, list[str]] = field(default_factory=dict)  # role to ARNs of callers
    web_tokens: list[str] = field(default_factory=list)    # those of the OIDC provider
    expired_tokens: list[str] = field(default_factory=list)
    disabled: list[str] = field(default_factory=list)      # regions where STS is off
    metadata_token: str = ""   # what a container must show; "": nothing
    instance_role: str = "node-role"  # "": the instance has none


class Denied(Protocol):
    """Accounts that refuse every role."""

    denied: list[str]


def stamp(second: float) -> str:
    return datetime.fromtimestamp(second, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Sts:
    """Makes keys that the rest of the cloud knows."""

    def __init__(self, clock: CloudClock, keys: dict[str, Key]) -> None:
        self.rules = Rules()
        self._clock = clock
        self._keys = keys

    def issue(self, account: str | None, arn: str) -> dict[str, str]:
        """New temporary credentials, as the services of the metadata give them."""
        key_id = "ASIA" + secrets.token_hex(8).upper()
        token = "cloudsim-issued-" + secrets.token_urlsafe(64)
        secret = "cloudsim-issued-" + secrets.token_urlsafe(24)
        end = self._clock.now() + self.rules.life_s
        self._keys[key_id] = Key(secret, token, end, account, arn)
        return {"AccessKeyId": key_id, "SecretAccessKey": secret, "SessionToken": token,
                "Expiration": stamp(end)}

    def _check_role(self, form: dict[str, str]) -> tuple[str, str, str]:
        role, session = form.get("RoleArn", ""), form.get("RoleSessionName", "")
        found = ARN.fullmatch(role)
        if found is None or SESSION.fullmatch(session) is None:
            raise StsError("ValidationError", "1 validation error detected")
        duration = form.get("DurationSeconds", "3600")
        if not duration.isdigit() or not 900 <= int(duration) <= 43200:
            raise StsError("ValidationError", "DurationSeconds must be 900 to 43200")
        return role, session, found[1]

    def _answer(self, operation: str, role: str, session: str, account: str) -> bytes:
        assumed = (f"arn:aws:sts::{account}:assumed-role/{role.rpartition('/')[2]}/"
                   f"{session}")
        given = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in
                        self.issue(account, role).items())
        return (f'<{operation}Response xmlns="{SPACE}"><{operation}Result><AssumedRoleUser>'
                f"<AssumedRoleId>AROA:{escape(session)}</AssumedRoleId><Arn>{escape(assumed)}"
                f"</Arn></AssumedRoleUser><Credentials>{given}</Credentials>"
                f"</{operation}Result><ResponseMetadata><RequestId>0</RequestId>"
                f"</ResponseMetadata></{operation}Response>").encode()

    def assume_role(self, form: dict[str, str], caller: Key, region: str,
                    layout: Denied) -> bytes:
        role, session, account = self._check_role(form)
        self._check_region(region)
        external = form.get("ExternalId")
        if external is not None and EXTERNAL.fullmatch(external) is None:
            raise StsError("ValidationError", "ExternalId")
        trusted = self.rules.trusted.get(role)
        if account in layout.denied or external != self.rules.external_ids.get(role) or \
                (trusted is not None and (caller.arn or "") not in trusted):
            raise StsError("AccessDenied", "User is not authorized to perform: "
                           f"sts:AssumeRole on resource: {role}", 403)
        return self._answer("AssumeRole", role, session, account)

    def with_web_identity(self, form: dict[str, str], region: str) -> bytes:
        role, session, account = self._check_role(form)
        self._check_region(region)
        token = form.get("WebIdentityToken", "")
        if token in self.rules.expired_tokens:
            raise StsError("ExpiredTokenException", "Token expired")
        if token not in self.rules.web_tokens:
            raise StsError("InvalidIdentityToken", "No OpenIDConnect provider found")
        trusted = self.rules.trusted.get(role)
        if trusted is not None and "web" not in trusted:
            raise StsError("AccessDenied", "Not authorized to perform "
                           "sts:AssumeRoleWithWebIdentity", 403)
        return self._answer(UNSIGNED, role, session, account)

    def caller_identity(self, caller: Key, account: str) -> bytes:
        arn = caller.arn or f"arn:aws:iam::{account}:user/operator"
        return (f'<GetCallerIdentityResponse xmlns="{SPACE}"><GetCallerIdentityResult>'
                f"<Arn>{escape(arn)}</Arn><UserId>AIDA</UserId><Account>{account}</Account>"
                f"</GetCallerIdentityResult><ResponseMetadata><RequestId>0</RequestId>"
                f"</ResponseMetadata></GetCallerIdentityResponse>").encode()

    def _check_region(self, region: str) -> None:
        if region in self.rules.disabled:
            raise StsError("RegionDisabledException", "STS is not activated in this region", 403)


def container_answer(given: dict[str, str]) -> bytes:
    """The shape of ECS and EKS Pod Identity."""
    return json.dumps({"RoleArn": "TASK_ROLE", "AccountId": "111122223333",
                       "Token": given["SessionToken"],
                       **{name: given[name] for name in
                          ("AccessKeyId", "SecretAccessKey", "Expiration")}}).encode()


def instance_answer(given: dict[str, str], now: float) -> bytes:
    """The shape of EC2's instance metadata."""
    return json.dumps({"Code": "Success", "LastUpdated": stamp(now), "Type": "AWS-HMAC",
                       "Token": given["SessionToken"],
                       **{name: given[name] for name in
                          ("AccessKeyId", "SecretAccessKey", "Expiration")}}).encode()
