"""Appends to the hash-chained log, in the caller's transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, select
from sqlmodel import Session

from modbot.audit.evidence import canonical, iso_time
from modbot.tables import AuditRow

FIRST_PREV = "0" * 64
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
    newest = select(AuditRow.seq, AuditRow.hash).order_by(AuditRow.seq.desc()).limit(1)  # type: ignore[attr-defined]
    found = session.execute(newest).first()
    return Head(seq=found[0], hash=found[1]) if found else Head(seq=0, hash=FIRST_PREV)


def append(session: Session, entries: Sequence[Entry], at: datetime) -> Head:
    """Adds entries in order and gives the new head. The session must be a writing one."""
    newest = head(session)
    rows: list[dict[str, object]] = []
    seq, prev, stamp = newest.seq, newest.hash, iso_time(at)
    for entry in entries:
        seq += 1
        detail = canonical(entry.detail)
        about = (entry.kind, entry.actor, entry.row_table, entry.row_id, entry.row_sha256)
        link = chain_hash([seq, stamp, *about, detail, prev])
        values = (seq, at, *about, detail, prev)
        rows.append({**dict(zip(CHAINED, values, strict=True)), "hash": link})
        prev = link
    if rows:
        session.execute(insert(AuditRow), rows)
    return Head(seq=seq, hash=prev)
