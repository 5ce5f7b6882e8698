"""The server goes away and comes back; another instance takes over meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from modbot import store
from modbot.errors import AlreadyRunning, StoreUnreadable
from modbot.store import Database
from modbot.store.postgres import PostgresDatabase, hold_postgres, open_postgres
from modbot.web.probes import readiness
from tests import postgres_server as servers
from tests.records import NOON, PAGE, add_page

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def server() -> servers.PostgresServer:
    """A server that may be stopped: no other test is on it."""
    made = servers.start_server()
    servers.make_ready(made, "modbot")
    return made


@pytest.fixture
def database(server: servers.PostgresServer, tmp_path: Path) -> Iterator[PostgresDatabase]:
    with closing(open_postgres(server.url("modbot"), tmp_path)) as opened:
        yield opened


def restart(server: servers.PostgresServer) -> None:
    server.stop("immediate")
    server.start()


def failures_of(what: Callable[[], object]) -> type[BaseException] | None:
    try:
        what()
    except (StoreUnreadable, DBAPIError) as error:
        return type(error)
    return None


def count(database: Database) -> int:
    with database.write() as session:
        failures = store.page_state(session, PAGE).failures + 1
        store.save_page_state(session, PAGE, failures=failures)
    return failures


def test_an_outage_shows_and_heals_by_itself(
    server: servers.PostgresServer, database: PostgresDatabase
) -> None:
    add_page(database, PAGE)
    with database.write() as session:
        store.tick(session, NOON, config_sha256="a", config_error="")
    assert count(database) == 1
    assert readiness(database, now=NOON, speed=1.0)[0] == []

    server.stop("immediate")
    began = time.monotonic()
    assert failures_of(lambda: count(database)) is StoreUnreadable
    reasons, _ = readiness(database, now=NOON, speed=1.0)
    assert any("cannot be read" in reason for reason in reasons)
    assert time.monotonic() - began < 20

    server.start()
    assert readiness(database, now=NOON, speed=1.0)[0] == []
    assert count(database) == 2


def test_what_was_being_written_when_the_server_fell_is_not_there(
    server: servers.PostgresServer, database: PostgresDatabase
) -> None:
    with database.read() as session:
        before = store.page_state(session, PAGE).failures
    with pytest.raises(DBAPIError), database.write() as session:
        store.save_page_state(session, PAGE, failures=1000)
        restart(server)
        store.save_page_state(session, PAGE, failures=1001)
    assert count(database) == before + 1


def test_the_hold_is_taken_again_after_an_outage(
    server: servers.PostgresServer, database: PostgresDatabase
) -> None:
    with hold_postgres(server.url("modbot")) as hold:
        database.hold = hold
        count(database)
        restart(server)
        count(database)  # a first try may still hit a connection of before
        refused = pytest.raises(AlreadyRunning)
        with refused, hold_postgres(server.url("modbot")):
            pass
        assert not database.superseded


def test_who_lost_the_hold_to_another_writes_nothing_more(
    server: servers.PostgresServer, database: PostgresDatabase
) -> None:
    with hold_postgres(server.url("modbot")) as hold:
        database.hold = hold
        before = count(database)
        restart(server)
        with hold_postgres(server.url("modbot")):
            with pytest.raises(AlreadyRunning, match="taken over"):
                count(database)
            assert database.superseded
        with pytest.raises(AlreadyRunning):
            count(database)
    database.hold = None
    assert count(database) == before + 1
