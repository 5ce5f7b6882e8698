"""A wait that a vendor asks for is kept to its end, however long it is, and survives what happens
meanwhile: a restart, a clock that is set forward and back. No mistaken wait lasts for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import requests

from modbot.budget import Block, Budgets, PageBudget
from modbot.errors import RateLimited
from modbot.store import Database, StoreLedger
from platforms.gate import LONGEST_WAIT_SECONDS, Gate
from tests.databases import new_database
from tests.fakes import ManualClock

MINUTE, HOUR, DAY = 60.0, 3600.0, 24 * 3600.0
YEAR = 365 * DAY
LONGEST = timedelta(seconds=LONGEST_WAIT_SECONDS)
GET = requests.Request("GET", "https://blog.example/feed").prepare()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(new_database(tmp_path / "modbot.db")) as opened:
        yield opened


class Asked:
    """A credential of which a vendor has asked something, as any process finds it."""

    def __init__(self, clock: ManualClock, database: Database):
        self.clock, self.database = clock, database
        self.restart()

    def restart(self) -> None:
        """As after kill -9."""
        budgets = Budgets(self.clock.now, StoreLedger(self.database))
        self.budget = budgets.of("feed", "blog.example", "")
        self._gate = Gate(PageBudget(of=self.budget), self.clock.now)

    def answers(self, retry_after: str, status: int = 429) -> None:
        response = requests.Response()
        response.status_code, response.headers["Retry-After"] = status, retry_after
        self._gate.after(GET, response, self._gate.before(GET))

    def is_called(self) -> bool:
        try:
            self._gate.before(GET)
        except RateLimited:
            return False
        return True


@pytest.fixture
def asked(clock: ManualClock, database: Database) -> Asked:
    return Asked(clock, database)


def in_seconds(_: datetime, seconds: float) -> str:
    return f"{seconds:.0f}"


def as_a_date(now: datetime, seconds: float) -> str:
    return format_datetime(now + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("written", [in_seconds, as_a_date])
@pytest.mark.parametrize("wait", [10 * MINUTE, 48 * HOUR, 10 * DAY, 31 * DAY])
@pytest.mark.parametrize("status", [429, 503])
def test_no_call_is_made_before_a_wait_ends_and_one_may_be_when_it_has(
    asked: Asked, written: Callable[[datetime, float], str], wait: float, status: int
) -> None:
    asked.answers(written(asked.clock.now(), wait), status)
    for _ in range(20):
        assert not asked.is_called()
        asked.restart()
        asked.clock.advance((wait - 20) / 20)
    assert not asked.is_called(), "twenty seconds before it ends"
    asked.clock.advance(20)
    assert asked.is_called()


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("moved", [HOUR, 20 * HOUR, YEAR])
@pytest.mark.parametrize("wait", [10 * MINUTE, 48 * HOUR, 10 * DAY])
def test_a_clock_that_is_set_forward_and_back_ends_no_wait(
    asked: Asked, wait: float, moved: float, restarts: bool
) -> None:
    asked.answers(f"{wait:.0f}")
    asked.clock.advance(moved)
    asked.budget.keep()
    if restarts:
        asked.restart()
        asked.budget.close()
    asked.clock.advance(-moved)
    if restarts:
        asked.restart()
    assert not asked.is_called()
    asked.clock.advance(wait - 1)
    assert not asked.is_called()
    asked.clock.advance(1)
    assert asked.is_called()


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("wait", [10 * MINUTE, 48 * HOUR, 10 * DAY, 1e12])
def test_a_wait_noted_by_a_clock_that_was_a_year_ahead_is_over_once_it_is_right(
    asked: Asked, wait: float, restarts: bool
) -> None:
    asked.clock.advance(YEAR)
    asked.answers(f"{wait:.0f}")
    assert not asked.is_called()
    asked.clock.advance(-YEAR)
    if restarts:
        asked.restart()
    assert asked.is_called()
    asked.answers("172800")
    asked.clock.advance(47 * HOUR)
    assert not asked.is_called(), "the wait of the right clock took its place"


def test_a_clock_that_is_set_back_a_little_ends_no_wait_and_lengthens_it_by_no_more(
    asked: Asked,
) -> None:
    asked.answers("172800")
    asked.clock.advance(-2 * HOUR)
    assert not asked.is_called()
    asked.clock.advance(50 * HOUR)
    assert asked.is_called()


@pytest.mark.parametrize(
    "absurd",
    [
        "1000000000000",
        "9" * 400,
        "0" * 20 + "9" * 20,
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 31 Dec 9999 23:59:59 -1200",
    ],
)
def test_an_absurd_wait_ends_after_31_days_and_says_so(asked: Asked, absurd: str) -> None:
    asked.answers(absurd)
    with pytest.raises(RateLimited, match="more than 31 days") as caught:
        asked.budget.admit()
    assert caught.value.retry_after_seconds == LONGEST.total_seconds()
    asked.clock.advance(LONGEST.total_seconds() - 1)
    assert not asked.is_called()
    asked.clock.advance(1)
    assert asked.is_called()


@pytest.mark.parametrize(
    "nothing", ["-5", "-1000000000000", "1e12", "soon", "", "Fri, 31 Dec 99999 23:59:59 GMT"]
)
def test_what_is_no_wait_stops_nothing(asked: Asked, nothing: str) -> None:
    asked.answers(nothing)
    assert asked.is_called()


@pytest.mark.parametrize(
    "over", ["0", "0000000000000", "Wed, 09 Sep 2020 12:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT"]
)
def test_a_wait_that_is_over_is_a_second(asked: Asked, over: str) -> None:
    asked.answers(over)
    assert not asked.is_called()
    asked.clock.advance(1)
    assert asked.is_called()


def test_a_wait_that_was_kept_without_its_time_holds_for_a_day_and_not_for_years(
    clock: ManualClock,
) -> None:
    def kept(until: datetime) -> Block:
        return Block.read({"until": until.isoformat(), "why": "busy", "paid": False})

    now = clock.now()
    assert kept(now + timedelta(hours=24)).holds(now)
    assert not kept(now + timedelta(days=400)).holds(now)
