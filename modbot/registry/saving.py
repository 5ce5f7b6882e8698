"""What every change of the registry asks for, and the audit row that it leaves."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, SQLModel

from modbot import audit
from modbot.domain import Actor
from modbot.errors import RegistrationRefused
from modbot.stored_text import shown

NAME_CAP = 200  # characters


def save(
    s: Session,
    row: SQLModel,
    row_id: str,
    kind: str,
    actor: Actor,
    now: datetime,
    **detail: object,
) -> None:
    """Stores a registry row with the audit row that vouches for it."""
    s.add(row)
    s.flush()
    entry = audit.Entry(
        kind=kind,
        actor=shown(actor.name),
        row_table=str(row.__tablename__),
        row_id=row_id,
        row_sha256=audit.evidence_sha256(row),
        detail=detail,
    )
    audit.append(s, [entry], now)


def require(what: str, value: str, cap: int = NAME_CAP) -> None:
    """Raises RegistrationRefused when the value is empty or longer than `cap` characters."""
    if not value.strip():
        raise RegistrationRefused(f"{what} is missing")
    if len(value) > cap:
        raise RegistrationRefused(f"{what} is longer than {cap} characters")


def require_person(actor: Actor) -> None:
    """Raises RegistrationRefused for anyone but a person with a name."""
    if actor.kind != "person":
        raise RegistrationRefused("only a person may change the registry")
    require("the name of the person who changes this (--by)", actor.name)
