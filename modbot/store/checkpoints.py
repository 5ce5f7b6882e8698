"""Which checkpoints were made and where they went: read from the log, which is all there is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from modbot.tables import ActionRow, AuditRow, CommentRow, DecisionRow, PostRow, VersionRow

_COUNTED = (CommentRow, VersionRow, DecisionRow, ActionRow, PostRow)


@dataclass(frozen=True, kw_only=True)
class MadeCheckpoint:
    """A checkpoint by the audit row that it is of."""

    seq: int
    made_at: datetime
    outcomes: dict[str, str]  # destination -> its last failure; "" once it is there


def newest_checkpoint(session: Session) -> MadeCheckpoint | None:
    """The one made last, with what became of it."""
    rows = select(AuditRow).where(col(AuditRow.row_table) == "checkpoint")
    newest = session.scalars(
        rows.where(col(AuditRow.kind) == "checkpoint.made")
        .order_by(col(AuditRow.seq).desc())
        .limit(1)
    ).first()
    if newest is None:
        return None
    outcomes: dict[str, str] = {}
    later = rows.where(col(AuditRow.row_id) == newest.row_id, col(AuditRow.seq) > newest.seq)
    for row in session.scalars(later.order_by(col(AuditRow.seq))):
        detail = json.loads(row.detail)
        outcomes[detail["to"]] = detail.get("error", "")
    return MadeCheckpoint(seq=int(newest.row_id), made_at=newest.at, outcomes=outcomes)


def count_record(session: Session) -> dict[str, int]:
    """How many rows each table of evidence has."""
    return {
        str(table.__tablename__): session.scalar(select(func.count()).select_from(table)) or 0
        for table in _COUNTED
    }
