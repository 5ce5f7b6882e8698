"""Carries runs out in the service: small transactions, at the platforms' pace.

Each transaction looks anew how things stand, so nothing that happened since the preview is
overruled; it records the decisions and ends the items together, so a process that is killed between
two of them has done nothing twice and forgets nothing. The restores are ordinary actions.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlmodel import Session

from modbot import review, store
from modbot.clocks import is_to_come
from modbot.domain import Actor
from modbot.room_tables import UndoItemRow, UndoRunRow
from modbot.store import Database, Doer, DoerKind
from modbot.store.decisions import UNDO
from modbot.tables import PageRow
from modbot.undo.because import because
from modbot.undo.pace import room
from modbot.undo.plan import CALLS, Plan
from modbot.undo.preview import Planned, Rights, planned
from modbot.undo.receipts import OPEN, totals
from modbot.undo.runs import RUNNING, end

_log = structlog.get_logger("modbot.undo")

AT_ONCE = 25  # comments in one transaction, and how long it lasts: other writers wait for it
HELD_SECONDS = 0.5
WORK_SECONDS = 3.0  # at a stretch, of real time


def carry_on(
    database: Database,
    rights: Rights,
    now: datetime,
    *,
    work_seconds: float = WORK_SECONDS,
    stopping: threading.Event | None = None,
) -> int:
    """Gives comments of the runs that are going on their turn, as far as the platforms' pace and
    `work_seconds` allow. Returns how many."""
    with database.read() as s:
        going_on = [run.id for run in store.undo_runs(s, state=RUNNING)]
    done, until = 0, time.monotonic() + work_seconds
    for run_id in reversed(going_on):
        while run_id is not None and (stopping is None or not stopping.is_set()):
            with database.write() as s:
                now_done = _some(s, run_id, rights, now)
            done += now_done
            if not now_done or time.monotonic() > until:
                break
    return done


def _some(s: Session, run_id: int, rights: Rights, now: datetime) -> int:
    """One transaction's worth of a run; 0: nothing can be done now."""
    run = store.undo_run(s, run_id)
    if run.state != RUNNING:  # somebody paused it meanwhile
        return 0
    pages = store.pages_left(s, run_id)
    if not pages:
        _end_if_over(s, run, now)
        return 0
    done, until = 0, time.monotonic() + HELD_SECONDS
    for page in pages:
        items = _next(s, run_id, page, now, AT_ONCE - done)
        done += _carry_out(s, run, items, rights, now, until)
    return done


def _next(s: Session, run_id: int, page: PageRow, now: datetime, at_most: int) -> list[UndoItemRow]:
    """The comments of a page whose turn it is: those that no platform has to be asked about, and
    as many others as the pace allows."""
    if at_most <= 0:
        return []
    quiet = store.items_left(s, run_id, page.id, calls=False, limit=at_most)
    left = min(at_most - len(quiet), room(s, page.id, page.platform, now))
    if left <= 0 or page.paused or _must_wait(s, page.id, now):
        return quiet
    return quiet + store.items_left(s, run_id, page.id, calls=True, limit=left)


def _must_wait(s: Session, page_id: str, now: datetime) -> bool:
    """Whether the platform must not be called now: what would be asked for would only wait."""
    state = store.page_state(s, page_id)
    times = (state.not_before, state.writes_not_before)
    return any(is_to_come(until, now) for until in times)


def _carry_out(
    s: Session,
    run: UndoRunRow,
    items: Sequence[UndoItemRow],
    rights: Rights,
    now: datetime,
    until: float,
) -> int:
    """Ends items, the first at least while none was; how many."""
    doer = Doer(kind=DoerKind(run.kind), subject=run.subject)
    deeds = store.deeds_of(s, doer, [item.decision_id for item in items])
    plans = {
        plan.decision_id: plan
        for plan in planned(s, doer, deeds, rights, others_too=run.others_too)
    }
    for done, item in enumerate(items):
        if done and time.monotonic() > until:
            return done
        _end_item(s, run, item, plans.get(item.decision_id), now)
    return len(items)


def _end_item(
    s: Session, run: UndoRunRow, item: UndoItemRow, found: Planned | None, now: datetime
) -> None:
    plan = Plan.AGREED if found is None else found.plan
    if found is not None and found.step.verdict is not None:
        made = review.put_right(
            s,
            item.decision_id,
            found.step.verdict,
            Actor(kind="person", name=run.made_by),
            because(run),
            now,
            hide=found.step.hide,
            restore=found.step.restore,
            key=f"{UNDO}{run.id}:{item.id}",
        )
        item.made_decision = made.decision_id
        item.calls = plan in CALLS
    item.outcome, item.ended_at = plan.value, now
    s.flush()


def _end_if_over(s: Session, run: UndoRunRow, now: datetime) -> None:
    assert run.id is not None
    counted = totals(s, run.id)
    if any(page[outcome] for page in counted.values() for outcome in OPEN):
        return
    counts: dict[str, int] = {}
    for page in counted.values():
        for outcome, number in page.items():
            counts[outcome.value] = counts.get(outcome.value, 0) + number
    end(s, run, now, **counts)
    _log.info("undo_done", run=run.id, **counts)
