"""A credential's budget as one of its pages uses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from modbot.budget.allowance import Receipt
from modbot.budget.gauge import Gauge
from modbot.budget.rate_budget import EVERY_LANE, READS, RateBudget


@dataclass(frozen=True, kw_only=True)
class PageBudget:
    """RateBudget with the page's scope filled in. What an adapter has as `budget`."""

    of: RateBudget
    scope: str = ""
    poll_lane: str = READS  # the kind of call that a quiet poll makes

    def before_poll(self, *, needs: Mapping[str, int] | None = None) -> None:
        """RateBudget.before_poll()."""
        self.of.before_poll(self.scope, needs=needs)

    def admit(self, lane: str = READS, costs: Mapping[str, int] | None = None) -> Receipt:
        """RateBudget.admit()."""
        return self.of.admit(lane, self.scope, costs)

    def learn(self, gauge: Gauge, lane: str = EVERY_LANE) -> None:
        """RateBudget.learn(), for this page's part alone."""
        self.of.learn(gauge, lane, self.scope)

    def block(self, until: datetime, why: str, *, lane: str = EVERY_LANE) -> None:
        """RateBudget.block(), for this page's part alone."""
        self.of.block(until, why, lane=lane, scope=self.scope)

    @contextmanager
    def noting(self, lane: str = READS) -> Iterator[None]:
        """RateBudget.noting()."""
        with self.of.noting(lane, self.scope):
            yield

    def waits_until(self) -> datetime | None:
        """RateBudget.waits_until(), for polls."""
        return self.of.waits_until(self.poll_lane, self.scope)

    def slowed(self, seconds: float, intervals: Sequence[float]) -> float:
        """RateBudget.slowed()."""
        return self.of.slowed(seconds, intervals, self.scope, self.poll_lane)
