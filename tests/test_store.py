from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from modbot import store
from modbot.audit import verify
from modbot.domain import Post
from modbot.errors import AlreadyRunning, StoreUnreadable, UnknownPage
from modbot.store import Database
from modbot.store.database import wal_is_safe
from modbot.tables import FundraiserRow
from tests.records import NOON, PAGE, kinds, later


@pytest.mark.parametrize(
    "url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "postgresql://u:secret@host/db"]
)
def test_an_address_that_is_no_sqlite_file_is_refused(url: str) -> None:
    with pytest.raises(StoreUnreadable) as refused:
        Database.open(url)
    assert "secret" not in str(refused.value)


@pytest.mark.sqlite
def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "modbot.db"
    path.write_text("this is not a database, whatever its name says" * 100)
    for read_only in (False, True):
        with pytest.raises(StoreUnreadable, match="not a database"):
            Database.open(f"sqlite:///{path}", read_only=read_only)


@pytest.mark.sqlite
def test_a_new_file_is_for_the_service_alone(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'new' / 'odd %20 name?.db'}")
    with database.write() as session:
        store.tick(session, NOON, config_sha256="a", config_error="")
        modes = {p.name: p.stat().st_mode & 0o077 for p in database.path.parent.iterdir()}
    database.close()
    assert modes and not any(modes.values())


@pytest.mark.sqlite
def test_reading_only_needs_an_existing_file_and_makes_none(tmp_path: Path) -> None:
    path = tmp_path / "none" / "modbot.db"
    with pytest.raises(StoreUnreadable, match="no such file"):
        Database.open(f"sqlite:///{path}", read_only=True)
    assert not path.parent.exists()


@pytest.mark.sqlite
def test_a_read_only_database_refuses_to_write(database: Database) -> None:
    opened = Database.open(f"sqlite:///{database.path}", read_only=True)
    with pytest.raises(StoreUnreadable, match="reading only"), opened.write():
        pass
    with opened.read() as session:
        assert [page.id for page in store.pages(session)] == [PAGE]
    opened.close()


def test_a_reading_session_cannot_change_anything(database: Database) -> None:
    with database.read() as session, pytest.raises(DBAPIError):
        session.connection().exec_driver_sql("DELETE FROM page_state")


def test_a_write_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as session:
        store.save_page_state(session, PAGE, cursor="half")
        raise RuntimeError("the work failed")
    with database.read() as session:
        assert store.page_state(session, PAGE).cursor is None


def test_readers_go_on_while_someone_writes(database: Database) -> None:
    with database.write() as writing:
        store.save_page_state(writing, PAGE, cursor="new")
        with database.read() as reading:
            assert store.page_state(reading, PAGE).cursor is None


@pytest.mark.sqlite
def test_writers_wait_for_each_other_and_lose_nothing(database: Database) -> None:
    other = Database.open(f"sqlite:///{database.path}")  # as another process has it

    def count_up(opened: Database) -> None:
        for _ in range(10):
            with opened.write() as session:
                failures = store.page_state(session, PAGE).failures
                store.save_page_state(session, PAGE, failures=failures + 1)

    threads = [threading.Thread(target=count_up, args=(d,)) for d in (database, other) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert store.page_state(session, PAGE).failures == 40
    other.close()


def test_a_writer_does_not_wait_for_others_without_end(database: Database) -> None:
    database.turn_seconds = 0.05
    inside, release = threading.Event(), threading.Event()

    def write_long() -> None:
        with database.write():
            inside.set()
            release.wait(10)

    other = threading.Thread(target=write_long)
    other.start()
    inside.wait(10)
    with pytest.raises(StoreUnreadable, match="waited for too long"), database.write():
        pass
    release.set()
    other.join()
    with database.write():
        pass


@pytest.mark.sqlite
def test_every_commit_is_on_disk_before_it_returns(database: Database) -> None:
    with database.write() as session:
        connection = session.connection()
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA trusted_schema").scalar() == 0


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        *(("3.40.1", False), ("3.44.5", False), ("3.44.6", True), ("3.45.0", False)),
        *(("3.50.6", False), ("3.50.7", True), ("3.51.2", False), ("3.51.3", True)),
        *(("3.53.4", True), ("4.0.0", True)),
    ],
)
def test_write_ahead_mode_is_used_only_where_sqlite_is_mended(version: str, safe: bool) -> None:
    assert wal_is_safe(version) is safe


def test_a_second_instance_on_the_same_data_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data" / "modbot.db"
    with store.lock_data(path):
        refused = pytest.raises(AlreadyRunning, match=f"process {os.getpid()}")
        with refused, store.lock_data(path):
            pass
        with store.lock_data(tmp_path / "other.db"):
            pass
        path.touch()
        (tmp_path / "link.db").symlink_to(path)
        with refused, store.lock_data(tmp_path / "link.db"):
            pass
    with store.lock_data(path):
        pass


# Pages, posts, fundraisers, signs of life


def test_an_unregistered_page_is_named(database: Database) -> None:
    with database.read() as session, pytest.raises(UnknownPage, match="x:9"):
        store.page(session, "x:9")


def test_page_state_keeps_what_is_not_named(database: Database) -> None:
    with database.write() as session:
        store.save_page_state(session, PAGE, cursor="a", failures=2)
        store.save_page_state(session, PAGE, failures=0, last_poll_at=NOON)
    with database.read() as session:
        state = store.page_state(session, PAGE)
        assert (state.cursor, state.failures, state.last_poll_at) == ("a", 0, NOON)


def test_an_unknown_state_field_is_an_error(database: Database) -> None:
    with database.write() as session, pytest.raises(AttributeError):
        store.save_page_state(session, PAGE, coursor="a")


def test_a_post_keeps_its_newest_text(database: Database) -> None:
    def post(text: str) -> Post:
        return Post(id="p", text=text, created_at=NOON)

    with database.write() as session:
        store.record_posts(session, PAGE, [post("old")], NOON)
        store.record_posts(session, PAGE, [post("new \x00"), post("new \x00")], NOON)
        store.record_posts(session, PAGE, [], NOON)
        assert store.post_texts(session, PAGE, ["p", "q"]) == {"p": "new \\u0000"}
    assert kinds(database)[-2:] == ["post.seen", "post.edited"]
    assert verify(database).ok


def test_only_fundraisers_that_have_not_ended_are_approved(database: Database) -> None:
    with database.write() as session:
        for name, ends_at in (("Cookies", None), ("Tickets", later(10)), ("Old", later(-10))):
            session.add(
                FundraiserRow(
                    name=name, details="$5", approved_by="Ada", approved_at=NOON, ends_at=ends_at
                )
            )
        session.flush()
        running = store.approved_fundraisers(session, NOON)
        assert [(each.name, each.details) for each in running] == [
            ("Cookies", "$5"),
            ("Tickets", "$5"),
        ]


def test_a_tick_says_when_and_under_which_configuration(database: Database) -> None:
    with database.write() as session:
        assert store.service_row(session).ticked_at is None
        store.tick(session, NOON, config_sha256="a", config_error="bad key")
        store.tick(session, later(1), config_sha256="b", config_error="")
        row = store.service_row(session)
        assert (row.ticked_at, row.config_sha256, row.config_error) == (later(1), "b", "")
