"""Rules for every test: no network beyond this machine, and time that a test moves itself."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from modbot.domain import Page
from tests.fakes import FakeAdapter, ManualClock, make_page


class BeyondLoopback(RuntimeError):
    """A test tried to reach another machine. Not an OSError: no code may take it for an outage."""


def _on_this_machine(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost"):
        return True
    try:
        return ip_address(str(host)).is_loopback or str(host) == "0.0.0.0"
    except ValueError:
        return False


class _NetworkGuard:
    """An audit hook cannot be taken off again, so it is switched by `on`."""

    on = False

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event in ("socket.connect", "socket.sendto"):
            address = args[1]
            if isinstance(address, tuple) and not _on_this_machine(address[0]):
                raise BeyondLoopback(f"{event} to {address[0]}")
        elif event == "socket.getaddrinfo" and not _on_this_machine(args[0]):
            raise BeyondLoopback(f"looking up {args[0]}")


_GUARD = _NetworkGuard()
sys.addaudithook(_GUARD)


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    _GUARD.on = True
    yield
    _GUARD.on = False


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """A command that a test runs in this process sets up logging; the next test starts anew."""
    yield
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.setLevel(logging.NOTSET)


@pytest.fixture
def clock() -> ManualClock:
    """Stands at noon UTC of a school day until advance() is called."""
    return ManualClock()


@pytest.fixture
def page() -> Page:
    return make_page()


@pytest.fixture
def adapter(page: Page, clock: ManualClock) -> FakeAdapter:
    """An empty page in memory, on the test's clock."""
    return FakeAdapter(page, now=clock.now)
