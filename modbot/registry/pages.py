"""Which pages are moderated, and how far."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlmodel import Session

from modbot import store
from modbot.domain import Actor, Mode, Page
from modbot.errors import RegistrationRefused, UnknownPage
from modbot.registry.saving import NAME_CAP, require, require_person, save
from modbot.settings import check_reference
from modbot.store import Database
from modbot.stored_text import shown
from modbot.tables import PageRow

WITHOUT_TOKEN = ("feed", "manual")  # platforms that have nothing to sign in to
NOT_THE_DISTRICTS = (
    "only pages that the district owns may be moderated; a personal page may not, whoever runs it"
)


@dataclass(frozen=True, kw_only=True)
class NewPage:
    """What a person says when registering a page."""

    platform: str
    external_id: str  # the account's id at the vendor; for WordPress the site's name
    name: str
    token_ref: str  # "env:NAME" or "file:PATH"; empty where there is no token
    district_owned: bool
    handle: str = ""
    base_url: str = ""
    government_use: str = ""  # X: what the vendor answered, and who confirms it


@dataclass(frozen=True, kw_only=True)
class RegisteredPage:
    """A page and where its polling stands."""

    page: Page
    last_success_at: datetime | None
    not_before: datetime | None  # the platform is not called before this
    failures: int  # in a row
    needs_login: bool
    last_error: str


def add_page(
    database: Database, new: NewPage, actor: Actor, now: datetime, *, platforms: Collection[str]
) -> Page:
    """Registers a page of the district, in observe. Raises RegistrationRefused or BadConfig."""
    require_person(actor)
    _check(new, platforms)
    page_id = f"{new.platform}:{new.external_id}"
    with database.write() as s:
        if s.get(PageRow, page_id) is not None:
            raise RegistrationRefused(f"{page_id} is registered already")
        row = PageRow(
            id=page_id,
            platform=new.platform,
            external_id=new.external_id,
            name=shown(new.name.strip()),
            handle=shown(new.handle.strip()),
            base_url=new.base_url if new.platform == "feed" else new.base_url.rstrip("/"),
            token_ref=new.token_ref,
            mode=Mode.OBSERVE.value,
            district_owned=True,
            government_use=shown(new.government_use.strip()),
            registered_by=shown(actor.name),
            registered_at=now,
        )
        save(s, row, page_id, "page.added", actor, now, mode=row.mode)
        return store.page(s, page_id)


def list_pages(database: Database) -> list[RegisteredPage]:
    """Every registered page by id, paused ones too."""
    with database.read() as s:
        return [_registered(s, page) for page in store.pages(s)]


def _registered(s: Session, page: Page) -> RegisteredPage:
    state = store.page_state(s, page.id)
    return RegisteredPage(
        page=page,
        last_success_at=state.last_success_at,
        not_before=state.not_before,
        failures=state.failures or 0,
        needs_login=bool(state.needs_login),
        last_error=state.last_error or "",
    )


def set_mode(database: Database, page_id: str, mode: Mode, actor: Actor, now: datetime) -> Page:
    """How far the service may go on a page from now on. Raises UnknownPage."""
    return _change(database, page_id, "page.mode", actor, now, mode=mode.value)


def pause(database: Database, page_id: str, actor: Actor, now: datetime) -> Page:
    """Stops polling and acting on a page. Raises UnknownPage."""
    return _change(database, page_id, "page.paused", actor, now, paused=True)


def resume(database: Database, page_id: str, actor: Actor, now: datetime) -> Page:
    """Undoes pause(). Raises UnknownPage."""
    return _change(database, page_id, "page.resumed", actor, now, paused=False)


def set_token_ref(
    database: Database, page_id: str, token_ref: str, actor: Actor, now: datetime
) -> Page:
    """Names another variable or file for a page's token. Raises UnknownPage or BadConfig."""
    check_reference(token_ref)
    return _change(database, page_id, "page.token_ref", actor, now, token_ref=token_ref)


def _change(
    database: Database, page_id: str, kind: str, actor: Actor, now: datetime, **fields: str | bool
) -> Page:
    """Sets fields of a page; a change that changes nothing leaves no trace."""
    require_person(actor)
    with database.write() as s:
        row = s.get(PageRow, shown(page_id))
        if row is None:
            raise UnknownPage(f"no page {page_id!r} is registered; see `modbot pages list`")
        before = {name: getattr(row, name) for name in fields}
        if before != fields:
            for name, value in fields.items():
                setattr(row, name, value)
            save(s, row, row.id, kind, actor, now, before=before, after=fields)
        return store.page(s, row.id)


def _check(new: NewPage, platforms: Collection[str]) -> None:
    if new.platform not in platforms:
        raise RegistrationRefused(f"unknown platform; one of {', '.join(sorted(platforms))}")
    if not new.district_owned:
        raise RegistrationRefused(NOT_THE_DISTRICTS)
    require("the page's name", new.name, NAME_CAP)
    require("the account's id", new.external_id, NAME_CAP)
    if not new.external_id.isprintable() or any(c.isspace() for c in new.external_id):
        raise RegistrationRefused("the account's id holds spaces or control characters")
    if new.token_ref or new.platform not in WITHOUT_TOKEN:
        check_reference(new.token_ref)
    if new.platform == "x" and not new.government_use.strip():
        # X's pay-per-use agreement sends users acting for a government body to its Enterprise plan.
        raise RegistrationRefused(
            "X asks government bodies for an Enterprise plan: write down what X answered about"
            " this use, and who confirms it (government use)"
        )
    if new.platform == "wordpress" and not new.base_url:
        raise RegistrationRefused("a WordPress page needs the address of its site")
    if new.platform == "feed" and not new.base_url:
        raise RegistrationRefused(
            "a feed needs its address, such as https://blog.example/comments/feed/"
        )
    if new.base_url:
        _check_address(new.base_url, may_ask=new.platform == "feed")


def _check_address(address: str, *, may_ask: bool) -> None:
    """https only, so that tokens travel encrypted; plain http to this machine alone. Only a feed's
    address `may_ask`: hold a ? with a query."""
    try:
        url = urlsplit(address)
        host, _ = url.hostname or "", url.port
    except ValueError:
        raise RegistrationRefused("the address is not a web address") from None
    if url.scheme not in ("http", "https") or not host or not address.isprintable():
        raise RegistrationRefused("the address must begin with https://")
    if url.username is not None or url.password is not None:
        raise RegistrationRefused("the address must not hold a user or password")
    if (url.query and not may_ask) or url.fragment:
        raise RegistrationRefused("the address must not hold ? or #")
    if url.scheme == "http" and not _is_loopback(host):
        raise RegistrationRefused(
            "the address must begin with https:// (http:// would show tokens)"
        )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
