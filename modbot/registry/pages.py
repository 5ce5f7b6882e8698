"""Which pages are moderated, and how far."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from modbot import store
from modbot.domain import Actor, Mode, Page
from modbot.errors import ChangedMeanwhile, RegistrationRefused, UnknownPage
from modbot.registry.page_checks import NewPage, page_problems, token_is_needed
from modbot.registry.problems import TEXT_CAP, refuse, text_problems
from modbot.registry.saving import require_person, save
from modbot.settings import check_reference
from modbot.store import Database
from modbot.stored_text import shown
from modbot.tables import PageRow

_TOLD = (
    *("name", "handle", "government_use", "school", "purpose", "manager", "administrator"),
    "contact",
)


@dataclass(frozen=True, kw_only=True)
class PageFacts:
    """What the district says of a page beside what its polling needs."""

    school: str
    purpose: str
    manager: str
    administrator: str
    contact: str
    government_use: str
    registered_by: str
    registered_at: datetime


@dataclass(frozen=True, kw_only=True)
class RegisteredPage:
    """A page, what the district says of it, and where its polling stands."""

    page: Page
    facts: PageFacts
    last_success_at: datetime | None
    not_before: datetime | None  # the platform is not called before this
    failures: int  # in a row
    needs_login: bool
    token_ends: str  # an ISO day; empty: not known
    last_error: str


def add_page(
    database: Database, new: NewPage, actor: Actor, now: datetime, *, platforms: Collection[str]
) -> Page:
    """Registers a page of the district, in observe. Raises RegistrationRefused or BadConfig."""
    refuse(page_problems(new, platforms))
    if new.token_ref or token_is_needed(new.platform):
        check_reference(new.token_ref)
    with database.write() as s:
        return insert_page(s, new, actor, now)


def insert_page(s: Session, new: NewPage, actor: Actor, now: datetime) -> Page:
    """add_page() in the caller's transaction, for a page that was checked."""
    require_person(actor)
    page_id = f"{new.platform}:{new.external_id}"
    if s.get(PageRow, page_id) is not None:
        raise RegistrationRefused(f"{page_id} is registered already")
    told = {name: shown(getattr(new, name).strip()) for name in _TOLD}
    row = PageRow(
        id=page_id,
        platform=new.platform,
        external_id=new.external_id,
        base_url=new.base_url if new.platform == "feed" else new.base_url.rstrip("/"),
        token_ref=new.token_ref,
        mode=Mode.OBSERVE.value,
        district_owned=True,
        registered_by=shown(actor.name),
        registered_at=now,
        **told,  # type: ignore[arg-type]
    )
    save(s, row, page_id, "page.added", actor, now, mode=row.mode)
    return store.page(s, page_id)


def list_pages(database: Database) -> list[RegisteredPage]:
    """Every registered page by id, paused ones too."""
    with database.read() as s:
        return [registered(s, page) for page in store.pages(s)]


def registered(s: Session, page: Page) -> RegisteredPage:
    """What the registry knows of one page."""
    state, row = store.page_state(s, page.id), s.get_one(PageRow, page.id)
    facts = {name: getattr(row, name) for name in PageFacts.__dataclass_fields__}
    return RegisteredPage(
        page=page,
        facts=PageFacts(**facts),
        last_success_at=state.last_success_at,
        not_before=state.not_before,
        failures=state.failures or 0,
        needs_login=bool(state.needs_login),
        token_ends=state.token_ends or "",
        last_error=state.last_error or "",
    )


def set_mode(
    database: Database,
    page_id: str,
    mode: Mode,
    actor: Actor,
    now: datetime,
    *,
    seen: Mode | None = None,
    reason: str = "",
) -> Page:
    """How far the service may go on a page from now on. Raises UnknownPage, and ChangedMeanwhile
    where the mode is no longer the one that the person has `seen`."""
    refuse(text_problems("reason", "the reason", reason, TEXT_CAP, needed=False))
    before = None if seen is None else {"mode": seen.value}
    return _change(
        database, page_id, "page.mode", actor, now, seen=before, reason=reason, mode=mode.value
    )


def pause(
    database: Database, page_id: str, actor: Actor, now: datetime, *, reason: str = ""
) -> Page:
    """Stops polling and acting on a page. Raises UnknownPage."""
    refuse(text_problems("reason", "the reason", reason, TEXT_CAP, needed=False))
    return _change(database, page_id, "page.paused", actor, now, reason=reason, paused=True)


def resume(database: Database, page_id: str, actor: Actor, now: datetime) -> Page:
    """Undoes pause(). Raises UnknownPage."""
    return _change(database, page_id, "page.resumed", actor, now, paused=False)


def _change(
    database: Database,
    page_id: str,
    kind: str,
    actor: Actor,
    now: datetime,
    *,
    seen: Mapping[str, str] | None = None,
    reason: str = "",
    **fields: str | bool,
) -> Page:
    """Sets fields of a page; a change that changes nothing leaves no trace."""
    require_person(actor)
    with database.write() as s:
        row = s.get(PageRow, shown(page_id))
        if row is None:
            raise UnknownPage(f"no page {page_id!r} is registered; see `modbot pages list`")
        before = {name: getattr(row, name) for name in fields}
        if seen is not None and seen != before:
            raise ChangedMeanwhile(f"{row.id} was changed meanwhile; look at it again")
        if before != fields:
            for name, value in fields.items():
                setattr(row, name, value)
            told = {"reason": shown(reason.strip())} if reason.strip() else {}
            save(s, row, row.id, kind, actor, now, before=before, after=fields, **told)
        return store.page(s, row.id)
