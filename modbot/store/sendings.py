"""Alerts on their way: which step of the order is due, what goes to whom, and how that ended.

A try is counted and its next time set before anything is sent. So a crash in between sends again
later, a crash after the mark sends nothing, and of two processes one gets the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlmodel import Session, SQLModel, col

from modbot.alert_tables import AlertRow, AlertSendingRow
from modbot.audit import Entry, append
from modbot.dialects import any_true, insert_once
from modbot.domain import BOT
from modbot.store.id_lists import in_list
from modbot.store.incidents import about_crisis
from modbot.stored_text import shown

_SENDING = SQLModel.metadata.tables["alert_sending"]
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(minutes=30)
MAX_ATTEMPTS = 12  # some four hours
AT_ONCE = 2_000  # alerts in one step, or one message
_WAITING: ColumnElement[bool] = col(AlertSendingRow.state) == literal_column("'waiting'")
NAMED = 50  # alerts that one audit row names


@dataclass(frozen=True, kw_only=True)
class Step:
    """Who is told, and how long after the alert was opened."""

    after: timedelta
    to: tuple[str, ...]  # destinations


@dataclass(frozen=True, kw_only=True)
class Told:
    """One alert within a message."""

    alert_id: int
    sending_id: int
    step: int
    attempts: int  # this one counts
    kind: str
    page_id: str
    subject: str
    decision_id: int
    urgent: bool
    opened_at: datetime
    crisis: bool  # somebody, maybe a child, calls for help there, whatever else was found


def anything_due(session: Session, now: datetime, horizon: timedelta) -> bool:
    """Whether a step or a delivery may be due: two looks at indexes that are mostly empty."""
    step = select(col(AlertRow.id)).where(_due(col(AlertRow.next_step_at), now, horizon))
    sending = select(col(AlertSendingRow.id)).where(_sending_due(now))
    return session.scalar(step.limit(1)) is not None or (
        session.scalar(sending.limit(1)) is not None
    )


def begin_steps(
    session: Session, steps: Mapping[bool, Sequence[Step]], now: datetime, horizon: timedelta
) -> int:
    """Writes down what has to be sent of each alert whose next step is due; how many alerts.

    `steps` by whether an alert is urgent. After a standstill each step keeps its distance from the
    one before, so that nobody is passed over.
    """
    due = session.scalars(
        select(AlertRow)
        .where(_due(col(AlertRow.next_step_at), now, horizon))
        .order_by(col(AlertRow.next_step_at), col(AlertRow.id))
        .limit(AT_ONCE)
    ).all()
    rows = []
    for alert in due:
        order = steps[alert.urgent]
        alert.next_step_at = None
        if alert.step < len(order):
            here = order[alert.step]
            alert.step += 1
            rows += [
                {"alert_id": alert.id, "step": alert.step, "destination": name}
                for name in dict.fromkeys(here.to)
            ]
            if alert.step < len(order):
                alert.next_step_at = now + (order[alert.step].after - here.after)
        session.add(alert)
    session.flush()
    if rows:
        fixed = {"state": "waiting", "attempts": 0, "next_try_at": now, "error": ""}
        session.execute(insert_once(_SENDING), [{**row, **fixed} for row in rows])
    return len(due)


def waiting_for(session: Session, now: datetime) -> dict[str, bool]:
    """Destinations that something is due for, and whether any of it is urgent."""
    rows = session.execute(
        select(col(AlertSendingRow.destination), any_true(col(AlertRow.urgent)))
        .join(AlertRow, col(AlertRow.id) == col(AlertSendingRow.alert_id))
        .where(_sending_due(now))
        .group_by(col(AlertSendingRow.destination))
    )
    return {name: bool(urgent) for name, urgent in rows}


def last_sent(session: Session, destination: str) -> datetime | None:
    """When something last reached a destination."""
    return session.scalar(
        select(func.max(col(AlertSendingRow.sent_at))).where(
            col(AlertSendingRow.destination) == destination
        )
    )


def claim(session: Session, destination: str, now: datetime) -> list[Told]:
    """What is to be sent to a destination now, most urgent and oldest first. Each is tried again
    later unless finish() says that it arrived; what nobody has to know any more is dropped."""
    rows = session.execute(
        select(AlertSendingRow, AlertRow)
        .join(AlertRow, col(AlertRow.id) == col(AlertSendingRow.alert_id))
        .where(col(AlertSendingRow.destination) == destination, _sending_due(now))
        .order_by(col(AlertRow.urgent).desc(), col(AlertRow.id))
        .limit(AT_ONCE)
    ).all()
    claimed, of_crisis = [], about_crisis(session, [alert for _, alert in rows])
    for sending, alert in rows:
        if alert.over_at is not None or alert.acknowledged_at is not None:
            sending.state = "dropped"
            continue
        sending.attempts += 1
        sending.next_try_at = now + retry_after(sending.attempts)
        claimed.append(_told(sending, alert, crisis=alert.id in of_crisis))
    session.flush()
    return claimed


def retry_after(attempts: int) -> timedelta:
    """How long after its last try a message is tried again: doubling, half an hour at most."""
    return min(LONGEST_RETRY, FIRST_RETRY * 2.0 ** min(attempts - 1, 12))


def finish(
    session: Session, destination: str, told: Sequence[Told], error: str, now: datetime
) -> None:
    """Notes that a message arrived (`error` is empty), or why not."""
    ids = [one.sending_id for one in told]
    mine = in_list(col(AlertSendingRow.id), ids)
    change = update(AlertSendingRow).execution_options(synchronize_session=False)
    if not error:
        session.execute(change.where(mine).values(state="sent", sent_at=now, error=""))
        _audit(session, "alert.sent", destination, told, now)
        return
    error = shown(error)[:200]
    session.execute(change.where(mine).values(error=error))
    given_up = [one for one in told if one.attempts >= MAX_ATTEMPTS]
    if given_up:
        lost = in_list(col(AlertSendingRow.id), [one.sending_id for one in given_up])
        session.execute(change.where(lost).values(state="failed"))
        _audit(session, "alert.given_up", destination, given_up, now, error)
    first = [one for one in told if one.attempts == 1]
    if first:  # the same failure again is no news
        _audit(session, "alert.not_sent", destination, first, now, error)
    _hurry(session, [one.alert_id for one in told if one.urgent], now)


def _hurry(session: Session, alert_ids: Sequence[int], now: datetime) -> None:
    """The next in the order is told at once where nobody could be reached so far."""
    reached = exists().where(
        col(AlertSendingRow.alert_id) == col(AlertRow.id),
        or_(
            col(AlertSendingRow.state) == "sent",
            (col(AlertSendingRow.state) == "waiting") & (col(AlertSendingRow.error) == ""),
        ),
    )
    session.execute(
        update(AlertRow)
        .where(
            in_list(col(AlertRow.id), alert_ids),
            col(AlertRow.next_step_at) > now,
            ~reached,
        )
        .values(next_step_at=now)
        .execution_options(synchronize_session=False)
    )


def failing_destinations(session: Session) -> list[tuple[str, int, str]]:
    """Name, waiting alerts and last error of each destination that does not take what it should."""
    row = AlertSendingRow
    rows = session.execute(
        select(col(row.destination), func.count(), func.max(col(row.error)))
        .where(_WAITING, col(row.error) != "")
        .group_by(col(row.destination))
        .order_by(col(row.destination))
    )
    return [(name, number, error) for name, number, error in rows]


def _due(
    column: SQLColumnExpression[Any], now: datetime, horizon: timedelta
) -> ColumnElement[bool]:
    # Later than any wait: the clock was set back.
    return column.is_not(None) & or_(column <= now, column > now + horizon)


def _sending_due(now: datetime) -> ColumnElement[bool]:
    at = col(AlertSendingRow.next_try_at)
    return _WAITING & _due(at, now, LONGEST_RETRY)


def _told(sending: AlertSendingRow, alert: AlertRow, *, crisis: bool) -> Told:
    assert sending.id is not None and alert.id is not None
    return Told(
        alert_id=alert.id,
        sending_id=sending.id,
        step=sending.step,
        attempts=sending.attempts,
        kind=alert.kind,
        page_id=alert.page_id,
        subject=alert.subject,
        decision_id=alert.decision_id,
        urgent=alert.urgent,
        opened_at=alert.opened_at,
        crisis=crisis,
    )


def _audit(
    session: Session,
    kind: str,
    destination: str,
    told: Sequence[Told],
    now: datetime,
    error: str = "",
) -> None:
    ids = [one.alert_id for one in told]
    detail: dict[str, object] = {"to": destination, "alerts": ids[:NAMED], "number": len(ids)}
    if error:
        detail["error"] = error
    append(
        session,
        [Entry(kind=kind, actor=BOT.name, row_table="alert", row_id=str(ids[0]), detail=detail)],
        now,
    )
