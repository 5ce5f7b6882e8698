"""What the screens of fundraisers show: where each stands, and which comments it lets through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from modbot import registry, store
from modbot.domain import Fundraiser
from modbot.fundraiser_effects import LOOK_BACK, MOST_JUDGED, Allowed, held_for_sales, now_allowed
from modbot.people import Person, Right
from modbot.registry import ApprovedFundraiser
from modbot.tables import FundraiserRequestRow
from modbot.web.entries import Row, log_row
from modbot.web.seam import WebService

STANDS = ("waiting", "running", "coming", "ended", "refused")  # as they are listed
LISTED = 50  # comments that a fundraiser lets through, on its screen


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the list."""

    stand: str  # one of STANDS
    name: str
    school: str
    address: str
    starts_at: datetime | None
    ends_at: datetime | None
    by: str  # who approved, else who asked
    role: str  # of whoever approved
    links: Sequence[str]
    accounts: Sequence[str]

    @property
    def order(self) -> int:
        """Its place among the kinds."""
        return STANDS.index(self.stand)


@dataclass(frozen=True, kw_only=True)
class LetThrough:
    """One comment with what was decided before, and what is decided now."""

    allowed: Allowed
    row: Row
    page_id: str


@dataclass(frozen=True, kw_only=True)
class Effect:
    """Which stored comments a fundraiser lets through."""

    shown: Sequence[LetThrough]
    more: int  # that are not shown
    looked_at: int
    all_looked_at: bool
    days: int
    decides: bool  # whether this person may leave them up


def stand_of(fundraiser: ApprovedFundraiser, now: datetime) -> str:
    """Where an approved fundraiser stands."""
    if fundraiser.ends_at is not None and fundraiser.ends_at <= now:
        return "ended"
    return "running" if fundraiser.runs_at(now) else "coming"


def entries(s: Session, now: datetime) -> list[Entry]:
    """Every request that is not approved, and every approved fundraiser; newest of a kind first."""
    requests = registry.requests(s, FundraiserRequestRow)
    found = [_asked(row) for row in requests if row.fundraiser_id is None]
    asked = {row.fundraiser_id: row for row in requests}
    for fundraiser in reversed(registry.fundraisers_of(s)):
        found.append(_approved(fundraiser, asked.get(fundraiser.id), now))
    return sorted(found, key=lambda entry: entry.order)


def _asked(row: FundraiserRequestRow) -> Entry:
    return Entry(
        stand=row.state,
        name=row.name,
        school=row.school,
        address=f"/fundraisers/requests/{row.id}",
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        by=row.asked_by,
        role="",
        links=row.links,
        accounts=row.accounts,
    )


def _approved(
    fundraiser: ApprovedFundraiser, row: FundraiserRequestRow | None, now: datetime
) -> Entry:
    return Entry(
        stand=stand_of(fundraiser, now),
        name=fundraiser.name,
        school=row.school if row else "",
        address=f"/fundraisers/{fundraiser.id}",
        starts_at=fundraiser.starts_at,
        ends_at=fundraiser.ends_at,
        by=fundraiser.approved_by,
        role=fundraiser.approver_role,
        links=fundraiser.links,
        accounts=fundraiser.accounts,
    )


def wished(row: FundraiserRequestRow) -> Fundraiser:
    """A request as the judgement would read it once it is approved."""
    return Fundraiser(
        name=row.name,
        links=tuple(row.links),
        accounts=tuple(row.accounts),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
    )


def plain(fundraiser: ApprovedFundraiser) -> Fundraiser:
    """An approved fundraiser as the judgement reads it."""
    return Fundraiser(
        name=fundraiser.name,
        details=fundraiser.details,
        links=fundraiser.links,
        accounts=fundraiser.accounts,
        starts_at=fundraiser.starts_at,
        ends_at=fundraiser.ends_at,
    )


def allowed_by(
    service: WebService, who: Person, fundraiser: Fundraiser
) -> tuple[list[Allowed], int]:
    """What it lets through of the pages that a person sees, and how many comments were judged."""
    now = service.clock.now()
    with service.database.read() as s:
        held = held_for_sales(s, now, who.pages)
        approved = store.approved_fundraisers(s, now)
    found = now_allowed(service.judge, service.speaks_of, held, fundraiser, approved)
    return found, len(held)


def effect_of(service: WebService, who: Person, fundraiser: Fundraiser) -> Effect:
    """What it lets through, as a screen shows it."""
    allowed, judged = allowed_by(service, who, fundraiser)
    shown = []
    with service.database.read() as s:
        for each in allowed[:LISTED]:
            entry = store.decision(s, each.decision_id)
            shown.append(LetThrough(allowed=each, row=log_row(entry), page_id=entry.page_id))
    return Effect(
        shown=shown,
        more=len(allowed) - len(shown),
        looked_at=judged,
        all_looked_at=judged < MOST_JUDGED,
        days=LOOK_BACK.days,
        decides=who.may(Right.DECIDE),
    )


def imitations(
    service: WebService, links: Sequence[str], known: Sequence[str]
) -> list[tuple[str, str]]:
    """Links that look like one of another fundraiser, each with the one that it looks like."""
    return service.look_alikes(links, [link for link in known if link not in links])
