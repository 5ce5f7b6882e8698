"""Appends to the hash-chained log, in the caller's transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, SQLModel, col

from modbot.dialects import insert_values
from modbot.stored_rows import canonical, iso_time
from modbot.tables import AuditRow

_AUDIT = SQLModel.metadata.tables[str(AuditRow.__tablename__)]
FIRST_PREV = "0" * 64
_NEWEST = select(col(AuditRow.seq), col(AuditRow.hash)).order_by(col(AuditRow.seq).desc()).limit(1)
CHAINED = ("seq", "at", "kind", "actor", "row_table", "row_id", "row_sha256", "detail", "prev")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that happened. `detail` holds ids and states, never comment text."""

    kind: str  # "comment.seen", "decision.made", "page.mode", ...
    actor: str
    row_table: str = ""  # the row that this entry vouches for, if any
    row_id: str = ""
    row_sha256: str = ""  # evidence_sha256() of that row
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Head:
    """The newest link: what an outside checkpoint has to hold."""

    seq: int
    hash: str


def chain_hash(chained: Sequence[object]) -> str:
    """SHA-256 (hex) over the canonical JSON array of the CHAINED fields, in stored form."""
    return hashlib.sha256(canonical(chained).encode("ascii")).hexdigest()


def head(session: Session) -> Head:
    """The newest link; seq 0 and 64 zeros while the log is empty."""
    found = session.execute(_NEWEST).first()
    return Head(seq=found[0], hash=found[1]) if found else Head(seq=0, hash=FIRST_PREV)


def append(session: Session, entries: Sequence[Entry], at: datetime) -> Head:
    """Adds entries in order and gives the new head. The session must be a writing one."""
    newest = head(session)
    rows: list[tuple[object, ...]] = []
    seq, prev, stamp = newest.seq, newest.hash, iso_time(at)
    for entry in entries:
        seq += 1
        about = (entry.kind, entry.actor, entry.row_table, entry.row_id, entry.row_sha256)
        chained = (seq, stamp, *about, canonical(entry.detail), prev)
        prev = chain_hash(chained)
        rows.append((*chained, prev))
    if rows:
        insert_values(session.connection(), _AUDIT, (*CHAINED, "hash"), rows)
    return Head(seq=seq, hash=prev)
