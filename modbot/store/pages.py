"""Registered pages, where their polling stands, their posts, and approved fundraisers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, or_, select
from sqlmodel import Session, col

from modbot.audit import Entry, append, evidence_sha256
from modbot.audit.evidence import post_row_id
from modbot.dialects import among, list_parameter, rows_as_json
from modbot.domain import BOT, Fundraiser, Mode, Page, Post
from modbot.errors import UnknownPage
from modbot.store.id_lists import in_list
from modbot.stored_text import shown
from modbot.tables import FundraiserRow, PageRow, PageStateRow, PostRow, PostTextRow, UtcTime


def page_of(row: PageRow) -> Page:
    """A registry row as the rest of the service knows it."""
    return Page(
        id=row.id,
        platform=row.platform,
        external_id=row.external_id,
        name=row.name,
        mode=Mode(row.mode),
        handle=row.handle,
        base_url=row.base_url,
        token_ref=row.token_ref,
        paused=row.paused,
    )


_OF_PAGE = (
    *("id", "platform", "external_id", "name", "mode", "handle", "base_url", "token_ref"),
    "paused",
)


@cache
def _pages() -> Select[Any]:
    """One JSON text: for each row it fetches the driver waits behind every other thread."""
    return select(rows_as_json(*(getattr(PageRow, n) for n in _OF_PAGE)))


def pages(session: Session) -> list[Page]:
    """Every registered page, paused ones too, by id."""
    rows = (dict(zip(_OF_PAGE, row, strict=True)) for row in json.loads(session.scalar(_pages())))
    found = (
        Page(**{**row, "mode": Mode(row["mode"]), "paused": bool(row["paused"])}) for row in rows
    )
    return sorted(found, key=lambda page: page.id)


def page_names(session: Session, page_ids: Iterable[str]) -> dict[str, str]:
    """What these pages are called, by id."""
    wanted = sorted(set(page_ids))
    if not wanted:
        return {}
    found = session.connection().execute(_names(), {"pages": wanted})
    return {row.id: row.name for row in found}


@cache
def _names() -> Select[Any]:
    pages = list_parameter("pages", whole_numbers=False)
    return select(PageRow.id, PageRow.name).where(among(col(PageRow.id), pages))  # type: ignore[call-overload, no-any-return]


def page(session: Session, page_id: str) -> Page:
    """Raises UnknownPage."""
    row = session.get(PageRow, shown(page_id))  # an id as typed may not be encodable
    if row is None:
        raise UnknownPage(f"no page {page_id!r} is registered; see `modbot pages list`")
    return page_of(row)


def page_state(session: Session, page_id: str) -> PageStateRow:
    """Where polling stands; a fresh row for a page that was never polled."""
    return session.get(PageStateRow, page_id) or PageStateRow(page_id=page_id)


def save_page_state(session: Session, page_id: str, **fields: Any) -> PageStateRow:
    """Sets the named fields of PageStateRow and leaves the others; the row as it is then. Raises
    AttributeError."""
    row = page_state(session, page_id)
    for name, value in fields.items():
        if name not in PageStateRow.model_fields:
            raise AttributeError(f"page_state has no field {name!r}")
        setattr(row, name, value)
    session.add(row)
    session.flush()
    return row


def record_posts(session: Session, page_id: str, posts: Iterable[Post], now: datetime) -> None:
    """Stores posts, or the newest text of known ones, each change with its audit row."""
    newest = {shown(post.id): post for post in posts}
    if not newest:
        return
    stored = {
        row.post_id: row
        for row in session.scalars(
            select(PostRow).where(
                col(PostRow.page_id) == page_id,
                in_list(col(PostRow.post_id), newest),
            )
        )
    }
    entries = []
    for post_id, post in newest.items():
        row, text = stored.get(post_id), shown(post.text)
        if row is not None and row.text == text:
            continue
        kind = "post.seen" if row is None else "post.edited"
        row = row or PostRow(page_id=page_id, post_id=post_id, created_at=post.created_at)
        row.text = text
        session.add(row)
        session.add(PostTextRow(page_id=page_id, post_id=post_id, text=text, seen_at=now))
        entries.append(_post_entry(kind, row))
    session.flush()
    append(session, entries, now)


def _post_entry(kind: str, row: PostRow) -> Entry:
    return Entry(
        kind=kind,
        actor=BOT.name,
        row_table="post",
        row_id=post_row_id(row.page_id, row.post_id),
        row_sha256=evidence_sha256(row),
        detail={"page": row.page_id, "post": row.post_id},
    )


def post_texts(session: Session, page_id: str, post_ids: Iterable[str]) -> dict[str, str]:
    """The texts of those posts that are stored, by post id."""
    wanted = {shown(post_id): post_id for post_id in post_ids}
    if not wanted:
        return {}
    rows = session.execute(_post_texts(), {"page": page_id, "listed": list(wanted)})
    return {wanted[post_id]: text for post_id, text in rows}


@cache  # as all queries of each poll: building one costs more than running it
def _post_texts() -> Select[str, str]:
    return select(col(PostRow.post_id), col(PostRow.text)).where(
        col(PostRow.page_id) == bindparam("page"),
        among(col(PostRow.post_id), list_parameter("listed", whole_numbers=False)),
    )


def approved_fundraisers(session: Session, now: datetime) -> tuple[Fundraiser, ...]:
    """Each sale that is approved at this time, oldest first."""
    return tuple(map(fundraiser_of, session.scalars(_approved(), {"now": now})))


@cache
def _approved() -> Select[FundraiserRow]:
    starts_at, ends_at = col(FundraiserRow.starts_at), col(FundraiserRow.ends_at)
    now = bindparam("now", type_=UtcTime())
    return (
        select(FundraiserRow)
        .where(or_(starts_at.is_(None), starts_at <= now))
        .where(or_(ends_at.is_(None), ends_at > now))
        .order_by(col(FundraiserRow.id))
    )


def fundraiser_of(row: FundraiserRow) -> Fundraiser:
    """A row as the judgement reads it."""
    return Fundraiser(
        name=row.name,
        details=row.details,
        links=tuple(row.links),
        accounts=tuple(row.accounts),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
    )
