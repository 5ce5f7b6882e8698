"""Links that let somebody in once: the first admin, a new person, a new password."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, delete, select

from modbot.domain import Actor
from modbot.errors import PersonRefused
from modbot.people import passwords
from modbot.people.accounts import (
    add_person,
    by_email,
    checked_email,
    checked_name,
    note,
    person_of,
    scope_of,
)
from modbot.people.roles import Role
from modbot.people.sessions import end_all
from modbot.people.tokens import new_token, token_sha256
from modbot.people_tables import InvitationRow, PersonRow

FIRST, INVITED, PASSWORD = "first", "invited", "password"
FIRST_HOURS, PASSWORD_HOURS = 24, 24


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What an invitation gives."""

    role: Role
    pages: frozenset[str] | None = None  # None: all
    approver: bool = False


def first_link(s: Session, now: datetime) -> str | None:
    """A new token that makes the first admin; None once there is anybody. Older ones end."""
    if s.exec(select(func.count()).select_from(PersonRow)).one():
        return None
    s.exec(delete(InvitationRow).where(col(InvitationRow.kind) == FIRST))
    ends = now + timedelta(hours=FIRST_HOURS)
    token = _store(s, InvitationRow(token_sha256="", kind=FIRST, made_at=now, ends_at=ends))
    note(s, "person.first_link", "modbot", now)
    return token


def invite(
    s: Session, email: str, grant: Grant, *, by: Actor, now: datetime, lasts: timedelta
) -> str:
    """A token for somebody new; an older one for the same address ends. Raises PersonRefused."""
    address = checked_email(email)
    if by_email(s, address) is not None:
        raise PersonRefused("known", "somebody with this address is there already")
    all_pages, pages = scope_of(grant.role, grant.pages)
    s.exec(delete(InvitationRow).where(col(InvitationRow.email) == address))
    row = InvitationRow(
        token_sha256="",
        kind=INVITED,
        email=address,
        role=grant.role.value,
        approver=grant.approver,
        all_pages=all_pages,
        pages=pages,
        made_by=by.name,
        made_at=now,
        ends_at=now + lasts,
    )
    token = _store(s, row)
    granted = {"role": row.role, "approver": row.approver, "pages": "all" if all_pages else pages}
    note(s, "person.invited", by.name, now, email=address, **granted)
    return token


def password_link(s: Session, person: PersonRow, *, by: Actor, now: datetime) -> str:
    """A token with which a person sets a new password; an older one ends."""
    s.exec(delete(InvitationRow).where(col(InvitationRow.email) == person.email))
    row = InvitationRow(
        token_sha256="",
        kind=PASSWORD,
        email=person.email,
        person_id=person.id,
        role=person.role,
        made_by=by.name,
        made_at=now,
        ends_at=now + timedelta(hours=PASSWORD_HOURS),
    )
    token = _store(s, row)
    note(s, "person.password_link", by.name, now, person=person.id)
    return token


def _store(s: Session, row: InvitationRow) -> str:
    token = new_token()
    row.token_sha256 = token_sha256(token)
    s.add(row)
    s.flush()
    return token


def find_invitation(
    s: Session, token: str, kinds: Iterable[str], now: datetime
) -> InvitationRow | None:
    """What a link is for, as long as it works."""
    row = s.get(InvitationRow, token_sha256(token))
    return row if row is not None and row.kind in kinds and row.ends_at > now else None


def open_invitations(s: Session, now: datetime) -> list[InvitationRow]:
    """The invitations of new people that still work, newest first."""
    wanted = select(InvitationRow).where(
        InvitationRow.kind == INVITED, col(InvitationRow.ends_at) > now
    )
    return list(s.exec(wanted.order_by(col(InvitationRow.made_at).desc())))


def invited(s: Session, email: str, now: datetime) -> InvitationRow | None:
    """The invitation of this address that still works, whoever asks for it by another way."""
    wanted = select(InvitationRow).where(
        InvitationRow.email == email,
        col(InvitationRow.kind).in_((INVITED, PASSWORD)),
        col(InvitationRow.ends_at) > now,
    )
    return s.exec(wanted).first()


def withdraw(s: Session, sha256: str, *, by: Actor, now: datetime) -> bool:
    """Ends an invitation that nobody has used; False when there is none."""
    row = s.get(InvitationRow, sha256)
    if row is None or row.kind != INVITED:
        return False
    s.delete(row)
    note(s, "person.uninvited", by.name, now, email=row.email)
    return True


def accept(
    s: Session,
    token: str,
    *,
    kinds: Iterable[str],
    name: str,
    email: str,
    password: str,
    hashed: str,
    now: datetime,
) -> PersonRow:
    """Uses a link up: the person whom it made, or who has a new password now.

    `email` counts for the first admin alone; `hashed` is hash_password(password), made before the
    transaction. Raises PersonRefused; then the link still works, unless it never did.
    """
    row = find_invitation(s, token, kinds, now)
    if row is None:
        raise PersonRefused("link", "this link was used or has ended; ask for a new one")
    if row.kind == PASSWORD:
        person = s.get_one(PersonRow, row.person_id)
        if person.disabled_at is not None:
            raise PersonRefused("link", "this link was used or has ended; ask for a new one")
        passwords.check_new(password, name=person.name, email=person.email)
        person.password_hash = hashed
        s.add(person)
        end_all(s, row.person_id or 0)
        note(s, "person.password", person_of(person).actor.name, now, person=person.id)
    else:
        person = _new_person(
            s, row, name=name, email=email, password=password, hashed=hashed, now=now
        )
    s.delete(row)
    s.flush()
    return person


def _new_person(
    s: Session,
    row: InvitationRow,
    *,
    name: str,
    email: str,
    password: str,
    hashed: str,
    now: datetime,
) -> PersonRow:
    first = row.kind == FIRST
    if first and s.exec(select(func.count()).select_from(PersonRow)).one():
        raise PersonRefused("link", "this link was used or has ended; ask for a new one")
    address = checked_email(email) if first else row.email
    named = checked_name(name)
    passwords.check_new(password, name=named, email=address)
    role = Role.ADMIN if first else Role(row.role)
    return add_person(
        s,
        name=named,
        email=address,
        role=role,
        pages=None if row.all_pages else row.pages,
        approver=row.approver,
        password_hash=hashed,
        now=now,
        by=row.made_by,
    )
