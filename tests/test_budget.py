"""One rate budget a credential: what it lets through, what outlives the process, what it slows."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from modbot.budget import READS, WRITES, Allowance, Budgets, Gauge, MemoryLedger, RateBudget
from modbot.errors import QuotaSpent, RateLimited, WritesBlocked
from modbot.store import Database, StoreLedger
from tests.databases import address, new_database
from tests.fakes import ManualClock

MINUTE, HOUR = 60.0, 3600.0
UNITS = Allowance(
    name="units a day",
    what="units",
    limit=1000,
    reserve=100,
    step=50,
    zone="America/Los_Angeles",
    poll_cost=1,
)
DAY = Allowance(name="cents a day", what="cents", limit=100, reserve=20, money=True)
MONTH = Allowance(name="cents a month", what="cents", limit=250, money=True, monthly=True)


def budget_on(
    clock: ManualClock, *allowances: Allowance, ledger: MemoryLedger | StoreLedger | None = None
) -> RateBudget:
    return RateBudget("k", platform="p", now=clock.now, ledger=ledger, allowances=allowances)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(new_database(tmp_path / "modbot.db")) as opened:
        yield opened


# Allowances


def test_reads_end_before_hides_do(clock: ManualClock) -> None:
    budget = budget_on(clock, UNITS)
    budget.admit(costs={"units": 899})
    budget.before_poll(needs={"units": 1})
    budget.admit(costs={"units": 1})
    with pytest.raises(RateLimited) as caught:
        budget.before_poll(needs={"units": 1})
    assert caught.value.reads_only
    budget.admit(WRITES, costs={"units": 50})
    with pytest.raises(RateLimited) as caught:
        budget.admit(WRITES, costs={"units": 51})
    assert caught.value.every_call and not caught.value.reads_only
    assert budget.left("units") == 50 and budget.left("units", for_reads=True) == 0
    assert (budget.calls, budget.refused) == (3, 2)


def test_the_day_ends_at_midnight_of_the_vendors_zone(clock: ManualClock) -> None:
    clock.move_to(datetime(2026, 11, 1, 6, 30, tzinfo=UTC))  # 23:30 in California, summer time
    budget = budget_on(clock, UNITS)
    with pytest.raises(RateLimited) as caught:
        budget.admit(costs={"units": 1001})
    assert caught.value.retry_after_seconds == 30 * MINUTE
    budget.admit(costs={"units": 1000})
    clock.advance(30 * MINUTE)
    assert budget.left("units") == 1000
    with pytest.raises(RateLimited) as caught:
        budget.admit(costs={"units": 1001})
    assert caught.value.retry_after_seconds == 25 * HOUR, "the day on which the clocks go back"


def test_what_a_call_did_not_cost_is_given_back(clock: ManualClock) -> None:
    budget = budget_on(clock, DAY, MONTH)
    receipt = budget.admit(costs={"cents": 50})
    assert budget.left("cents") == 50
    budget.settle(receipt, {"cents": 3})
    assert budget.left("cents") == 97 and budget.spent("cents a month") == 3


def test_what_is_given_back_after_midnight_is_not_the_new_days(clock: ManualClock) -> None:
    clock.move_to(datetime(2026, 9, 9, 23, 59, tzinfo=UTC))
    budget = budget_on(clock, DAY, MONTH)
    receipt = budget.admit(costs={"cents": 50})
    clock.advance(2 * MINUTE)
    budget.settle(receipt, {"cents": 0})
    assert budget.spent("cents a day") == 0 and budget.spent("cents a month") == 0
    budget.admit(costs={"cents": 100})


def test_the_months_cap_holds_when_the_days_does_not(clock: ManualClock) -> None:
    clock.move_to(datetime(2026, 9, 1, 12, tzinfo=UTC))
    budget = budget_on(clock, DAY, MONTH)
    for _ in range(2):
        budget.admit(costs={"cents": 100})
        clock.advance(24 * HOUR)
    with pytest.raises(QuotaSpent, match="250 cents a month"):
        budget.admit(costs={"cents": 60})
    budget.admit(costs={"cents": 50})
    clock.move_to(datetime(2026, 10, 1, tzinfo=UTC))
    budget.admit(costs={"cents": 100})


def test_a_raised_limit_counts_at_once(clock: ManualClock) -> None:
    budgets = Budgets(clock.now)
    budget = budgets.of("youtube", "77", "", [UNITS])
    budget.admit(costs={"units": 1000})
    more = Allowance(name=UNITS.name, what="units", limit=2000, zone=UNITS.zone)
    assert budgets.of("youtube", "77", "", [more]) is budget
    assert budget.left("units") == 1000


# Threads, processes, the end of the process


def test_threads_spend_no_unit_twice(clock: ManualClock, database: Database) -> None:
    budget = budget_on(clock, UNITS, ledger=StoreLedger(database))
    outcome: Counter[str] = Counter()

    def work() -> None:
        for _ in range(300):
            try:
                budget.admit(costs={"units": 1})
                outcome["let through"] += 1
            except RateLimited:
                outcome["refused"] += 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcome == {"let through": 1000, "refused": 800}
    assert budget.calls == 1000


def test_two_processes_share_what_there_is(clock: ManualClock, database: Database) -> None:
    ledger = StoreLedger(database)
    service, command = (budget_on(clock, UNITS, ledger=ledger) for _ in range(2))
    service.admit(costs={"units": 500})
    command.admit(costs={"units": 400})
    command.close()
    service.close()
    after = budget_on(clock, UNITS, ledger=ledger)
    assert after.spent("units a day") == 900


KILLED = """
import os, signal, sys
from pathlib import Path
from modbot.store import StoreLedger
from tests.databases import open_at
from tests.fakes import ManualClock
from tests.test_budget import UNITS, budget_on
database = open_at(sys.argv[1], Path(sys.argv[2]))
budget = budget_on(ManualClock(), UNITS, ledger=StoreLedger(database))
for _ in range(333):
    budget.admit(costs={"units": 1})
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_forgets_nothing_that_it_spent(
    clock: ManualClock, database: Database
) -> None:
    where = (address(database), str(database.path.parent))
    ended = subprocess.run([sys.executable, "-c", KILLED, *where], check=False, timeout=60)
    assert ended.returncode == -9
    after = budget_on(clock, UNITS, ledger=StoreLedger(database))
    assert 333 <= after.spent("units a day") <= 333 + UNITS.step


def test_of_a_dear_call_that_cost_little_a_crash_loses_two_steps_at_most(
    clock: ManualClock, database: Database
) -> None:
    budget = budget_on(clock, UNITS, ledger=StoreLedger(database))
    budget.settle(budget.admit(costs={"units": 10 * UNITS.step}), {"units": 1})
    after_a_crash = budget_on(clock, UNITS, ledger=StoreLedger(database))
    assert 1 <= after_a_crash.spent("units a day") <= 1 + 2 * UNITS.step


# Waits


def test_a_wait_holds_for_every_page_of_the_credential_and_over_a_restart(
    clock: ManualClock, database: Database
) -> None:
    ledger = StoreLedger(database)
    first = Budgets(clock.now, ledger).of("meta", "app", "")
    first.note(RateLimited("busy", retry_after_seconds=600, every_call=True), READS)
    after_restart = Budgets(clock.now, ledger).of("meta", "app", "")
    for budget in (first, after_restart):
        for lane in (READS, WRITES):
            with pytest.raises(RateLimited) as caught:
                budget.admit(lane, "another page")
            assert caught.value.every_call and caught.value.retry_after_seconds == 600
    clock.advance(599)
    with pytest.raises(RateLimited):
        after_restart.admit()
    clock.advance(1)
    after_restart.admit()
    assert Budgets(clock.now, ledger).of("meta", "another app", "").waits_until() is None


def test_a_block_of_writes_leaves_reads_alone(clock: ManualClock) -> None:
    budget = budget_on(clock)
    budget.note(WritesBlocked("368", retry_after_seconds=6 * HOUR), WRITES, "token")
    budget.admit(READS, "token")
    budget.before_poll("token")
    with pytest.raises(RateLimited) as caught:
        budget.admit(WRITES, "token")
    assert not caught.value.every_call and not caught.value.reads_only
    budget.admit(WRITES, "another token")
    clock.advance(6 * HOUR)
    budget.admit(WRITES, "token")


def test_a_wait_of_one_kind_of_reading_leaves_hides_alone(clock: ManualClock) -> None:
    budget = budget_on(clock)
    budget.note(RateLimited("429", retry_after_seconds=60), "mentions", "account")
    with pytest.raises(RateLimited) as caught:
        budget.admit("mentions", "account")
    assert caught.value.reads_only
    budget.admit("look-ups", "account")
    budget.admit(WRITES, "account")


def test_a_shorter_wait_never_ends_a_longer_one(clock: ManualClock) -> None:
    budget = budget_on(clock)
    now = clock.now()
    budget.block(now + timedelta(seconds=900), "long")
    budget.block(now + timedelta(seconds=30), "short")
    assert budget.waits_until() == now + timedelta(seconds=900)


def test_its_own_refusals_teach_it_nothing(clock: ManualClock) -> None:
    budget = budget_on(clock, UNITS)
    with pytest.raises(RateLimited), budget.noting():
        budget.admit(costs={"units": 1001})
    assert budget.waits_until() is None


def test_spent_credits_stop_every_call_until_somebody_may_have_topped_up(
    clock: ManualClock,
) -> None:
    budget = budget_on(clock)
    budget.note(QuotaSpent("402"))
    for lane in (READS, WRITES):
        with pytest.raises(QuotaSpent):
            budget.admit(lane)
    clock.advance(15 * MINUTE)
    budget.admit()


# What vendors say


def test_a_window_that_is_spent_is_not_asked_again_before_it_begins_anew(
    clock: ManualClock,
) -> None:
    budget = budget_on(clock)
    resets_at = clock.now() + timedelta(minutes=10)
    spent = Gauge(used=1.0, at=clock.now(), left=0, limit=50, resets_at=resets_at)
    budget.learn(spent, WRITES, "account")
    budget.admit("mentions", "account")
    with pytest.raises(RateLimited) as caught:
        budget.admit(WRITES, "account")
    assert caught.value.retry_after_seconds == 10 * MINUTE
    clock.advance(10 * MINUTE)
    budget.admit(WRITES, "account")


def test_polls_leave_the_end_of_a_sliding_window_to_hides(clock: ManualClock) -> None:
    budget = budget_on(clock)
    budget.learn(Gauge(used=0.96, at=clock.now()), scope="page")
    with pytest.raises(RateLimited) as caught:
        budget.before_poll("page")
    assert caught.value.reads_only
    budget.admit(WRITES, "page")
    budget.before_poll("another page")
    clock.advance(caught.value.retry_after_seconds)
    budget.before_poll("page")  # only a call can tell whether it has emptied


def test_what_is_charged_once_a_day_is_counted_once_a_day(clock: ManualClock) -> None:
    charged = budget_on(clock).charged_today
    assert charged.charge(["1", "2", "2"]) == 2
    assert (charged.new(["1", "2", "3"]), charged.charge(["1", "2", "3"])) == (1, 1)
    clock.advance(24 * HOUR)
    assert charged.charge(["1", "2", "3"]) == 3


# Pace


def test_a_budget_that_suffices_slows_nothing(clock: ManualClock) -> None:
    assert budget_on(clock).slowed(60.0, [60.0] * 100) == 60.0
    plenty = Allowance(name="units a day", what="units", limit=10_000, reserve=1000, poll_cost=1)
    clock.move_to(datetime(2026, 9, 10, tzinfo=UTC))
    assert budget_on(clock, plenty).slowed(60.0, [60.0] * 6) == 60.0


@pytest.mark.parametrize("pages", [1, 20, 100])
def test_pages_that_share_a_budget_make_it_last_until_it_begins_anew(
    clock: ManualClock, pages: int
) -> None:
    clock.move_to(datetime(2026, 9, 10, tzinfo=UTC))
    allowed = Allowance(name="units a day", what="units", limit=10_000, reserve=1000, poll_cost=1)
    budget = budget_on(clock, allowed)
    fresh, old = [60.0] * pages, [900.0] * pages
    due = dict.fromkeys(range(2 * pages), 0.0)
    polls: Counter[int] = Counter()
    for second in range(0, 24 * 3600, 60):
        for number, at in due.items():
            if at > second:
                continue
            budget.before_poll(needs={"units": 1})
            budget.admit(costs={"units": 1})
            polls[number] += 1
            interval = (fresh + old)[number]
            due[number] = second + budget.slowed(interval, fresh + old)
        clock.advance(60)
    spent = sum(polls.values())
    assert spent <= 9000, "nothing of what is kept for hides"
    if pages > 10:
        assert spent > 7500, "and little left over"
    assert polls[0] > 5 * polls[pages], "fresh pages first"


@pytest.mark.parametrize("pages", [1, 30, 1000])
def test_no_page_waits_for_longer_than_until_what_is_spent_begins_anew(
    clock: ManualClock, pages: int
) -> None:
    clock.move_to(datetime(2026, 9, 10, 22, tzinfo=UTC))
    allowed = Allowance(name="units a day", what="units", limit=10_000, reserve=1000, poll_cost=1)
    budget = budget_on(clock, allowed)
    budget.admit(costs={"units": 9000})
    assert budget.slowed(240.0, [240.0] * pages) <= 2 * HOUR + 240
    window = Gauge(
        used=0.99, at=clock.now(), left=1, limit=300, resets_at=clock.now() + timedelta(minutes=15)
    )
    other = budget_on(clock)
    other.learn(window)
    assert other.slowed(60.0, [60.0] * pages) <= 15 * 60 + 60


def test_polls_slow_down_as_the_vendors_window_fills(clock: ManualClock) -> None:
    budget = budget_on(clock)
    for used, slower in ((0.3, 1.0), (0.75, 3.5), (1.0, 6.0)):
        budget.learn(Gauge(used=used, at=clock.now()), scope="page")
        assert budget.slowed(60.0, [60.0], "page") == pytest.approx(60 * slower)
        assert budget.slowed(60.0, [60.0], "another page") == 60.0


def test_the_key_tells_nothing_of_the_token(clock: ManualClock) -> None:
    budget = Budgets(clock.now).of("meta", "SECRETTOKEN", "https://x")
    assert "SECRET" not in budget.key and budget.key.startswith("meta:")


def test_only_the_kind_of_call_that_polls_make_slows_them(clock: ManualClock) -> None:
    budget = budget_on(clock)
    resets_at = clock.now() + timedelta(minutes=15)
    scarce = Gauge(used=0.99, at=clock.now(), left=1, limit=100, resets_at=resets_at)
    budget.learn(scarce, "search", "account")
    assert budget.slowed(60.0, [60.0], "account", "mentions") == 60.0
    budget.learn(scarce, "mentions", "account")
    assert budget.slowed(60.0, [60.0], "account", "mentions") == pytest.approx(900.0)
    assert budget.slowed(60.0, [60.0, 60.0], "account", "mentions") == pytest.approx(900.0)
