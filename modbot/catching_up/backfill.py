"""Reads a page's comments of the last N days, a piece at a time, as if the page were in observe.

What was said before a page was registered is judged and kept; nothing is hidden and nobody woken
for it, and threats and cries for help wait in the queue. Comments young enough for the polls are
left to them, which act by the page's mode.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from modbot import store
from modbot.alerts import Alerter
from modbot.clocks import is_to_come
from modbot.domain import CommentBatch, Mode, Page
from modbot.enforcement import platform_errors_only, wait_seconds
from modbot.errors import NoPast, PlatformError
from modbot.past_tables import BackfillRow, BackfillState
from modbot.pipeline import PollContext, PollResult, store_batch
from modbot.ports import Clock
from modbot.store import Database, backfills
from modbot.store.comments import count_comments

MOST_DAYS = 365
BROUGHT_BY_PEOPLE = ("manual",)  # platforms
_NOBODY = Alerter(())
_PATIENCE = 3  # waits as a poll does after so many failures in a row


@dataclass(frozen=True, kw_only=True)
class Backfill:
    """How far one has come."""

    page_id: str
    state: BackfillState
    since: datetime
    until: datetime
    share: float  # of the time between the two that was read, 0 to 1
    kept: int  # comments of that time in the record
    new: int  # of them, those that were not known before
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None
    not_before: datetime | None  # it waits for the platform until then
    last_error: str  # of one that is done: what it could not read


def ask(
    database: Database, page: Page, *, days: int, by: str, now: datetime, watch_hours: float
) -> Backfill:
    """Asks for the last `days` of a page. Raises ValueError for days that are none, NoPast for a
    page that nothing can be read from."""
    refuse_where_nothing_is_read(page)
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(f"days must be 1 to {MOST_DAYS}")
    until = now - timedelta(hours=watch_hours)
    since = min(until, now - timedelta(days=days))
    row = BackfillRow(page_id=page.id, since=since, until=until, asked_by=by, asked_at=now)
    with database.write() as s:
        return _told(backfills.ask_backfill(s, row))


def refuse_where_nothing_is_read(page: Page) -> None:
    """Raises NoPast for a page that people bring comments to."""
    if page.platform in BROUGHT_BY_PEOPLE:
        said = "has no past that can be read: people bring what is on it, `modbot manual add`"
        raise NoPast(f"{page.id} {said}")


def stop(database: Database, page_id: str, *, by: str, now: datetime) -> bool:
    """Ends the one that runs; what was read stays. False: none ran."""
    with database.write() as s:
        running = backfills.running_backfill(s, page_id)
        if running is not None:
            backfills.end_backfill(s, running, BackfillState.STOPPED, by, now)
    return running is not None


def backfill_of(database: Database, page_id: str) -> Backfill | None:
    """The last one that was asked for."""
    with database.read() as s:
        row = backfills.newest_backfill(s, page_id)
    return None if row is None else _told(row)


def carry_on(
    database: Database,
    clock: Clock,
    context: Callable[[Page, datetime], PollContext],
    page_id: str,
    *,
    seconds: float,
) -> Backfill | None:
    """Reads on for about `seconds`. `context` gives what reading a page back to a time needs.
    None: no back-fill runs, or it has to wait. What a platform refuses is noted and tried later."""
    with database.read() as s:
        row = backfills.running_backfill(s, page_id)
        if row is None:
            return None
        page = store.page(s, page_id)
    if page.paused:
        return None
    if is_to_come(row.not_before, clock.now()):
        return None
    try:
        return _read(context(page, row.since), page, row, seconds)
    except PlatformError as error:
        return _put_off(database, row, error, clock.now())


def _read(context: PollContext, page: Page, row: BackfillRow, seconds: float) -> Backfill:
    end, done = time.monotonic() + seconds, False
    quiet = replace(context, alerter=_NOBODY, brake=None)
    while not done:
        with platform_errors_only():
            batch = context.adapter.fetch_since(row.cursor)
        done = not batch.more
        row = _store(quiet, page, row, batch, done=done)
        if row.state != BackfillState.RUNNING:
            break
        if time.monotonic() > end or context.stopping.is_set():
            break
    return _told(row)


def _store(
    context: PollContext, page: Page, row: BackfillRow, batch: CommentBatch, *, done: bool
) -> BackfillRow:
    old = tuple(c for c in batch.comments if row.since <= c.created_at < row.until)
    result = PollResult(page_id=page.id)
    observed = replace(page, mode=Mode.OBSERVE)
    store_batch(context, observed, replace(batch, comments=old), result, keep_cursor=False)
    oldest = min((c.created_at for c in batch.comments), default=None)
    reached = min((t for t in (oldest, row.reached) if t is not None), default=None)
    now = context.clock.now()
    assert row.id is not None
    with context.database.write() as s:
        fresh = backfills.note_backfill(s, row.id)
        if fresh.state != BackfillState.RUNNING:  # somebody stopped it meanwhile
            return fresh
        fresh = backfills.note_backfill(
            s,
            row.id,
            cursor=batch.cursor,
            reached=reached,
            kept=count_comments(s, page.id, row.since, row.until),
            new=fresh.new + result.new,
            not_before=None,
            last_error=batch.unread,
        )
        return (
            backfills.end_backfill(s, fresh, BackfillState.DONE, "modbot", now) if done else fresh
        )


def _put_off(database: Database, row: BackfillRow, error: PlatformError, now: datetime) -> Backfill:
    wait = timedelta(seconds=wait_seconds(error, _PATIENCE))
    text = f"{type(error).__name__}: {error}"[:300]
    assert row.id is not None
    with database.write() as s:
        return _told(backfills.note_backfill(s, row.id, not_before=now + wait, last_error=text))


def _told(row: BackfillRow) -> Backfill:
    share = 0.0
    if row.state == BackfillState.DONE:
        share = 1.0
    elif row.reached is not None and row.until > row.since:
        reached = min(max(row.reached, row.since), row.until)
        share = (row.until - reached) / (row.until - row.since)
    return Backfill(
        page_id=row.page_id,
        state=BackfillState(row.state),
        since=row.since,
        until=row.until,
        share=min(share, 1.0),
        kept=row.kept,
        new=row.new,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        ended_at=row.ended_at,
        not_before=row.not_before,
        last_error=row.last_error,
    )
