"""Registered pages, where their polling stands, their posts, and approved fundraisers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.dialects.sqlite import insert
from sqlmodel import Session, col

from modbot.domain import Fundraiser, Mode, Page, Post
from modbot.errors import UnknownPage
from modbot.store.id_lists import in_list
from modbot.stored_text import shown
from modbot.tables import FundraiserRow, PageRow, PageStateRow, PostRow


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


def pages(session: Session) -> list[Page]:
    """Every registered page, paused ones too, by id."""
    return [page_of(row) for row in session.scalars(select(PageRow).order_by(col(PageRow.id)))]


def page(session: Session, page_id: str) -> Page:
    """Raises UnknownPage."""
    row = session.get(PageRow, shown(page_id))  # an id as typed may not be encodable
    if row is None:
        raise UnknownPage(f"no page {page_id!r} is registered; see `modbot pages list`")
    return page_of(row)


def page_state(session: Session, page_id: str) -> PageStateRow:
    """Where polling stands; a fresh row for a page that was never polled."""
    return session.get(PageStateRow, page_id) or PageStateRow(page_id=page_id)


def save_page_state(session: Session, page_id: str, **fields: Any) -> None:
    """Sets the named fields of PageStateRow and leaves the others. Raises AttributeError."""
    row = page_state(session, page_id)
    for name, value in fields.items():
        if name not in PageStateRow.model_fields:
            raise AttributeError(f"page_state has no field {name!r}")
        setattr(row, name, value)
    session.add(row)
    session.flush()


def record_posts(session: Session, page_id: str, posts: Iterable[Post]) -> None:
    """Stores posts, or the newest text of known ones."""
    rows = [
        {
            "page_id": page_id,
            "post_id": shown(post.id),
            "text": shown(post.text),
            "created_at": post.created_at,
        }
        for post in posts
    ]
    if not rows:
        return
    upsert = insert(PostRow)
    upsert = upsert.on_conflict_do_update(
        index_elements=["page_id", "post_id"],
        set_={"text": upsert.excluded.text},
        where=col(PostRow.text) != upsert.excluded.text,
    )
    session.execute(upsert, rows)


def post_texts(session: Session, page_id: str, post_ids: Iterable[str]) -> dict[str, str]:
    """The texts of those posts that are stored, by post id."""
    wanted = {shown(post_id): post_id for post_id in post_ids}
    rows = select(col(PostRow.post_id), col(PostRow.text)).where(
        col(PostRow.page_id) == page_id, in_list(col(PostRow.post_id), wanted)
    )
    return {wanted[post_id]: text for post_id, text in session.execute(rows)}


def approved_fundraisers(session: Session, now: datetime) -> tuple[Fundraiser, ...]:
    """Each sale that is approved at this time, oldest first."""
    starts_at, ends_at = col(FundraiserRow.starts_at), col(FundraiserRow.ends_at)
    rows = session.scalars(
        select(FundraiserRow)
        .where(or_(starts_at.is_(None), starts_at <= now))
        .where(or_(ends_at.is_(None), ends_at > now))
        .order_by(col(FundraiserRow.id))
    )
    return tuple(map(fundraiser_of, rows))


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
