"""Tells a person now. One alert an incident; never a comment's text or its author."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from sqlmodel import Session

_log = structlog.get_logger("modbot.alerts")

Incident = tuple[str, str, str, int | None]


@dataclass(frozen=True, kw_only=True)
class Alert:
    """What a person has to know now."""

    kind: str  # "threat", "crisis", "needs_login", "quota_spent", "poll_late", ...
    page_id: str
    detail: str = ""  # what to do about it; shown in the room, never sent anywhere
    decision_id: int | None = None
    subject: str = ""  # what of the page, where one page may have several of a kind

    @property
    def incident(self) -> Incident:
        """Alerts with the same incident are sent once until it is over."""
        return (self.kind, self.page_id, self.subject, self.decision_id)


def log_alert(alert: Alert) -> None:
    """Writes an alert to the service's log."""
    _log.warning(
        "alert",
        kind=alert.kind,
        page=alert.page_id,
        decision=alert.decision_id,
        detail=alert.detail,
    )


@dataclass(frozen=True, kw_only=True)
class Noted:
    """What tell() has to say once the transaction is through."""

    alerts: tuple[Alert, ...]
    over: tuple[tuple[str, str], ...] = ()


class Book(Protocol):
    """Where incidents are kept over a restart."""

    def note(
        self, session: Session, alerts: Sequence[Alert], over: Sequence[tuple[str, str]]
    ) -> tuple[Alert, ...]:
        """Ends the incidents `over` and opens new ones in the caller's transaction; the new."""

    def open(self, alert: Alert) -> bool:
        """Whether it is a new incident, which is then stored. Raises when it cannot be."""

    def end(self, kind: str, page_id: str) -> None:
        """Ends the open incidents of a kind on a page."""


class Alerter:
    """Sends each incident once to every sink, and keeps it in the book if there is one."""

    def __init__(
        self,
        sinks: tuple[Callable[[Alert], None], ...] = (log_alert,),
        book: Book | None = None,
    ):
        self._sinks = sinks
        self._book = book
        self._open: set[Incident] = set()  # without a book, and while it cannot be written
        self._lock = threading.Lock()

    def send(self, alert: Alert) -> bool:
        """True when this is the first alert of its incident. Never raises."""
        if not self._is_new(alert):
            return False
        self._to_sinks(alert)
        return True

    def note(
        self,
        session: Session,
        alerts: Sequence[Alert],
        *,
        over: Sequence[tuple[str, str]] = (),
    ) -> Noted:
        """Keeps alerts in the transaction that stores what they are about, so that a crash loses
        neither; give the answer to tell() after it. `over`: kinds and pages that ended."""
        if self._book is None:
            return Noted(alerts=tuple(alerts), over=tuple(over))
        return Noted(alerts=self._book.note(session, alerts, over))

    def tell(self, noted: Noted) -> None:
        """Sends what note() found to be new."""
        for kind, page_id in noted.over:
            self.over(kind, page_id)
        for alert in noted.alerts:
            if self._book is None:
                self.send(alert)
            else:
                self._to_sinks(alert)

    def over(self, kind: str, page_id: str) -> None:
        """The incident is over: the next one of its kind is sent again. Never raises."""
        with self._lock:
            self._open -= {i for i in self._open if i[:2] == (kind, page_id)}
        if self._book is not None:
            try:
                self._book.end(kind, page_id)
            except Exception as error:  # it stays open, which a person sees
                _log.error("alert_not_ended", kind=kind, error=type(error).__name__)

    def _is_new(self, alert: Alert) -> bool:
        if self._book is not None:
            try:
                return self._book.open(alert)
            except Exception as error:  # the database is away, which may be what it is about
                _log.error("alert_not_stored", kind=alert.kind, error=type(error).__name__)
        with self._lock:
            if alert.incident in self._open:
                return False
            self._open.add(alert.incident)
        return True

    def _to_sinks(self, alert: Alert) -> None:
        for sink in self._sinks:
            sink(alert)
