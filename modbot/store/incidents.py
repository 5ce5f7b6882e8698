"""Incidents that a person has to know of: opened once, acknowledged by somebody, over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, select, true, update
from sqlmodel import Session, SQLModel, col

from modbot.alert_tables import AlertRow, AlertSendingRow
from modbot.audit import Entry, append
from modbot.dialects import among, insert_once, list_parameter
from modbot.domain import BOT, Category
from modbot.store.id_lists import in_list
from modbot.stored_text import shown
from modbot.tables import DecisionRow

_ALERT = SQLModel.metadata.tables["alert"]
_NOTHING: Mapping[str, object] = {}
COUNTED = 100  # urgent alerts beyond this are not counted one by one


@dataclass(frozen=True, kw_only=True)
class NewIncident:
    """What is to be kept of an alert."""

    kind: str
    page_id: str
    subject: str = ""
    decision_id: int = 0  # 0: about no comment
    detail: str = ""
    urgent: bool = False


def about_crisis(session: Session, alerts: Sequence[AlertRow]) -> set[int]:
    """Ids of the alerts about a cry for help, also where a threat in the same comment gave the
    alert its kind."""
    ids = {row.decision_id for row in alerts if row.decision_id}
    query = select(col(DecisionRow.id), col(DecisionRow.categories))
    found = session.execute(query.where(in_list(col(DecisionRow.id), list(ids)))) if ids else ()
    crises = {number for number, categories in found if Category.CRISIS in categories}
    return {
        row.id
        for row in alerts
        if row.id is not None and (row.kind == Category.CRISIS or row.decision_id in crises)
    }


def open_incidents(
    session: Session, incidents: Sequence[NewIncident], now: datetime, *, repeat: timedelta
) -> list[bool]:
    """Stores each incident that is not open yet, with its audit row; whether each was new.

    What is not urgent, and was told within `repeat`, waits for its turn: by then it may be over.
    """
    new, entries = [], []
    for one in incidents:
        first = now if one.urgent else max(now, _told(session, one) + repeat)
        values = {
            "kind": one.kind,
            "page_id": shown(one.page_id),
            "subject": shown(one.subject),
            "decision_id": one.decision_id,
            "detail": shown(one.detail)[:500],
            "urgent": one.urgent,
            "opened_at": now,
            "step": 0,
            "next_step_at": first,
            "acknowledged_by": "",
        }
        done = session.execute(insert_once(_ALERT).values(values).returning(_ALERT.c.id)).scalar()
        new.append(done is not None)
        if done is not None:
            about = {"kind": one.kind, "page": values["page_id"], "decision": one.decision_id}
            entries.append(_entry("alert.opened", BOT.name, done, about))
    append(session, entries, now)
    return new


def _told(session: Session, one: NewIncident) -> datetime:
    """When somebody was last told of the same trouble; long ago, if never."""
    last = session.scalar(
        select(func.max(col(AlertSendingRow.sent_at)))
        .join(AlertRow, col(AlertRow.id) == col(AlertSendingRow.alert_id))
        .where(
            col(AlertRow.kind) == one.kind,
            col(AlertRow.page_id) == shown(one.page_id),
            col(AlertRow.subject) == shown(one.subject),
            col(AlertRow.decision_id) == 0,
        )
    )
    return last or datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def end_incidents(
    session: Session, kind: str, page_id: str, now: datetime, *, subject: str | None = None
) -> int:
    """Ends the open incidents of a kind on a page; how many there were."""
    which = [col(AlertRow.kind) == kind, col(AlertRow.page_id) == shown(page_id)]
    if subject is not None:
        which.append(col(AlertRow.subject) == shown(subject))
    return _end(session, which, now)


def end_incidents_of_comment(session: Session, comment_row: int, now: datetime) -> int:
    """A person has decided on the comment: nobody else has to be told of it."""
    decided = select(col(DecisionRow.id)).where(col(DecisionRow.comment_row) == comment_row)
    return _end(session, [col(AlertRow.decision_id).in_(decided)], now)


def _end(session: Session, which: Sequence[ColumnElement[bool]], now: datetime) -> int:
    ended = session.scalars(
        update(AlertRow)
        .where(*which, col(AlertRow.over_at).is_(None))
        .values(over_at=now, next_step_at=None)
        .returning(col(AlertRow.id))
        .execution_options(synchronize_session=False)
    ).all()
    append(session, [_entry("alert.over", BOT.name, alert_id) for alert_id in ended], now)
    return len(ended)


def acknowledge(session: Session, alert_id: int, who: str, now: datetime) -> bool:
    """Somebody looks after it: nobody else is told. False when it was acknowledged before, is
    over, or does not exist."""
    done = session.scalars(
        update(AlertRow)
        .where(
            col(AlertRow.id) == alert_id,
            col(AlertRow.acknowledged_at).is_(None),
            col(AlertRow.over_at).is_(None),
        )
        .values(acknowledged_at=now, acknowledged_by=shown(who), next_step_at=None)
        .returning(col(AlertRow.id))
        .execution_options(synchronize_session=False)
    ).all()
    append(session, [_entry("alert.acknowledged", who, one) for one in done], now)
    return bool(done)


def lasting_incidents(session: Session) -> set[tuple[str, str, str]]:
    """Kind, page and subject of what is open and about no comment."""
    rows = session.execute(
        select(col(AlertRow.kind), col(AlertRow.page_id), col(AlertRow.subject)).where(
            col(AlertRow.over_at).is_(None), col(AlertRow.decision_id) == 0
        )
    )
    return {(kind, page_id, subject) for kind, page_id, subject in rows}


def incident(session: Session, alert_id: int) -> AlertRow | None:
    """One incident by its number."""
    return session.get(AlertRow, alert_id)


def open_list(session: Session, *, pages: Iterable[str] | None, limit: int) -> list[AlertRow]:
    """What is open, on these pages (None: everywhere): first what is urgent and unacknowledged,
    then what is unacknowledged, each longest waiting first."""
    waits = col(AlertRow.acknowledged_at).is_(None)
    urgent = col(AlertRow.urgent).is_(True)
    rank = case((and_(waits, urgent), 0), (waits, 1), (urgent, 2), else_=3)
    query = (
        select(AlertRow)
        .where(col(AlertRow.over_at).is_(None), _on(pages))
        .order_by(rank, col(AlertRow.id))
        .limit(limit)
    )
    return list(session.scalars(query))


def open_subjects(session: Session, kind: str) -> dict[tuple[str, str], int]:
    """The open alerts of a kind, by page and by what of the page they are about."""
    row = AlertRow
    query = select(col(row.page_id), col(row.subject), col(row.id)).where(
        col(row.kind) == kind, col(row.over_at).is_(None)
    )
    return {(page_id, subject): number for page_id, subject, number in session.execute(query)}


def past_list(
    session: Session, *, pages: Iterable[str] | None, before: int | None, limit: int
) -> list[AlertRow]:
    """What is over, newest first, from before the number `before` on."""
    query = (
        select(AlertRow)
        .where(col(AlertRow.over_at).is_not(None), _on(pages))
        .order_by(col(AlertRow.id).desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(col(AlertRow.id) < before)
    return list(session.scalars(query))


def count_open(session: Session, *, pages: Iterable[str] | None) -> int:
    """How many incidents are open."""
    query = select(func.count()).select_from(AlertRow)
    return session.scalar(query.where(col(AlertRow.over_at).is_(None), _on(pages))) or 0


def count_urgent(session: Session, *, pages: Iterable[str] | None) -> int:
    """How many urgent incidents nobody has acknowledged; COUNTED at most."""
    values = {} if pages is None else {"pages": sorted(pages)}
    return session.connection().scalar(_urgent(pages is not None), values) or 0


@cache  # every page of the room asks
def _urgent(some_pages: bool) -> Select[Any]:
    query = select(col(AlertRow.id)).where(
        col(AlertRow.urgent),
        col(AlertRow.over_at).is_(None),
        col(AlertRow.acknowledged_at).is_(None),
    )
    if some_pages:
        pages = list_parameter("pages", whole_numbers=False)
        query = query.where(among(col(AlertRow.page_id), pages))
    return select(func.count()).select_from(query.limit(COUNTED).subquery())


def sendings_of(session: Session, alert_ids: Iterable[int]) -> dict[int, list[AlertSendingRow]]:
    """How each alert was brought to whom, by alert id."""
    found: dict[int, list[AlertSendingRow]] = {}
    rows = session.scalars(
        select(AlertSendingRow)
        .where(in_list(col(AlertSendingRow.alert_id), alert_ids))
        .order_by(col(AlertSendingRow.id))
    )
    for row in rows:
        found.setdefault(row.alert_id, []).append(row)
    return found


def _on(pages: Iterable[str] | None) -> ColumnElement[bool]:
    if pages is None:
        return true()
    listed = list(pages)
    return in_list(col(AlertRow.page_id), listed, look_up=False) if listed else false()


def _entry(
    kind: str, actor: str, alert_id: int | None, detail: Mapping[str, object] = _NOTHING
) -> Entry:
    return Entry(
        kind=kind, actor=shown(actor), row_table="alert", row_id=str(alert_id), detail=detail
    )
