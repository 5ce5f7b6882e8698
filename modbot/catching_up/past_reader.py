"""A page's turn at its past, after each of its polls: a running back-fill, or a sweep that is due.

Only while the page is read without trouble and much of its rate budget is left: polls and
hides come first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from modbot import store
from modbot.catching_up.backfill import Backfill, carry_on
from modbot.catching_up.nightly import sweep_is_due
from modbot.catching_up.sweep import Sweep, SweepResult
from modbot.domain import Page
from modbot.errors import PlatformError
from modbot.pipeline import PollContext
from modbot.ports import Clock
from modbot.settings import Settings
from modbot.store import Database, backfills
from modbot.tables import PageStateRow

_log = structlog.get_logger("modbot.past")

TURN_SECONDS = 10.0  # of reading the past after a poll
LONGEST_DAYS = 90  # that a sweep reaches back, after a long outage
USAGE_FOR_THE_PAST = 0.5  # share of the rate budget spent, from which the past waits


class PastReader:
    """What is under way of sweeps is kept in memory, back-fills stand in the database."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Callable[[], Settings],
        context: Callable[[Page, datetime], PollContext],
    ) -> None:
        """`context` gives what reading a page back to a time needs; it may raise PlatformError."""
        self._database, self._clock = database, clock
        self._settings, self._context = settings, context
        self._sweeps: dict[str, Sweep] = {}
        self._old_replies: dict[str, str | None] = {}  # by page, what the last sweep knew of them

    def turn(self, page: Page, state: PageStateRow | None = None) -> PageStateRow:
        """Reads on for TURN_SECONDS. Nobody else may read the page meanwhile. Gives the page's
        state of when it began, which is `state` where that was read just now."""
        with self._database.read() as s:
            state = state or store.page_state(s, page.id)
            fills = backfills.running_backfill(s, page.id) is not None
        if (state.usage or 0.0) < USAGE_FOR_THE_PAST and not (
            fills and self.backfill(page.id, TURN_SECONDS)
        ):
            self._sweep(page, state.swept_at)
        return state

    def backfill(self, page_id: str, seconds: float) -> Backfill | None:
        """See backfill.carry_on()."""
        return carry_on(self._database, self._clock, self._context, page_id, seconds=seconds)

    def _sweep(self, page: Page, swept_at: datetime | None) -> None:
        polling, now = self._settings().polling, self._clock.now()
        if not polling.sweep_days:
            return
        if swept_at is None:  # the past of a new page is for a back-fill
            self._swept(page, now)
            return
        if page.id not in self._sweeps:
            zone = ZoneInfo(self._settings().web.time_zone)
            at = time.fromisoformat(polling.sweep_at)
            if not sweep_is_due(page.id, swept_at, now, at=at, zone=zone):
                return
            since = min(now - timedelta(days=polling.sweep_days), swept_at)
            since = max(since, now - timedelta(days=LONGEST_DAYS))
            known = self._old_replies.get(page.id)
            self._sweeps[page.id] = Sweep(page=page, since=since, old_replies=known)
        self._go_on(page, self._sweeps[page.id], now)

    def _go_on(self, page: Page, sweep: Sweep, now: datetime) -> None:
        try:
            context = self._context(page, sweep.since)
            done = sweep.go_on(context, seconds=TURN_SECONDS)
        except PlatformError as error:  # polls tell a person of what lasts; it goes on after one
            _log.warning("sweep_waits", page=page.id, error=type(error).__name__, code=error.code)
            return
        if done is not None:
            self._old_replies[page.id] = self._sweeps.pop(page.id).old_replies
            self._swept(page, now, done)

    def _swept(self, page: Page, now: datetime, done: SweepResult | None = None) -> None:
        with self._database.write() as s:
            store.save_page_state(s, page.id, swept_at=now)
        if done is not None:
            found = {"seen": done.seen, "new": done.new, "edited": done.edited, "gone": done.gone}
            _log.info("swept", page=page.id, **found)
