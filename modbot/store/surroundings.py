"""What stands around a comment: the thread it is in, and what its author wrote before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)
from sqlmodel import Session, SQLModel

from modbot.dialects import among, list_parameter
from modbot.domain import Category, Verdict
from modbot.store.queue import Pages
from modbot.tables import UtcTime

EACH_SIDE = 2  # comments that are shown before, after and under one
EARLIER_SHOWN, EARLIER_COUNTED = 5, 200  # of an author's comments
LONGEST = 1000  # characters of each
_COMMENT, _VERSION, _DECISION = (
    SQLModel.metadata.tables[name] for name in ("comment", "version", "decision")
)


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


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What stands around a comment; `earlier` is None where the platform does not tell who wrote
    it, and for what the page itself wrote."""

    thread: Thread
    earlier: Earlier | None


def surroundings(session: Session, comment_row: int, pages: Pages) -> Surroundings:
    """A comment's parent, the two comments before and after it under the same parent, two replies;
    and what its author wrote before it on these pages of the same platform. Five statements, put
    together once: a screen spends longer on each than the database does."""
    connection = session.connection()
    here = connection.execute(_here(), {"row": comment_row}).one()
    near = _near(connection, here)
    theirs = _ids_of_author(connection, here, pages)
    said = _said(connection, [row for rows in near.values() for row in rows], theirs)
    shown = {part: tuple(said[row] for row in rows) for part, rows in near.items()}
    return Surroundings(
        thread=Thread(
            parent=shown["parent"][0] if shown["parent"] else None,
            before=shown["before"],
            after=shown["after"],
            replies=shown["replies"],
        ),
        earlier=None if theirs is None else _earlier(connection, theirs, said),
    )


@cache
def _here() -> Select[Any]:
    return select(_COMMENT).where(_COMMENT.c.id == bindparam("row"))


def _near(connection: Connection, here: Row[Any]) -> dict[str, list[int]]:
    """Rows of the comments around one, by part, each oldest first."""
    values = {
        "page": here.page_id,
        "post": here.post_id,
        "parent": here.parent_id,
        "vendor_id": here.comment_id,
        "at": here.created_at,
        "row": here.id,
    }
    if here.parent_id is None:
        del values["parent"]
    found: dict[str, list[int]] = {"parent": [], "before": [], "after": [], "replies": []}
    rows = connection.execute(_neighbours(here.parent_id is not None), values).all()
    for part, row, _ in sorted(rows, key=lambda each: (each[2], each[1])):
        found[part].append(row)
    return found


@cache
def _neighbours(is_reply: bool) -> Any:
    """Part, row and time of what stands around a comment, in one statement."""
    c = _COMMENT.c
    page = c.page_id == bindparam("page")
    parent = c.parent_id == bindparam("parent") if is_reply else c.parent_id.is_(null())
    beside = and_(page, parent, c.post_id == bindparam("post"))
    place, here = tuple_(c.created_at, c.id), _bound_place()
    oldest, newest = (c.created_at, c.id), (c.created_at.desc(), c.id.desc())
    replies = and_(page, c.parent_id == bindparam("vendor_id"))
    parts = [
        _part("before", and_(beside, place < here), newest),
        _part("after", and_(beside, place > here), oldest),
        _part("replies", replies, oldest),
    ]
    if is_reply:
        above = and_(page, c.comment_id == bindparam("parent"))
        parts.append(_part("parent", above, oldest))
    return union_all(*parts)


def _bound_place() -> Any:
    return tuple_(bindparam("at", type_=UtcTime()), bindparam("row"))


def _part(name: str, where: Any, order: tuple[Any, ...]) -> Select[Any]:
    some = (
        select(_COMMENT.c.id, _COMMENT.c.created_at).where(where).order_by(*order).limit(EACH_SIDE)
    ).subquery()
    return select(literal(name).label("part"), some.c.id, some.c.created_at)


def _ids_of_author(connection: Connection, here: Row[Any], pages: Pages) -> list[int] | None:
    """What the author wrote before, newest first; one more than is counted."""
    if here.author_id is None or here.by_page:
        return None
    values = {"author": here.author_id, "platform": here.platform, "row": here.id}
    if pages is not None:
        values["pages"] = sorted(pages)
    return list(connection.scalars(_by_author(pages is not None), values))


@cache
def _by_author(some_pages: bool) -> Select[Any]:
    c = _COMMENT.c
    query = select(c.id).where(
        c.author_id == bindparam("author"),
        c.platform == bindparam("platform"),
        c.id < bindparam("row"),
    )
    if some_pages:
        query = query.where(among(c.page_id, list_parameter("pages", whole_numbers=False)))
    return query.order_by(c.id.desc()).limit(EARLIER_COUNTED + 1)


def _earlier(connection: Connection, theirs: list[int], said: Mapping[int, Said]) -> Earlier:
    known = theirs[:EARLIER_COUNTED]
    verdicts = connection.scalars(_verdicts(), {"rows": known}) if known else ()
    return Earlier(
        latest=tuple(said[row] for row in theirs[:EARLIER_SHOWN]),
        verdicts=Counter(Verdict(verdict) for verdict in verdicts),
        more=len(theirs) > EARLIER_COUNTED,
    )


@cache
def _verdicts() -> Select[Any]:
    d = _DECISION.c
    newest = (
        select(func.max(d.id))
        .where(among(d.comment_row, list_parameter("rows", whole_numbers=True)))
        .group_by(d.comment_row)
    )
    return select(d.verdict).where(d.id.in_(newest))


def _said(connection: Connection, near: Iterable[int], theirs: list[int] | None) -> dict[int, Said]:
    wanted = [*near, *(theirs or ())[:EARLIER_SHOWN]]
    if not wanted:
        return {}
    return {row[0]: _one(*row) for row in connection.execute(_with_newest(), {"rows": wanted})}


@cache
def _with_newest() -> Select[Any]:
    """Comments with their newest text and decision."""
    c, v, d = _COMMENT.c, _VERSION.c, _DECISION.c
    newest = (
        select(func.max(d.id)).where(d.comment_row == c.id).correlate(_COMMENT).scalar_subquery()
    )
    return (
        select(c.id, c.author_name, c.created_at, c.hidden, c.gone_at, c.by_page)
        .add_columns(func.substr(v.text, 1, LONGEST + 1), d.id, d.verdict, d.categories)
        .join(_VERSION, and_(v.comment_row == c.id, v.number == c.versions))
        .outerjoin(_DECISION, d.id == newest)
        .where(among(c.id, list_parameter("rows", whole_numbers=True)))
    )


def _one(
    row: int,
    author_name: str | None,
    created_at: datetime,
    hidden: bool | None,
    gone_at: datetime | None,
    by_page: bool,
    text: str,
    decision_id: int | None,
    verdict: str | None,
    categories: Any,
) -> Said:
    return Said(
        comment_row=row,
        decision_id=decision_id,
        author_name=author_name,
        created_at=created_at,
        text=text if len(text) <= LONGEST else f"{text[:LONGEST]}…",
        hidden=hidden,
        gone=gone_at is not None,
        by_page=by_page,
        verdict=Verdict(verdict) if verdict else None,
        categories=tuple(Category(each) for each in categories or ()),
    )
