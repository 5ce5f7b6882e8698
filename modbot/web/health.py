"""How each page is: what is wrong with it, worst first, and what the drawings need."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from modbot import registry, store
from modbot.budget import BudgetReport
from modbot.clocks import is_to_come
from modbot.domain import Page
from modbot.registry import PageFacts
from modbot.settings.sections import PollingSection

STATES = (
    "login",
    "blocked",
    "failing",
    "late",
    "ending",
    "budget",
    "unread",
    "paused",
    "fine",
)  # worst first
TONES = {
    "login": "escalate",
    "blocked": "escalate",
    "failing": "review",
    "late": "review",
    "ending": "review",
    "budget": "review",
    "unread": "hide",
    "paused": "none",
    "fine": "allow",
}
LATE_INTERVALS = 3  # of the slowest polling
MUCH_SPENT = 0.8  # of a rate budget
_AXIS_SECONDS = (30.0, 7 * 24 * 3600.0)  # what the drawing of a page's lag spans, as a logarithm
DRAWN_WIDTH = 1000


@dataclass(frozen=True, kw_only=True)
class PageHealth:
    """One page and how it is."""

    page: Page
    facts: PageFacts
    state: str  # one of STATES
    waiting: int  # comments that wait for a person
    last_success_at: datetime | None
    lag_seconds: float | None  # None: never read
    late_after_seconds: float
    not_before: datetime | None  # the platform is not called before this
    writes_not_before: datetime | None  # nor asked to hide
    failures: int  # in a row
    needs_login: bool
    token_ends: str  # an ISO day; empty: nobody wrote it down
    token_days: int | None  # that it has left
    last_error: str
    usage: float | None  # of the rate budget, 0 to 1
    budget: BudgetReport

    @property
    def tone(self) -> str:
        """The colour of its state."""
        return TONES[self.state]

    @property
    def error(self) -> str:
        """The name of the last error; empty: none."""
        name = self.last_error.partition(":")[0]
        return name if name.isalpha() else ""

    @property
    def lag_place(self) -> int | None:
        """Where the last reading lies on the drawing, 0 to DRAWN_WIDTH."""
        return None if self.lag_seconds is None else _place(self.lag_seconds)

    @property
    def late_place(self) -> int:
        """From where on the drawing a page is late."""
        return _place(self.late_after_seconds)

    @property
    def usage_place(self) -> int:
        """How far the rate budget is spent, 0 to DRAWN_WIDTH."""
        return round(min(1.0, max(0.0, self.usage or 0.0)) * DRAWN_WIDTH)


def page_health(s: Session, page: Page, polling: PollingSection, now: datetime) -> PageHealth:
    """How one page is."""
    known, state = registry.registered(s, page), store.page_state(s, page.id)
    lag = None
    if known.last_success_at is not None:
        lag = max(0.0, (now - known.last_success_at).total_seconds())
    late_after = LATE_INTERVALS * polling.longest_seconds
    budget = store.budget_report(s, page.id, now)
    usage = budget.tightest.share if budget.tightest else state.usage
    return PageHealth(
        page=page,
        facts=known.facts,
        state=_state(known, state.writes_not_before, usage, lag, late_after, now),
        waiting=store.waiting_count(s, page.id, page.mode.value),
        last_success_at=known.last_success_at,
        lag_seconds=lag,
        late_after_seconds=late_after,
        not_before=_to_come(known.not_before, now),
        writes_not_before=_to_come(state.writes_not_before, now),
        failures=known.failures,
        needs_login=known.needs_login,
        token_ends=known.token_ends,
        token_days=registry.days_left(known.token_ends, now),
        last_error=known.last_error,
        usage=usage,
        budget=budget,
    )


def worst_first(pages: Iterable[PageHealth]) -> list[PageHealth]:
    """By state, then by what waits, then by name."""
    return sorted(pages, key=lambda p: (STATES.index(p.state), -p.waiting, p.page.name.casefold()))


def _state(
    known: registry.RegisteredPage,
    writes_not_before: datetime | None,
    usage: float | None,
    lag: float | None,
    late_after: float,
    now: datetime,
) -> str:
    blocked = _to_come(writes_not_before, now) is not None
    found = {
        "paused": known.page.paused,
        "login": known.needs_login,
        "blocked": blocked or known.last_error.startswith(("QuotaSpent", "WritesBlocked")),
        "failing": known.failures > 0,
        "unread": lag is None,
        "late": lag is not None and lag > late_after,
        "ending": registry.ends_soon(known.token_ends, now),
        "budget": (usage or 0.0) > MUCH_SPENT,
    }
    return next((state for state, true in found.items() if true), "fine")


def _to_come(at: datetime | None, now: datetime) -> datetime | None:
    return at if is_to_come(at, now) else None


def _place(seconds: float) -> int:
    least, most = map(math.log, _AXIS_SECONDS)
    share = (math.log(max(seconds, _AXIS_SECONDS[0])) - least) / (most - least)
    return round(min(1.0, share) * DRAWN_WIDTH)
