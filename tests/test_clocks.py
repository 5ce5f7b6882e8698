"""The clocks: the machine's, one that runs faster, one that is moved by hand."""

from __future__ import annotations

import time
from datetime import UTC, timedelta

from modbot.clocks import FastClock, SteppedClock, SystemClock
from tests.fakes import SCHOOL_DAY


def test_the_machines_clock_tells_aware_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_a_fast_clock_starts_where_it_is_told_and_runs_at_its_speed() -> None:
    began = time.monotonic()
    clock = FastClock(SCHOOL_DAY, 1000.0)
    first = clock.now()
    second = clock.now()
    passed = timedelta(seconds=(time.monotonic() - began) * 1000)
    assert SCHOOL_DAY <= first <= second <= SCHOOL_DAY + passed
    assert clock.speed == 1000.0


def test_a_fast_clock_that_is_slowed_down_goes_on_from_where_it_was() -> None:
    clock = FastClock(SCHOOL_DAY, 100_000.0)
    before = clock.now()
    clock.slow_down()
    assert clock.speed == 1.0
    after = clock.now()
    assert before <= after
    assert clock.now() - after < timedelta(seconds=10)


def test_a_stepped_clock_stands_still_and_never_goes_back() -> None:
    clock = SteppedClock(SCHOOL_DAY)
    assert clock.now() == clock.now() == SCHOOL_DAY
    clock.move_to(SCHOOL_DAY + timedelta(hours=1))
    clock.move_to(SCHOOL_DAY)
    assert clock.now() == SCHOOL_DAY + timedelta(hours=1)
