"""The demo's own person, and the link that signs in as them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, select, update

from modbot.people.accounts import add_person
from modbot.people.roles import Role
from modbot.people.tokens import new_token, token_sha256
from modbot.people_tables import InvitationRow, PersonRow, SessionRow

_DEMO = "demo"
_EMAIL = "manager@demo.invalid"
_LASTS = timedelta(days=3650)  # of the demo's fast clock


def open_demo(s: Session, now: datetime) -> str:
    """Adds the demo's manager; the token of the link, which works until the demo ends."""
    person = add_person(
        s, name="Demo manager", email=_EMAIL, role=Role.MANAGER, now=now, by="modbot demo"
    )
    token = new_token()
    s.add(
        InvitationRow(
            token_sha256=token_sha256(token),
            kind=_DEMO,
            email=_EMAIL,
            person_id=person.id,
            role=person.role,
            made_by="modbot demo",
            made_at=now,
            ends_at=now + _LASTS,
        )
    )
    return token


def keep_signed_in(s: Session, now: datetime) -> None:
    """Lets every session begin now: half an hour of a fast clock is less than a second of life."""
    s.exec(update(SessionRow).values(began_at=now, seen_at=now))


def is_demo(s: Session) -> bool:
    """Whether a database is the demo's: nobody may run a district on it."""
    return s.exec(select(InvitationRow).where(InvitationRow.kind == _DEMO)).first() is not None


def demo_person(s: Session, token: str) -> PersonRow | None:
    """Whom the demo's link signs in."""
    row = s.get(InvitationRow, token_sha256(token))
    if row is None or row.kind != _DEMO or row.person_id is None:
        return None
    return s.get(PersonRow, row.person_id)
