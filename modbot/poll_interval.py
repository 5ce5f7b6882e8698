"""How long until a page is polled again: by the age of what is on it and by what is left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from modbot.budget import PageBudget
from modbot.clocks import LONGEST_WAIT, is_to_come
from modbot.settings.sections import PollingSection
from modbot.store.budgets import Quiet, states_sharing
from modbot.tables import PageStateRow

# One comment draws the next: on a school day 95 % of them come within 26 minutes of whatever stood
# on the page before (platforms/sandbox/feed.jsonl).
FRESH_FOR = timedelta(hours=1)
OLD_AFTER = timedelta(hours=24)  # without a new post or comment a page is as quiet as it gets
LOOK_ANEW = timedelta(seconds=5)


def interval_by_age(polling: PollingSection, state: Quiet, now: datetime) -> float:
    """Seconds: often under fresh posts and comments, seldom under old ones, and where nothing was
    ever seen."""
    newest = (state.newest_post_at, state.newest_comment_at)
    times = [moment for moment in newest if moment is not None]
    quiet = now - max(times) if times else OLD_AFTER
    share = min(1.0, max(0.0, (quiet - FRESH_FOR) / (OLD_AFTER - FRESH_FOR)))
    of_youtube = state.page_id.startswith("youtube:")
    slowest = polling.longest_seconds if of_youtube else polling.quiet_seconds
    return polling.min_seconds + (slowest - polling.min_seconds) * share


class Sharing:
    """How often the pages of each budget would be polled if it did not limit them.

    A page is asked for after each of its polls and nearly all others are as they were then, so who
    shares and how quiet they are is looked up anew once in LOOK_ANEW.
    """

    def __init__(self) -> None:
        self._found: dict[str, tuple[datetime, list[float]]] = {}

    def intervals(
        self, session: Session, polling: PollingSection, budget_key: str, now: datetime
    ) -> list[float]:
        """Seconds, one for each page that is not paused; empty without a budget."""
        if not budget_key:
            return []
        looked, intervals = self._found.get(budget_key, (None, []))
        if looked is None or not looked <= now < looked + LOOK_ANEW:
            pages = states_sharing(session, budget_key)
            intervals = [interval_by_age(polling, one, now) for one in pages]
            self._found[budget_key] = now, intervals
        return intervals


def next_poll_seconds(
    polling: PollingSection,
    state: PageStateRow,
    intervals: Sequence[float],
    budget: PageBudget | None,
    now: datetime,
) -> float:
    """Service seconds until the page is due, without jitter.

    `intervals`: of every page that shares its budget, itself included (Sharing). All of them are
    slowed alike, so that what is left lasts until it begins anew, and a fresh page still comes
    first.
    """
    until = budget.waits_until() if budget else None
    if state.not_before is not None and is_to_come(state.not_before, now):
        until = max(state.not_before, until or now)
    if until is not None:
        wait = min(until - now, LONGEST_WAIT)
        return max(polling.min_seconds, wait.total_seconds())
    seconds = interval_by_age(polling, state, now)
    if budget is None:
        return seconds * (1 + 10 * max(0.0, (state.usage or 0.0) - 0.5))
    return budget.slowed(seconds, intervals or [seconds])
