"""The queue as people work through it: the worst first, then whatever has waited longest."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, literal, select, tuple_
from sqlmodel import Session, col

from modbot.dialects import holds_text
from modbot.room_tables import ClaimRow, WaitingRow
from modbot.store.decisions import BACK, UNDO
from modbot.store.id_lists import in_list
from modbot.store.waiting import FOR_ADMINISTRATORS, place
from modbot.stored_rows import canonical
from modbot.tables import CommentRow, DecisionRow, UtcTime

Pages = Collection[str] | None  # page ids that somebody may see; None: all


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A comment that waits for a person."""

    comment_row: int
    decision_id: int  # its newest
    page_id: str
    category: str  # the worst; empty: none
    level: int  # FOR_REVIEWERS or FOR_ADMINISTRATORS
    rank: int  # 0 is the worst
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A place in the order of the queue, whether anything waits there or not."""

    level: int
    rank: int
    since: datetime
    comment_row: int


def waiting(
    session: Session,
    *,
    level: int,
    pages: Pages = None,
    after: Spot | None = None,
    before: Spot | None = None,
    unclaimed_by_others: tuple[int, datetime] | None = None,
    limit: int = 10,
) -> list[Waiting]:
    """What waits on a level, worst first: behind `after`, or backwards from `before`.

    `unclaimed_by_others`: a person's id and the time; what somebody else looks at is left out.
    """
    order = (col(WaitingRow.rank), col(WaitingRow.since), col(WaitingRow.comment_row))
    query = select(WaitingRow).where(col(WaitingRow.level) == level)
    if pages is not None:
        query = query.where(in_list(col(WaitingRow.page_id), pages))
    if after is not None:
        query = query.where(tuple_(*order) > _bound(after))
    if before is not None:
        query = query.where(tuple_(*order) < _bound(before))
    if unclaimed_by_others is not None:
        query = _unclaimed(query, *unclaimed_by_others)
    backwards = before is not None
    query = query.order_by(*(each.desc() if backwards else each for each in order)).limit(limit)
    return [_waiting(row) for row in session.scalars(query)]


def _bound(spot: Spot) -> Any:
    since = literal(spot.since, UtcTime)
    return tuple_(literal(spot.rank), since, literal(spot.comment_row))


def _unclaimed(query: Select[Any], person_id: int, now: datetime) -> Select[Any]:
    held = select(col(ClaimRow.comment_row)).where(
        col(ClaimRow.person_id) != person_id, col(ClaimRow.until) > now
    )
    return query.where(col(WaitingRow.comment_row).not_in(held))


def waiting_comment(session: Session, comment_row: int) -> Waiting | None:
    """The comment's place in the queue; None: it does not wait."""
    row = session.get(WaitingRow, comment_row)
    return None if row is None else _waiting(row)


def spot_of(session: Session, decision_id: int) -> Spot | None:
    """Where a decision's comment stands or stood in the queue; None for a decision that never put
    it there."""
    made = session.get(DecisionRow, decision_id)
    found = None if made is None else place(made.model_dump())
    if made is None or found is None:
        return None
    return Spot(
        level=found.level, rank=found.rank, since=made.decided_at, comment_row=made.comment_row
    )


def count_waiting(session: Session, pages: Pages = None) -> dict[tuple[int, str], int]:
    """How many comments wait, by level and worst category."""
    level, category = col(WaitingRow.level), col(WaitingRow.category)
    query = select(level, category, func.count()).group_by(level, category)
    if pages is not None:
        query = query.where(in_list(col(WaitingRow.page_id), pages))
    return {(at, name): number for at, name, number in session.execute(query)}


def waiting_by_author(
    session: Session, comment_row: int, levels: Collection[int], pages: Pages, limit: int
) -> list[int]:
    """Decisions on what waits by the author of a comment, worst first; none where the platform
    does not tell who wrote it."""
    comment = session.get_one(CommentRow, comment_row)
    if comment.author_id is None:
        return []
    query = (
        select(col(WaitingRow.decision_id))
        .join(CommentRow, col(CommentRow.id) == col(WaitingRow.comment_row))
        .where(
            col(CommentRow.author_id) == comment.author_id,
            col(CommentRow.platform) == comment.platform,
        )
    )
    return _decisions(session, query, levels, pages, limit)


def waiting_by_rule(
    session: Session, rule: str, levels: Collection[int], pages: Pages, limit: int
) -> list[int]:
    """Decisions on what waits in which a rule, or a model's label, was found; worst first."""
    query = (
        select(col(WaitingRow.decision_id))
        .join(DecisionRow, col(DecisionRow.id) == col(WaitingRow.decision_id))
        .where(holds_text(col(DecisionRow.signals), f'"rule":{canonical(rule)}'))
    )
    return _decisions(session, query, levels, pages, limit)


def _decisions(
    session: Session, query: Select[Any], levels: Collection[int], pages: Pages, limit: int
) -> list[int]:
    query = query.where(col(WaitingRow.level).in_(levels))
    if pages is not None:
        query = query.where(in_list(col(WaitingRow.page_id), pages))
    order = (col(WaitingRow.level), col(WaitingRow.rank), col(WaitingRow.since))
    return list(session.scalars(query.order_by(*order).limit(limit)))


def decided_since(session: Session, name: str, since: datetime) -> int:
    """How many comments a person has decided since then, less those they took back one by one;
    what an undo run of theirs decided is not counted."""
    keys = session.scalars(
        select(col(DecisionRow.key)).where(
            col(DecisionRow.decided_at) >= since,
            col(DecisionRow.actor_kind) == "person",
            col(DecisionRow.actor) == name,
        )
    ).all()
    counted = [key for key in keys if not key.startswith(f"person:{UNDO}")]
    return len(counted) - 2 * sum(BACK in key for key in counted)


def newest_decision_on(session: Session, comment_row: int) -> int | None:
    """The number of the decision that stands on a comment."""
    return session.scalar(
        select(func.max(col(DecisionRow.id))).where(col(DecisionRow.comment_row) == comment_row)
    )


def handed_on_before(session: Session, decision_id: int) -> bool:
    """Was the comment with the administrators when this decision was made?"""
    made = session.get_one(DecisionRow, decision_id)
    before = session.scalar(
        select(DecisionRow)
        .where(col(DecisionRow.comment_row) == made.comment_row, col(DecisionRow.id) < decision_id)
        .order_by(col(DecisionRow.id).desc())
        .limit(1)
    )
    found = None if before is None else place(before.model_dump())
    return found is not None and found.level == FOR_ADMINISTRATORS


def _waiting(row: WaitingRow) -> Waiting:
    return Waiting(**row.model_dump())
