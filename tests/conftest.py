"""Rules for every test: no network beyond this machine, and time that a test moves itself."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from modbot.domain import Page
from modbot.store import Database
from tests import databases
from tests.fakes import FakeAdapter, ManualClock, make_page
from tests.records import open_database
from tests.request_check import (  # noqa: F401  hooks and fixtures of every test
    _requests_as_described,
    _requests_recorded,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres", action="store_true", help="New databases are PostgreSQL's, not SQLite's."
    )


def pytest_configure(config: pytest.Config) -> None:
    databases.on_postgres = config.getoption("--postgres")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--postgres"):
        config.hook.pytest_deselected(items=[i for i in items if i.get_closest_marker("sqlite")])
        items[:] = [item for item in items if not item.get_closest_marker("sqlite")]


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


def _can_never_be_found(host: object) -> bool:
    """Names that RFC 6761 keeps free for ever: a real resolver may be asked for them."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    return name.endswith(".invalid")


_SOCKET_EVENTS = ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname")


class _NetworkGuard:
    """An audit hook cannot be taken off again, so it is switched by `on` and `all_sockets`."""

    on = False
    all_sockets = False

    def __init__(self) -> None:
        self.refused: list[str] = []

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if self.all_sockets and event in _SOCKET_EVENTS:
            self.refused.append(f"{event} {args[1:]}")
            raise BeyondLoopback(event)
        if event in ("socket.connect", "socket.sendto"):
            address = args[1]
            if isinstance(address, tuple) and not _on_this_machine(address[0]):
                raise BeyondLoopback(f"{event} to {address[0]}")
        elif event == "socket.getaddrinfo" and not (
            _on_this_machine(args[0]) or _can_never_be_found(args[0])
        ):
            raise BeyondLoopback(f"looking up {args[0]}")


_GUARD = _NetworkGuard()
sys.addaudithook(_GUARD)


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    _GUARD.on = True
    yield
    _GUARD.on = False


@pytest.fixture
def no_sockets() -> Iterator[None]:
    """Every look-up and connection is refused, to this machine too; fails when one was tried."""
    _GUARD.refused.clear()
    _GUARD.all_sockets = True
    yield
    _GUARD.all_sockets = False
    assert _GUARD.refused == []


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """A command that a test runs in this process sets up logging; the next test starts anew."""
    yield
    for logger in logging.root.manager.loggerDict.values():
        # Each change of a level goes through all loggers: only where there is one.
        if isinstance(logger, logging.Logger) and logger.level != logging.NOTSET:
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


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A new one with one page, as the service opens it."""
    database = open_database(tmp_path)
    yield database
    database.close()
