"""Where a budget's counts and waits outlive the process."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Protocol

Standing = Mapping[str, Any]  # plain JSON: what `RateBudget.standing()` gives


class Ledger(Protocol):
    """Counts that several processes may take from at once, and each budget's last standing."""

    def take(self, key: str, counter: str, amount: int) -> int:
        """Adds to a counter (less than nothing gives back); the total then. Durable on return."""
        ...

    def standing(self, key: str) -> Standing:
        """What keep() kept last; empty for a credential that was never used."""
        ...

    def keep(self, key: str, standing: Standing) -> None:
        """Durable on return."""
        ...


class MemoryLedger:
    """Forgets with the process: for tests, and for calls outside the service."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self._standings: dict[str, Standing] = {}
        self._lock = threading.Lock()

    def take(self, key: str, counter: str, amount: int) -> int:
        with self._lock:
            total = self._counts.get((key, counter), 0) + amount
            self._counts[key, counter] = total
            return total

    def standing(self, key: str) -> Standing:
        return self._standings.get(key, {})

    def keep(self, key: str, standing: Standing) -> None:
        self._standings[key] = standing
