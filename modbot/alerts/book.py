"""Incidents in the database: a restart neither forgets an alert nor tells it twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlmodel import Session

from modbot import store
from modbot.alerts.alerter import Alert
from modbot.domain import Category
from modbot.ports import Clock
from modbot.settings.sections import AlertsSection
from modbot.store import Database, NewIncident

_CATEGORIES = frozenset(category.value for category in Category)


def is_urgent(kind: str, section: AlertsSection) -> bool:
    """Whether it goes by the on-call order: what policy.toml calls urgent about a comment does."""
    return kind in _CATEGORIES or kind in section.also_urgent


class IncidentBook:
    """The alerter's book. What is open and lasting is kept in memory too: each quiet poll ends
    incidents that are mostly not there, and repeats those that are."""

    def __init__(
        self, database: Database, clock: Clock, section: Callable[[], AlertsSection]
    ) -> None:
        self._database, self._clock, self._section = database, clock, section
        self._lasting: set[tuple[str, str, str]] | None = None
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Takes up what another process or the room has opened or ended."""
        with self._database.read() as s, self._lock:
            self._lasting = store.lasting_incidents(s)

    def note(
        self, session: Session, alerts: Sequence[Alert], over: Sequence[tuple[str, str]]
    ) -> tuple[Alert, ...]:
        """See Book.note(). Where nothing is to be done nothing is written."""
        now = self._clock.now()
        for kind, page_id in over:
            if self._is_open(kind, page_id):
                store.end_incidents(session, kind, page_id, now)
                self._forget(kind, page_id)
        fresh = list({alert.incident: alert for alert in reversed(alerts)}.values())[::-1]
        if not fresh:
            return ()
        section = self._section()
        incidents = [_stored(alert, section) for alert in fresh]
        repeat = timedelta(minutes=section.repeat_minutes)
        new = store.open_incidents(session, incidents, now, repeat=repeat)
        self._remember(fresh)
        return tuple(alert for alert, is_new in zip(fresh, new, strict=True) if is_new)

    def open(self, alert: Alert) -> bool:
        """See Book.open()."""
        key = (alert.kind, alert.page_id, alert.subject)
        if alert.decision_id is None and key in self._known():
            return False
        with self._database.write() as s:
            return bool(self.note(s, [alert], ()))

    def end(self, kind: str, page_id: str) -> None:
        """See Book.end()."""
        if not self._is_open(kind, page_id):
            return
        with self._database.write() as s:
            store.end_incidents(s, kind, page_id, self._clock.now())
        self._forget(kind, page_id)

    def _known(self) -> set[tuple[str, str, str]]:
        if self._lasting is None:
            self.refresh()
        assert self._lasting is not None
        return self._lasting

    def _is_open(self, kind: str, page_id: str) -> bool:
        known = self._known()
        with self._lock:
            return any(key[:2] == (kind, page_id) for key in known)

    def _forget(self, kind: str, page_id: str) -> None:
        with self._lock:
            self._lasting = {k for k in self._lasting or () if k[:2] != (kind, page_id)}

    def _remember(self, alerts: Sequence[Alert]) -> None:
        # Before the commit: one that fails is put right by the next refresh().
        keys = {(a.kind, a.page_id, a.subject) for a in alerts if a.decision_id is None}
        with self._lock:
            if self._lasting is not None:
                self._lasting |= keys


def _stored(alert: Alert, section: AlertsSection) -> NewIncident:
    return NewIncident(
        kind=alert.kind,
        page_id=alert.page_id,
        subject=alert.subject,
        decision_id=alert.decision_id or 0,
        detail=alert.detail,
        urgent=is_urgent(alert.kind, section),
    )
