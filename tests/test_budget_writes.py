"""What a credential's budget writes down: little, and never too late."""

from __future__ import annotations

from datetime import timedelta

import pytest

from modbot.budget import READS, Gauge, MemoryLedger
from modbot.budget.ledger import Standing
from modbot.errors import RateLimited
from tests.fakes import ManualClock
from tests.test_budget import UNITS, budget_on


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def test_few_calls_write(clock: ManualClock) -> None:
    taken: list[int] = []

    class Counted(MemoryLedger):
        def take(self, key: str, counter: str, amount: int) -> int:
            taken.append(amount)
            return super().take(key, counter, amount)

    budget = budget_on(clock, UNITS, ledger=Counted())
    for _ in range(500):
        budget.settle(budget.admit(costs={"units": 1}), {})
    assert len([amount for amount in taken if amount]) <= 500 // UNITS.step + 1


def test_what_the_vendor_tells_each_page_is_not_written_at_each_poll(clock: ManualClock) -> None:
    kept: list[int] = []

    class Counted(MemoryLedger):
        def keep(self, key: str, standing: Standing) -> None:
            kept.append(len(standing["gauges"]))
            super().keep(key, standing)

    budget = budget_on(clock, ledger=Counted())
    for page in range(100):
        budget.learn(Gauge(used=0.1, at=clock.now()), scope=str(page))
        budget.keep()
    assert kept == [1]
    clock.advance(10)
    budget.keep()
    budget.keep()
    assert kept == [1, 100]
    budget.note(RateLimited("busy", retry_after_seconds=60), READS, "7")
    assert kept == [1, 100, 100], "a wait is not put off"
    budget.learn(Gauge(used=0.9, at=clock.now()), scope="7")
    budget.close()
    assert kept == [1, 100, 100, 100]


def test_a_spent_limit_is_written_at_once_since_no_call_follows_that_would_tell_it_again(
    clock: ManualClock,
) -> None:
    ledger, ends = MemoryLedger(), clock.now() + timedelta(minutes=15)
    budget = budget_on(clock, ledger=ledger)
    for left in (5, 0):
        told = Gauge(used=1 - left / 10, at=clock.now(), left=left, limit=10, resets_at=ends)
        budget.learn(told, READS, "account")
        budget.keep()
        clock.advance(2)

    after_a_kill = budget_on(clock, ledger=ledger)

    assert after_a_kill.waits_until(READS, "account") == ends
    with pytest.raises(RateLimited):
        after_a_kill.admit(READS, "account")


def test_a_share_that_ends_polls_is_written_at_once(clock: ManualClock) -> None:
    ledger = MemoryLedger()
    budget = budget_on(clock, ledger=ledger)
    for used in (0.9, 0.96):
        budget.learn(Gauge(used=used, at=clock.now()), scope="7")
        budget.keep()
        clock.advance(2)

    with pytest.raises(RateLimited):
        budget_on(clock, ledger=ledger).before_poll("7")
