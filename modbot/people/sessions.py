"""Who is signed in. The cookie holds a random id; the database holds its hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol

from sqlalchemy import Select, bindparam
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, delete

from modbot.people.accounts import note, person_of
from modbot.people.person import Person
from modbot.people.tokens import new_token, token_sha256
from modbot.people_tables import PersonRow, SessionRow

FORGOTTEN_AFTER = timedelta(days=60)  # longer than any session may last
NOTED_EVERY = timedelta(minutes=1)  # a sign of life is written no oftener


class SessionTimes(Protocol):
    """When a session began, and its last sign of life: a SessionRow, or a row with these."""

    @property
    def began_at(self) -> datetime: ...

    @property
    def seen_at(self) -> datetime: ...


@dataclass(frozen=True, kw_only=True)
class Lifetimes:
    """How long somebody stays signed in, in the clock's time."""

    idle: timedelta = timedelta(minutes=30)
    whole: timedelta = timedelta(hours=12)

    def ended(self, row: SessionTimes, now: datetime) -> bool:
        """Has it run out?"""
        return now - row.seen_at >= self.idle or now - row.began_at >= self.whole


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """A live session and whose it is."""

    person: Person
    id_sha256: str
    stale: bool  # its sign of life is to be written


def begin(
    s: Session,
    person: PersonRow,
    now: datetime,
    *,
    how: str,
    network: str = "",
    device: str = "",
) -> str:
    """Signs a person in; the new id for the cookie."""
    assert person.id is not None  # it comes from the database
    token = new_token()
    s.exec(delete(SessionRow).where(col(SessionRow.began_at) <= now - FORGOTTEN_AFTER))
    s.add(
        SessionRow(
            id_sha256=token_sha256(token),
            person_id=person.id,
            how=how,
            network=network,
            device=device,
            began_at=now,
            seen_at=now,
        )
    )
    s.flush()
    note(
        s,
        "sign_in.done",
        person_of(person).actor.name,
        now,
        person=person.id,
        how=how,
        network=network,
    )
    return token


def find(s: Session, token: str, now: datetime, lives: Lifetimes) -> SignedIn | None:
    """Whose live session an id is. None: it never was, has ended, or the person is disabled."""
    found = s.connection().execute(_of_session(), {"sha256": token_sha256(token)}).one_or_none()
    if found is None or lives.ended(found, now):
        return None
    stale = now - found.seen_at >= min(NOTED_EVERY, lives.idle / 2)
    return SignedIn(person=person_of(found), id_sha256=found.id_sha256, stale=stale)


@cache  # asked by every request
def _of_session() -> Select[Any]:
    session, person = SessionRow.__table__.c, PersonRow.__table__.c  # type: ignore[attr-defined]
    return (
        select_columns(session.id_sha256, session.began_at, session.seen_at)
        .add_columns(person.id, person.name, person.email, person.role, person.all_pages)
        .add_columns(person.pages, person.approver, person.language, person.theme)
        .join(PersonRow.__table__, session.person_id == person.id)  # type: ignore[attr-defined]
        .where(session.id_sha256 == bindparam("sha256"), person.disabled_at.is_(None))
    )


def note_seen(s: Session, id_sha256: str, now: datetime) -> None:
    """Writes a session's sign of life."""
    row = s.get(SessionRow, id_sha256)
    if row is not None:
        row.seen_at = now
        s.add(row)


def end(s: Session, id_sha256: str, person: Person, now: datetime, *, by: str) -> bool:
    """Ends one session of a person; False when they have no such session."""
    row = s.get(SessionRow, id_sha256)
    if row is None or row.person_id != person.id:
        return False
    s.delete(row)
    note(s, "sign_in.ended", by, now, person=person.id)
    return True


def end_all(s: Session, person_id: int, *, but: str = "") -> int:
    """Ends every session of a person, except the one with the hash `but`; how many."""
    done = s.exec(
        delete(SessionRow).where(
            col(SessionRow.person_id) == person_id, col(SessionRow.id_sha256) != but
        )
    )
    return int(done.rowcount)
