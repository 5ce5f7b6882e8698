"""What is left of a page's budget: on the list of pages, its screen and in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from modbot import store
from modbot.budget import WRITES, Allowance, Gauge, PageBudget, RateBudget
from modbot.cli.budgets import budget_fields, budget_text
from tests.web.rooms import Room, open_room, text_of

PAGE = "facebook:1001"
DAY = Allowance(
    name="cents a day", what="cents", limit=500_000, reserve=100_000, scale=1000, money=True
)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """Page 1001 has spent 1.25 $ of 5 $, may not hide for six hours, and X has told of a limit."""
    with open_room(tmp_path) as room:
        room.district.add_page("1001")
        clock, database = room.district.clock, room.district.database
        budget = RateBudget(
            "x:app",
            platform="x",
            now=clock.now,
            ledger=store.StoreLedger(database),
            allowances=[DAY],
        )
        budget.admit(costs={"cents": 125_000})
        window = clock.now() + timedelta(minutes=15)
        budget.learn(
            Gauge(used=0.1, at=clock.now(), left=270, limit=300, resets_at=window), "mentions", "1"
        )
        budget.block(clock.now() + timedelta(hours=6), "<b>368</b>", lane=WRITES, scope="1")
        store.keep_budget(database, PAGE, PageBudget(of=budget, scope="1"))
        yield room


def test_the_list_tells_of_what_most_is_spent(room: Room) -> None:
    html = text_of(room.admin.get("/pages"))
    assert "Money today: $1.25 of $5.00" in html and "25%" in html


def test_a_pages_screen_tells_all_of_it(room: Room) -> None:
    answer = room.admin.get(f"/pages/{PAGE}")
    html = text_of(answer)
    assert "$1.25 of $5.00; the last $1.00 are for hides" in html
    assert "Readings of replies" in html and "30 of 300" in html
    assert "Hides wait until" in html and "<b>368" not in answer.text


def test_the_screen_speaks_spanish(room: Room) -> None:
    html = text_of(room.admin.get(f"/pages/{PAGE}", **{"accept-language": "es"}))
    assert "Dinero hoy" in html and "Lecturas de respuestas" in html


def test_a_terminal_gets_one_line_and_programs_get_numbers(room: Room) -> None:
    database, now = room.district.database, room.district.clock.now()
    with database.read() as s:
        found = store.budget_report(s, PAGE, now)
        later = store.budget_report(s, PAGE, now + timedelta(days=1))
        other = store.budget_report(s, "facebook:none", now)
    said = budget_text(found)
    assert "no hide before" in said and "\n" not in said
    assert "cents today: 125 of 500 spent, the last 100 for hides" in said
    assert "calls of mentions: 30 of 300 spent" in said
    assert budget_fields(found)["lines"][0]["spent"] == 125.0
    assert [(line.what, line.spent) for line in later.lines] == [("cents", 0)], "a new day"
    assert later.waits == () and budget_text(other) == "no limit known"
