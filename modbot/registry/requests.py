"""Requests of the staff: who asked for what, and the one answer that each gets.

There are two kinds, a table each: pages to register and fundraisers to approve. What may be asked
and what an approval makes is theirs (registrations.py, fundraiser_requests.py); the rest is here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlmodel import Session, col, select

from modbot.domain import Actor
from modbot.errors import ChangedMeanwhile, RegistrationRefused, UnknownRequest
from modbot.registry.problems import TEXT_CAP, Problem, plain_problems, refuse, text_problems
from modbot.registry.saving import require_person, save
from modbot.store import Database
from modbot.stored_text import shown
from modbot.tables import FundraiserRequestRow, RegistrationRow

Row = TypeVar("Row", RegistrationRow, FundraiserRequestRow)
Made = TypeVar("Made")


class RequestState(StrEnum):
    """Where a request stands. Only WAITING is open."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Who asks or answers. The id tells two people of one name apart."""

    actor: Actor
    id: int


@dataclass(frozen=True, kw_only=True)
class Approver(Asker):
    """Who answers a request. Nobody approves what he asked for himself, but for the only person
    who could approve it at all."""

    alone: bool = False  # nobody else may approve


def reason_problems(reason: str) -> Iterator[Problem]:
    """What is wrong with a reason that has to be given."""
    yield from text_problems("reason", "the reason", reason, TEXT_CAP)
    yield from plain_problems("reason", "the reason", reason, lines=True)


def store_request(
    database: Database, table: type[Row], asker: Asker, now: datetime, **values: Any
) -> int:
    """Stores a request whose values were checked, and gives its number."""
    row = table(
        state=RequestState.WAITING.value,
        asked_by=shown(asker.actor.name),
        asked_by_id=asker.id,
        asked_at=now,
        **values,
    )
    with database.write() as s:
        s.add(row)
        s.flush()
        _save(s, row, "requested", asker, now)
        assert row.id is not None
        return row.id


def approve_request(
    database: Database,
    table: type[Row],
    number: int,
    approver: Approver,
    now: datetime,
    make: Callable[[Session, Row], tuple[Made, Mapping[str, object]]],
) -> Made:
    """Approves a request and makes what was asked for, in one transaction, so that of two answers
    one comes late. `make` gives it and what the audit row says of it.

    Raises RegistrationRefused, UnknownRequest, or ChangedMeanwhile where somebody answered first.
    """
    require_person(approver.actor)
    with database.write() as s:
        row = _still_open(s, table, number)
        if row.asked_by_id == approver.id and not approver.alone:
            raise RegistrationRefused("a request is approved by somebody else than who made it")
        made, detail = make(s, row)
        _answer(s, row, RequestState.APPROVED, approver, now, **detail)
        return made


def refuse_request(
    database: Database, table: type[Row], number: int, reason: str, approver: Asker, now: datetime
) -> None:
    """Raises RegistrationRefused without a reason, UnknownRequest, ChangedMeanwhile."""
    require_person(approver.actor)
    with database.write() as s:
        row = _still_open(s, table, number)
        refuse(reason_problems(reason))
        row.answer = shown(reason.strip())
        _answer(s, row, RequestState.REFUSED, approver, now)


def request(s: Session, table: type[Row], number: int) -> Row:
    """One request, answered or not. Raises UnknownRequest."""
    row = s.get(table, number)
    if row is None:
        raise UnknownRequest(f"no request has the number {number}")
    return row


def requests(s: Session, table: type[Row], state: RequestState | None = None) -> list[Row]:
    """Requests, newest first; without a state all of them."""
    query = select(table).order_by(col(table.id).desc())
    if state is not None:
        query = query.where(col(table.state) == state.value)
    return list(s.scalars(query))


def _still_open(s: Session, table: type[Row], number: int) -> Row:
    row = request(s, table, number)
    if row.state != RequestState.WAITING:
        raise ChangedMeanwhile(f"request {number} was answered by {row.answered_by}")
    return row


def _answer(
    s: Session, row: Row, state: RequestState, approver: Asker, now: datetime, **detail: object
) -> None:
    row.state = state.value
    row.answered_by, row.answered_at = shown(approver.actor.name), now
    _save(s, row, state.value, approver, now, **detail)


def _save(s: Session, row: Row, what: str, who: Asker, now: datetime, **detail: object) -> None:
    save(s, row, str(row.id), f"{row.__tablename__}.{what}", who.actor, now, **detail)
