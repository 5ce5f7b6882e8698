"""A clock that was wrong for a while, and is set right, leaves nothing waiting for years."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from modbot import store
from modbot.budget import WRITES, Gauge, Ledger, MemoryLedger, RateBudget, report
from modbot.checkpoints import new_key
from modbot.clocks import LONGEST_WAIT, is_to_come
from modbot.domain import Capability
from modbot.errors import AuthExpired, RateLimited, Unreachable, WritesBlocked
from modbot.settings.sections import CheckpointsSection
from modbot.store import StoreLedger
from tests.fakes import EVERYTHING, SCHOOL_DAY, ManualClock, make_page
from tests.running import Running, running_service

YEARS = 10 * 365 * 24 * 3600.0
HOUR = 3600.0
PAGE = make_page(1).id
SWEARS = "what the fuck is this"


@pytest.fixture
def running(tmp_path: Path, clock: ManualClock) -> Iterator[Running]:
    with running_service(tmp_path, clock) as running:
        yield running


@pytest.mark.parametrize(
    ("ahead", "waits"),
    [
        (timedelta(0), False),
        (timedelta(seconds=1), True),
        (LONGEST_WAIT, True),
        (LONGEST_WAIT + timedelta(seconds=1), False),
        (timedelta(days=3650), False),
    ],
)
def test_what_lies_further_ahead_than_any_wait_is_over(ahead: timedelta, waits: bool) -> None:
    assert is_to_come(SCHOOL_DAY + ahead, SCHOOL_DAY) is waits


@pytest.mark.parametrize(
    "failure",
    [AuthExpired("190"), RateLimited("4", retry_after_seconds=HOUR, every_call=True)],
    ids=["token", "rate limit"],
)
def test_a_page_that_failed_in_the_wrong_year_is_polled_again_at_once(
    running: Running, failure: Exception
) -> None:
    adapter = running.add_page(1)
    running.clock.advance(YEARS)
    adapter.fail_next("fetch_since", failure)
    assert running.service.poll_page(PAGE).error
    running.clock.advance(-YEARS)
    assert running.service.next_poll_seconds(PAGE) < HOUR
    result = running.service.poll_page(PAGE)
    assert (result.error, result.skipped) == ("", "")


def test_a_hide_that_failed_in_the_wrong_year_is_done_at_once(running: Running) -> None:
    adapter = running.add_page(1)
    adapter.add(SWEARS)
    running.clock.advance(YEARS)
    adapter.fail_next("hide", RateLimited("32", retry_after_seconds=HOUR))
    running.service.poll_page(PAGE)
    assert adapter.hidden_ids() == set()
    running.clock.advance(-YEARS)
    running.service.carry_out_due()
    assert adapter.hidden_ids() == {"c1"}


def test_a_wait_that_is_real_is_waited_for(running: Running) -> None:
    adapter = running.add_page(1)
    adapter.add(SWEARS)
    adapter.fail_next("fetch_one", Unreachable())
    running.service.poll_page(PAGE)
    assert running.service.carry_out_due() == 0
    assert adapter.hidden_ids() == set()


def hides_left(running: Running) -> int:
    with running.service.database.read() as s:
        now, day = running.clock.now(), timedelta(days=1)
        return 100 - store.hides_requested_within(s, PAGE, now, day)


def test_hides_of_the_wrong_year_do_not_spend_the_quota_of_the_right_one(running: Running) -> None:
    adapter = running.add_page(1)
    running.clock.advance(YEARS)
    adapter.add(SWEARS)
    running.service.poll_page(PAGE)
    assert hides_left(running) == 99
    running.clock.advance(-YEARS)
    assert hides_left(running) == 100


def test_a_clock_that_is_set_back_by_an_hour_gives_no_new_quota(running: Running) -> None:
    adapter = running.add_page(1)
    adapter.add(SWEARS)
    running.service.poll_page(PAGE)
    running.clock.advance(-HOUR)
    assert hides_left(running) == 99


def test_a_checkpoint_of_the_wrong_year_does_not_stand_for_todays(
    tmp_path: Path, clock: ManualClock
) -> None:
    with running_service(tmp_path, clock, environ={"TOKEN": "t", "KEY": new_key()}) as running:
        section = CheckpointsSection(key="env:KEY")
        config = running.service.config
        object.__setattr__(
            config, "settings", config.settings.model_copy(update={"checkpoints": section})
        )

        def made() -> datetime:
            running.service.keep_checkpoints()
            with running.service.database.read() as s:
                newest = store.newest_checkpoint(s)
            assert newest is not None
            return newest.made_at

        running.clock.advance(YEARS)
        assert made() == running.clock.now()
        running.clock.advance(-YEARS)
        today = running.clock.now()
        assert made() == today
        running.clock.advance(HOUR)
        assert made() == today  # no more than there should be


def test_comments_that_no_listing_shows_are_looked_up_again_after_the_wrong_year(
    running: Running,
) -> None:
    adapter = running.add_page(1)
    adapter.capabilities = EVERYTHING - {Capability.LISTS_EDITS}
    adapter.add("fine")
    running.service.poll_page(PAGE)
    running.clock.advance(YEARS)
    running.service.poll_page(PAGE)
    running.clock.advance(-YEARS)
    adapter.calls.clear()
    running.service.poll_page(PAGE)
    assert "fetch_many" in [method for method, _ in adapter.calls]


def budget_on(clock: ManualClock, ledger: Ledger) -> RateBudget:
    return RateBudget("k", platform="p", now=clock.now, ledger=ledger)


def wrong_year(budget: RateBudget, clock: ManualClock) -> None:
    """Two waits and two full gauges of a clock that is wrong, and then is set right."""
    clock.advance(90 * 24 * HOUR)
    budget.block(clock.now() + timedelta(minutes=5), "busy")
    budget.note(WritesBlocked("368", retry_after_seconds=6 * HOUR), WRITES, "page")
    budget.learn(Gauge(used=0.99, at=clock.now()))
    ends = clock.now() + timedelta(minutes=15)
    budget.learn(Gauge(used=1.0, at=clock.now(), left=0, limit=9, resets_at=ends), "mentions")
    budget.keep()
    clock.advance(-90 * 24 * HOUR)


def test_waits_of_a_clock_that_was_wrong_are_over_once_it_is_right(
    running: Running, clock: ManualClock
) -> None:
    ledger = StoreLedger(running.service.database)
    budget = budget_on(clock, ledger)
    wrong_year(budget, clock)
    for one in (budget, budget_on(clock, ledger)):
        one.before_poll("page")
        one.admit("mentions", "page")
        one.admit(WRITES, "page")
        assert one.waits_until("mentions", "page") is None
        assert report(one.standing(), "page", clock.now()).waits == ()


def test_a_real_wait_takes_the_place_of_one_of_the_wrong_year(clock: ManualClock) -> None:
    budget = budget_on(clock, MemoryLedger())
    wrong_year(budget, clock)
    until = clock.now() + timedelta(minutes=10)
    budget.block(until, "busy")
    assert budget.waits_until() == until
    with pytest.raises(RateLimited):
        budget.admit()
