"""A token's last day: written down by a person, told two weeks ahead while it still works."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from sqlmodel import select

from modbot import audit, registry
from modbot.alerts import Alert, Alerter
from modbot.domain import Actor, CommentBatch
from modbot.errors import BadConfig
from modbot.poll_notes import note_success
from modbot.store import Database
from modbot.tables import AuditRow
from tests.fakes import SCHOOL_DAY

ADA = Actor(kind="person", name="Ada Lopez #1")
TODAY = SCHOOL_DAY.date()


@pytest.fixture
def page_id(database: Database) -> str:
    return registry.list_pages(database)[0].page.id


def name(database: Database, page_id: str, ends: date | None, ref: str = "env:TOKEN") -> None:
    registry.set_token_ref(database, page_id, ref, ADA, SCHOOL_DAY, ends=ends)


def changes(database: Database) -> list[dict[str, object]]:
    with database.read() as s:
        rows = s.exec(select(AuditRow).where(AuditRow.kind == "page.token_ref"))
        return [
            row.detail if isinstance(row.detail, dict) else json.loads(row.detail) for row in rows
        ]


def test_the_last_day_is_kept_and_audited(database: Database, page_id: str) -> None:
    name(database, page_id, date(2026, 12, 31))
    assert registry.list_pages(database)[0].token_ends == "2026-12-31"
    name(database, page_id, date(2026, 12, 31))  # nothing new
    name(database, page_id, date(2027, 1, 31))
    assert changes(database)[1:] == [
        {"before": {"token_ends": "2026-12-31"}, "after": {"token_ends": "2027-01-31"}}
    ]
    assert audit.verify(database).ok


def test_another_token_does_not_inherit_the_day(database: Database, page_id: str) -> None:
    name(database, page_id, date(2026, 12, 31))
    name(database, page_id, None, ref="env:ANOTHER")
    assert registry.list_pages(database)[0].token_ends == ""


def test_a_token_in_place_of_its_name_is_refused(database: Database, page_id: str) -> None:
    with pytest.raises(BadConfig):
        name(database, page_id, date(2026, 12, 31), ref="EAABcanary")


@pytest.mark.parametrize(
    ("ends", "left", "soon"),
    [
        ("", None, False),
        ((TODAY + timedelta(days=15)).isoformat(), 15, False),
        ((TODAY + timedelta(days=14)).isoformat(), 14, True),
        (TODAY.isoformat(), 0, True),
        ((TODAY - timedelta(days=3)).isoformat(), -3, True),
    ],
)
def test_two_weeks_before_its_end_is_soon(ends: str, left: int | None, soon: bool) -> None:
    assert registry.days_left(ends, SCHOOL_DAY) == left
    assert registry.ends_soon(ends, SCHOOL_DAY) is soon


def test_it_is_told_once_while_the_token_still_works_and_is_over_with_the_next_one(
    database: Database, page_id: str
) -> None:
    told: list[Alert] = []
    alerter = Alerter((told.append,))

    def poll(days: float) -> None:
        now = SCHOOL_DAY + timedelta(days=days)
        batch = CommentBatch(comments=(), cursor="c")
        note_success(database, alerter, page_id, batch, now, writes_refused=False)

    name(database, page_id, TODAY + timedelta(days=20))
    poll(0)
    assert told == []
    poll(6)
    poll(7)
    assert [alert.kind for alert in told] == ["token_ends"]
    assert told[0].detail == f"the token ends on {TODAY + timedelta(days=20)}"
    name(database, page_id, TODAY + timedelta(days=80), ref="env:NEXT")
    poll(8)
    poll(67)
    assert [alert.kind for alert in told] == ["token_ends", "token_ends"]
