"""Clocks: the wall's, and one that runs faster for the demo."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

# Of what is noted without the time when it was noted. YouTube's units come back at midnight; days
# may have 25 hours.
LONGEST_WAIT = timedelta(hours=26)


def is_to_come(until: datetime | None, now: datetime, *, noted_at: datetime | None = None) -> bool:
    """Whether something has to wait until then. What was noted so far ahead of now was noted while
    the clock was wrong, and is over: else it would wait for years. Without `noted_at` the end
    itself may not lie further ahead than that."""
    if until is None or until <= now:
        return False
    return (noted_at or until) <= now + LONGEST_WAIT


class SystemClock:
    """The machine's clock."""

    speed = 1.0

    def now(self) -> datetime:
        return datetime.now(UTC)


class FastClock:
    """Starts at `start` and runs `speed` service seconds in each real second."""

    def __init__(self, start: datetime, speed: float):
        self.speed = speed
        self._pace = (start, time.monotonic(), speed)  # replaced as one, so that none reads half

    def now(self) -> datetime:
        start, began, speed = self._pace
        return start + timedelta(seconds=(time.monotonic() - began) * speed)

    def slow_down(self) -> None:
        """From now on as fast as life."""
        self._pace = (self.now(), time.monotonic(), 1.0)
        self.speed = 1.0


class SteppedClock:
    """Stands still until it is moved; never moves back."""

    speed = 1.0

    def __init__(self, start: datetime):
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def move_to(self, at: datetime) -> None:
        with self._lock:
            self._now = max(self._now, at)
