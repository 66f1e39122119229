"""The scripted world: which events happen when, and when the cloud begins to show them."""

import bisect
import json
import math
import random
import statistics
from dataclasses import asdict, dataclass, field

from records import OPERATIONS, Members, Operation, make_record

# Delivery delay of 2,900 real events: the quantile (as a normal score) and the seconds.
DELAYS = ((0.0, 204.0), (1.645, 426.0), (2.326, 504.0), (3.4, 594.0))
DELAY_MIN = 20.0
STRAGGLER_DELAYS = (600.0, 3300.0)


@dataclass(frozen=True)
class ScenarioSpec:
    """All that a scenario is made from; equal specs make equal events."""

    seed: int = 1
    start: int = 1_790_000_000       # epoch second of the first event
    seconds: int = 3600              # events happen in [start, start + seconds)
    events: int = 1000
    crowded: float = 0.3             # share that shares the second of the event before
    stragglers: float = 0.002        # share that shows only after 10 to 55 minutes
    awkward: int = 0                 # events with \\u0000, lone surrogates and the like
    account: str = "111122223333"
    region: str = "us-east-1"
    # Instead of random ones: {"second", "visible", "name"?} relative to start; "arn" and
    # "agent" say who called.
    script: list[dict[str, object]] = field(default_factory=list)

    def to_json(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True, order=True)
class Event:
    """Ordered as LookupEvents orders, oldest first; order is arbitrary within a second."""

    second: int
    order: int
    event_id: str
    visible_at: float
    text: str = field(compare=False)                   # CloudTrailEvent
    outer: Members = field(compare=False, hash=False)  # the rest of the lookup's item


def delay(r: random.Random) -> float:
    """Seconds from an event to its showing: lognormal between the measured quantiles."""
    score = r.gauss(0, 1)
    for (z0, d0), (z1, d1) in zip(DELAYS, DELAYS[1:]):
        if score < z1 or z1 == DELAYS[-1][0]:
            slope = (math.log(d1) - math.log(d0)) / (z1 - z0)
            shown = math.exp(math.log(d0) + slope * (score - z0))
            return min(max(shown, DELAY_MIN), DELAYS[-1][1])
    raise AssertionError("the last quantile takes every score")


AWKWARD = (  # legal JSON that a careless reader drops
    '"\\u0000 in a name"', '"\\ud800 alone"', '1e400', '18446744073709551615',
    '"\\\\u0000 not an escape"', '"tab\\tand \\u2028"', '{"a":1,"a":2}',
)


def awkward_text(text: str, number: int) -> str:
    """The record with a member that strict but limited JSON readers refuse."""
    value = AWKWARD[number % len(AWKWARD)]
    return text[:-1] + f',"additionalEventData":{{"awkward":{value}}}}}'


def outer_of(record: Members, op: Operation) -> Members:
    identity = record["userIdentity"]
    assert isinstance(identity, dict)
    resources = []
    request = record["requestParameters"]
    if op.resource is not None and isinstance(request, dict):
        resources.append({"ResourceType": op.resource[0],
                          "ResourceName": request[op.resource[1]]})
    item: Members = {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "ReadOnly": "true" if record["readOnly"] else "false",
        "EventSource": record["eventSource"],
        "Resources": resources,
    }
    if "accessKeyId" in identity:
        item["AccessKeyId"] = identity["accessKeyId"]
    name = identity.get("userName") or str(identity.get("principalId", "")).split(":")[-1]
    if name:
        item["Username"] = name
    return item


class Scenario:
    """Every event of a spec, and what of it can be seen at a moment."""

    def __init__(self, spec: ScenarioSpec) -> None:
        self.spec = spec
        r = random.Random(spec.seed)
        times = self._scripted() if spec.script else self._random(r)
        events = []
        for number, (second, visible_at, what) in enumerate(times):
            op = next((o for o in OPERATIONS if o.name == what.get("name")), None)
            record, op = make_record(r, second, spec.account, spec.region, op)
            if "arn" in what:
                record["userIdentity"] = {"type": "AssumedRole", "arn": what["arn"],
                                          "accountId": spec.account}
            record["userAgent"] = what.get("agent", record["userAgent"])
            text = json.dumps(record, separators=(",", ":"))
            if number < spec.awkward:
                text = awkward_text(text, number)
            events.append(Event(second, r.getrandbits(40), str(record["eventID"]),
                                visible_at, text, outer_of(record, op)))
        self.events = sorted(events)
        self._seconds = [event.second for event in self.events]

    def _scripted(self) -> list[tuple[int, float, Members]]:
        start = self.spec.start
        return [(start + int(str(e["second"])), start + float(str(e["visible"])), e)
                for e in self.spec.script]

    def _random(self, r: random.Random) -> list[tuple[int, float, Members]]:
        spec = self.spec
        times = []
        second = spec.start
        for number in range(spec.events):
            if number == 0 or r.random() >= spec.crowded:
                second = spec.start + r.randrange(spec.seconds)
            late = r.uniform(*STRAGGLER_DELAYS) if r.random() < spec.stragglers else delay(r)
            times.append((second, second + late, {}))
        return times

    def visible(self, first: float, last: float, now: float) -> list[Event]:
        """What a query from first to last, both included, shows now: newest first."""
        low = bisect.bisect_left(self._seconds, first)
        high = bisect.bisect_right(self._seconds, last)
        return [e for e in reversed(self.events[low:high]) if e.visible_at <= now]

    def all_visible_at(self) -> float:
        return max(event.visible_at for event in self.events)

    def delays(self) -> list[float]:
        return [event.visible_at - event.second for event in self.events]

    def quantiles(self) -> tuple[float, float, float]:
        """p50, p95 and p99 of the delay, in minutes."""
        cuts = statistics.quantiles(self.delays(), n=100)
        return cuts[49] / 60, cuts[94] / 60, cuts[98] / 60
