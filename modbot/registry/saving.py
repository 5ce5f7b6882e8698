"""What every change of the registry asks for, and the audit row that it leaves."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, SQLModel

from modbot import audit
from modbot.domain import Actor
from modbot.errors import RegistrationRefused
from modbot.registry.problems import refuse, text_problems
from modbot.stored_text import shown


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


def require_person(actor: Actor) -> None:
    """Raises RegistrationRefused for anyone but a person with a name."""
    if actor.kind != "person":
        raise RegistrationRefused("only a person may change the registry")
    refuse(text_problems("by", "the name of the person who changes this (--by)", actor.name))
