"""What an admin changes of a person, and what people change of themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, delete, select

from modbot.domain import Actor
from modbot.errors import PersonRefused
from modbot.i18n import LANGUAGES
from modbot.people.accounts import note, person_of, scope_of, standing
from modbot.people.invitations import Grant
from modbot.people.roles import Role
from modbot.people.sessions import end_all
from modbot.people_tables import InvitationRow, PersonRow

THEMES = ("auto", "light", "dark")
_HIGHEST_ID = 2**63 - 1


def known_person(s: Session, number: int) -> PersonRow:
    """Raises PersonRefused when nobody has this number."""
    row = s.get(PersonRow, number) if 0 < number <= _HIGHEST_ID else None
    if row is None:
        raise PersonRefused("unknown", f"nobody has the number {number}")
    return row


def change_grant(s: Session, person: PersonRow, grant: Grant, *, by: Actor, now: datetime) -> bool:
    """Another role or other pages; a change ends all their sessions. False: nothing changed.

    Raises PersonRefused for the last admin.
    """
    before = standing(person)
    if grant.role is not Role.ADMIN:
        _keep_an_admin(s, person)
    person.role, person.approver = grant.role.value, grant.approver
    person.all_pages, person.pages = scope_of(grant.role, grant.pages)
    if standing(person) == before:
        return False
    _store(s, person, "person.changed", by, now, before)
    return True


def disable(s: Session, person: PersonRow, *, by: Actor, now: datetime) -> None:
    """They cannot sign in, and are signed out now. Raises PersonRefused for the last admin."""
    if person.disabled_at is None:
        _keep_an_admin(s, person)
        before = standing(person)
        person.disabled_at = now
        s.exec(delete(InvitationRow).where(col(InvitationRow.person_id) == person.id))
        _store(s, person, "person.disabled", by, now, before)


def enable(s: Session, person: PersonRow, *, by: Actor, now: datetime) -> None:
    """Undoes disable()."""
    if person.disabled_at is not None:
        before = standing(person)
        person.disabled_at = None
        _store(s, person, "person.enabled", by, now, before)


def _store(
    s: Session, person: PersonRow, kind: str, by: Actor, now: datetime, before: dict[str, object]
) -> None:
    assert person.id is not None  # it comes from the database
    s.add(person)
    s.flush()
    ended = end_all(s, person.id)
    after = standing(person)
    note(s, kind, by.name, now, person=person.id, before=before, after=after, signed_out=ended)


def _keep_an_admin(s: Session, person: PersonRow) -> None:
    """Raises PersonRefused where nobody but this person could administer."""
    if person.role != Role.ADMIN.value or person.disabled_at is not None:
        return
    others = select(func.count()).where(
        PersonRow.role == Role.ADMIN.value,
        col(PersonRow.disabled_at).is_(None),
        PersonRow.id != person.id,
    )
    if not s.exec(others).one():
        raise PersonRefused("last_admin", "this is the last admin; make another one first")


def set_password(s: Session, person: PersonRow, hashed: str, *, keep: str, now: datetime) -> None:
    """A new password; every session but the one with the hash `keep` ends."""
    assert person.id is not None  # it comes from the database
    person.password_hash = hashed
    s.add(person)
    s.flush()
    ended = end_all(s, person.id, but=keep)
    who = person_of(person).actor.name
    note(s, "person.password", who, now, person=person.id, signed_out=ended)


def set_preferences(s: Session, person: PersonRow, *, language: str, theme: str) -> None:
    """How the pages look to them. Raises PersonRefused for what there is not."""
    if (language and language not in LANGUAGES) or theme not in THEMES:
        raise PersonRefused("preference", "no such language or theme")
    person.language, person.theme = language, theme
    s.add(person)
