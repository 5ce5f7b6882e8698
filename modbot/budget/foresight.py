"""What of an allowance is likely to be needed until it begins anew: for hides, and for a poll."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from modbot.budget.allowance import Allowance

DAYS_KEPT = 7
HOURS = POLLS = 25  # of the day on which the clocks go back; behind them stands how many polls
SATURDAY = 5
# Hours of the allowance's zone in which hides come, as long as no day tells: 8 to 22 in New York.
BEGIN, END = 5, 19
# Polls after which more hides a poll are believed, and fewer: between two storms there is a calm.
MORE_AND_LESS = (30, 300)
MOST_OF_A_POLL = 10  # times its least cost: reading a past once is not what polls cost


class Foresight:
    """Adds up by hour what hides took, and tells from it what they will take; days without pupils
    are not compared with the others. Not safe by itself: the budget holds its lock."""

    def __init__(self) -> None:
        self._days: dict[str, dict[str, list[int]]] = {}  # by allowance, day, hour; polls of a day
        self._reads, self._hides = _OfPolls(64, 64), _OfPolls(*MORE_AND_LESS)

    def hide(self, allowed: Allowance, amount: int, now: datetime) -> None:
        """One was charged."""
        if not amount or not allowed.poll_cost or allowed.monthly:
            return
        self._hides.note(allowed.name, amount)
        today, hours = _place(allowed, now)
        self._day(allowed, today)[int(hours)] += amount

    def read(self, allowed: Allowance, amount: int) -> None:
        """Something else was charged."""
        self._reads.note(allowed.name, amount)

    def poll(self, allowed: Allowance, now: datetime) -> None:
        """One begins."""
        if allowed.poll_cost and not allowed.monthly:
            self._reads.poll(allowed.name, MOST_OF_A_POLL * allowed.poll_cost)
            self._hides.poll(allowed.name)
            self._day(allowed, _place(allowed, now)[0])[POLLS] += 1

    def polls_left(self, allowed: Allowance, left: int, now: datetime) -> float:
        """How many polls there may be until the allowance begins anew, if the hides that are
        expected are to be paid besides. Where these would take all of it, as many as there may be
        if each leads to as many hides as others did: the fewer polls, the more comments are hidden
        in one call. Above 0."""
        alike = self._alike(allowed, now)
        reads = max(allowed.poll_cost, self._reads.a_poll(allowed.name))
        polls = sum(day[POLLS] for day in alike)
        usual = sum(sum(day[:POLLS]) for day in alike) / max(1, polls)
        free = left - allowed.kept(now)
        beside = (left - self._expected(allowed, alike, now)) / reads
        by_batches = free / (reads + max(usual, self._hides.a_poll(allowed.name)))
        return max(1.0, min(free / reads, max(beside, by_batches)))

    def plain(self) -> dict[str, Any]:
        """What hides took, as JSON."""
        return {name: dict(days) for name, days in self._days.items()}

    def take_over(self, plain: Mapping[str, Any]) -> None:
        """What plain() gave."""
        self._days = {n: {d: list(h) for d, h in days.items()} for n, days in plain.items()}

    def _day(self, allowed: Allowance, today: date) -> list[int]:
        """Of an allowance, to be added to."""
        days = self._days.setdefault(allowed.name, {})
        if today.isoformat() not in days:
            for day in [one for one in days if not _counts(date.fromisoformat(one), today)]:
                del days[day]  # too old, or of a clock that was wrong
        return days.setdefault(today.isoformat(), [0] * (HOURS + 1))

    def _alike(self, allowed: Allowance, now: datetime) -> list[list[int]]:
        """The last days of the same kind as today."""
        days = self._days.get(allowed.name, {})
        today = now.astimezone(ZoneInfo(allowed.zone)).date()
        return [
            taken
            for said, taken in days.items()
            if (day := date.fromisoformat(said)) != today
            and _counts(day, today)
            and (day.weekday() >= SATURDAY) == (today.weekday() >= SATURDAY)
        ]

    def _expected(self, allowed: Allowance, alike: Sequence[list[int]], now: datetime) -> float:
        """As on days alike, and more or less where today has been so. Without such a day as much an
        hour as until now in the hours in which pupils are awake."""
        today, hours = _place(allowed, now)
        spent = sum(self._days.get(allowed.name, {}).get(today.isoformat(), ())[:POLLS])
        if not alike:
            awake = min(max(hours - BEGIN, 1.0), END - BEGIN)
            return spent / awake * max(0.0, END - max(hours, BEGIN))
        before = sum(_until(taken, hours) for taken in alike) / len(alike)
        after = sum(sum(taken[:POLLS]) for taken in alike) / len(alike) - before
        usual = max(1, allowed.reserve)  # so that one hide more or less in the night says little
        return after * (spent + usual) / (before + usual)


class _OfPolls:
    """What the last polls led to each, by allowance; more is believed after so many polls, less
    after so many."""

    def __init__(self, more: int, less: int):
        self._more, self._less = more, less
        self._since: dict[str, int] = {}
        self._mean: dict[str, float] = {}

    def note(self, name: str, amount: int) -> None:
        self._since[name] = self._since.get(name, 0) + amount

    def poll(self, name: str, most: float = math.inf) -> None:
        before = self._mean.get(name, 0.0)
        taken = min(self._since.pop(name, 0), most)
        polls = self._more if taken > before else self._less
        self._mean[name] = before + (taken - before) / polls

    def a_poll(self, name: str) -> float:
        return self._mean.get(name, 0.0)


def _place(allowed: Allowance, now: datetime) -> tuple[date, float]:
    """The allowance's day, and how many hours of it are over."""
    zone = ZoneInfo(allowed.zone)
    today = now.astimezone(zone).date()
    began = datetime.combine(today, time(0), zone).astimezone(now.tzinfo)
    return today, min((now - began) / timedelta(hours=1), HOURS - 0.001)


def _counts(day: date, today: date) -> bool:
    return today - timedelta(days=DAYS_KEPT) <= day <= today


def _until(taken: Sequence[int], hours: float) -> float:
    """What was taken in so many hours of a day."""
    whole = int(hours)
    return sum(taken[:whole]) + taken[whole] * (hours - whole)
