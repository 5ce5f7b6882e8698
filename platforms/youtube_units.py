"""YouTube's daily quota units: what calls cost, and how many are left for what.

Costs and the default of 10,000 units a day: developers.google.com/youtube/v3/determine_quota_cost.
The count belongs to a Google Cloud project, not to a channel, and starts anew at midnight Pacific
time. Calls that fail are charged too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from modbot.errors import RateLimited

UNITS_A_DAY = 10_000
READ_COST, WRITE_COST = 1, 50
# Polls end while as much is left as twenty calls that hide up to 50 comments each.
KEPT_FOR_HIDES = 20 * WRITE_COST
PACIFIC = ZoneInfo("America/Los_Angeles")


class UnitBudget:
    """The units of one project on the running day; safe to share between pages and threads."""

    def __init__(self, now: Callable[[], datetime], units_a_day: int = UNITS_A_DAY):
        self.units_a_day = units_a_day
        self._now = now
        self._day = date.min
        self._spent = 0
        self._lock = threading.Lock()

    @property
    def spent(self) -> int:
        """Units since midnight Pacific."""
        with self._lock:
            return self._today()

    @property
    def day(self) -> str:
        """The quota's day, as ISO text."""
        return self._now().astimezone(PACIFIC).date().isoformat()

    def spend(self, cost: int) -> None:
        """Charges a call before it is made. Raises RateLimited when units are spent."""
        with self._lock:
            if self._today() + cost > self.units_a_day:
                raise self._refusal(reads_only=False)
            self._spent += cost

    def leave_for_hides(self) -> None:
        """Before a poll: raises RateLimited when what is left is for hides and their look-ups."""
        with self._lock:
            spent = self._today()
            kept = min(KEPT_FOR_HIDES, self.units_a_day // 2)
            if spent >= self.units_a_day - kept:
                raise self._refusal(reads_only=spent + WRITE_COST < self.units_a_day)

    def learn(self, day: str, spent: int) -> None:
        """Takes over what was spent before a restart; a count of another day is void."""
        with self._lock:
            if day == self.day:
                self._spent = max(self._today(), min(spent, self.units_a_day))

    def exhaust(self, code: str) -> RateLimited:
        """YouTube says that nothing is left. Gives the error to raise."""
        with self._lock:
            self._today()
            self._spent = self.units_a_day
            return self._refusal(reads_only=False, code=code)

    def _refusal(self, *, reads_only: bool, code: str = "") -> RateLimited:
        what = "spent but for those kept for hides" if reads_only else "spent, hides wait too"
        return RateLimited(
            f"today's {self.units_a_day} YouTube units are {what}; they come back at midnight"
            " Pacific. Ask Google for more, or poll less often (polling.min_seconds)",
            retry_after_seconds=self._seconds_left(),
            every_call=not reads_only,
            reads_only=reads_only,
            code=code,
        )

    def _today(self) -> int:
        today = self._now().astimezone(PACIFIC).date()
        if today != self._day:
            self._day, self._spent = today, 0
        return self._spent

    def _seconds_left(self) -> float:
        tomorrow = self._now().astimezone(PACIFIC).date() + timedelta(days=1)
        midnight = datetime.combine(tomorrow, time(0), PACIFIC)
        return max(1.0, midnight.timestamp() - self._now().timestamp())


_budgets: dict[tuple[str, str], UnitBudget] = {}
_budgets_lock = threading.Lock()


def shared_budget(
    client_id: str, where: str, now: Callable[[], datetime], units_a_day: int
) -> UnitBudget:
    """The budget of the project that a client id names ("PROJECT-...apps.googleusercontent.com"),
    the same for all its pages; `where` tells stand-ins apart."""
    key = (client_id.partition("-")[0], where)
    with _budgets_lock:
        budget = _budgets.setdefault(key, UnitBudget(now, units_a_day))
        budget.units_a_day = units_a_day
        return budget
