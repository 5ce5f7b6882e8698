"""Things that a vendor charges once a day, however often it shows them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime


class ChargedToday:
    """Which ids were charged on the running UTC day. A restart forgets, and then charges again:
    what is counted is never less than the bill."""

    def __init__(self, now: Callable[[], datetime]):
        self._now = now
        self._day = date.min
        self._ids: set[str] = set()
        self._lock = threading.Lock()

    def new(self, ids: Iterable[str]) -> int:
        """How many would be charged."""
        with self._lock:
            return len(set(ids) - self._today())

    def charge(self, ids: Iterable[str]) -> int:
        """How many are charged; from now on none of them is."""
        with self._lock:
            fresh = set(ids) - self._today()
            self._ids |= fresh
            return len(fresh)

    def _today(self) -> set[str]:
        day = self._now().astimezone(UTC).date()
        if day != self._day:
            self._day, self._ids = day, set()
        return self._ids
