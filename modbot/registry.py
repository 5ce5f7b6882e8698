"""The registry: which pages are moderated and how far, and which fundraisers are approved.

Every change names a person and leaves an audit row that vouches for the changed row.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlmodel import Session, SQLModel, col, select

from modbot import audit, store
from modbot.domain import Actor, Mode, Page
from modbot.errors import RegistrationRefused, UnknownPage
from modbot.settings import check_reference
from modbot.store import Database
from modbot.stored_text import shown
from modbot.tables import FundraiserRow, PageRow

WITHOUT_TOKEN = ("feed", "manual")  # platforms that have nothing to sign in to
NAME_CAP = 200  # characters
DETAILS_CAP = 2_000
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


@dataclass(frozen=True, kw_only=True)
class Fundraiser:
    """A sale that the district approved, and by whom."""

    id: int
    name: str
    details: str
    approved_by: str
    approved_at: datetime
    ends_at: datetime | None


def add_page(
    database: Database, new: NewPage, actor: Actor, now: datetime, *, platforms: Collection[str]
) -> Page:
    """Registers a page of the district, in observe. Raises RegistrationRefused or BadConfig."""
    _require_person(actor)
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
        _save(s, row, page_id, "page.added", actor, now, mode=row.mode)
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
    _require_person(actor)
    with database.write() as s:
        row = s.get(PageRow, shown(page_id))
        if row is None:
            raise UnknownPage(f"no page {page_id!r} is registered; see `modbot pages list`")
        before = {name: getattr(row, name) for name in fields}
        if before != fields:
            for name, value in fields.items():
                setattr(row, name, value)
            _save(s, row, row.id, kind, actor, now, before=before, after=fields)
        return store.page(s, row.id)


def add_fundraiser(
    database: Database,
    *,
    name: str,
    approved_by: str,
    actor: Actor,
    now: datetime,
    details: str = "",
    ends_at: datetime | None = None,
) -> Fundraiser:
    """Records an approval; comments about this sale are let through from now on.

    Raises RegistrationRefused when nobody is named as having approved it.
    """
    _require_person(actor)
    _require("the fundraiser's name", name, NAME_CAP)
    _require("who approved it (the superintendent, a school leader or designee)", approved_by)
    if len(details) > DETAILS_CAP:
        raise RegistrationRefused(f"details are longer than {DETAILS_CAP} characters")
    if ends_at is not None and ends_at <= now:
        raise RegistrationRefused("the fundraiser's end has passed")
    row = FundraiserRow(
        name=shown(name.strip()),
        details=shown(details.strip()),
        approved_by=shown(approved_by.strip()),
        approved_at=now,
        ends_at=ends_at,
    )
    with database.write() as s:
        s.add(row)
        s.flush()
        _save(s, row, str(row.id), "fundraiser.added", actor, now)
        return _fundraiser(row)


def list_fundraisers(database: Database, now: datetime | None = None) -> list[Fundraiser]:
    """Approved fundraisers, oldest first; with `now` those that have not ended."""
    with database.read() as s:
        rows = s.scalars(select(FundraiserRow).order_by(col(FundraiserRow.id))).all()
        return [_fundraiser(r) for r in rows if now is None or r.ends_at is None or r.ends_at > now]


def end_fundraiser(
    database: Database, fundraiser_id: int, actor: Actor, now: datetime
) -> Fundraiser:
    """Ends an approval now. Raises RegistrationRefused when there is none with this number."""
    _require_person(actor)
    with database.write() as s:
        row = s.get(FundraiserRow, fundraiser_id) if 0 < fundraiser_id < 2**63 else None
        if row is None:
            raise RegistrationRefused(f"no fundraiser has the number {fundraiser_id}")
        if row.ends_at is None or row.ends_at > now:
            row.ends_at = now
            _save(s, row, str(row.id), "fundraiser.ended", actor, now)
        return _fundraiser(row)


def _fundraiser(row: FundraiserRow) -> Fundraiser:
    assert row.id is not None  # it comes from the database
    return Fundraiser(
        id=row.id,
        name=row.name,
        details=row.details,
        approved_by=row.approved_by,
        approved_at=row.approved_at,
        ends_at=row.ends_at,
    )


def _save(
    s: Session,
    row: SQLModel,
    row_id: str,
    kind: str,
    actor: Actor,
    now: datetime,
    **detail: object,
) -> None:
    """Stores a registry row with the audit row that vouches for it."""
    s.add(row)
    s.flush()
    entry = audit.Entry(
        kind=kind,
        actor=shown(actor.name),
        row_table=str(row.__tablename__),
        row_id=row_id,
        row_sha256=audit.evidence_sha256(row),
        detail=detail,
    )
    audit.append(s, [entry], now)


def _check(new: NewPage, platforms: Collection[str]) -> None:
    if new.platform not in platforms:
        raise RegistrationRefused(f"unknown platform; one of {', '.join(sorted(platforms))}")
    if not new.district_owned:
        raise RegistrationRefused(NOT_THE_DISTRICTS)
    _require("the page's name", new.name, NAME_CAP)
    _require("the account's id", new.external_id, NAME_CAP)
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


def _require(what: str, value: str, cap: int = NAME_CAP) -> None:
    if not value.strip():
        raise RegistrationRefused(f"{what} is missing")
    if len(value) > cap:
        raise RegistrationRefused(f"{what} is longer than {cap} characters")


def _require_person(actor: Actor) -> None:
    if actor.kind != "person":
        raise RegistrationRefused("only a person may change the registry")
    _require("the name of the person who changes this (--by)", actor.name)
