"""The budgets of a process, one for each credential."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256

from modbot.budget.allowance import Allowance
from modbot.budget.ledger import Ledger, MemoryLedger
from modbot.budget.rate_budget import RateBudget


class Budgets:
    """Gives every page that shares a credential the same budget."""

    def __init__(self, now: Callable[[], datetime], ledger: Ledger | None = None):
        self._now = now
        self._ledger = ledger or MemoryLedger()
        self._known: dict[str, RateBudget] = {}
        self._lock = threading.Lock()

    def of(
        self, platform: str, credential: str, where: str, allowances: Sequence[Allowance] = ()
    ) -> RateBudget:
        """The budget of whatever the vendor counts by; `where` tells stand-ins apart. The key under
        which it is kept shows nothing of a token."""
        key = f"{platform}:{fingerprint(f'{where} {credential}')}"
        with self._lock:
            if (known := self._known.get(key)) is None:
                known = self._known[key] = RateBudget(
                    key, platform=platform, now=self._now, ledger=self._ledger
                )
        known.allow(allowances)
        return known

    def all(self) -> list[RateBudget]:
        """Those in use."""
        with self._lock:
            return list(self._known.values())

    def close(self) -> None:
        """Gives back what was taken ahead."""
        for budget in self.all():
            budget.close()


def fingerprint(secret: str) -> str:
    """16 hex digits that name a secret and do not tell it."""
    return sha256(f"modbot budget {secret}".encode()).hexdigest()[:16]
