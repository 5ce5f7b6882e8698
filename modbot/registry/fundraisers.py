"""Which sales the district approved, by whom, and where their money may go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from modbot.domain import Actor, Fundraiser
from modbot.errors import RegistrationRefused, UnknownRequest
from modbot.registry.fundraiser_checks import fundraiser_problems, terms
from modbot.registry.problems import TEXT_CAP, refuse, text_problems
from modbot.registry.saving import require_person, save
from modbot.store import Database, fundraiser_of
from modbot.stored_text import shown
from modbot.tables import FundraiserRow


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
    links, accounts = terms(links), terms(accounts)
    refuse(fundraiser_problems(name, links, accounts, starts_at, ends_at, now))
    row = FundraiserRow(
        name=shown(name.strip()),
        details=shown(details.strip()),
        approved_by=shown(approved_by.strip()),
        approver_role=shown(approver_role.strip()),
        approved_at=now,
        links=links,
        accounts=accounts,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    with database.write() as s:
        return insert_fundraiser(s, row, actor, now)


def insert_fundraiser(
    s: Session, row: FundraiserRow, actor: Actor, now: datetime
) -> ApprovedFundraiser:
    """add_fundraiser() in the caller's transaction, for terms that were checked."""
    require_person(actor)
    who = "who approved it (the superintendent, a school leader or designee)"
    refuse(text_problems("approved_by", who, row.approved_by))
    role = "the approver's role"
    refuse(text_problems("approver_role", role, row.approver_role, needed=False))
    refuse(text_problems("details", "the text of details", row.details, TEXT_CAP, needed=False))
    s.add(row)
    s.flush()
    save(s, row, str(row.id), "fundraiser.added", actor, now)
    return _approved(row)


def list_fundraisers(database: Database, now: datetime | None = None) -> list[ApprovedFundraiser]:
    """Approved fundraisers, oldest first; with `now` those that have not ended."""
    with database.read() as s:
        found = fundraisers_of(s)
    return [f for f in found if now is None or f.ends_at is None or f.ends_at > now]


def fundraisers_of(s: Session) -> list[ApprovedFundraiser]:
    """list_fundraisers() in the caller's session, ended ones too."""
    return [
        _approved(row) for row in s.scalars(select(FundraiserRow).order_by(col(FundraiserRow.id)))
    ]


def fundraiser(s: Session, fundraiser_id: int) -> ApprovedFundraiser:
    """One approved fundraiser. Raises UnknownRequest."""
    row = s.get(FundraiserRow, fundraiser_id)
    if row is None:
        raise UnknownRequest(f"no fundraiser has the number {fundraiser_id}")
    return _approved(row)


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


def _approved(row: FundraiserRow) -> ApprovedFundraiser:
    assert row.id is not None  # it comes from the database
    return ApprovedFundraiser(
        **vars(fundraiser_of(row)),
        id=row.id,
        approved_by=row.approved_by,
        approver_role=row.approver_role,
        approved_at=row.approved_at,
    )
