"""Ends calls to a vendor whose time is up, whatever they wait for."""

from __future__ import annotations

import heapq
import itertools
import socket
import threading
import time
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Deadline:
    """Cuts the connection of the call that runs in its block once the time is up.

    A socket's time-out starts anew with every byte, so a server that sends one byte a second,
    of the headers or the body, is only stopped from outside.
    """

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._over = False
        self._lock = threading.Lock()
        self._connection: HTTPConnection | None = None
        self._sock: socket.socket | None = None
        self._seconds = seconds

    def __enter__(self) -> Deadline:
        _running.deadline = self
        _clock.ring(self, self._seconds)
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._over = True
            self._connection = self._sock = None  # from here on they may serve another call
        _running.deadline = None

    def watch(self, connection: HTTPConnection) -> None:
        """From now on this connection is the one to cut."""
        with self._lock:
            # http.client lets go of the socket early when a body has no length.
            self._connection, self._sock = connection, connection.sock
            if self.passed:
                raise TimeoutError("deadline")

    def end(self) -> None:
        """The time is up. Does nothing to a call that is over."""
        with self._lock:
            if self._over:
                return
            self.passed = True
            sock = self._sock
            if sock is None and self._connection is not None:
                sock = self._connection.sock
            if sock is None:
                return
            try:
                # Not sock.shutdown(): on TLS it would take the layer away under a running read.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            except OSError:
                return  # it is closed already


class _Clock:
    """One thread for the deadlines of all calls: one a call takes longer than a quiet call does."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Deadline]] = []  # a heap; calls that are over stay in it
        self._numbers = itertools.count()
        self._sooner = threading.Condition()
        self._thread: threading.Thread | None = None

    def ring(self, deadline: Deadline, seconds: float) -> None:
        """Ends the deadline after so many seconds."""
        one = (time.monotonic() + seconds, next(self._numbers), deadline)
        with self._sooner:
            heapq.heappush(self._due, one)
            if self._thread is None or not self._thread.is_alive():  # as after a fork
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif self._due[0] is one:
                self._sooner.notify()

    def _run(self) -> None:
        while True:
            with self._sooner:
                while not self._due or self._due[0][0] > time.monotonic():
                    wait = self._due[0][0] - time.monotonic() if self._due else None
                    self._sooner.wait(wait)
                _, _, deadline = heapq.heappop(self._due)
            deadline.end()


class _Running(threading.local):
    """The deadline of the call that this thread makes."""

    deadline: Deadline | None = None


_running = _Running()
_clock = _Clock()


class _Watched(HTTPConnection):
    """A connection that tells the running deadline of itself."""

    def connect(self) -> None:
        _watch(self)
        super().connect()
        _watch(self)  # connecting may have outlasted the deadline

    def request(self, *args: Any, **kwargs: Any) -> None:
        _watch(self)
        super().request(*args, **kwargs)


def _watch(connection: HTTPConnection) -> None:
    if _running.deadline is not None:
        _running.deadline.watch(connection)


class _WatchedTls(_Watched, HTTPSConnection):
    pass


class HttpPool(HTTPConnectionPool):
    """Whose connections a Deadline can cut."""

    ConnectionCls = _Watched


class HttpsPool(HTTPSConnectionPool):
    """Whose connections a Deadline can cut."""

    ConnectionCls = _WatchedTls
