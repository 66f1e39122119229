"""What goes wrong, on demand or at random; and at which point the client is killed."""

import random
import signal
import threading
from collections import Counter
from dataclasses import dataclass, field

KINDS = (
    "throttle", "expired_token", "denied", "error_500", "error_503",
    "reset_before",   # connection reset, the request unread
    "reset_after",    # connection reset, the request read
    "truncate",       # half of the announced body, then the connection ends
    "not_json",       # 200 and a page of HTML
    "oversized",      # 200 and more than 16 MiB
    "slow",           # the answer comes in pieces
    "overlap",        # the next page begins with events of this one
    "forget_tokens",  # every NextToken becomes invalid
)
POINTS = (
    "before_read",   # the request was not read
    "after_read",    # it was, and is not answered
    "mid_answer",    # half of the answer was sent
    "after_answer",  # all of it was
)


@dataclass
class Fault:
    kind: str
    page: int | None = None  # only while serving this page of a walk
    skip: int = 0            # so many matching requests go well before
    times: int = 1
    count: int = 3           # overlap: events; slow: pieces

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault {self.kind}; one of {', '.join(KINDS)}")


class Faults:
    """Armed faults in order, then random ones by their shares of the requests."""

    def __init__(self, seed: int = 1) -> None:
        self._lock = threading.Lock()
        self._armed: list[Fault] = []
        self._shares: dict[str, float] = {}
        self._random = random.Random(seed)
        self.fired: Counter[str] = Counter()

    def arm(self, faults: list[dict]) -> None:
        made = [Fault(**fault) for fault in faults]
        with self._lock:
            self._armed = made

    def arm_random(self, shares: dict[str, float]) -> None:
        for kind in shares:
            Fault(kind)
        with self._lock:
            self._shares = dict(shares)

    def take(self, page: int) -> Fault | None:
        """The fault for a request that asks for this page, if any."""
        with self._lock:
            fault = self._take_armed(page) or self._take_random()
            if fault is not None:
                self.fired[fault.kind] += 1
            return fault

    def _take_armed(self, page: int) -> Fault | None:
        for fault in self._armed:
            if fault.times == 0 or fault.page not in (None, page):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.times -= 1
            return fault
        return None

    def _take_random(self) -> Fault | None:
        score = self._random.random()
        for kind, share in self._shares.items():
            score -= share
            if score < 0:
                return Fault(kind)
        return None


@dataclass
class Kill:
    """A signal for one process, held by its pidfd so that no other can be hit."""

    pidfd: int
    point: str
    page: int | None = None
    skip: int = 0
    signal: int = signal.SIGKILL


@dataclass
class Killer:
    _kill: Kill | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    fired: Counter = field(default_factory=Counter)

    def arm(self, kill: Kill | None) -> None:
        if kill is not None and kill.point not in POINTS:
            raise ValueError(f"no point {kill.point}; one of {', '.join(POINTS)}")
        with self._lock:
            self._kill = kill

    def at(self, point: str, page: int | None = None) -> bool:
        """Kills if armed for here; True when it did. page None: not known yet."""
        with self._lock:
            kill = self._kill
            if kill is None or kill.point != point or kill.page not in (None, page):
                return False
            if kill.skip > 0:
                kill.skip -= 1
                return False
            self._kill = None
            try:
                signal.pidfd_send_signal(kill.pidfd, kill.signal)
            except ProcessLookupError:
                return False
            self.fired[point] += 1
            return True
