"""Back-fills: which are asked for, how far each has come."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from modbot.audit import Entry, append
from modbot.past_tables import BackfillRow, BackfillState


def ask_backfill(session: Session, row: BackfillRow) -> BackfillRow:
    """Stores a new back-fill with an audit row. One that runs on the page is stopped by it."""
    running = running_backfill(session, row.page_id)
    if running is not None:
        end_backfill(session, running, BackfillState.STOPPED, row.asked_by, row.asked_at)
    session.add(row)
    session.flush()
    append(session, [_entry("backfill.asked", row, row.asked_by)], row.asked_at)
    return row


def running_backfill(session: Session, page_id: str) -> BackfillRow | None:
    """The one that goes on, if any."""
    newest = newest_backfill(session, page_id)
    return newest if newest is not None and newest.state == BackfillState.RUNNING else None


def newest_backfill(session: Session, page_id: str) -> BackfillRow | None:
    """The last one that was asked for."""
    return session.scalars(
        select(BackfillRow)
        .where(col(BackfillRow.page_id) == page_id)
        .order_by(col(BackfillRow.id).desc())
        .limit(1)
    ).first()


def note_backfill(session: Session, row_id: int, **fields: Any) -> BackfillRow:
    """Sets the named fields and leaves the others. Raises AttributeError."""
    row = session.get_one(BackfillRow, row_id)
    for name, value in fields.items():
        if name not in BackfillRow.model_fields:
            raise AttributeError(f"backfill has no field {name!r}")
        setattr(row, name, value)
    session.add(row)
    session.flush()
    return row


def end_backfill(
    session: Session, row: BackfillRow, state: BackfillState, actor: str, now: datetime
) -> BackfillRow:
    """Notes how it ended, with an audit row."""
    assert row.id is not None
    ended = note_backfill(session, row.id, state=state, ended_at=now)
    append(session, [_entry(f"backfill.{state}", ended, actor)], now)
    return ended


def _entry(kind: str, row: BackfillRow, actor: str) -> Entry:
    detail: dict[str, object] = {"page": row.page_id, "backfill": row.id}
    detail |= {"since": row.since.isoformat(), "until": row.until.isoformat()}
    if row.ended_at is not None:
        detail |= {"kept": row.kept, "new": row.new}
    return Entry(kind=kind, actor=actor, detail=detail)
