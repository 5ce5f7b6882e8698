"""Pages that the staff asks to have registered: what is asked, and what an approval makes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from sqlmodel import Session, col, select

from modbot import store
from modbot.domain import Page
from modbot.registry.addresses import ADDRESS_CAP, public_address_problems
from modbot.registry.page_checks import (
    READ_BY_ADDRESS,
    NewPage,
    handle_problems,
    id_problems,
    platform_problems,
    read_address_problems,
    token_is_needed,
    use_problems,
)
from modbot.registry.pages import insert_page
from modbot.registry.problems import TEXT_CAP, Problem, plain_problems, refuse, text_problems
from modbot.registry.requests import Approver, Asker, approve_request, store_request
from modbot.registry.saving import require_person
from modbot.registry.token_places import TokenPlaces
from modbot.store import Database
from modbot.stored_text import shown
from modbot.tables import RegistrationRow

_ID_SIGNS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-")
_TAKEN_OVER = (
    *("platform", "name", "handle", "government_use", "school", "purpose", "manager"),
    *("administrator", "contact"),
)
_NEEDED = ("name", "school", "manager", "administrator", "contact")


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What a member of staff says of a page."""

    platform: str
    name: str
    school: str  # or department
    purpose: str
    manager: str
    administrator: str
    contact: str
    district_owned: bool
    external_id: str = ""  # the account's id, where it is known already
    handle: str = ""
    address: str = ""  # of the page, or of the site or feed that is read
    government_use: str = ""


@dataclass(frozen=True, kw_only=True)
class Approval:
    """What the approver adds: what only whoever keeps the tokens knows."""

    external_id: str
    token_ref: str


def registration_problems(new: Registration, platforms: Collection[str]) -> Iterator[Problem]:
    """All that stands against asking for it. Stricter than page_problems(): addresses are public
    ones, since a stranger to the server names them."""
    yield from platform_problems(new.platform, platforms, owned=new.district_owned)
    for field in _NEEDED:
        yield from text_problems(field, f"the {field}", getattr(new, field))
    yield from text_problems("purpose", "the purpose", new.purpose, TEXT_CAP)
    yield from text_problems("handle", "the handle", new.handle, needed=False)
    yield from handle_problems(new.platform, new.handle)
    for field in (*_NEEDED, "handle"):
        yield from plain_problems(field, f"the {field}", getattr(new, field))
    for field in ("purpose", "government_use"):
        yield from plain_problems(field, f"the {field}", getattr(new, field), lines=True)
    if new.external_id:
        yield from _id_problems(new.external_id)
    yield from use_problems(new.platform, new.government_use)
    yield from _address_problems(new)


def _address_problems(new: Registration) -> Iterator[Problem]:
    yield from read_address_problems(new.platform, "address", new.address)
    if not (new.address or new.handle or new.external_id or new.platform in READ_BY_ADDRESS):
        says = "say which account it is: its address, handle or id"
        yield Problem(field="address", why="which", says=says)
    if len(new.address) > ADDRESS_CAP:
        yield from text_problems("address", "the address", new.address, ADDRESS_CAP)
    elif new.address:
        may_ask = new.platform != "wordpress"
        yield from public_address_problems("address", new.address, may_ask=may_ask)


def _id_problems(external_id: str) -> Iterator[Problem]:
    faults = list(id_problems(external_id))
    yield from faults
    if not faults and not _ID_SIGNS.issuperset(external_id):
        says = "the account's id holds other than letters, digits and . _ @ -"
        yield Problem(field="external_id", why="no_id", says=says)


def approval_problems(
    platform: str, given: Approval, pages: Sequence[Page], places: TokenPlaces
) -> Iterator[Problem]:
    """All that stands against approving it, beside the registered `pages`."""
    faults = list(_id_problems(given.external_id))
    yield from faults
    if not faults and f"{platform}:{given.external_id}" in (page.id for page in pages):
        says = f"{platform}:{given.external_id} is registered already"
        yield Problem(field="external_id", why="taken", says=says)
    if given.token_ref or token_is_needed(platform):
        yield from token_problems(platform, given.token_ref, pages, places)


def token_problems(
    platform: str, ref: str, others: Sequence[Page], places: TokenPlaces
) -> Iterator[Problem]:
    """All that stands against reading a page's token from there. Where a person gave the address
    that the token is sent to, it must be no other page's."""
    faults = list(places.problems(ref))
    yield from faults
    used = platform in READ_BY_ADDRESS and any(page.token_ref == ref for page in others)
    if not faults and used:
        says = "another page has this token; each site needs one of its own"
        yield Problem(field="token_ref", why="used", says=says)


def ask_registration(
    database: Database,
    new: Registration,
    asker: Asker,
    now: datetime,
    *,
    platforms: Collection[str],
) -> int:
    """Stores the request and gives its number. Raises RegistrationRefused."""
    require_person(asker.actor)
    refuse(registration_problems(new, platforms))
    told = [field.name for field in fields(new) if field.name != "district_owned"]
    values = {name: shown(getattr(new, name).strip()) for name in told}
    return store_request(database, RegistrationRow, asker, now, **values)


def approve_registration(
    database: Database,
    number: int,
    given: Approval,
    approver: Approver,
    now: datetime,
    *,
    places: TokenPlaces,
) -> Page:
    """Registers the page, in observe; see approve_request()."""

    def make(s: Session, row: RegistrationRow) -> tuple[Page, Mapping[str, object]]:
        refuse(approval_problems(row.platform, given, store.pages(s), places))
        page = insert_page(s, _new_page(row, given), approver.actor, now)
        row.external_id, row.page_id = given.external_id, page.id
        return page, {"page": page.id}

    return approve_request(database, RegistrationRow, number, approver, now, make)


def _new_page(row: RegistrationRow, given: Approval) -> NewPage:
    new = NewPage(
        **{name: getattr(row, name) for name in _TAKEN_OVER},
        external_id=given.external_id,
        token_ref=given.token_ref,
        district_owned=True,
    )
    # Elsewhere an address would lead the page's token to another host than the vendor's.
    return replace(new, base_url=row.address) if row.platform in READ_BY_ADDRESS else new


def registration_of(s: Session, page_id: str) -> RegistrationRow | None:
    """The request that a page came from; None: it was registered at the server."""
    return s.scalars(select(RegistrationRow).where(col(RegistrationRow.page_id) == page_id)).first()
