"""The decision log, as people read it: newest first, filtered, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

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
from modbot.store.id_lists import in_list
from modbot.stored_text import original, shown, shown_offset
from modbot.tables import (
    ActionRow,
    AuditRow,
    CommentRow,
    DecisionCategoryRow,
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


def decision_log(
    session: Session,
    *,
    page: str | None = None,
    category: str | None = None,
    verdict: str | None = None,
    before: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[LogEntry]:
    """Decisions newest first: those older than decision `before`, or the next newer than `after`.

    Each mix of page, category and verdict is one index range, so a rare one costs no more.
    """
    row: type[DecisionRow] | type[DecisionCategoryRow]
    key: Any
    if category is None:
        row, key = DecisionRow, col(DecisionRow.id)
    else:
        row, key = DecisionCategoryRow, col(DecisionCategoryRow.decision_id)
    ids: Select[Any] = select(key)
    if category is not None:
        ids = ids.where(col(DecisionCategoryRow.category) == category)
    if page is not None:
        ids = ids.where(col(row.page_id) == page)
    if verdict is not None:
        ids = ids.where(col(row.verdict) == verdict)
    if before is not None:
        ids = ids.where(key < before)
    if after is not None:
        ids = ids.where(key > after)
    forward = after is not None and before is None
    ids = ids.order_by(key.asc() if forward else key.desc()).limit(limit)
    return _entries(session, session.scalars(ids).all())


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


def newest_decisions(session: Session, page_id: str) -> list[LogEntry]:
    """The newest decision on each comment of a page that is there and not hidden, oldest first."""
    ids = (
        select(func.max(col(DecisionRow.id)))
        .join(CommentRow, col(CommentRow.id) == col(DecisionRow.comment_row))
        .where(
            col(DecisionRow.page_id) == page_id,
            col(CommentRow.hidden).is_not(True),
            col(CommentRow.gone_at).is_(None),
        )
        .group_by(col(DecisionRow.comment_row))
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


def _entries(session: Session, decision_ids: Iterable[int | None]) -> list[LogEntry]:
    wanted = [decision_id for decision_id in decision_ids if decision_id is not None]
    newest_action = aliased(ActionRow)
    action_id = (
        select(func.max(col(newest_action.id)))
        .where(col(newest_action.decision_id) == col(DecisionRow.id))
        .correlate(DecisionRow)
        .scalar_subquery()
    )
    v = VersionRow
    query: Select[*tuple[Any, ...]] = (
        select(DecisionRow, CommentRow, col(PageRow.name), ActionRow, col(PostRow.text))
        .add_columns(col(v.text), col(v.escaped), col(v.text_sha256), col(v.number))
        .join(CommentRow, col(CommentRow.id) == col(DecisionRow.comment_row))
        .join(v, col(v.id) == col(DecisionRow.version_id))
        .join(PageRow, col(PageRow.id) == col(DecisionRow.page_id))
        .outerjoin(ActionRow, col(ActionRow.id) == action_id)
        .outerjoin(
            PostRow,
            and_(
                col(PostRow.page_id) == col(CommentRow.page_id),
                col(PostRow.post_id) == col(CommentRow.post_id),
            ),
        )
        .where(in_list(col(DecisionRow.id), wanted))
        .order_by(col(DecisionRow.id).desc())
    )
    return [_entry(row) for row in session.execute(query)]


def _entry(row: Any) -> LogEntry:
    made, comment, page_name, action, post_text, text, escaped, text_sha256, number = row
    signals = signals_of(made.signals)
    if escaped:
        signals = _in_shown_text(signals, original(text, escaped=True))
    as_stored = (
        *("id", "decided_at", "page_id", "version_id", "hide", "clause", "thresholds", "reason"),
        *("models", "config_sha256", "actor_kind", "actor"),
    )
    return LogEntry(
        **{name: getattr(made, name) for name in as_stored},
        **_of_comment(comment),
        **_of_action(action),
        page_name=page_name,
        text=text,
        escaped=escaped,
        text_sha256=text_sha256,
        post_text=post_text or "",
        version_number=number,
        verdict=Verdict(made.verdict),
        categories=tuple(Category(category) for category in made.categories),
        signals=signals,
        degraded=tuple(made.degraded),
        mode=Mode(made.mode),
    )


def _of_comment(comment: CommentRow) -> dict[str, Any]:
    as_stored = ("platform", "comment_id", "permalink", "author_name", "created_at", "parent_id")
    return {
        **{name: getattr(comment, name) for name in (*as_stored, "post_id", "hidden", "gone_at")},
        "comment_row": comment.id,
        "newest_number": comment.versions,
    }


def _of_action(action: ActionRow | None) -> dict[str, Any]:
    return {
        "action_id": action.id if action else None,
        "action_kind": ActionKind(action.kind) if action else None,
        "action_state": ActionState(action.state) if action else None,
        "action_answer": action.answer if action else "",
    }


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
