"""What a page's budget says to people, from what it last kept of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from modbot.budget.allowance import Allowance
from modbot.budget.gauge import Block, Gauge
from modbot.budget.rate_budget import EVERY_LANE, WRITES

CALLS = "calls"  # of a kind of call: `lane` names it; empty: of every kind


@dataclass(frozen=True, kw_only=True)
class BudgetLine:
    """One limit. Money in cents."""

    what: str  # "cents", "cents of the sweep", "units" or CALLS
    monthly: bool = False
    lane: str = ""
    spent: float | None = None  # None: the vendor tells only a share
    limit: float | None = None
    kept_for_hides: float = 0
    share: float = 0.0  # spent, 0 to 1
    resets_at: datetime | None = None  # None: a window that slides


@dataclass(frozen=True, kw_only=True)
class BudgetWait:
    """No call before a time: of every kind, hides alone, or one kind of reading."""

    until: datetime
    why: str
    lane: str  # EVERY_LANE, WRITES or another


@dataclass(frozen=True, kw_only=True)
class BudgetReport:
    """All limits of a page's credential that are known."""

    lines: tuple[BudgetLine, ...] = ()
    waits: tuple[BudgetWait, ...] = ()
    pages: int = 1  # that share it

    @property
    def tightest(self) -> BudgetLine | None:
        """Of what reading draws on, that of which most is spent. None: nothing is known."""
        for_reads = [x for x in self.lines if x.lane != WRITES and "sweep" not in x.what]
        return max(for_reads, key=lambda line: line.share, default=None)


def report(standing: Mapping[str, Any], scope: str, now: datetime) -> BudgetReport:
    """`standing`: RateBudget.standing() of some time before `now`. What began anew since is 0."""
    lines = [_allowance(plain, now) for plain in standing.get("allowances", ())]
    lines += _gauges(standing, scope, now)
    waits = [
        BudgetWait(until=block.until, why=block.why, lane=plain["lane"])
        for plain in standing.get("blocks", ())
        if plain["scope"] in ("", scope) and (block := Block.read(plain)).holds(now)
    ]
    return BudgetReport(lines=tuple(lines), waits=tuple(sorted(waits, key=lambda w: w.until)))


def _allowance(plain: Mapping[str, Any], now: datetime) -> BudgetLine:
    given = {name: plain[name] for name in plain if name not in ("spent", "period")}
    allowed = Allowance(**given)
    spent = plain["spent"] if plain["period"] == allowed.period(now) else 0
    return BudgetLine(
        what=allowed.what,
        monthly=allowed.monthly,
        spent=spent / allowed.scale,
        limit=allowed.limit / allowed.scale,
        kept_for_hides=allowed.kept(now) / allowed.scale,
        share=min(1.0, spent / max(1, allowed.limit)),
        resets_at=allowed.ends_at(now),
    )


def _gauges(standing: Mapping[str, Any], scope: str, now: datetime) -> list[BudgetLine]:
    """The vendor's own, the fullest of each kind of call."""
    fullest: dict[str, BudgetLine] = {}
    for plain in standing.get("gauges", ()):
        gauge = Gauge.read(plain)
        if plain["scope"] not in ("", scope) or not gauge.holds(now):
            continue
        line = BudgetLine(
            what=CALLS, lane=plain["lane"], share=gauge.used, resets_at=gauge.resets_at
        )
        if gauge.limit is not None and gauge.left is not None:
            line = replace(line, spent=gauge.limit - gauge.left, limit=gauge.limit)
        known = fullest.get(line.lane)
        if known is None or known.share < line.share:
            fullest[line.lane] = line
    return list(fullest.values())


__all__ = ["CALLS", "EVERY_LANE", "WRITES", "BudgetLine", "BudgetReport", "BudgetWait", "report"]
