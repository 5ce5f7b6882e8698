"""Who may sign in: stored people, added and looked up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from modbot import audit
from modbot.errors import PersonRefused
from modbot.people.person import Person
from modbot.people.roles import Role
from modbot.people_tables import PersonRow
from modbot.stored_text import shown

NAME_CAP, EMAIL_CAP = 80, 254  # characters
SCOPED = frozenset({Role.VIEWER, Role.MANAGER})  # the others see all pages
_EMAIL = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\]+\.[^@\s<>,;:\"()\[\]\\]+")


def person_of(row: Any) -> Person:
    """A stored person: a PersonRow, or a row with its columns."""
    assert row.id is not None  # it comes from the database
    return Person(
        id=row.id,
        name=row.name,
        email=row.email,
        role=Role(row.role),
        pages=None if row.all_pages else frozenset(row.pages),
        approver=row.approver,
        language=row.language,
        theme=row.theme,
    )


def normal_email(given: str) -> str:
    """An address as it is stored."""
    return shown(given.strip().lower())


def checked_email(given: str) -> str:
    """normal_email(). Raises PersonRefused for what is no address."""
    email = normal_email(given)
    if len(email) > EMAIL_CAP or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise PersonRefused("email", "that is no e-mail address")
    return email


def checked_name(given: str) -> str:
    """A name as it is stored. Raises PersonRefused for none, or one that could act on a page."""
    name = " ".join(given.split())
    if not name or len(name) > NAME_CAP or not name.isprintable():
        raise PersonRefused("name", f"a name has 1 to {NAME_CAP} letters")
    return name


def scope_of(role: Role, pages: Iterable[str] | None) -> tuple[bool, list[str]]:
    """Whether all pages, and else which; admins and auditors always see all."""
    if role not in SCOPED or pages is None:
        return True, []
    return False, sorted(set(pages))


def by_email(s: Session, email: str) -> PersonRow | None:
    """The person with this address, disabled or not."""
    return s.exec(select(PersonRow).where(PersonRow.email == normal_email(email))).one_or_none()


def add_person(
    s: Session,
    *,
    name: str,
    email: str,
    role: Role,
    now: datetime,
    by: str = "",
    pages: Iterable[str] | None = None,
    password_hash: str = "",
    approver: bool = False,
) -> PersonRow:
    """Stores a new person with the audit row that says who added them (empty: they did so
    themselves). `pages` None: all."""
    all_pages, scope = scope_of(role, pages)
    row = PersonRow(
        name=shown(name.strip()),
        email=normal_email(email),
        role=role.value,
        approver=approver,
        all_pages=all_pages,
        pages=scope,
        password_hash=password_hash,
        added_at=now,
    )
    s.add(row)
    s.flush()
    note(s, "person.added", by or person_of(row).actor.name, now, person=row.id, **standing(row))
    return row


def standing(row: PersonRow) -> dict[str, object]:
    """What a person is and may, for the audit log."""
    return {
        "name": row.name,
        "role": row.role,
        "approver": bool(row.approver),
        "pages": "all" if row.all_pages else list(row.pages),
        "disabled": row.disabled_at is not None,
    }


def note(s: Session, kind: str, actor: str, now: datetime, **detail: object) -> None:
    """One audit row about people; its detail never holds a password, token or whole address."""
    audit.append(s, [audit.Entry(kind=kind, actor=shown(actor), detail=detail)], now)
