"""What is PostgreSQL's alone: roles, the address, opening, the lock. `pytest --postgres` runs the
tests of the store, the log and the room on it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, IntegrityError

from modbot import migrations, store
from modbot.audit import Entry, append, verify
from modbot.audit.verification import GUARDS
from modbot.errors import AlreadyRunning, BadConfig, StoreUnreadable, UnknownDecision
from modbot.store import Database, Doer, DoerKind
from modbot.store.postgres import hold_postgres, open_postgres, upgrade
from tests import postgres_server as servers
from tests.records import NOON, PAGE, add_page, fill, judged, record

pytestmark = pytest.mark.postgres


@pytest.fixture
def url() -> URL:
    """A database of the service's role, for this test alone."""
    return servers.own_url()


@pytest.fixture
def database(url: URL, tmp_path: Path) -> Iterator[Database]:
    with closing(open_postgres(url, tmp_path)) as opened:
        add_page(opened, PAGE)
        yield opened


def as_owner(url: URL) -> URL:
    return url.set(username=servers.OWNER)


RECORD = ("audit", "version", "decision", "kept", "in_force", "post_text")
KEPT = ("comment", "action", "post", "registration", "fundraiser_request", "person", "alert")
REFUSED = [
    *(f"UPDATE {table} SET {'seq' if table == 'audit' else 'id'} = 9" for table in RECORD[:3]),
    *(f"DELETE FROM {table}" for table in (*RECORD, *KEPT)),
    *(f"TRUNCATE {table} CASCADE" for table in (*RECORD, *KEPT)),
    *("DROP TRIGGER audit_update ON audit", "ALTER TABLE audit DISABLE TRIGGER ALL"),
    *("UPDATE audit_length SET seq = 0", "SET session_replication_role = replica"),
    *("DROP TABLE audit", "DELETE FROM alembic_version", "CREATE TABLE mine (id int)"),
    "CREATE OR REPLACE FUNCTION modbot_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RETURN NEW; END $$",
    "INSERT INTO audit SELECT seq + 9, at, kind, actor, row_table, row_id, row_sha256, detail, "
    "prev, hash FROM audit WHERE seq = 1",
]


def test_the_services_role_can_take_nothing_back(database: Database) -> None:
    fill(database)
    for statement in REFUSED:
        with pytest.raises(DBAPIError), database.write() as session:
            session.connection().exec_driver_sql(statement)
    with database.read() as session, pytest.raises(DBAPIError):
        session.connection().exec_driver_sql("DELETE FROM page_state")


def test_the_services_role_has_no_right_to_what_a_guard_refuses(database: Database) -> None:
    """The triggers are the second line: the role is stopped before one is asked."""
    refused = [guard.rpartition("_") for guard in GUARDS if guard.endswith(("_update", "_delete"))]
    assert {table for table, _, _ in refused} >= {*RECORD, *KEPT}
    with database.read() as session:
        connection = session.connection()
        for table, _, right in refused:
            for asked in (right.upper(), "TRUNCATE", "TRIGGER"):
                query = "SELECT has_table_privilege(?, ?)"
                granted = connection.exec_driver_sql(query, (table, asked)).scalar()
                assert granted is False, f"{asked} on {table}"


def test_appends_of_many_writers_make_one_chain(
    database: Database, url: URL, tmp_path: Path
) -> None:
    start = verify(database).rows

    def append_some(opened: Database, who: int) -> None:
        for number in range(10):
            with opened.write() as session:
                entries = [Entry(kind="test", actor=f"writer {who}.{number}.{n}") for n in (1, 2)]
                append(session, entries, NOON)

    with closing(open_postgres(url, tmp_path)) as other:
        writers = [
            threading.Thread(target=append_some, args=(opened, who))
            for who, opened in enumerate((database, other) * 2)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    report = verify(database)
    assert report.ok and report.head.seq == report.rows == start + 4 * 10 * 2
    with database.read() as session:
        told = session.connection().exec_driver_sql(
            "SELECT actor FROM audit WHERE kind = 'test' ORDER BY seq"
        )
        actors = [actor for (actor,) in told]
    assert len(set(actors)) == len(actors) == 80
    pairs = zip(actors[::2], actors[1::2], strict=True)
    assert all(one[:-1] == two[:-1] for one, two in pairs), "a batch stands together"


def test_the_owner_too_is_refused_what_the_record_forbids(database: Database, url: URL) -> None:
    fill(database)
    with closing(open_postgres(as_owner(url), database.path.parent)) as opened:
        for table in RECORD[:3]:
            for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
                refused = pytest.raises(IntegrityError, match="never")
                with refused, opened.write() as session:
                    session.connection().exec_driver_sql(statement)


def test_writers_of_two_processes_take_turns(database: Database, url: URL, tmp_path: Path) -> None:
    def count_up(opened: Database) -> None:
        for _ in range(10):
            with opened.write() as session:
                failures = store.page_state(session, PAGE).failures
                store.save_page_state(session, PAGE, failures=failures + 1)

    with closing(open_postgres(url, tmp_path)) as other:
        threads = [threading.Thread(target=count_up, args=(d,)) for d in (database, other) * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with database.read() as session:
        assert store.page_state(session, PAGE).failures == 40


def test_what_a_refused_row_held_is_in_no_error(database: Database) -> None:
    item = judged("c1", "SECRETTEXT")
    record(database, item)
    with pytest.raises(IntegrityError) as told, database.write() as session:
        connection = session.connection()
        connection.exec_driver_sql(
            "INSERT INTO comment SELECT id + 1, page_id, platform, comment_id, post_id, parent_id, "
            "author_id, CAST(? AS text), permalink, created_at, first_seen_at, gone_at, hidden, "
            "versions, by_page FROM comment",
            ("SECRETAUTHOR",),
        )
    assert "comment_by_vendor_id" in str(told.value)
    assert "(facebook:1, c1)" not in str(told.value) and "SECRET" not in str(told.value)


def test_numbers_of_any_size_and_long_names_are_no_error(database: Database) -> None:
    with database.read() as session, pytest.raises(UnknownDecision):
        store.decision(session, 2**62)
    recorded = record(database, judged("c" + "x" * 200, "word " * 20_000))
    assert recorded[0].decision_id == 1
    with database.write() as session:
        doer = Doer(kind=DoerKind.PERSON, subject="A" * 5000)
        assert list(store.deeds_of(session, doer, [1])) == []


def test_a_wrong_password_is_told_without_it(url: URL, tmp_path: Path) -> None:
    with pytest.raises(StoreUnreadable) as told:
        open_postgres(url.set(password="wrong-4711"), tmp_path)
    assert "password" in str(told.value) and "4711" not in str(told.value)
    assert told.value.__cause__ is None


def test_a_server_that_is_not_there_is_told(url: URL, tmp_path: Path) -> None:
    with pytest.raises(StoreUnreadable, match="connection") as told:
        open_postgres(url.set(port=1), tmp_path)
    assert servers.PASSWORD not in str(told.value)


@pytest.mark.parametrize(
    "address",
    ["postgresql://modbot:hunter2@db/modbot", "postgresql+psycopg://modbot@db/x?password=hunter2"],
)
def test_a_password_in_the_configuration_is_refused_and_not_repeated(
    tmp_path: Path, url: URL, address: str
) -> None:
    with pytest.raises(BadConfig, match="must not hold a password") as refused:
        servers.configured(tmp_path, url, address)
    assert "hunter2" not in str(refused.value)


def test_a_database_without_tables_says_what_makes_them(tmp_path: Path) -> None:
    servers.make_empty(servers.server(), "bare")
    bare = servers.server().url("bare")
    with pytest.raises(StoreUnreadable, match="modbot db upgrade"):
        open_postgres(bare, tmp_path)
    assert upgrade(as_owner(bare), servers.SERVICE) == ""
    assert upgrade(as_owner(bare), servers.SERVICE) == migrations.HEAD
    with closing(open_postgres(bare, tmp_path)) as opened, opened.read() as session:
        assert store.pages(session) == []


def test_an_order_of_letters_that_is_not_that_of_bytes_is_refused() -> None:
    servers.server().sql(
        f"CREATE DATABASE swedish OWNER {servers.OWNER} TEMPLATE template0 ENCODING 'LATIN1' "
        "LOCALE 'C'"
    )
    with pytest.raises(StoreUnreadable, match="ENCODING 'UTF8' LOCALE 'C'"):
        upgrade(servers.server().url("swedish", servers.OWNER), servers.SERVICE)


def test_one_instance_holds_a_database_wherever_it_runs(url: URL) -> None:
    with hold_postgres(url):
        with pytest.raises(AlreadyRunning, match="another instance"), hold_postgres(url):
            pass
        with hold_postgres(servers.own_url()):
            pass
    with hold_postgres(url):
        pass
