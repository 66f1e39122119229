"""Audit entries of Google Cloud: which happen when, when Logging takes them in, and when a
search begins to show them."""

import bisect
import json
import random
from dataclasses import dataclass, field
from datetime import datetime, timezone

IAM, COMPUTE = "iam.googleapis.com", "compute.googleapis.com"
METHODS = ((COMPUTE, "v1.compute.instances.insert"),
           ("cloudresourcemanager.googleapis.com", "SetIamPolicy"),
           ("storage.googleapis.com", "storage.buckets.create"),
           (COMPUTE, "v1.compute.firewalls.patch"),
           (IAM, "google.iam.admin.v1.CreateRole"),
           (COMPUTE, "beta.compute.instances.stop"),
           ("privilegedaccessmanager.googleapis.com",
            "google.cloud.privilegedaccessmanager.v1.PrivilegedAccessManager.CreateGrant"),
           (COMPUTE, "v1.compute.addresses.insert"),
           (COMPUTE, "v1.compute.networks.addPeering"),
           ("osconfig.googleapis.com",
            "google.cloud.osconfig.v1.OsConfigService.ExecutePatchJob"),
           ("dns.googleapis.com", "dns.changes.create"))
POLICY_DELTA = {
    "@type": "type.googleapis.com/google.iam.v1.logging.AuditData",
    "policyDelta": {"bindingDeltas": [
        {"action": "ADD", "role": "roles/editor", "member": "user:j.doe@example.org"},
        {"action": "REMOVE", "role": "roles/viewer", "member": "group:old@example.org"}]}}
PREFIX = "cloudaudit.googleapis.com"


def time_text(nanos: int) -> str:
    """RFC 3339 as Google writes it: no, three, six or nine decimals."""
    second, rest = divmod(nanos, 1_000_000_000)
    text = datetime.fromtimestamp(second, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    digits = f"{rest:09}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f"{text}.{digits}Z" if digits else f"{text}Z"


@dataclass(frozen=True)
class GcpSpec:
    """All that a world is made from; equal specs make equal entries."""

    start: int
    seconds: int = 3600
    events: int = 500
    seed: int = 1
    parents: tuple[str, ...] = ("projects/case-1",)
    # Instead of random ones: (parent, happened, received, shown), in seconds from start.
    script: tuple[tuple[str, float, float, float], ...] = ()
    big: int = 0            # so many of the entries have 512 KiB
    service: str = ""       # of every entry; "": different ones
    log: str = "activity"
    stragglers: float = 0.02  # so many reach Logging up to half an hour late
    actors: tuple[tuple[str, str, str], ...] = ()  # member, value and user agent, in turn


@dataclass(frozen=True, order=True)
class GcpEvent:
    """Ordered as entries.list orders: by timestamp, then insertId."""

    at: int                 # nanoseconds, as received
    insert_id: str
    parent: str
    received: int
    visible_at: float = field(compare=False)
    log: str = field(compare=False)
    service: str = field(compare=False)
    method: str = field(compare=False)
    text: str = field(compare=False)

    @property
    def event_id(self) -> str:
        second, nanos = divmod(self.at, 1_000_000_000)
        stamp = datetime.fromtimestamp(second, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        return f"gcp:{self.parent}/logs/{PREFIX}%2F{self.log}:{stamp}.{nanos:09}Z:{self.insert_id}"


def make_event(spec: GcpSpec, number: int, parent: str,
               times: tuple[float, float, float]) -> GcpEvent:
    happened, received, shown = times
    at = round((spec.start + happened) * 1000) * 1_000_000 + number % 1_000_000
    taken = round((spec.start + received) * 1000) * 1_000_000 + number % 999_983
    service, method = METHODS[number % len(METHODS)]
    service = spec.service or service
    insert_id = f"-{spec.seed}x{number:06}"
    request: dict[str, object] = {"name": f"thing-{number}"}
    more: dict[str, object] = {"serviceData": POLICY_DELTA} if method == "SetIamPolicy" else {}
    if number < spec.big:
        request["padding"] = "p" * (512 * 1024 - 1200)
    kind, _, owner = parent.partition("/")
    kind = kind.removesuffix("s")
    actor: dict[str, object] = {"authenticationInfo": {"principalEmail": "m.khan@example.org"}}
    if spec.actors:
        name, value, agent = spec.actors[number % len(spec.actors)]
        actor = {"authenticationInfo": {name: value},
                 "requestMetadata": {"callerSuppliedUserAgent": agent}}
    entry = {
        "insertId": insert_id, "logName": f"{parent}/logs/{PREFIX}%2F{spec.log}",
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog", "status": {},
            **actor, "methodName": method, "serviceName": service, "request": request,
            "resourceName": f"{parent}/things/{number}", **more},
        "receiveTimestamp": time_text(taken),
        "resource": {"type": kind, "labels": {f"{kind}_id": owner}},
        "severity": "NOTICE", "timestamp": time_text(at)}
    return GcpEvent(at, insert_id, parent, taken, spec.start + shown, spec.log, service, method,
                    json.dumps(entry, separators=(",", ":")))


class GcpScenario:
    def __init__(self, spec: GcpSpec) -> None:
        r = random.Random(spec.seed)
        if spec.script:
            rows = [(parent, times) for parent, *times in spec.script]
        else:
            rows = []
            for _ in range(spec.events):
                happened = r.uniform(0, spec.seconds)
                late = 1800 * r.random() if r.random() < spec.stragglers else r.uniform(0.3, 30)
                received = happened + late
                rows.append((r.choice(spec.parents),
                             [happened, received, received + r.uniform(0, 50)]))
        self.events = sorted(make_event(spec, number, parent, tuple(times))
                             for number, (parent, times) in enumerate(rows))
        self._by_received = sorted(self.events, key=lambda event: event.received)

    def taken_in(self, first: int, last: int) -> list[GcpEvent]:
        """What Logging took in from first to last, both included, as entries.list orders it."""
        begin = bisect.bisect_left(self._by_received, first, key=lambda event: event.received)
        end = bisect.bisect_right(self._by_received, last, key=lambda event: event.received)
        return sorted(self._by_received[begin:end])
