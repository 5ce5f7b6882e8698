"""Sales that somebody asks to have approved: what is asked, and what an approval makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, col, select

from modbot.registry.fundraiser_checks import fundraiser_problems, terms
from modbot.registry.fundraisers import ApprovedFundraiser, insert_fundraiser
from modbot.registry.problems import TEXT_CAP, Problem, plain_problems, refuse, text_problems
from modbot.registry.requests import Approver, Asker, approve_request, store_request
from modbot.registry.saving import require_person
from modbot.store import Database
from modbot.stored_text import shown
from modbot.tables import FundraiserRequestRow, FundraiserRow

_TEXTS = ("name", "purpose", "school", "beneficiary")


class ApproverRole(StrEnum):
    """Who may approve a sale, by the policy."""

    SUPERINTENDENT = "superintendent"
    SCHOOL_LEADER = "school leader"
    DESIGNEE = "designee"


@dataclass(frozen=True, kw_only=True)
class FundraiserWish:
    """What somebody says of a sale."""

    name: str  # as people write it
    purpose: str
    school: str
    beneficiary: str  # who gets the money
    links: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None  # up to, but not at


def wish_problems(wish: FundraiserWish, now: datetime) -> Iterator[Problem]:
    """All that stands against asking for it."""
    links, accounts = terms(wish.links), terms(wish.accounts)
    yield from fundraiser_problems(wish.name, links, accounts, wish.starts_at, wish.ends_at, now)
    yield from text_problems("purpose", "the purpose", wish.purpose, TEXT_CAP)
    yield from text_problems("school", "the school", wish.school)
    yield from text_problems("beneficiary", "who benefits", wish.beneficiary)
    one_line = (("name", wish.name), ("school", wish.school), ("beneficiary", wish.beneficiary))
    for field, value in one_line:
        yield from plain_problems(field, f"the {field}", value)
    yield from plain_problems("purpose", "the purpose", wish.purpose, lines=True)
    for field, given in (("links", wish.links), ("accounts", wish.accounts)):
        yield from plain_problems(field, f"one of the {field}", "".join(given))
    if wish.ends_at is None:
        yield Problem(field="ends", why="missing", says="the last day is missing")


def ask_fundraiser(database: Database, wish: FundraiserWish, asker: Asker, now: datetime) -> int:
    """Stores the request and gives its number. Raises RegistrationRefused."""
    require_person(asker.actor)
    refuse(wish_problems(wish, now))
    return store_request(
        database,
        FundraiserRequestRow,
        asker,
        now,
        **{name: shown(getattr(wish, name).strip()) for name in _TEXTS},
        links=terms(wish.links),
        accounts=terms(wish.accounts),
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
    )


def approve_fundraiser(
    database: Database, number: int, role: ApproverRole, approver: Approver, now: datetime
) -> ApprovedFundraiser:
    """Lets comments about the sale through between its dates; see approve_request()."""

    def make(
        s: Session, row: FundraiserRequestRow
    ) -> tuple[ApprovedFundraiser, Mapping[str, object]]:
        asked = (row.name, row.links, row.accounts, row.starts_at, row.ends_at)
        refuse(fundraiser_problems(*asked, now))
        approved = FundraiserRow(
            name=row.name,
            approved_by=shown(approver.actor.name),
            approver_role=role.value,
            approved_at=now,
            links=row.links,
            accounts=row.accounts,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
        made = insert_fundraiser(s, approved, approver.actor, now)
        row.fundraiser_id, row.answer_role = made.id, role.value
        return made, {"fundraiser": made.id}

    return approve_request(database, FundraiserRequestRow, number, approver, now, make)


def request_of(s: Session, fundraiser_id: int) -> FundraiserRequestRow | None:
    """The request that an approved fundraiser came from; None: it was approved at the server."""
    return s.scalars(
        select(FundraiserRequestRow).where(col(FundraiserRequestRow.fundraiser_id) == fundraiser_id)
    ).first()
