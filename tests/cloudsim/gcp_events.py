"""Audit entries of Google Cloud: which happen when, when Logging takes them in, and when a
search begins to show them."""

import json
import random
from dataclasses import dataclass, field
from datetime import datetime, timezone

METHODS = (("compute.googleapis.com", "v1.compute.instances.insert"),
           ("cloudresourcemanager.googleapis.com", "SetIamPolicy"),
           ("storage.googleapis.com", "storage.buckets.create"),
           ("compute.googleapis.com", "v1.compute.firewalls.patch"))
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
    if number < spec.big:
        request["padding"] = "p" * (512 * 1024 - 1200)
    entry = {
        "insertId": insert_id, "logName": f"{parent}/logs/{PREFIX}%2F{spec.log}",
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog", "status": {},
            "authenticationInfo": {"principalEmail": "m.khan@example.org"},
            "methodName": method, "serviceName": service, "request": request,
            "resourceName": f"{parent}/things/{number}"},
        "receiveTimestamp": time_text(taken),
        "resource": {"type": "project", "labels": {"project_id": parent.split("/")[1]}},
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
                late = 1800 * r.random() if r.random() < 0.02 else r.uniform(0.3, 30)
                received = happened + late
                rows.append((r.choice(spec.parents),
                             [happened, received, received + r.uniform(0, 50)]))
        self.events = sorted(make_event(spec, number, parent, tuple(times))
                             for number, (parent, times) in enumerate(rows))
