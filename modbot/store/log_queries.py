"""The decision log, as people read it: newest first, filtered, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Select, String, and_, func, or_, select, type_coerce
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from modbot.dialects import among, holds_text, in_list, list_parameter, rows_as_json
from modbot.domain import (
    ActionKind,
    ActionState,
    Aspect,
    Category,
    Evidence,
    Mode,
    Share,
    Signal,
    Verdict,
)
from modbot.errors import UnknownDecision
from modbot.stored_text import original, shown, shown_offset
from modbot.tables import (
    ActionRow,
    AuditRow,
    CommentRow,
    DecisionRow,
    PageRow,
    PostRow,
    VersionRow,
)


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One decision with what it was about. Texts are safe to encode; spans lie in `text`."""

    id: int  # of the decision
    decided_at: datetime
    page_id: str
    page_name: str
    platform: str
    comment_row: int
    comment_id: str  # the vendor's
    permalink: str | None
    author_name: str | None
    created_at: datetime
    text: str  # of the version that was judged
    escaped: bool  # `text` shows NUL or lone surrogates written out
    text_sha256: str
    parent_id: str | None
    post_id: str
    post_text: str
    version_id: int
    version_number: int
    newest_number: int
    hidden: bool | None
    gone_at: datetime | None
    verdict: Verdict
    hide: bool
    categories: tuple[Category, ...]
    signals: tuple[Signal, ...]
    clause: str
    thresholds: Mapping[str, float]
    degraded: tuple[str, ...]
    reason: str
    mode: Mode
    models: Mapping[str, str]
    config_sha256: str
    actor_kind: str  # "bot" | "person"
    actor: str
    action_id: int | None
    action_kind: ActionKind | None
    action_state: ActionState | None
    action_answer: str

    @property
    def person(self) -> bool:
        """Whether a person decided, not the bot."""
        return self.actor_kind != "bot"


@dataclass(frozen=True, kw_only=True)
class LoggedVersion:
    """One text of a comment."""

    id: int
    number: int
    text: str
    escaped: bool
    text_sha256: str
    raw_sha256: str
    seen_at: datetime
    categories: tuple[Category, ...] = ()  # of the newest decision on it, where that was asked for


@dataclass(frozen=True, kw_only=True)
class LoggedAudit:
    """One link of the audit chain."""

    seq: int
    at: datetime
    kind: str
    actor: str
    row_table: str
    row_id: str
    row_sha256: str
    detail: str
    hash: str


def entries(session: Session, decision_ids: Iterable[int]) -> list[LogEntry]:
    """Those of the decisions that are stored, newest first."""
    return _entries(session, decision_ids)


_OF_DECISION = (
    *("id", "decided_at", "page_id", "version_id", "verdict", "hide", "clause", "reason", "mode"),
    *("config_sha256", "actor_kind", "actor"),
)
_JSON = ("categories", "signals", "thresholds", "degraded", "models")
_OF_COMMENT = (
    *("platform", "comment_id", "permalink", "author_name", "created_at", "parent_id", "post_id"),
    *("hidden", "gone_at"),
)


def decision(session: Session, decision_id: int) -> LogEntry:
    """One decision with all that explains it. Raises UnknownDecision."""
    found = _entries(session, [decision_id])
    if not found:
        raise UnknownDecision(f"no decision {decision_id} is stored")
    return found[0]


def decisions(session: Session, decision_ids: Sequence[int]) -> list[LogEntry]:
    """Those of the decisions that are stored, in the order given."""
    found = {entry.id: entry for entry in _entries(session, decision_ids)}
    return [found[each] for each in dict.fromkeys(decision_ids) if each in found]


def for_people_to_remove(
    session: Session, page_ids: Sequence[str], degraded: Sequence[str], limit: int
) -> list[LogEntry]:
    """Of the comments of these pages that are there and not hidden those whose newest decision is
    to hide, or has one of `degraded` on it; oldest decision first, `limit` at most."""
    newest = (
        select(func.max(col(DecisionRow.id)))
        .join(CommentRow, col(CommentRow.id) == col(DecisionRow.comment_row))
        .where(
            in_list(col(DecisionRow.page_id), page_ids),
            col(CommentRow.hidden).is_not(True),
            col(CommentRow.gone_at).is_(None),
        )
        .group_by(col(DecisionRow.comment_row))
    )
    noted = [holds_text(col(DecisionRow.degraded), f'"{mark}"') for mark in degraded]
    ids = (
        select(col(DecisionRow.id))
        .where(col(DecisionRow.id).in_(newest), or_(col(DecisionRow.hide).is_(True), *noted))
        .order_by(col(DecisionRow.id))
        .limit(limit)
    )
    return _entries(session, session.scalars(ids).all())[::-1]


def history(session: Session, comment_row: int) -> list[LogEntry]:
    """Every decision on a comment, newest first."""
    ids = select(col(DecisionRow.id)).where(col(DecisionRow.comment_row) == comment_row)
    return _entries(session, session.scalars(ids).all())


def versions_of(session: Session, comment_row: int) -> list[LoggedVersion]:
    """Every text of a comment, oldest first."""
    v = VersionRow
    rows = session.execute(
        select(
            col(v.id),
            col(v.number),
            col(v.text),
            col(v.escaped),
            col(v.text_sha256),
            col(v.raw_sha256),
            col(v.seen_at),
        )
        .where(col(v.comment_row) == comment_row)
        .order_by(col(v.number))
    )
    return [LoggedVersion(**row) for row in rows.mappings()]


def audit_of(session: Session, decision_id: int) -> list[LoggedAudit]:
    """The links that vouch for a decision, its version and its action, oldest first."""
    row = session.get(DecisionRow, decision_id)
    if row is None:
        raise UnknownDecision(f"no decision {decision_id} is stored")
    actions = session.scalars(
        select(col(ActionRow.id)).where(col(ActionRow.decision_id) == decision_id)
    ).all()
    about = [("version", row.version_id), ("decision", decision_id)]
    about += [("action", action_id) for action_id in actions if action_id is not None]
    links: list[AuditRow] = []
    for table, row_id in about:
        of_row = select(AuditRow).where(
            col(AuditRow.row_table) == table, col(AuditRow.row_id) == str(row_id)
        )
        links += session.scalars(of_row)
    found = (LoggedAudit(**link.model_dump(exclude={"prev"})) for link in links)
    return sorted(found, key=lambda link: link.seq)


@cache  # building it costs more than running it
def _query() -> Select[Any]:
    d, c, v, a = DecisionRow, CommentRow, VersionRow, ActionRow
    newest_action = aliased(a)
    action_id = (
        select(func.max(col(newest_action.id)))
        .where(col(newest_action.decision_id) == col(d.id))
        .correlate(d)
        .scalar_subquery()
    )
    post = and_(col(PostRow.page_id) == col(c.page_id), col(PostRow.post_id) == col(c.post_id))
    return (
        select(*(getattr(d, name) for name in _OF_DECISION))
        .add_columns(*(type_coerce(getattr(d, name), String).label(name) for name in _JSON))
        .add_columns(*(getattr(c, name) for name in _OF_COMMENT))
        .add_columns(
            col(c.id).label("comment_row"), col(c.versions).label("newest_number"),
            col(v.text), col(v.escaped), col(v.text_sha256), col(v.number).label("version_number"),
            col(PageRow.name).label("page_name"),
            func.coalesce(col(PostRow.text), "").label("post_text"),
            col(a.id).label("action_id"), col(a.kind).label("action_kind"),
            col(a.state).label("action_state"),
            func.coalesce(col(a.answer), "").label("action_answer"),
        )
        .join(c, col(c.id) == col(d.comment_row))
        .join(v, col(v.id) == col(d.version_id))
        .join(PageRow, col(PageRow.id) == col(d.page_id))
        .outerjoin(a, col(a.id) == action_id)
        .outerjoin(PostRow, post)
        .where(among(col(d.id), list_parameter("ids", whole_numbers=True)))
        .order_by(col(d.id).desc())
    )  # fmt: skip


@cache
def _listed() -> Select[Any]:
    """_query() as one JSON text: the driver lets go of Python's lock for each row it fetches, and
    then waits for it behind every other thread."""
    rows = _query().subquery()
    return select(rows_as_json(*rows.c))


def _entries(session: Session, decision_ids: Iterable[int | None]) -> list[LogEntry]:
    wanted = [decision_id for decision_id in decision_ids if decision_id is not None]
    listed = session.scalar(_listed(), {"ids": wanted})
    names = _query().selected_columns.keys()
    found = [_entry(dict(zip(names, row, strict=True))) for row in json.loads(listed)]
    return sorted(found, key=lambda entry: -entry.id)


def _entry(row: Mapping[str, Any]) -> LogEntry:
    signals = signals_of(json.loads(row["signals"]))
    if row["escaped"]:
        signals = _in_shown_text(signals, original(row["text"], escaped=True))
    kind, state = row["action_kind"], row["action_state"]
    gone_at, hidden = row["gone_at"], row["hidden"]
    read: dict[str, Any] = {
        "decided_at": datetime.fromisoformat(row["decided_at"]),
        "created_at": datetime.fromisoformat(row["created_at"]),
        "gone_at": datetime.fromisoformat(gone_at) if gone_at else None,
        "hidden": None if hidden is None else bool(hidden),
        "hide": bool(row["hide"]),
        "escaped": bool(row["escaped"]),
        "signals": signals,
        "categories": tuple(Category(category) for category in _read_json(row["categories"])),
        "degraded": tuple(_read_json(row["degraded"])),
        "thresholds": _read_json(row["thresholds"]),
        "models": _read_json(row["models"]),
        "verdict": Verdict(row["verdict"]),
        "mode": Mode(row["mode"]),
        "action_kind": ActionKind(kind) if kind else None,
        "action_state": ActionState(state) if state else None,
    }
    return LogEntry(**{**row, **read})


@lru_cache(maxsize=256)
def _read_json(stored: str) -> Any:
    """For what many decisions have in common; nobody may change what it gives."""
    return json.loads(stored)


def signals_of(stored: Sequence[Mapping[str, Any]]) -> tuple[Signal, ...]:
    """A decision row's signals, offsets as in the text as sent."""
    return tuple(
        Signal(
            source=signal["source"],
            category=Category(signal["category"]),
            score=signal["score"],
            aspect=Aspect(signal["aspect"]),
            evidence=Evidence(
                rule=signal["rule"],
                text=shown(signal["text"]),
                start=signal["start"],
                end=signal["end"],
                shares=tuple(
                    Share(text=shown(text), start=start, end=end, share=share)
                    for start, end, share, text in signal.get("shares", ())
                ),
                note=signal.get("note", ""),
            ),
        )
        for signal in stored
    )


def _in_shown_text(signals: Iterable[Signal], text: str) -> tuple[Signal, ...]:
    def moved(offset: int | None) -> int | None:
        return None if offset is None else shown_offset(text, offset)

    def share_moved(share: Share) -> Share:
        start, end = shown_offset(text, share.start), shown_offset(text, share.end)
        return replace(share, start=start, end=end)

    return tuple(
        replace(
            signal,
            evidence=replace(
                signal.evidence,
                start=moved(signal.evidence.start),
                end=moved(signal.evidence.end),
                shares=tuple(map(share_moved, signal.evidence.shares)),
            ),
        )
        for signal in signals
    )
