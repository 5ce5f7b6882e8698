"""Who looks at a waiting comment: for some minutes it is theirs alone. Claims leave no trace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, delete, select
from sqlmodel import Session, SQLModel, col

from modbot.dialects import among, list_parameter
from modbot.room_tables import ClaimRow
from modbot.store.id_lists import in_list
from modbot.stored_text import shown


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Who holds a comment, and until when."""

    comment_row: int
    person_id: int
    name: str
    until: datetime


def claim(
    session: Session, comment_row: int, person_id: int, name: str, *, now: datetime, until: datetime
) -> Claim:
    """The claim on a comment after this person asked for it: theirs, or that of who holds it."""
    row = session.get(ClaimRow, comment_row)
    if row is not None and row.person_id != person_id and row.until > now:
        return _claim(row)
    row = row or ClaimRow(comment_row=comment_row, person_id=person_id, name="", until=until)
    row.person_id, row.name, row.until = person_id, shown(name), until
    session.add(row)
    session.flush()
    return _claim(row)


def claims(session: Session, comment_rows: Iterable[int], now: datetime) -> dict[int, Claim]:
    """Who holds which of these comments, by comment row."""
    session.flush()
    values = {"rows": list(comment_rows), "now": now}
    found = session.connection().execute(_held(), values)
    return {row["comment_row"]: Claim(**row) for row in found.mappings()}


@cache
def _held() -> Select[Any]:
    c = SQLModel.metadata.tables[str(ClaimRow.__tablename__)].c
    among_rows = among(c.comment_row, list_parameter("rows", whole_numbers=True))
    return select(c.comment_row, c.person_id, c.name, c.until).where(
        among_rows, c.until > bindparam("now")
    )


def claims_of(session: Session, person_id: int, now: datetime) -> list[Claim]:
    """What a person holds now."""
    found = session.connection().execute(_held_by(), {"person": person_id, "now": now})
    return [Claim(**row) for row in found.mappings()]


@cache
def _held_by() -> Select[Any]:
    c = SQLModel.metadata.tables[str(ClaimRow.__tablename__)].c
    return select(c.comment_row, c.person_id, c.name, c.until).where(
        c.person_id == bindparam("person"), c.until > bindparam("now")
    )


def count_claims(session: Session, person_id: int, now: datetime) -> int:
    """How many comments others hold."""
    query = select(col(ClaimRow.comment_row)).where(
        col(ClaimRow.person_id) != person_id, col(ClaimRow.until) > now
    )
    return len(session.scalars(query).all())


def release(session: Session, comment_rows: Iterable[int]) -> None:
    """Nobody holds these comments any longer."""
    session.execute(delete(ClaimRow).where(in_list(col(ClaimRow.comment_row), list(comment_rows))))


def release_others(session: Session, person_id: int, kept: int | None) -> None:
    """Lets go of all that a person holds, but for one comment."""
    query = delete(ClaimRow).where(col(ClaimRow.person_id) == person_id)
    if kept is not None:
        query = query.where(col(ClaimRow.comment_row) != kept)
    session.execute(query)


def _claim(row: ClaimRow) -> Claim:
    return Claim(
        comment_row=row.comment_row, person_id=row.person_id, name=row.name, until=row.until
    )
