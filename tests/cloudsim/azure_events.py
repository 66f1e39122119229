"""The scripted world of Azure: what happens in subscriptions, at the tenant level and in
the directory, and when each API begins to show it."""

import bisect
import json
import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone

TENANT = "7e000000-0000-4000-8000-00000000000a"
DIRECTORY = "directory"
SIGNINS = "signins"
DELAYS_S = (20.0, 180.0, 1200.0)  # seen; documented: 3 to 20 minutes
OPERATIONS = ("Microsoft.Authorization/roleAssignments/write", "Microsoft.Compute/disks/write",
              "Microsoft.Compute/virtualMachines/start/action", "Microsoft.Network/routeTables/delete",
              "Microsoft.Network/networkSecurityGroups/securityRules/write")
ACTIVITIES = ("Add member to role", "Add group", "Remove member from group", "Update group",
              "Add member to role completed (PIM activation)")


@dataclass(frozen=True, order=True)
class AzureEvent:
    ticks: int           # 100 ns since 1970
    event_id: str
    stream: str          # a subscription's id, TENANT, DIRECTORY or SIGNINS
    visible_at: float
    text: str = field(compare=False)

    @property
    def second(self) -> float:
        return self.ticks / 10_000_000


@dataclass(frozen=True)
class AzureSpec:
    """All that a world is made from; equal specs make equal events."""

    seed: int = 1
    start: int = 1_790_000_000
    seconds: int = 3600
    events: int = 300              # of each stream
    subscriptions: tuple[str, ...] = ("5a000000-0000-4000-8000-000000000001",)
    streams: tuple[str, ...] = ()  # of TENANT, DIRECTORY, SIGNINS
    stragglers: float = 0.01       # share that shows only after 25 to 110 minutes
    # Instead of random ones: (stream, second, visible), relative to start.
    script: tuple[tuple[str, float, float], ...] = ()


def stamp(ticks: int) -> str:
    """Seven digits, as .NET writes them."""
    second, rest = divmod(ticks, 10_000_000)
    return f"{datetime.fromtimestamp(second, timezone.utc):%Y-%m-%dT%H:%M:%S}.{rest:07d}Z"


def activity(r: random.Random, ticks: int, event_id: str, subscription: str) -> dict:
    operation = r.choice(OPERATIONS)
    status = r.choice(("Started", "Accepted", "Succeeded", "Failed"))
    resource = f"/subscriptions/{subscription}/resourceGroups/rg/providers/{operation.rsplit('/', 1)[0]}/x"
    return {"caller": f"user{r.randrange(9)}@example.org", "correlationId": str(uuid.UUID(int=r.getrandbits(128))),
            "eventDataId": event_id, "eventName": {"value": "EndRequest", "localizedValue": "End request"},
            "eventTimestamp": stamp(ticks), "id": f"{resource}/events/{event_id}/ticks/{ticks}",
            "level": r.choice(("Informational", 4)), "operationId": str(uuid.UUID(int=r.getrandbits(128))),
            "operationName": {"value": operation, "localizedValue": operation},
            "claims": {"appid": "a9", "puid": "100320001", "groups": "g1,g2"},
            "properties": {"requestbody": "{\"properties\":{\"principalId\":\"p1\"}}"},
            "resourceId": resource, "status": {"value": status, "localizedValue": status},
            "subStatus": {"value": "", "localizedValue": ""},
            "subscriptionId": "" if subscription == TENANT else subscription, "tenantId": TENANT}


def audit(r: random.Random, ticks: int, event_id: str) -> dict:
    user = {"id": "u1", "userPrincipalName": f"user{r.randrange(9)}@example.org", "ipAddress": "198.51.100.7"}
    return {"id": event_id, "category": "RoleManagement", "correlationId": str(uuid.UUID(int=r.getrandbits(128))),
            "result": "success", "resultReason": "", "activityDisplayName": r.choice(ACTIVITIES),
            "activityDateTime": stamp(ticks), "loggedByService": "Core Directory",
            "initiatedBy": r.choice(({"user": user, "app": None}, {"user": None, "app": None})),
            "targetResources": [{"id": "t1", "type": "User", "userPrincipalName": "a@example.org",
                                 "modifiedProperties": [{"displayName": "Role.DisplayName", "oldValue": None,
                                                         "newValue": "\"Global Reader\""}]}],
            "additionalDetails": []}


def sign_in(r: random.Random, ticks: int, event_id: str) -> dict:
    return {"id": event_id, "createdDateTime": stamp(ticks), "userPrincipalName": "user@example.org",
            "userId": "u1", "ipAddress": "198.51.100.7", "status": {"errorCode": r.choice((0, 50126))}}


class AzureScenario:
    def __init__(self, spec: AzureSpec) -> None:
        self.spec = spec
        r = random.Random(spec.seed)
        made = [self._event(r, *when) for when in (spec.script or self._random(r))]
        self.events = sorted(made)
        self._streams: dict[str, list[AzureEvent]] = {}
        for event in self.events:
            self._streams.setdefault(event.stream, []).append(event)

    def _random(self, r: random.Random) -> list[tuple[str, float, float]]:
        times = []
        for stream in self.spec.subscriptions + self.spec.streams:
            for _ in range(self.spec.events):
                second = r.randrange(self.spec.seconds * 1000) / 1000
                late = (r.uniform(1500, 6600) if r.random() < self.spec.stragglers
                        else r.triangular(DELAYS_S[0], DELAYS_S[2], DELAYS_S[1]))
                times.append((stream, second, second + late))
        return times

    def _event(self, r: random.Random, stream: str, second: float, visible: float) -> AzureEvent:
        ticks = int((self.spec.start + second) * 1000) * 10_000 + r.randrange(10_000)
        event_id = str(uuid.UUID(int=r.getrandbits(128), version=4))
        if stream == DIRECTORY:
            event_id = f"Directory_{event_id[:5]}_{r.getrandbits(32)}_{r.getrandbits(32)}"
            record = audit(r, ticks, event_id)
        elif stream == SIGNINS:
            record = sign_in(r, ticks, event_id)
        else:
            record = activity(r, ticks, event_id, stream)
        return AzureEvent(ticks, event_id, stream, self.spec.start + visible,
                          json.dumps(record, separators=(",", ":")))

    def visible(self, stream: str, first: int, last: int, now: float) -> list[AzureEvent]:
        """What a query in ticks, both included, shows now: oldest first."""
        events = self._streams.get(stream, [])
        begin = bisect.bisect_left(events, first, key=lambda event: event.ticks)
        end = bisect.bisect_right(events, last, key=lambda event: event.ticks)
        return [event for event in events[begin:end] if event.visible_at <= now]
