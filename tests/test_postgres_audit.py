"""A record on PostgreSQL that somebody with the owner's rights has changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, StaticPool, create_engine
from sqlmodel import Session

from modbot import store
from modbot.audit import Report, verify
from modbot.audit.verification import GUARDS
from modbot.store import Database
from modbot.store.postgres import open_postgres, upgrade
from tests import postgres_server as servers
from tests.records import PAGE, add_page, fill
from tests.test_audit import CHANGES

pytestmark = pytest.mark.postgres

# Of the changes that SQLite's record is tried with: those that PostgreSQL refuses for their form
# (text that is no text, a number where a text belongs), and those that it says otherwise.
NOT_HERE = {
    *("text made bytes", "text made bytes of the same", "text no longer UTF-8"),
    *("open action given an end", "the count of audit rows removed"),
}
OTHERWISE = {
    "audit row re-hashed alone": "UPDATE audit SET hash = md5('x') || md5('y') WHERE seq = 5",
    "the count of audit rows changed": "UPDATE audit_length SET seq = seq + 1",
    "the count of audit rows removed": "DELETE FROM audit_length",
    "raw changed": "UPDATE version SET raw = '\\x00' WHERE id = 3",
    "raw extended": "UPDATE version SET raw = raw || '\\x00'::bytea WHERE id = 3",
    "open action given an end": "UPDATE action SET finished_at = '0' WHERE state = 'requested'",
    "comment hidden": "UPDATE comment SET hidden = true WHERE id = 7",
    "hidden comment shown": "UPDATE comment SET hidden = false WHERE id = 1",
    "decision inserted": CHANGES["decision inserted"].replace("'allow', 0,", "'allow', false,"),
    "comment inserted": CHANGES["comment inserted"].replace("1, 0 FROM", "1, false FROM"),
}
TRIED = {name: OTHERWISE.get(name, change) for name, change in CHANGES.items()
         if name not in NOT_HERE or name in OTHERWISE}  # fmt: skip


BACK_TO_0011 = (  # the other way round than revisions 0012 and 0013 go
    "ALTER TABLE page_state DROP COLUMN token_ends",
    "ALTER TABLE page_state DROP COLUMN swept_at",
    "DROP TABLE backfill",
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """A record with traces of everything; triggers and keys are out of the way."""
    url = servers.own_url(servers.OWNER)
    with closing(open_postgres(url, tmp_path_factory.mktemp("filled"))) as opened:
        add_page(opened, PAGE)
        fill(opened)
    yield url


def after(url: URL, change: str) -> Report:
    """What verify() says while a change stands, which is taken back afterwards: nothing has to be
    copied."""
    with servers.server().administrator(str(url.database)) as connection:
        connection.autocommit = False
        seen = _Seen(connection)
        connection.execute("SET session_replication_role = replica")
        done = connection.execute(change)
        assert done.rowcount > 0, "this change must hit a row"
        report = verify(seen)
        connection.rollback()
    return report


class _Seen:
    """What verify() reads: the state of the data that one connection sees."""

    def __init__(self, connection: Any) -> None:
        self._engine = create_engine(
            "postgresql+psycopg://",
            creator=lambda: connection,
            poolclass=StaticPool,
            pool_reset_on_return=None,
            use_native_hstore=False,
        )
        self._engine.connect().close()  # what SQLAlchemy asks at first ends with a rollback

    def read(self) -> Session:
        return Session(self._engine)


@pytest.mark.parametrize("change", TRIED.values(), ids=TRIED.keys())
def test_a_change_behind_the_service_is_found(filled: URL, change: str) -> None:
    assert not after(filled, change).ok


def test_an_untouched_record_is_sound(filled: URL, tmp_path: Path) -> None:
    with closing(open_postgres(filled, tmp_path)) as opened:
        report = verify(opened)
    assert report.ok and report.rows > 20
    assert not [note for note in report.notes if "trigger" in note]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("DROP TRIGGER decision_update ON decision", "decision_update is missing"),
        ("DROP TRIGGER audit_truncate ON audit", "audit_truncate is missing"),
        ("ALTER TABLE audit DISABLE TRIGGER audit_delete", "audit_delete is missing"),
        ("CREATE TRIGGER eve BEFORE INSERT ON comment FOR EACH ROW EXECUTE FUNCTION "
         "modbot_refuse('x')", "eve is foreign"),
        ("CREATE OR REPLACE FUNCTION modbot_refuse() RETURNS trigger LANGUAGE plpgsql AS "
         "$$ BEGIN RETURN NEW; END $$", "audit_update is missing"),
    ],
)  # fmt: skip
def test_a_guard_that_was_taken_away_put_in_or_disarmed_is_told(
    tmp_path: Path, change: str, told: str
) -> None:
    url = servers.own_url(servers.OWNER)
    servers.server().sql(change, str(url.database))
    with closing(open_postgres(url, tmp_path)) as opened:
        report = verify(opened)
    assert report.ok
    assert any(told in note for note in report.notes), report.notes


def test_every_guard_of_the_record_is_there(tmp_path: Path) -> None:
    found = servers.server().sql("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal", "empty")
    assert {name for (name,) in found} >= GUARDS


def test_an_upgrade_of_a_filled_record_leaves_its_log_as_it_was(tmp_path: Path) -> None:
    url = servers.own_url(servers.OWNER)
    with closing(open_postgres(url, tmp_path)) as opened:
        add_page(opened, PAGE)
        fill(opened)
        before = log_of(opened)
    with servers.server().administrator(str(url.database)) as connection:
        for taken_back in BACK_TO_0011:
            connection.execute(taken_back)
        connection.execute("UPDATE alembic_version SET version_num = '0011'")
    assert upgrade(url, servers.SERVICE) == "0011"
    with closing(open_postgres(url.set(username=servers.SERVICE), tmp_path)) as opened:
        assert log_of(opened)[: len(before)] == before and len(before) > 20
        assert verify(opened).ok
        with opened.read() as s:
            assert store.page_state(s, PAGE).token_ends == ""


def log_of(database: Database) -> list[tuple[Any, ...]]:
    with database.read() as s:
        rows = s.connection().exec_driver_sql("SELECT * FROM audit ORDER BY seq")
        return [tuple(row) for row in rows]
