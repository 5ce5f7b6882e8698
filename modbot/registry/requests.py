"""Requests of the staff: who asked for what, and the one answer that each gets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from sqlmodel import Session

from modbot.domain import Actor
from modbot.errors import ChangedMeanwhile, RegistrationRefused, UnknownRequest
from modbot.registry.problems import TEXT_CAP, Problem, plain_problems, refuse, text_problems
from modbot.registry.saving import save
from modbot.stored_text import shown
from modbot.tables import FundraiserRequestRow, RegistrationRow

Row = TypeVar("Row", RegistrationRow, FundraiserRequestRow)


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


def open_request(s: Session, table: type[Row], number: int) -> Row:
    """The request, still to be answered. Raises UnknownRequest or ChangedMeanwhile."""
    row = s.get(table, number)
    if row is None:
        raise UnknownRequest(f"no request has the number {number}")
    if row.state != RequestState.WAITING:
        raise ChangedMeanwhile(f"request {number} was answered by {row.answered_by}")
    return row


def require_second(row: RegistrationRow | FundraiserRequestRow, approver: Approver) -> None:
    """Raises RegistrationRefused for an approval of one's own request."""
    if row.asked_by_id == approver.id and not approver.alone:
        raise RegistrationRefused("a request is approved by somebody else than who made it")


def answer_request(
    s: Session,
    row: RegistrationRow | FundraiserRequestRow,
    state: RequestState,
    approver: Asker,
    now: datetime,
    *,
    reason: str = "",
    **detail: object,
) -> None:
    """Closes a request, with its audit row. A refusal needs a reason (RegistrationRefused)."""
    if state is RequestState.REFUSED:
        refuse(reason_problems(reason))
    row.state = state.value
    row.answered_by, row.answered_at = shown(approver.actor.name), now
    row.answer = shown(reason.strip())
    kind = f"{row.__tablename__}.{state}"
    save(s, row, str(row.id), kind, approver.actor, now, **detail)
