"""Which sales the district approved, by whom, and where their money may go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from modbot.domain import Actor, Fundraiser
from modbot.errors import RegistrationRefused
from modbot.registry.saving import NAME_CAP, require, require_person, save
from modbot.store import Database, fundraiser_of
from modbot.stored_text import shown
from modbot.tables import FundraiserRow

DETAILS_CAP = 2_000  # characters
TERMS_CAP = 20  # links, and accounts


@dataclass(frozen=True, kw_only=True)
class ApprovedFundraiser(Fundraiser):
    """A sale that the district approved, and by whom."""

    id: int
    approved_by: str
    approver_role: str
    approved_at: datetime


def add_fundraiser(
    database: Database,
    *,
    name: str,
    approved_by: str,
    actor: Actor,
    now: datetime,
    approver_role: str = "",
    details: str = "",
    links: Iterable[str] = (),
    accounts: Iterable[str] = (),
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> ApprovedFundraiser:
    """Records an approval; comments about this sale are let through between its dates.

    Raises RegistrationRefused when nobody is named as having approved it, or a link is none.
    """
    require_person(actor)
    require("the fundraiser's name", name)
    require("who approved it (the superintendent, a school leader or designee)", approved_by)
    _check_length("the approver's role is", approver_role, NAME_CAP)
    _check_length("details are", details, DETAILS_CAP)
    _check_dates(starts_at, ends_at, now)
    row = FundraiserRow(
        name=shown(name.strip()),
        details=shown(details.strip()),
        approved_by=shown(approved_by.strip()),
        approver_role=shown(approver_role.strip()),
        approved_at=now,
        links=_links(links),
        accounts=_terms("account", accounts),
        starts_at=starts_at,
        ends_at=ends_at,
    )
    with database.write() as s:
        s.add(row)
        s.flush()
        save(s, row, str(row.id), "fundraiser.added", actor, now)
        return _approved(row)


def list_fundraisers(database: Database, now: datetime | None = None) -> list[ApprovedFundraiser]:
    """Approved fundraisers, oldest first; with `now` those that have not ended."""
    with database.read() as s:
        rows = s.scalars(select(FundraiserRow).order_by(col(FundraiserRow.id))).all()
        return [_approved(r) for r in rows if now is None or r.ends_at is None or r.ends_at > now]


def end_fundraiser(
    database: Database, fundraiser_id: int, actor: Actor, now: datetime
) -> ApprovedFundraiser:
    """Ends an approval now. Raises RegistrationRefused when there is none with this number."""
    require_person(actor)
    with database.write() as s:
        row = s.get(FundraiserRow, fundraiser_id) if 0 < fundraiser_id < 2**63 else None
        if row is None:
            raise RegistrationRefused(f"no fundraiser has the number {fundraiser_id}")
        if row.ends_at is None or row.ends_at > now:
            row.ends_at = now
            save(s, row, str(row.id), "fundraiser.ended", actor, now)
        return _approved(row)


def _check_length(what: str, value: str, cap: int) -> None:
    if len(value) > cap:
        raise RegistrationRefused(f"{what} longer than {cap} characters")


def _check_dates(starts_at: datetime | None, ends_at: datetime | None, now: datetime) -> None:
    if ends_at is not None and ends_at <= now:
        raise RegistrationRefused("the fundraiser's end has passed")
    if ends_at is not None and starts_at is not None and ends_at <= starts_at:
        raise RegistrationRefused("the fundraiser would end before it starts")


def _links(given: Iterable[str]) -> list[str]:
    links = _terms("link", given)
    for link in links:
        if "." not in link or any(sign.isspace() for sign in link):
            raise RegistrationRefused(f"{link!r} is no link: give one such as lhs-band.org/candy")
    return links


def _terms(what: str, given: Iterable[str]) -> list[str]:
    terms = list(dict.fromkeys(shown(each.strip()) for each in given))
    if len(terms) > TERMS_CAP:
        raise RegistrationRefused(f"more than {TERMS_CAP} {what}s")
    for term in terms:
        require(f"the {what}", term)
    return terms


def _approved(row: FundraiserRow) -> ApprovedFundraiser:
    assert row.id is not None  # it comes from the database
    return ApprovedFundraiser(
        **vars(fundraiser_of(row)),
        id=row.id,
        approved_by=row.approved_by,
        approver_role=row.approver_role,
        approved_at=row.approved_at,
    )
