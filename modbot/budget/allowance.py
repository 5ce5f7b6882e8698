"""So much of something in a day or a month: YouTube's units, X's money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from modbot.budget.ledger import Ledger

MOST_STEPS_AHEAD = 2  # what is kept of more that was taken: usual calls find enough without a write


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What may be spent in each period. Amounts are whole numbers of the smallest unit."""

    name: str  # "units a day"; names the counter that outlives the process
    what: str  # "units", "cents": what calls are charged in
    limit: int
    reserve: int = 0  # of it, for hides and the look-ups before them
    reserve_at_end: int | None = None  # what it falls to until the end; None: it stays
    step: int = 1  # is taken from the ledger at a time, so that few calls have to write
    zone: str = "UTC"  # at whose midnight it begins anew
    monthly: bool = False
    scale: int = 1  # smallest units in one that people are shown
    money: bool = False  # spent: a person is told, not only made to wait
    poll_cost: int = 0  # of a usual poll; 0: what is left does not depend on how often it is polled
    advice: str = ""  # what a person can do when it is spent

    def period(self, now: datetime) -> str:
        """ISO text of the running day or month."""
        day = now.astimezone(ZoneInfo(self.zone)).date().isoformat()
        return day[:7] if self.monthly else day

    def kept(self, now: datetime) -> int:
        """Of the reserve, what reads have to leave. Who reads nothing finds nothing to hide, so
        what is kept until the end serves nobody but people who hide."""
        if self.reserve_at_end is None:
            return self.reserve
        rest = min(1.0, (self.ends_at(now) - now) / (timedelta(days=31 if self.monthly else 1)))
        return self.reserve_at_end + round((self.reserve - self.reserve_at_end) * rest)

    def ends_at(self, now: datetime) -> datetime:
        """When the next period begins."""
        zone = ZoneInfo(self.zone)
        day = now.astimezone(zone).date()
        if self.monthly:
            following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        else:
            following = day + timedelta(days=1)
        return datetime.combine(following, time(0), zone).astimezone(now.tzinfo)


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What a call was charged, so that what it did not cost can be given back."""

    charged: Mapping[tuple[str, str], int] = field(default_factory=dict)  # by allowance and period


class Counter:
    """One allowance's running count. Not safe by itself: the budget holds its lock.

    It takes from the ledger ahead, in steps, before a call is made: whatever kills the process,
    what was spent is not forgotten. What it had taken and not used is lost then: two steps at
    most, and what the calls under way may cost.
    """

    def __init__(self, key: str, allowance: Allowance, ledger: Ledger):
        self.allowance = allowance
        self._key = key
        self._ledger = ledger
        self._period = ""
        self._total = 0  # in the ledger, what other processes took included
        self._unused = 0  # of it, taken by this process and not spent yet

    def spent(self, now: datetime) -> int:
        """In the running period, by all processes as far as this one has seen."""
        self._turn(now)
        return self._total - self._unused

    def left(self, now: datetime) -> int:
        """Until the limit; never less than 0."""
        return max(0, self.allowance.limit - self.spent(now))

    def charge(self, amount: int, now: datetime) -> tuple[str, str]:
        """Spends, whatever the limit; what to name when some of it is given back."""
        self._turn(now)
        if self._unused < amount:
            wanted = amount - self._unused + self.allowance.step
            self._total = self._ledger.take(self._key, self._counter, wanted)
            self._unused += wanted
        self._unused -= amount
        return self.allowance.name, self._period

    def give_back(self, amount: int, period: str, now: datetime) -> None:
        """Of a charge; one of a period that is over stays with it."""
        self._turn(now)
        if period != self._period:
            return
        self._unused += amount
        step = self.allowance.step
        if self._unused > MOST_STEPS_AHEAD * step:
            surplus = self._unused - step
            self._total = self._ledger.take(self._key, self._counter, -surplus)
            self._unused = step

    def close(self, now: datetime) -> None:
        """Gives what was taken ahead back to the ledger."""
        self._turn(now)
        if self._unused:
            self._total = self._ledger.take(self._key, self._counter, -self._unused)
            self._unused = 0

    @property
    def _counter(self) -> str:
        return f"{self.allowance.name} {self._period}"

    def _turn(self, now: datetime) -> None:
        period = self.allowance.period(now)
        if period != self._period:
            self._period, self._unused = period, 0
            self._total = self._ledger.take(self._key, self._counter, 0)
