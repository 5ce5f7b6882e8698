"""Whose turn it is to write: threads wait here, since SQLite's own waiting is not fair."""

from __future__ import annotations

import threading
import time
from collections import deque

PATIENCE_SECONDS = 0.5


class Turns:
    """A lock for threads, which the thread that holds it may take again.

    A free lock goes to whoever asks, which is quickest: to wake a thread takes longer than most
    writes. But nobody passes a thread that has waited for `patience_seconds`.
    """

    def __init__(self, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._patience = patience_seconds
        self._mutex = threading.Lock()
        self._waiting: deque[_Ticket] = deque()
        self._owner: int | None = None
        self._depth = 0

    def acquire(self, *, timeout: float) -> bool:
        """True when it is this thread's turn, False when it was not for `timeout` seconds."""
        now = time.monotonic()
        with self._mutex:
            if self._owner == threading.get_ident():
                self._depth += 1
                return True
            if self._owner is None and not self._somebody_waits_long(now):
                self._take()
                return True
            ticket = _Ticket(now)
            self._waiting.append(ticket)
        return self._wait(ticket, now + timeout)

    def release(self) -> None:
        """Ends what the last acquire() began. Raises RuntimeError in a thread that has no turn."""
        with self._mutex:
            if self._owner != threading.get_ident():
                raise RuntimeError("it is not this thread's turn")
            self._depth -= 1
            if not self._depth:
                self._owner = None
                self._wake_first()

    def _wait(self, ticket: _Ticket, until: float) -> bool:
        try:
            while True:
                ticket.woken.wait(max(until - time.monotonic(), 0.0))
                with self._mutex:
                    ticket.woken.clear()
                    if self._owner is None and self._waiting[0] is ticket:
                        self._take()
                        return True
                if time.monotonic() >= until:
                    return False
        finally:  # also when a signal ends the wait: who waits no more must hold up nobody
            with self._mutex:
                self._waiting.remove(ticket)
                if self._owner is None:
                    self._wake_first()

    def _somebody_waits_long(self, now: float) -> bool:
        return bool(self._waiting) and now - self._waiting[0].since >= self._patience

    def _take(self) -> None:
        self._owner, self._depth = threading.get_ident(), 1

    def _wake_first(self) -> None:
        if self._waiting:
            self._waiting[0].woken.set()


class _Ticket:
    """A thread that waits."""

    def __init__(self, since: float) -> None:
        self.since = since
        self.woken = threading.Event()
