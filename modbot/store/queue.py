"""The queue as people work through it: the worst first, then whatever has waited longest."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select, tuple_
from sqlmodel import Session, SQLModel, col

from modbot.dialects import among, holds_text, list_parameter
from modbot.room_tables import WaitingRow
from modbot.store.decisions import BACK, UNDO
from modbot.store.id_lists import in_list
from modbot.store.waiting import FOR_ADMINISTRATORS, place
from modbot.stored_rows import canonical
from modbot.tables import CommentRow, DecisionRow, UtcTime

_WAITING, _CLAIM, _DECISION = (
    SQLModel.metadata.tables[name] for name in ("waiting", "claim", "decision")
)
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
    session.flush()
    values: dict[str, Any] = {"level": level, "most": limit}
    if pages is not None:
        values["pages"] = sorted(pages)
    spot = after or before
    if spot is not None:
        values |= {"rank": spot.rank, "since": spot.since, "row": spot.comment_row}
    if unclaimed_by_others is not None:
        values |= dict(zip(("person", "now"), unclaimed_by_others, strict=True))
    side = ">" if after is not None else "<" if before is not None else ""
    query = _in_order(side, pages is not None, unclaimed_by_others is not None)
    rows = session.connection().execute(query, values)
    return [Waiting(**row) for row in rows.mappings()]


@cache  # building it costs more than running it
def _in_order(side: str, some_pages: bool, free: bool) -> Select[Any]:
    order = (_WAITING.c.rank, _WAITING.c.since, _WAITING.c.comment_row)
    query = select(_WAITING).where(_WAITING.c.level == bindparam("level"))
    if some_pages:
        pages = list_parameter("pages", whole_numbers=False)
        query = query.where(among(_WAITING.c.page_id, pages))
    if side:
        since = bindparam("since", type_=UtcTime())
        spot = tuple_(bindparam("rank"), since, bindparam("row"))
        here = tuple_(*order)
        query = query.where(here > spot if side == ">" else here < spot)
    if free:
        held = select(_CLAIM.c.comment_row).where(
            _CLAIM.c.person_id != bindparam("person"), _CLAIM.c.until > bindparam("now")
        )
        query = query.where(_WAITING.c.comment_row.not_in(held))
    backwards = side == "<"
    query = query.order_by(*(each.desc() if backwards else each for each in order))
    return query.limit(bindparam("most"))


def waiting_comment(session: Session, comment_row: int) -> Waiting | None:
    """The comment's place in the queue; None: it does not wait."""
    found = session.connection().execute(_place_of_comment(), {"row": comment_row})
    row = found.mappings().one_or_none()
    return None if row is None else Waiting(**row)


@cache
def _place_of_comment() -> Select[Any]:
    return select(_WAITING).where(_WAITING.c.comment_row == bindparam("row"))


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
    values = {} if pages is None else {"pages": sorted(pages)}
    found = session.connection().execute(_counts(pages is not None), values)
    return {(at, name): number for at, name, number in found}


@cache
def _counts(some_pages: bool) -> Select[Any]:
    level, category = _WAITING.c.level, _WAITING.c.category
    query = select(level, category, func.count()).group_by(level, category)
    if some_pages:
        pages = list_parameter("pages", whole_numbers=False)
        query = query.where(among(_WAITING.c.page_id, pages))
    return query


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
        query = query.where(in_list(col(WaitingRow.page_id), pages, look_up=False))
    order = (col(WaitingRow.level), col(WaitingRow.rank), col(WaitingRow.since))
    return list(session.scalars(query.order_by(*order).limit(limit)))


def decided_since(session: Session, name: str, since: datetime) -> int:
    """How many comments a person has decided since then, less those they took back one by one;
    what an undo run of theirs decided is not counted."""
    values = {"since": since, "name": name}
    keys = session.connection().scalars(_keys_since(), values).all()
    counted = [key for key in keys if not key.startswith(f"person:{UNDO}")]
    return len(counted) - 2 * sum(BACK in key for key in counted)


@cache
def _keys_since() -> Select[Any]:
    d = _DECISION.c
    mine = (d.actor_kind == "person", d.actor == bindparam("name"))
    return select(d.key).where(d.decided_at >= bindparam("since"), *mine)


def newest_decision_on(session: Session, comment_row: int) -> int | None:
    """The number of the decision that stands on a comment."""
    session.flush()
    found = session.connection().scalar(_newest_on(), {"row": comment_row})
    return None if found is None else int(found)


@cache
def _newest_on() -> Select[Any]:
    return select(func.max(_DECISION.c.id)).where(_DECISION.c.comment_row == bindparam("row"))


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
