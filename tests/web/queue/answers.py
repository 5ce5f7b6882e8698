"""Short ways to send a verdict and to see what came of it."""

from __future__ import annotations

from typing import Any

import requests
from sqlmodel import col, select

from modbot import store
from modbot.tables import ActionRow, DecisionRow
from tests.web.school import FakeService
from tests.web.signed_in import Site

# Decisions of the day: 1 to 4 were said before; then in the order of queue_day.texts().
THREAT, CRISIS, PRIVACY, INSULT, ASSIST, SWEARING, BY_HAND, CASE, SALE = (
    5,
    6,
    7,
    8,
    11,
    13,
    16,
    17,
    19,
)
WAITING = 20


def decide(site: Site, number: int, verdict: str, **fields: Any) -> requests.Response:
    return site.post(f"/decisions/{number}/verdict", {"verdict": verdict, **fields})


def made(service: FakeService) -> list[DecisionRow]:
    """What people decided, oldest first."""
    with service.database.read() as s:
        query = select(DecisionRow).where(DecisionRow.actor_kind == "person")
        return list(s.exec(query.order_by(col(DecisionRow.id))))


def asked(service: FakeService) -> list[tuple[str, int]]:
    with service.database.read() as s:
        return [
            (a.kind, a.decision_id) for a in s.exec(select(ActionRow).order_by(col(ActionRow.id)))
        ]


def place(answer: requests.Response) -> str:
    assert answer.status_code == 303, answer.text[:2000]
    return answer.headers["location"]


def count(service: FakeService) -> int:
    with service.database.read() as s:
        return sum(store.count_waiting(s).values())


def place_or_none(answer: requests.Response) -> str | None:
    return answer.headers.get("location") if answer.status_code == 303 else None
