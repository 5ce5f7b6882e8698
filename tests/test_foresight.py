"""Reads leave room for the hides that are to come: channels of a project are read until the units
begin anew, however many hides a day has, and none is read less often where units suffice."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from modbot.budget import WRITES, Ledger, MemoryLedger, RateBudget
from modbot.budget.foresight import Foresight
from modbot.errors import RateLimited
from modbot.poll_interval import interval_by_age
from modbot.settings.sections import PollingSection
from platforms.youtube_units import READ_COST, UNITS, WRITE_COST, units
from tests.fakes import ManualClock

MIDNIGHT = datetime(2026, 9, 14, 7, tzinfo=UTC)  # in California, of a Monday
HOUR = timedelta(hours=1)
POLLING = PollingSection()
HELD_EVERY = timedelta(minutes=10)
SHARE_BAD = 0.12
AWAKE = range(12, 25)  # hours UTC, of a district in Kansas


@dataclass(kw_only=True)
class Channel:
    """How quiet it is, and what stands there unread."""

    page_id: str
    newest_post_at: datetime | None = None
    newest_comment_at: datetime | None = None
    held_at: datetime = MIDNIGHT - HELD_EVERY
    written: list[tuple[datetime, bool]] = field(default_factory=list)  # when, and is it bad?
    read_at: list[datetime] = field(default_factory=list)


class Project:
    """Channels of one project as the adapter reads them: a unit a poll, two each ten minutes for
    what is held, some where comments are new, 50 and a look-up of three for what is hidden."""

    def __init__(self, channels: int, comments_a_day: float, *, seed: int = 1):
        self.clock = ManualClock(MIDNIGHT)
        self.ledger: Ledger = MemoryLedger()
        self.chance = random.Random(seed)
        self.channels = [Channel(page_id=f"youtube:{n}") for n in range(channels)]
        self.waits: list[float] = []  # seconds from comment to hide
        self.refused_polls = self.refused_hides = 0
        self._rate = comments_a_day / len(AWAKE)
        self._due = [(MIDNIGHT + timedelta(seconds=n), n) for n in range(channels)]
        self.restart()

    def restart(self) -> None:
        self.budget = RateBudget(
            "k",
            platform="youtube",
            now=self.clock.now,
            ledger=self.ledger,
            allowances=[units(10_000)],
        )

    def day(self, *, quiet: bool = False) -> None:
        """Until midnight in California; `quiet`: nobody writes."""
        end = self.clock.now() + timedelta(days=1)
        for channel in self.channels:
            channel.read_at = [self.clock.now()]
            channel.written += [] if quiet else self._writes(self.clock.now())
        self.waits = []
        while self._due[0][0] < end:
            at, number = heapq.heappop(self._due)
            self.clock.move_to(max(at, self.clock.now()))
            seconds = self._poll(self.channels[number]) * self.chance.uniform(0.9, 1.1)
            heapq.heappush(self._due, (self.clock.now() + timedelta(seconds=seconds), number))
        self.clock.move_to(end)

    def longest_gap(self) -> timedelta:
        """Between two polls of a channel on the last day, and until its end."""
        return max(
            later - earlier
            for channel in self.channels
            for earlier, later in zip(
                channel.read_at, [*channel.read_at[1:], self.clock.now()], strict=True
            )
        )

    def p95(self) -> float:
        return sorted(self.waits)[int(0.95 * len(self.waits))]

    def spent(self) -> int:
        """Of the day that is running."""
        return 10_000 - self.budget.left(UNITS)

    def _writes(self, day: datetime) -> list[tuple[datetime, bool]]:
        """Threads of eight comments within the hour, as under a new video."""
        found, at = [], day
        for _ in range(round(self._rate * len(AWAKE) / 8)):
            began = day + timedelta(hours=self.chance.uniform(AWAKE[0], AWAKE[-1] + 1) - 7)
            for _ in range(8):
                at = began + timedelta(hours=self.chance.expovariate(2))
                found.append((at, self.chance.random() < SHARE_BAD))
        return sorted(found)

    def _poll(self, channel: Channel) -> float:
        now = self.clock.now()
        try:
            self.budget.before_poll(needs={UNITS: READ_COST})
        except RateLimited:
            self.refused_polls += 1
            return self._wait(channel)
        self.budget.admit(costs={UNITS: READ_COST})
        channel.read_at.append(now)
        if now - channel.held_at >= HELD_EVERY:
            channel.held_at = now
            self.budget.admit(costs={UNITS: 2 * READ_COST})
        new = [one for one in channel.written if one[0] <= now]
        channel.written = [one for one in channel.written if one[0] > now]
        if new:
            channel.newest_comment_at = max(at for at, _ in new)
            self.budget.admit(costs={UNITS: READ_COST})
        bad = [at for at, is_bad in new if is_bad]
        if bad:
            self.budget.admit(costs={UNITS: 3 * READ_COST})
            try:
                self.budget.admit(WRITES, costs={UNITS: WRITE_COST})
            except RateLimited:
                self.refused_hides += len(bad)
            self.waits += [(now - at).total_seconds() for at in bad]
        return self._wait(channel)

    def _wait(self, channel: Channel) -> float:
        now = self.clock.now()
        intervals = [interval_by_age(POLLING, one, now) for one in self.channels]
        return self.budget.slowed(interval_by_age(POLLING, channel, now), intervals)


@pytest.mark.parametrize("seed", [1, 2])
def test_six_busy_channels_are_read_until_midnight_on_the_first_day_and_on_later_ones(
    seed: int,
) -> None:
    """Without foresight reads end some hours before, with 1,000 units that nobody spends."""
    project = Project(6, 137, seed=seed)
    for _ in range(3):
        project.day()
        assert project.longest_gap() < timedelta(minutes=30)
        assert len(project.waits) > 80 and project.p95() < 400
        assert project.refused_hides == 0


def test_ten_busy_channels_are_read_more_seldom_but_until_midnight_and_all_hides_are_paid() -> None:
    project = Project(10, 125)
    for _ in range(3):
        project.day()
        assert project.longest_gap() < timedelta(minutes=90)
        assert len(project.waits) > 140 and project.p95() < 45 * 60
        assert project.refused_hides == 0
    assert project.refused_polls < 20, "each would be told, and told to be over"


def test_after_a_restart_it_is_known_how_many_hides_a_day_has() -> None:
    kept, forgetful = Project(6, 137), Project(6, 137)
    for project in (kept, forgetful):
        project.day()
        project.budget.keep()
    forgetful.ledger = MemoryLedger()
    for project in (kept, forgetful):
        project.restart()
        project.clock.advance(5 * 3600)
    assert kept.budget.slowed(60.0, [60.0] * 6) > 1.2 * forgetful.budget.slowed(60.0, [60.0] * 6)


@pytest.mark.parametrize("channels", [1, 4, 10])
def test_a_project_in_which_nothing_happens_is_read_as_if_there_were_no_budget(
    channels: int,
) -> None:
    project = Project(channels, 0)
    for _ in range(3):
        project.day(quiet=True)
        assert project.longest_gap() <= timedelta(seconds=1.1 * 240)
        assert project.budget.slowed(240.0, [240.0] * channels) == 240.0


def test_a_day_of_few_hides_slows_nothing(clock: ManualClock) -> None:
    """Four channels as busy as those of `make latency`, at any hour."""
    project = Project(4, 40)
    project.day()
    assert project.longest_gap() <= timedelta(seconds=1.1 * 240)


FRIDAY = MIDNIGHT + timedelta(days=4)
ALLOWED = units(10_000)


def seen(*days: datetime, at: int = 9, calls: int = 60) -> Foresight:
    """So many hides at an hour of each day."""
    found = Foresight()
    for day in days:
        found.poll(ALLOWED, day)
        found.hide(ALLOWED, calls * WRITE_COST, day + at * HOUR)
    return found


def kept_at(found: Foresight, now: datetime, left: int = 9000) -> float:
    return left - found.polls_left(ALLOWED, left, now)


def test_hides_are_expected_at_the_hours_at_which_they_came() -> None:
    days = [MIDNIGHT + timedelta(days=n) for n in range(4)]
    found = seen(*days)
    assert kept_at(found, FRIDAY + 8 * HOUR) == pytest.approx(3000 * 1000 / 1000, rel=0.05)
    found.hide(ALLOWED, 3000, FRIDAY + 9 * HOUR)
    assert kept_at(found, FRIDAY + 10 * HOUR) <= ALLOWED.reserve, "today's have come"


def test_twice_as_many_as_on_other_days_will_go_on_like_that() -> None:
    days = [MIDNIGHT + timedelta(days=n) for n in range(4)]
    found = Foresight()
    for day in days:
        for hour in (9, 15):
            found.hide(ALLOWED, 2000, day + hour * HOUR)
    usual = kept_at(found, FRIDAY + 8 * HOUR)
    found.hide(ALLOWED, 5000, FRIDAY + 9 * HOUR)
    assert kept_at(found, FRIDAY + 10 * HOUR) == pytest.approx(2000 * 6000 / 3000)
    assert usual == pytest.approx(4000)


def test_a_saturday_is_not_like_a_friday_and_what_is_older_than_a_week_is_forgotten() -> None:
    found = seen(*(MIDNIGHT + timedelta(days=n) for n in range(4)))
    saturday, monday = FRIDAY + timedelta(days=1), FRIDAY + timedelta(days=3)
    assert kept_at(found, saturday) <= ALLOWED.reserve
    assert kept_at(found, monday) == pytest.approx(3000, rel=0.05)
    assert kept_at(found, monday + timedelta(days=7)) <= ALLOWED.reserve
    found.hide(ALLOWED, WRITE_COST, monday + timedelta(days=7))
    assert len(found.plain()[ALLOWED.name]) == 1


def test_days_of_a_clock_that_was_a_year_ahead_are_forgotten() -> None:
    found = seen(MIDNIGHT + timedelta(days=364))
    assert kept_at(found, FRIDAY) <= ALLOWED.reserve
    found.hide(ALLOWED, WRITE_COST, FRIDAY)
    assert [*found.plain()[ALLOWED.name]] == ["2026-09-18"]


def test_what_is_kept_for_hides_falls_until_midnight(clock: ManualClock) -> None:
    kept = [ALLOWED.kept(MIDNIGHT + hours * HOUR) for hours in (0, 12, 23, 24)]
    assert kept == [1000, 550, 138, 1000]


def test_the_day_on_which_the_clocks_go_back_has_an_hour_more() -> None:
    long_day = datetime(2026, 11, 1, 7, tzinfo=UTC)
    found = seen(long_day, at=24)
    assert [*found.plain()[ALLOWED.name]] == ["2026-11-01"]
    assert found.plain()[ALLOWED.name]["2026-11-01"][24] == 3000
    assert ALLOWED.kept(long_day) == 1000


def test_where_hides_would_take_all_there_is_reads_go_on() -> None:
    """The fewer polls, the more comments are hidden in one call."""
    found = Foresight()
    for _ in range(200):
        found.poll(ALLOWED, MIDNIGHT)
    found.hide(ALLOWED, 9600, MIDNIGHT + 12 * HOUR)
    tuesday = MIDNIGHT + timedelta(days=1)
    assert found.polls_left(ALLOWED, 9000, tuesday) == pytest.approx(8000 / (1 + 9600 / 200))
