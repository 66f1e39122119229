"""The cloud's time. It moves when told to, so that a scripted day runs in seconds."""

import threading
import time
from email.utils import formatdate


class CloudClock:
    """Cloud time: a start, plus what was advanced, plus `rate` times the real time gone by."""

    def __init__(self, start: float, rate: float = 0.0) -> None:
        self._lock = threading.Lock()
        self._base = float(start)
        self._rate = rate
        self._real = time.monotonic()

    def now(self) -> float:
        with self._lock:
            return self._base + (time.monotonic() - self._real) * self._rate

    def advance(self, seconds: float) -> float:
        """Moves the clock, also backwards, and returns the new time."""
        with self._lock:
            self._base += seconds
            return self._base + (time.monotonic() - self._real) * self._rate

    def set(self, now: float) -> float:
        with self._lock:
            self._base = float(now)
            self._real = time.monotonic()
            return self._base

    def http_date(self) -> str:
        return formatdate(self.now(), usegmt=True)


class RateLimit:
    """A token bucket that counts cloud time: CloudTrail's two requests a second."""

    def __init__(self, clock: CloudClock, per_second: float, burst: float) -> None:
        self._clock = clock
        self._per_second = per_second
        self._burst = burst
        self._tokens = burst
        self._filled = clock.now()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """True when the request is within the budget; per_second 0 is no limit."""
        if self._per_second == 0:
            return True
        with self._lock:
            now = self._clock.now()
            gained = max(0.0, now - self._filled) * self._per_second
            self._tokens = min(self._burst, self._tokens + gained)
            self._filled = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True
