"""Many accounts and regions: a scenario for those that have one, quiet for all others.

The account is that of the credential which signed, the region that of the signature.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from clock import CloudClock, RateLimit
from lookup import Lookup
from scenario import Scenario, ScenarioSpec


@dataclass
class Layout:
    """What there is besides the scenarios, as JSON of --world or of the control door."""

    # Organizations: {"Id", "Name"?, "State"?}; without State it is ACTIVE.
    organization: list[dict[str, str]] = field(default_factory=list)
    management: str = ""            # the account that may list it; "": any
    # Regions that an account has enabled; "*" is any account. Scenarios add theirs.
    regions: dict[str, list[str]] = field(default_factory=dict)
    disabled: list[str] = field(default_factory=list)  # regions known, not opted in
    denied: list[str] = field(default_factory=list)    # accounts that refuse every role
    no_lookup: list[str] = field(default_factory=list)   # accounts that deny LookupEvents
    no_regions: list[str] = field(default_factory=list)  # accounts that deny DescribeRegions
    organization_fails: bool = False
    page: int = 20                  # the most accounts in an answer


class Place:
    """One account and region: its events and its budget."""

    def __init__(self, scenario: Scenario, clock: CloudClock, limit: RateLimit,
                 token_life_s: float) -> None:
        self.scenario = scenario
        self.limit = limit
        self.lookup = Lookup(scenario, clock, token_life_s)


class World:
    def __init__(self, scenarios: Iterable[Scenario], clock: CloudClock, per_second: float,
                 burst: float, token_life_s: float = 3600.0) -> None:
        self.layout = Layout()
        self._clock = clock
        self._limit = (per_second, burst)
        self._token_life_s = token_life_s
        self._lock = threading.Lock()
        self._places = {(s.spec.account, s.spec.region): self._make(s) for s in scenarios}
        self._scripted = tuple(self._places)
        self.account, self.region = self._scripted[0]

    def _make(self, scenario: Scenario) -> Place:
        limit = RateLimit(self._clock, *self._limit)
        return Place(scenario, self._clock, limit, self._token_life_s)

    def place(self, account: str, region: str) -> Place:
        """One that no scenario is for is quiet."""
        with self._lock:
            place = self._places.get((account, region))
            if place is None:
                quiet = Scenario(ScenarioSpec(events=0, account=account, region=region))
                place = self._places[account, region] = self._make(quiet)
            return place

    def places(self) -> list[Place]:
        with self._lock:
            return list(self._places.values())

    def regions(self, account: str) -> list[str]:
        """Those enabled in account, in order."""
        regions = self.layout.regions
        listed = regions.get(account, regions.get("*", []))
        scripted = [region for owner, region in self._scripted if owner == account]
        return sorted({*listed, *scripted})
