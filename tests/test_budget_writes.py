"""What a credential's budget writes down: little, and never too late."""

from __future__ import annotations

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
