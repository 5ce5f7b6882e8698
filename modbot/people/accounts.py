"""Who may sign in: stored people, added and looked up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, select

from modbot import audit
from modbot.people.person import Person
from modbot.people.roles import Role
from modbot.stored_text import shown
from modbot.tables import PersonRow


def person_of(row: PersonRow) -> Person:
    """A stored person."""
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
    by: str,
    pages: Iterable[str] | None = None,
    password_hash: str = "",
    approver: bool = False,
) -> PersonRow:
    """Stores a new person with the audit row that says who added them. `pages` None: all."""
    row = PersonRow(
        name=shown(name.strip()),
        email=normal_email(email),
        role=role.value,
        approver=approver,
        all_pages=pages is None,
        pages=sorted(pages or ()),
        password_hash=password_hash,
        added_at=now,
    )
    s.add(row)
    s.flush()
    note(s, "person.added", by, now, person=row.id, **standing(row))
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
