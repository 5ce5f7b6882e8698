"""Which backups were made: read from the log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from modbot.audit import Entry, Head
from modbot.tables import AuditRow

TABLE, MADE = "backup", "backup.made"


@dataclass(frozen=True, kw_only=True)
class MadeBackup:
    """A backup that was checked and put in place."""

    made_at: datetime
    file: str
    actor: str
    head: Head  # of the log in it


def backup_entry(*, file: str, head: Head, actor: str) -> Entry:
    """What the log says of a backup."""
    detail = {"file": file, "hash": head.hash}
    return Entry(kind=MADE, actor=actor, row_table=TABLE, row_id=str(head.seq), detail=detail)


def newest_backup(session: Session) -> MadeBackup | None:
    """The one made last."""
    rows = select(AuditRow).where(col(AuditRow.row_table) == TABLE, col(AuditRow.kind) == MADE)
    row = session.scalars(rows.order_by(col(AuditRow.seq).desc()).limit(1)).first()
    if row is None:
        return None
    detail = json.loads(row.detail)
    head = Head(seq=int(row.row_id), hash=detail["hash"])
    return MadeBackup(made_at=row.at, file=detail["file"], actor=row.actor, head=head)
