"""Who there is, and where each is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from modbot.people.accounts import person_of
from modbot.people.person import Person
from modbot.people.sessions import Lifetimes
from modbot.tables import IdentityRow, PersonRow, SessionRow


@dataclass(frozen=True, kw_only=True)
class Account:
    """A person as admins see them."""

    person: Person
    added_at: datetime
    disabled_at: datetime | None
    seen_at: datetime | None  # in a session that lives; None: not signed in
    password: bool  # can sign in with one
    providers: tuple[str, ...]  # issuers that know them


@dataclass(frozen=True, kw_only=True)
class OpenSession:
    """Somebody signed in on one browser."""

    id_sha256: str
    how: str
    network: str
    device: str
    began_at: datetime
    seen_at: datetime


def accounts(s: Session, now: datetime, lives: Lifetimes) -> list[Account]:
    """Everybody, by name; those who are disabled come last."""
    seen = _last_seen(s, now, lives)
    issuers: dict[int, list[str]] = {}
    for identity in s.exec(select(IdentityRow)):
        issuers.setdefault(identity.person_id, []).append(identity.issuer)
    found = [_account(row, seen, issuers) for row in s.exec(select(PersonRow))]
    return sorted(found, key=lambda a: (a.disabled_at is not None, a.person.name.casefold()))


def account(s: Session, row: PersonRow, now: datetime, lives: Lifetimes) -> Account:
    """One of them."""
    known = s.exec(select(IdentityRow.issuer).where(IdentityRow.person_id == row.id))
    return _account(row, _last_seen(s, now, lives), {row.id or 0: list(known)})


def _account(row: PersonRow, seen: dict[int, datetime], issuers: dict[int, list[str]]) -> Account:
    number = row.id or 0
    return Account(
        person=person_of(row),
        added_at=row.added_at,
        disabled_at=row.disabled_at,
        seen_at=seen.get(number),
        password=bool(row.password_hash),
        providers=tuple(sorted(issuers.get(number, ()))),
    )


def _last_seen(s: Session, now: datetime, lives: Lifetimes) -> dict[int, datetime]:
    seen: dict[int, datetime] = {}
    for row in s.exec(select(SessionRow)):
        if not lives.ended(row, now):
            seen[row.person_id] = max(row.seen_at, seen.get(row.person_id, row.seen_at))
    return seen


def open_sessions(s: Session, person_id: int, now: datetime, lives: Lifetimes) -> list[OpenSession]:
    """Where a person is signed in, the latest sign of life first."""
    rows = s.exec(
        select(SessionRow)
        .where(SessionRow.person_id == person_id)
        .order_by(col(SessionRow.seen_at).desc())
    )
    return [
        OpenSession(
            id_sha256=row.id_sha256,
            how=row.how,
            network=row.network,
            device=row.device,
            began_at=row.began_at,
            seen_at=row.seen_at,
        )
        for row in rows
        if not lives.ended(row, now)
    ]
