"""Comments as things on a page: what is known of them, what is missing, what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlmodel import Session, col

from modbot.audit import Entry, append, evidence_sha256
from modbot.dialects import among, in_list, list_parameter
from modbot.domain import BOT, ActionKind, ActionState, Coverage
from modbot.store.waiting import refresh_waiting
from modbot.stored_text import original, shown
from modbot.tables import ActionRow, CommentRow, VersionRow


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is stored of a comment: its newest version and its state on the platform."""

    comment_row: int
    version_id: int
    number: int
    text_sha256: str
    hidden: bool | None
    gone: bool


def known(session: Session, page_id: str, comment_ids: Iterable[str]) -> dict[str, Known]:
    """Those of the comments that are stored, by the vendor's id."""
    wanted = {shown(comment_id): comment_id for comment_id in comment_ids}
    rows = session.execute(_known(), {"page": page_id, "listed": list(wanted)})
    return {
        wanted[comment_id]: Known(
            comment_row=comment_row,
            version_id=version_id,
            number=number,
            text_sha256=text_sha256,
            hidden=hidden,
            gone=gone_at is not None,
        )
        for comment_id, comment_row, version_id, number, text_sha256, hidden, gone_at in rows
    }


@cache  # as all queries of each poll: building one costs more than running it
def _known() -> Select[Any]:
    row = CommentRow
    columns = (row.comment_id, row.id, VersionRow.id, row.versions, VersionRow.text_sha256)
    return _newest_of(*columns, row.hidden, row.gone_at)


def _newest_of(*columns: Any) -> Select[Any]:
    """These columns of the comments `listed` of a `page`, each with its newest version."""
    return (
        select(*map(col, columns))
        .select_from(CommentRow)
        .join(VersionRow, _newest_version())
        .where(
            col(CommentRow.page_id) == bindparam("page"),
            among(col(CommentRow.comment_id), list_parameter("listed", whole_numbers=False)),
        )
    )


def _newest_version() -> ColumnElement[bool]:
    return and_(
        col(VersionRow.comment_row) == col(CommentRow.id),
        col(VersionRow.number) == col(CommentRow.versions),
    )


def comment_texts(session: Session, page_id: str, comment_ids: Iterable[str]) -> dict[str, str]:
    """The newest text, as sent, of those comments that are stored, by the vendor's id."""
    wanted = {shown(comment_id): comment_id for comment_id in comment_ids}
    if not wanted:
        return {}
    rows = session.execute(_texts(), {"page": page_id, "listed": list(wanted)})
    return {wanted[found]: original(text, escaped=escaped) for found, text, escaped in rows}


@cache
def _texts() -> Select[Any]:
    return _newest_of(CommentRow.comment_id, VersionRow.text, VersionRow.escaped)


def posts_above(session: Session, page_id: str, comment_ids: Iterable[str]) -> dict[str, str]:
    """The id of the post that each known comment was first seen under, by comment id."""
    wanted = {shown(one): one for one in comment_ids}
    rows = select(col(CommentRow.comment_id), col(CommentRow.post_id)).where(
        col(CommentRow.page_id) == page_id,
        in_list(col(CommentRow.comment_id), wanted),
    )
    return {wanted[comment_id]: post_id for comment_id, post_id in session.execute(rows)}


def missing(
    session: Session, page_id: str, covered: Sequence[Coverage], seen_ids: AbstractSet[str]
) -> list[str]:
    """Ids of known comments that a complete listing should have shown and did not.

    A reply counts only when its parent was seen or is missing itself: listings show replies
    under their parent.
    """
    if not covered:
        return []
    seen = {shown(comment_id) for comment_id in seen_ids}
    absent: dict[str, None] = {}
    since_of: dict[str | None, datetime] = {}
    for one in covered:
        post = None if one.post_id is None else shown(one.post_id)
        since_of[post] = min(one.since, since_of.get(post, one.since))
    # In one go: a query for each of a page's posts is what most of a quiet poll's time went into.
    listed = session.execute(_there(), {"page": page_id, "since": min(since_of.values())})
    for comment_id, parent_id, post_id, created_at in listed:
        if comment_id in seen:
            continue
        bounds = [since_of[post] for post in (None, post_id) if post in since_of]
        if not bounds or created_at < min(bounds):
            continue
        top_level = parent_id is None or parent_id == post_id
        if top_level or parent_id in seen or parent_id in absent:
            absent[comment_id] = None
    return list(absent)


@cache
def _there() -> Select[Any]:
    """The comments of a `page` that are there, created at or after `since`, oldest first."""
    row = CommentRow
    columns: list[Any] = [row.comment_id, row.parent_id, row.post_id, row.created_at]
    return (
        select(*columns)
        .where(
            col(row.page_id) == bindparam("page"),
            col(row.created_at) >= bindparam("since"),
            col(row.gone_at).is_(None),
        )
        .order_by(col(row.created_at), col(row.id))
    )


def recheck_ids(session: Session, page_id: str, since: datetime, limit: int) -> list[str]:
    """Ids of comments created at or after `since`, newest first. Those known to be gone are left
    out, but for one that a hide did not find any more: it may come back."""
    missed = (
        select(col(ActionRow.id))
        .where(
            col(ActionRow.comment_row) == col(CommentRow.id),
            col(ActionRow.kind) == ActionKind.HIDE,
            col(ActionRow.state) == ActionState.GONE,
        )
        .exists()
    )
    return list(
        session.scalars(
            select(col(CommentRow.comment_id))
            .where(
                col(CommentRow.page_id) == page_id,
                col(CommentRow.created_at) >= since,
                or_(col(CommentRow.gone_at).is_(None), missed),
            )
            .order_by(col(CommentRow.created_at).desc(), col(CommentRow.id).desc())
            .limit(limit)
        )
    )


def count_comments(session: Session, page_id: str, since: datetime, until: datetime) -> int:
    """How many comments of a page were created from `since` on and before `until`."""
    created = col(CommentRow.created_at)
    return (
        session.scalar(
            select(func.count())
            .select_from(CommentRow)
            .where(col(CommentRow.page_id) == page_id, created >= since, created < until)
        )
        or 0
    )


def mark_gone(session: Session, page_id: str, comment_id: str, now: datetime) -> bool:
    """Notes that the comment is no longer on the platform; False when that was known."""
    comment = _comment(session, page_id, comment_id)
    if comment is None or comment.gone_at is not None:
        return False
    comment.gone_at = now
    append(session, [state_entry(session, "comment.gone", comment)], now)
    assert comment.id is not None
    refresh_waiting(session, comment.id)
    return True


def mark_hidden_state(
    session: Session, page_id: str, comment_id: str, hidden: bool, now: datetime
) -> bool:
    """Notes what the platform says of visibility; False when that was known.

    Also takes back mark_gone(): a comment with a state is there.
    """
    comment = _comment(session, page_id, comment_id)
    if comment is None or (comment.hidden == hidden and comment.gone_at is None):
        return False
    return _sync(session, comment, hidden, now)


def sync_state(session: Session, comment_row: int, hidden: bool | None, now: datetime) -> bool:
    """mark_hidden_state() by row; `hidden` None leaves visibility as it is."""
    comment = session.get_one(CommentRow, comment_row)
    return _sync(session, comment, hidden, now)


def _sync(session: Session, comment: CommentRow, hidden: bool | None, now: datetime) -> bool:
    changed = False
    if comment.gone_at is not None:
        comment.gone_at = None
        append(session, [state_entry(session, "comment.back", comment)], now)
        assert comment.id is not None
        refresh_waiting(session, comment.id)
        changed = True
    if hidden is not None and hidden != comment.hidden:
        comment.hidden = hidden
        append(session, [state_entry(session, "comment.visibility", comment)], now)
        changed = True
    return changed


def _comment(session: Session, page_id: str, comment_id: str) -> CommentRow | None:
    return session.scalars(
        select(CommentRow).where(
            col(CommentRow.page_id) == page_id, col(CommentRow.comment_id) == shown(comment_id)
        )
    ).one_or_none()


def state_entry(session: Session, kind: str, comment: CommentRow) -> Entry:
    """The audit entry of a comment whose `hidden` or `gone_at` has just been changed.

    Every such change needs one: the newest is what verify() holds the row to.
    """
    session.flush()
    detail: dict[str, object] = {"page": comment.page_id, "comment": comment.comment_id}
    if kind == "comment.visibility":
        detail["hidden"] = comment.hidden
    return Entry(
        kind=kind,
        actor=BOT.name,
        row_table="comment",
        row_id=str(comment.id),
        row_sha256=evidence_sha256(comment),
        detail=detail,
    )
