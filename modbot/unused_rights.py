"""Uses the right to hide where a vendor takes away what is not used.

Meta is quoted to end permissions of an app after 90 days without use, and on a quiet page nothing
is hidden for longer. So once a month the platform is asked for what a comment shows already: that
changes nothing, is a use if uses are counted, and else tells early that the right is gone. In
observe nothing is written to a platform; there it is made up for when the mode changes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from modbot import store
from modbot.alerts import Alert, Alerter
from modbot.clocks import is_to_come
from modbot.domain import Comment, Mode, Page
from modbot.enforcement import (
    NEEDS_LOGIN,
    WAITS_FOR_A_PERSON,
    incident,
    platform_errors_only,
    wait_seconds,
)
from modbot.errors import BadRequest, PlatformError
from modbot.ports import Clock, LosesRights, PlatformAdapter
from modbot.store import Database, right_uses
from modbot.tables import PageStateRow

_log = structlog.get_logger("modbot.rights")

USES = 3  # in the time after which a right is taken away
AGAIN = timedelta(days=1)  # when it could not be used
SETTLED = timedelta(days=2)  # that a comment is old: nobody is about to hide it in the app
LOOKED_AT = 5  # comments, for one that is there and can be hidden


class UnusedRights:
    """Knows by page when the right has to be used; after a start the record tells."""

    def __init__(self, database: Database, clock: Clock, alerter: Alerter) -> None:
        self._database, self._clock, self._alerter = database, clock, alerter
        self._next: dict[str, datetime] = {}

    def is_due(self, page: Page, adapter: PlatformAdapter, state: PageStateRow) -> bool:
        """Was nothing written for a third of that time?"""
        now = self._clock.now()
        if not isinstance(adapter, LosesRights) or page.mode is Mode.OBSERVE:
            return False
        if is_to_come(state.writes_not_before, now):
            return False
        due, every = self._next.get(page.id), adapter.unused_rights_last / USES
        if due is None or now >= due or due > now + every:  # the last: the clock was wrong
            due = self._next[page.id] = self._from_record(page, every, now)
        return now >= due

    def use(self, page: Page, adapter: PlatformAdapter) -> None:
        """Asks the platform for what it shows. Nobody else may act on the page meanwhile."""
        assert isinstance(adapter, LosesRights)
        now = self._clock.now()
        self._next[page.id] = now + AGAIN
        try:
            comment = self._comment(page, adapter, now)
            if comment is not None:
                self._write(page, adapter, comment, now)
        except PlatformError as error:  # polls tell a person of what lasts
            _log.warning("right_not_used", page=page.id, error=type(error).__name__)

    def _from_record(self, page: Page, every: timedelta, now: datetime) -> datetime:
        """When the record says that it is due; not before what could not be used is tried again."""
        with self._database.read() as s:
            last = right_uses.written_at(s, page.id)
        put_off = self._next.get(page.id, now)
        due = (last if last <= now else now - every) + every
        return max(due, put_off) if put_off <= now + AGAIN else due

    def _comment(self, page: Page, adapter: LosesRights, now: datetime) -> Comment | None:
        with self._database.read() as s:
            ids = right_uses.settled_comments(s, page.id, now - SETTLED, LOOKED_AT)
        for one in ids:
            with platform_errors_only():
                found = adapter.fetch_one(one)
            if found is not None and found.can_hide and not found.by_page:
                return found
        return None

    def _write(self, page: Page, adapter: LosesRights, comment: Comment, now: datetime) -> None:
        told = {"comment": comment.id, "hidden": bool(comment.hidden)}
        with self._database.write() as s:
            right_uses.note_write(s, page.id, right_uses.TRIED, now, **told)
        try:
            with platform_errors_only():
                adapter.write_again(comment)
        except BadRequest as error:  # it looked at the right before it refused a repeat
            told["answer"] = str(error)[:300]
        except PlatformError as error:
            if not incident(error):
                raise
            self._refused(page, error, told, now)
            return
        with self._database.write() as s:
            right_uses.note_write(s, page.id, right_uses.CONFIRMED, now, **told)
            store.save_page_state(s, page.id, writes_not_before=None, needs_login=False)
        for kind in WAITS_FOR_A_PERSON:
            self._alerter.over(kind, page.id)

    def _refused(
        self, page: Page, error: PlatformError, told: dict[str, object], now: datetime
    ) -> None:
        """As after a hide that was refused: one alert, and hides wait."""
        kind, answer = incident(error), f"{type(error).__name__}: {error}"[:300]
        state: dict[str, object] = {
            "writes_not_before": now + timedelta(seconds=wait_seconds(error, 0))
        }
        if kind == NEEDS_LOGIN:
            state |= {"needs_login": True, "last_error": answer}
        with self._database.write() as s:
            right_uses.note_write(s, page.id, right_uses.REFUSED, now, **told, answer=answer)
            store.save_page_state(s, page.id, **state)
        self._alerter.send(Alert(kind=kind, page_id=page.id, detail=str(error)[:300]))
