"""Brings alerts to people: begins the steps that are due, and sends, a thread a destination.

Nothing here holds up anything else: a round returns at once, a destination that hangs is ended at
its deadline, and only its own messages wait meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from modbot import store
from modbot.alerts.post import Post
from modbot.ports import Clock
from modbot.settings import Settings
from modbot.settings.sections import AlertsSection
from modbot.store import Database, sendings
from modbot.store.sendings import Step, Told

_log = structlog.get_logger("modbot.alerts")

URGENT_GAP = timedelta(seconds=20)  # between two messages to a destination, whatever happens
_LEAST_HORIZON = timedelta(days=1)


def order_of(section: AlertsSection) -> dict[bool, tuple[Step, ...]]:
    """The steps of urgent alerts, and of the others. Without an on-call order the urgent ones go
    where the others go."""
    others = (Step(after=timedelta(0), to=section.others),) if section.others else ()
    on_call = tuple(
        Step(after=timedelta(minutes=step.after_minutes), to=step.to) for step in section.on_call
    )
    return {True: on_call or others, False: others}


class Sender:
    """Sends what is stored of alerts to the destinations of the configuration in force."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Callable[[], Settings],
        environ: Mapping[str, str],
    ) -> None:
        self._database, self._clock, self._settings = database, clock, settings
        self._post = Post(environ)
        self._threads: dict[str, threading.Thread] = {}  # by destination
        self._stopping = False

    def round(self) -> int:
        """Begins what is due; how many destinations something is being sent to now."""
        now, section = self._clock.now(), self._settings().alerts
        with self._database.read() as s:
            if not sendings.anything_due(s, now, _horizon(section)):
                return 0
        with self._database.write() as s:
            sendings.begin_steps(s, order_of(section), now, _horizon(section))
        with self._database.read() as s:
            due = [
                name
                for name, urgent in sendings.waiting_for(s, now).items()
                if _gap_is_over(sendings.last_sent(s, name), now, urgent, section)
            ]
        for name in due:
            self._begin(name)
        return len(due)

    def _begin(self, destination: str) -> None:
        before = self._threads.get(destination)
        if self._stopping or (before is not None and before.is_alive()):
            return
        thread = threading.Thread(
            target=self._bring, args=(destination,), name=f"alerts to {destination}", daemon=True
        )
        self._threads[destination] = thread
        thread.start()

    def _bring(self, destination: str) -> None:
        try:
            self._send(destination)
        except Exception as error:  # the database is away: the rows wait
            _log.exception("alert_not_sent", to=destination, error=type(error).__name__)

    def _send(self, destination: str) -> None:
        with self._database.write() as s:
            told = sendings.claim(s, destination, self._clock.now())
            pages = {page.id: page for page in store.pages(s)} if told else {}
        if not told:
            return
        from modbot.alerts.message import message  # late: the calendars it loads hold up the start

        settings = self._settings()
        error = self._post.send(settings.alerts, destination, message(told, pages, settings))
        if error and self._stopping:  # we ended it ourselves: it is sent after the restart
            return
        with self._database.write() as s:
            sendings.finish(s, destination, told, error, self._clock.now())
        _note(destination, told, error)

    def wait(self, seconds: float = 60.0) -> None:
        """Until what is under way has ended."""
        for thread in list(self._threads.values()):
            thread.join(seconds)

    def close(self) -> None:
        """Ends what is under way; it is sent again after the next start."""
        self._stopping = True
        self._post.stop()
        self.wait(5.0)


def _note(destination: str, told: Sequence[Told], error: str) -> None:
    if error:
        _log.warning("alert_not_sent", to=destination, alerts=len(told), error=error)
    else:
        _log.info("alert_sent", to=destination, alerts=len(told))


def _gap_is_over(
    last: datetime | None, now: datetime, urgent: bool, section: AlertsSection
) -> bool:
    gap = URGENT_GAP if urgent else max(URGENT_GAP, timedelta(minutes=section.quiet_minutes))
    return last is None or last > now or now - last >= gap  # later than now: the clock was set back


def _horizon(section: AlertsSection) -> timedelta:
    """No step is ever booked further ahead than this."""
    minutes = [section.repeat_minutes, *(step.after_minutes for step in section.on_call)]
    return max(_LEAST_HORIZON, timedelta(minutes=max(minutes) + 1))
