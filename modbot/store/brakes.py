"""Brakes: what each rule and model hid of a page lately, and which may only ask for review."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, or_, select
from sqlmodel import Session, SQLModel, col

from modbot.alert_tables import BrakeCountRow, BrakeRow
from modbot.audit import Entry, append
from modbot.domain import BOT
from modbot.store.id_lists import in_list
from modbot.stored_text import shown
from modbot.tables import PageRow

ALL = ""  # the key under which every comment counts
_COUNT = SQLModel.metadata.tables["brake_count"]


@dataclass(frozen=True, kw_only=True)
class Count:
    """Of one key: how many comments it hid, of how many."""

    hides: int
    comments: int


def counts(session: Session, page_id: str, now: datetime, window: timedelta) -> dict[str, Count]:
    """What was hidden within the window by each key; under ALL, how many comments there were.

    For a key whose brake was released, only what came after counts."""
    row = BrakeCountRow
    rows = session.execute(
        select(col(row.id), col(row.key), col(row.number))
        .where(col(row.page_id) == page_id, col(row.at) > now - window, col(row.at) <= now)
        .order_by(col(row.id))
    ).all()
    since = _counted_from(session, page_id, now - window)
    found: dict[str, Count] = {}
    for key in {key for _, key, _ in rows} | set(since) | {ALL}:
        later = [r for r in rows if r[0] > since.get(key, 0)]
        found[key] = Count(
            hides=sum(number for _, k, number in later if k == key and key != ALL),
            comments=sum(number for _, k, number in later if k == ALL),
        )
    return found


def _counted_from(session: Session, page_id: str, since: datetime) -> dict[str, int]:
    rows = session.execute(
        select(col(BrakeRow.key), func.max(col(BrakeRow.counted_from)))
        .where(col(BrakeRow.page_id) == page_id, col(BrakeRow.released_at) > since)
        .group_by(col(BrakeRow.key))
    )
    return {row[0]: row[1] for row in rows}


def count_batch(
    session: Session, page_id: str, numbers: Mapping[str, int], now: datetime, window: timedelta
) -> None:
    """Adds a batch's numbers by key, and forgets what has left the window."""
    at = col(BrakeCountRow.at)
    session.execute(
        delete(BrakeCountRow)
        .where(col(BrakeCountRow.page_id) == page_id, or_(at <= now - window, at > now))
        .execution_options(synchronize_session=False)
    )
    rows = [
        {"page_id": page_id, "at": now, "key": key, "number": number}
        for key, number in numbers.items()
        if number
    ]
    if rows:
        session.execute(insert(_COUNT), rows)


def pulled(session: Session, page_id: str) -> list[BrakeRow]:
    """The brakes in force on a page."""
    query = select(BrakeRow).where(
        col(BrakeRow.page_id) == page_id, col(BrakeRow.released_at).is_(None)
    )
    return list(session.scalars(query))


def brakes_on(session: Session, *, pages: Iterable[str] | None) -> list[tuple[BrakeRow, str]]:
    """Brakes in force on these pages (None: everywhere), oldest first, with their pages' names."""
    query = (
        select(BrakeRow, col(PageRow.name))
        .join(PageRow, col(PageRow.id) == col(BrakeRow.page_id))
        .where(col(BrakeRow.released_at).is_(None))
        .order_by(col(BrakeRow.id))
    )
    if pages is not None:
        query = query.where(in_list(col(BrakeRow.page_id), pages, look_up=False))
    return [(row, name) for row, name in session.execute(query)]


def brake(session: Session, brake_id: int) -> BrakeRow | None:
    """One brake by its number."""
    return session.get(BrakeRow, brake_id)


def pull(session: Session, row: BrakeRow) -> None:
    """Stores a new brake with its audit row."""
    session.add(row)
    session.flush()
    detail = {
        "page": row.page_id,
        "key": row.key,
        "hides": row.hides,
        "comments": row.comments,
        "share": row.share,
        "window_minutes": row.window_minutes,
    }
    _append(session, "brake.pulled", BOT.name, row, row.pulled_at, detail)


def release(session: Session, row: BrakeRow, who: str, reason: str, now: datetime) -> bool:
    """Lets the rule or model hide again, counted anew; False when that was done before."""
    if row.released_at is not None:
        return False
    newest = select(func.max(col(BrakeCountRow.id))).where(
        col(BrakeCountRow.page_id) == row.page_id
    )
    row.released_at, row.released_by, row.reason = now, shown(who), shown(reason)
    row.counted_from = session.scalar(newest) or 0
    session.add(row)
    session.flush()
    detail = {"page": row.page_id, "key": row.key, "reason": row.reason}
    _append(session, "brake.released", who, row, now, detail)
    return True


def _append(
    session: Session,
    kind: str,
    actor: str,
    row: BrakeRow,
    now: datetime,
    detail: Mapping[str, object],
) -> None:
    entry = Entry(
        kind=kind, actor=shown(actor), row_table="brake", row_id=str(row.id), detail=detail
    )
    append(session, [entry], now)
