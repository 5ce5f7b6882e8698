"""Tells a person now. One alert an incident; never a comment's text or its author."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

_log = structlog.get_logger("modbot.alerts")


@dataclass(frozen=True, kw_only=True)
class Alert:
    """What a person has to know now."""

    kind: str  # "threat", "crisis", "needs_login", "quota_spent", "poll_late", ...
    page_id: str
    detail: str = ""  # what to do about it
    decision_id: int | None = None

    @property
    def incident(self) -> tuple[str, str, int | None]:
        """Alerts with the same incident are sent once until it is over."""
        return (self.kind, self.page_id, self.decision_id)


def log_alert(alert: Alert) -> None:
    """Writes an alert to the service's log."""
    _log.warning(
        "alert",
        kind=alert.kind,
        page=alert.page_id,
        decision=alert.decision_id,
        detail=alert.detail,
    )


class Alerter:
    """Sends each incident once to every sink."""

    def __init__(self, sinks: tuple[Callable[[Alert], None], ...] = (log_alert,)):
        self._sinks = sinks
        self._open: set[tuple[str, str, int | None]] = set()
        self._lock = threading.Lock()

    def send(self, alert: Alert) -> bool:
        """True when this is the first alert of its incident."""
        with self._lock:
            if alert.incident in self._open:
                return False
            self._open.add(alert.incident)
        for sink in self._sinks:
            sink(alert)
        return True

    def over(self, kind: str, page_id: str) -> None:
        """The incident is over: the next one of its kind is sent again."""
        with self._lock:
            self._open -= {i for i in self._open if i[:2] == (kind, page_id)}
