"""A running service's jobs on a clock that is moved from one to the next.

In place of APScheduler, whose clock is the machine's: the same poll, the same wait until the next
one, the same look for due actions (modbot.scheduler), one after the other in one thread. Looks for
due actions are left out as long as none is requested: there are 120,000 of them in a week.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from modbot.clocks import SteppedClock
from modbot.pipeline import PollResult
from modbot.scheduler import ACTION_SECONDS, act, poll_wait_seconds
from modbot.service import Service

REQUESTED = "select 1 from action where state = 'requested' limit 1"
Job = Callable[[], float | None]  # does its work; seconds until it is due again, None: never


@dataclass(kw_only=True)
class SteppingScheduler:
    """Polls pages and carries out what is due. `calls` counts the calls made so far: each takes
    `seconds_a_call` of the clock, which the next poll of the page waits for."""

    service: Service
    clock: SteppedClock
    calls: Callable[[], int]
    seconds_a_call: float
    chance: random.Random
    polled: Callable[[str, PollResult, float], object] = lambda *_: None  # page, result, seconds
    acted: Callable[[float], object] = lambda _: None  # seconds that carrying out took
    steps: int = 0
    _due: list[tuple[datetime, int, Job]] = field(default_factory=list)
    looking: bool = False  # is any action requested?
    _numbers: Iterable[int] = field(default_factory=itertools.count)

    def add(self, at: datetime, job: Job) -> None:
        """Runs `job` at a time of the clock. Of two at one time the first added runs first."""
        heapq.heappush(self._due, (at, next(iter(self._numbers)), job))

    def add_pages(self, page_ids: Iterable[str]) -> None:
        """Polls each within the first interval, and from then on; looks for due actions."""
        now, first = self.clock.now(), self.service.config.settings.polling.min_seconds
        for page_id in page_ids:
            begins = now + timedelta(seconds=self.chance.uniform(0, first))
            self.add(begins, lambda page_id=page_id: self._poll(page_id))  # type: ignore[misc]
        self._look()

    def run(self, until: datetime, progress: Callable[[datetime], object] = lambda _: None) -> None:
        """Does what is due until then, and stands at `until`."""
        while self._due and self._due[0][0] <= until:
            at, _, job = heapq.heappop(self._due)
            self.clock.move_to(at)
            self.steps += 1
            seconds = job()
            if seconds is not None:
                self.add(at + timedelta(seconds=seconds), job)
            progress(at)
        self.clock.move_to(until)

    def _poll(self, page_id: str) -> float:
        before = self.calls()
        result = self.service.poll_page(page_id)
        took = (self.calls() - before) * self.seconds_a_call
        self.polled(page_id, result, took)
        self._look()
        return took + poll_wait_seconds(self.service, page_id)

    def _look(self) -> None:
        """Books the next look for due actions, where there are any at all."""
        if not self.looking and self._requested():
            self.looking = True
            self.add(self.clock.now() + timedelta(seconds=ACTION_SECONDS), self._act)

    def _act(self) -> float | None:
        before = self.calls()
        if act(self.service):
            self.acted((self.calls() - before) * self.seconds_a_call)
        self.looking = self._requested()
        return ACTION_SECONDS if self.looking else None

    def _requested(self) -> bool:
        with self.service.database.read() as s:
            return s.connection().exec_driver_sql(REQUESTED).first() is not None
