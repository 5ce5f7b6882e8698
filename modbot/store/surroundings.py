"""What stands around a comment: the thread it is in, and what its author wrote before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, func, literal, select, tuple_
from sqlmodel import Session, col

from modbot.domain import Category, Verdict
from modbot.store.id_lists import in_list
from modbot.store.queue import Pages
from modbot.tables import CommentRow, DecisionRow, UtcTime, VersionRow

EACH_SIDE = 2  # comments that are shown before, after and under one
EARLIER_SHOWN, EARLIER_COUNTED = 5, 200  # of an author's comments
LONGEST = 1000  # characters of each


@dataclass(frozen=True, kw_only=True)
class Said:
    """A comment beside the one that is looked at; its text is cut after LONGEST characters."""

    comment_row: int
    decision_id: int | None  # its newest
    author_name: str | None
    created_at: datetime
    text: str
    hidden: bool | None
    gone: bool
    by_page: bool
    verdict: Verdict | None
    categories: tuple[Category, ...]


@dataclass(frozen=True, kw_only=True)
class Thread:
    """The conversation around a comment, each part oldest first."""

    parent: Said | None
    before: tuple[Said, ...]
    after: tuple[Said, ...]
    replies: tuple[Said, ...]


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """What an author wrote before: the latest, and how it all was decided."""

    latest: tuple[Said, ...]  # newest first
    verdicts: Mapping[Verdict, int]
    more: bool  # there are more than were counted


def thread_around(session: Session, comment_row: int) -> Thread:
    """The parent, the two comments before and after under the same parent, two replies."""
    comment = session.get_one(CommentRow, comment_row)
    same_page = col(CommentRow.page_id) == comment.page_id
    parent_id = comment.parent_id
    beside = and_(
        same_page,
        col(CommentRow.parent_id).is_(None)
        if parent_id is None
        else col(CommentRow.parent_id) == parent_id,
        col(CommentRow.post_id) == comment.post_id,
    )
    here = tuple_(literal(comment.created_at, UtcTime), literal(comment.id))
    order = (col(CommentRow.created_at), col(CommentRow.id))
    newest_first = tuple(each.desc() for each in order)
    before = _said(session, beside, tuple_(*order) < here, order=newest_first)
    replies = and_(same_page, col(CommentRow.parent_id) == comment.comment_id)
    above: tuple[Said, ...] = ()
    if parent_id is not None:
        above = _said(session, same_page, col(CommentRow.comment_id) == parent_id, order=order)
    return Thread(
        parent=above[0] if above else None,
        before=before[::-1],
        after=_said(session, beside, tuple_(*order) > here, order=order),
        replies=_said(session, replies, order=order),
    )


def earlier_by_author(session: Session, comment_row: int, pages: Pages) -> Earlier | None:
    """What the author of a comment wrote before it on these pages of the same platform; None
    where the platform does not tell who wrote it."""
    comment = session.get_one(CommentRow, comment_row)
    if comment.author_id is None or comment.by_page:
        return None
    theirs = [
        col(CommentRow.author_id) == comment.author_id,
        col(CommentRow.platform) == comment.platform,
        col(CommentRow.id) < comment_row,
    ]
    if pages is not None:
        theirs.append(in_list(col(CommentRow.page_id), pages))
    newest = (col(CommentRow.id).desc(),)
    latest = _said(session, *theirs, order=newest, limit=EARLIER_SHOWN)
    counted = select(col(CommentRow.id)).where(*theirs).order_by(*newest).limit(EARLIER_COUNTED + 1)
    rows = [row for row in session.scalars(counted) if row is not None]
    known = rows[:EARLIER_COUNTED]
    verdicts = session.scalars(
        select(col(DecisionRow.verdict)).where(
            col(DecisionRow.id).in_(
                select(func.max(col(DecisionRow.id)))
                .where(in_list(col(DecisionRow.comment_row), known))
                .group_by(col(DecisionRow.comment_row))
            )
        )
    )
    return Earlier(
        latest=latest,
        verdicts=Counter(Verdict(verdict) for verdict in verdicts),
        more=len(rows) > EARLIER_COUNTED,
    )


def _said(
    session: Session, *where: Any, order: tuple[Any, ...], limit: int = EACH_SIDE
) -> tuple[Said, ...]:
    query = _with_newest().where(*where).order_by(*order).limit(limit)
    return tuple(_one(*row) for row in session.execute(query))


@cache
def _with_newest() -> Select[Any]:
    """Comments with their newest text and decision. Put together once: that takes longer than to
    ask it, and a screen asks it five times."""
    newest = (
        select(func.max(col(DecisionRow.id)))
        .where(col(DecisionRow.comment_row) == col(CommentRow.id))
        .correlate(CommentRow)
        .scalar_subquery()
    )
    return (
        select(
            CommentRow,
            func.substr(col(VersionRow.text), 1, LONGEST + 1),
            col(DecisionRow.id),
            col(DecisionRow.verdict),
            col(DecisionRow.categories),
        )
        .join(
            VersionRow,
            and_(
                col(VersionRow.comment_row) == col(CommentRow.id),
                col(VersionRow.number) == col(CommentRow.versions),
            ),
        )
        .outerjoin(DecisionRow, col(DecisionRow.id) == newest)
    )


def _one(
    comment: CommentRow, text: str, decision_id: int | None, verdict: str | None, categories: Any
) -> Said:
    assert comment.id is not None
    return Said(
        comment_row=comment.id,
        decision_id=decision_id,
        author_name=comment.author_name,
        created_at=comment.created_at,
        text=text if len(text) <= LONGEST else f"{text[:LONGEST]}…",
        hidden=comment.hidden,
        gone=comment.gone_at is not None,
        by_page=comment.by_page,
        verdict=Verdict(verdict) if verdict else None,
        categories=tuple(Category(each) for each in categories or ()),
    )
