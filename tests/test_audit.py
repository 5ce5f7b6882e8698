from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from modbot.audit import Entry, Head, Report, append, head, verify
from modbot.audit.chain import chain_hash
from modbot.errors import StoreUnreadable
from modbot.store import Database
from modbot.store.database import sqlite_module
from tests.records import NOON, fill, open_database

TRIGGERS = (
    *("audit_update", "audit_delete", "audit_gap", "version_update", "version_delete"),
    *("decision_update", "decision_delete", "comment_delete", "comment_identity"),
    *("action_delete", "action_identity", "action_final", "post_delete"),
    *("registration_delete", "fundraiser_request_delete"),
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed database file with traces of everything, triggers dropped: never written again."""
    folder = tmp_path_factory.mktemp("filled")
    database = open_database(folder)
    fill(database)
    database.close()
    path = folder / "modbot.db"
    with closing(sqlite_module.connect(path)) as connection:
        for trigger in TRIGGERS:
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.commit()
    return path


def after(path: Path, change: Callable[[Any], object], checkpoint: Head | None = None) -> Report:
    """What verify() says of a copy of the file to which `change` was done."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        shutil.copy(path, copy)
        with closing(sqlite_module.connect(copy)) as connection:
            change(connection)
            connection.commit()
        database = Database.open(f"sqlite:///{copy}", read_only=True)
        try:
            return verify(database, [checkpoint] if checkpoint else [])
        finally:
            database.close()


def rows_of(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite_module.connect(path)) as connection:
        return list(connection.execute(query))


def test_an_untouched_record_is_sound(filled: Path) -> None:
    report = after(filled, lambda connection: None)

    assert report.ok and not report.problems
    assert report.rows == rows_of(filled, "SELECT count(*) FROM audit")[0][0]
    newest = rows_of(filled, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")[0]
    assert (report.head.seq, report.head.hash) == newest
    assert any("checkpoint" in note for note in report.notes)


def test_a_record_in_use_is_sound_at_every_moment(database: Database) -> None:
    assert verify(database).ok
    fill(database)
    assert verify(database).ok


CHANGES = {
    "audit row changed": "UPDATE audit SET detail = '{}' WHERE seq = 5",
    "audit time changed": "UPDATE audit SET at = '2020-01-01T00:00:00.000000+00:00' WHERE seq = 5",
    "audit row re-hashed alone": "UPDATE audit SET hash = lower(hex(randomblob(32))) WHERE seq = 5",
    "first audit row removed": "DELETE FROM audit WHERE seq = 1",
    "audit row removed": "DELETE FROM audit WHERE seq = 7",
    "the count of audit rows changed": "UPDATE sqlite_sequence SET seq = seq + 1",
    "the count of audit rows removed": "DELETE FROM sqlite_sequence WHERE name = 'audit'",
    "newest audit row removed": "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
    "audit row inserted before": "INSERT INTO audit SELECT 0, at, kind, actor, row_table, "
    "row_id, row_sha256, detail, prev, hash FROM audit WHERE seq = 1",
    "audit row appended": "INSERT INTO audit SELECT (SELECT max(seq) FROM audit) + 1, at, kind, "
    "actor, row_table, row_id, row_sha256, detail, prev, hash FROM audit WHERE seq = 1",
    "audit emptied": "DELETE FROM audit",
    "text changed": "UPDATE version SET text = 'harmless' WHERE id = 3",
    "text made bytes": "UPDATE version SET text = x'ff00' WHERE id = 3",
    "text made bytes of the same": "UPDATE version SET text = CAST(text AS BLOB) WHERE id = 3",
    "text no longer UTF-8": "UPDATE version SET text = CAST(x'ff41' AS TEXT) WHERE id = 3",
    "text hash changed": f"UPDATE version SET text_sha256 = '{'0' * 64}' WHERE id = 3",
    "raw changed": "UPDATE version SET raw = x'00' WHERE id = 3",
    "raw extended": "UPDATE version SET raw = CAST(raw || x'00' AS BLOB) WHERE id = 3",
    "raw hash changed": f"UPDATE version SET raw_sha256 = '{'0' * 64}' WHERE id = 3",
    "version's time changed": "UPDATE version SET seen_at = '2020-01-01' WHERE id = 3",
    "version removed": "DELETE FROM version WHERE id = 12",
    "version inserted": "INSERT INTO version SELECT 99, comment_row, 9, text, escaped, "
    "text_sha256, raw, raw_sha256, seen_at FROM version WHERE id = 3",
    "versions swapped": "UPDATE version SET number = number + 5 WHERE id = 3",
    "verdict changed": "UPDATE decision SET verdict = 'allow' WHERE id = 1",
    "signals changed": "UPDATE decision SET signals = '[]' WHERE id = 1",
    "reviewer changed": "UPDATE decision SET actor = 'Eve' WHERE actor_kind = 'person'",
    "decision removed": "DELETE FROM decision WHERE id = 2",
    "decision inserted": "INSERT INTO decision SELECT 99, 'person:x', version_id, comment_row, "
    "page_id, 'allow', 0, categories, signals, clause, thresholds, degraded, reason, mode, "
    "models, config_sha256, 'person', 'Eve', decided_at FROM decision WHERE id = 1",
    "action's state changed": "UPDATE action SET state = 'failed' WHERE id = 1",
    "open action given an end": "UPDATE action SET finished_at = 0 WHERE state = 'requested'",
    "open action closed": "UPDATE action SET state = 'confirmed' WHERE state = 'requested'",
    "ended action re-opened": "UPDATE action SET state = 'requested' WHERE id = 1",
    "action's answer changed": "UPDATE action SET answer = 'refused' WHERE id = 1",
    "action removed": "DELETE FROM action WHERE id = 4",
    "action inserted": "INSERT INTO action SELECT 99, 'x', decision_id, version_id, comment_row, "
    "page_id, kind, state, attempts, requested_at, next_try_at, finished_at, answer FROM action "
    "WHERE id = 1",
    "author changed": "UPDATE comment SET author_name = 'Eve' WHERE id = 3",
    "comment moved": "UPDATE comment SET post_id = 'other' WHERE id = 3",
    "comment removed": "DELETE FROM comment WHERE id = 3",
    "comment inserted": "INSERT INTO comment (id, page_id, platform, comment_id, post_id, "
    "created_at, first_seen_at, versions, by_page) SELECT 99, page_id, platform, 'x', post_id, "
    "created_at, first_seen_at, 1, 0 FROM comment WHERE id = 3",
    "comment hidden": "UPDATE comment SET hidden = 1 WHERE id = 7",
    "hidden comment shown": "UPDATE comment SET hidden = 0 WHERE id = 1",
    "comment's visibility forgotten": "UPDATE comment SET hidden = NULL WHERE id = 1",
    "comment gone": "UPDATE comment SET gone_at = first_seen_at WHERE id = 3",
    "gone comment back": "UPDATE comment SET gone_at = NULL WHERE gone_at IS NOT NULL",
    "versions miscounted": "UPDATE comment SET versions = 1 WHERE versions = 2",
    "post's text changed": "UPDATE post SET text = 'harmless'",
    "post removed": "DELETE FROM post",
    "post inserted": "INSERT INTO post SELECT page_id, 'x', text, created_at FROM post",
    "page's mode changed": "UPDATE page SET mode = 'observe'",
    "page inserted": "INSERT INTO page SELECT 'x:2', platform, external_id, name, handle, "
    "base_url, token_ref, mode, paused, district_owned, government_use, registered_by, "
    "registered_at, school, purpose, manager, administrator, contact FROM page",
    "page's school changed": "UPDATE page SET school = 'Another'",
    "audit detail broken": "UPDATE audit SET detail = 'not JSON' WHERE seq = 3",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_behind_the_service_is_found(filled: Path, change: str) -> None:
    def tamper(connection: Any) -> None:
        before = connection.total_changes
        connection.execute(change)
        assert connection.total_changes > before, "this change must hit a row"

    report = after(filled, tamper)

    assert not report.ok and report.problems


def test_what_is_found_of_a_post_names_page_and_post(filled: Path) -> None:
    report = after(filled, lambda connection: connection.execute("UPDATE post SET text = 'x'"))

    assert [(p.table, p.id, p.kind) for p in report.problems] == [
        ("post", "facebook:1 post1", "changed")
    ]


def swap_audit_rows(connection: Any) -> None:
    (one, two) = connection.execute("SELECT * FROM audit WHERE seq IN (4, 5)").fetchall()
    for seq, row in ((4, two), (5, one)):
        connection.execute("DELETE FROM audit WHERE seq = ?", (seq,))
        connection.execute(f"INSERT INTO audit VALUES (?{', ?' * 9})", (seq, *row[1:]))


def swap_texts(connection: Any) -> None:
    columns = "text, escaped, text_sha256, raw, raw_sha256"
    rows = connection.execute(f"SELECT id, {columns} FROM version WHERE id IN (1, 7)").fetchall()
    for number, row in ((rows[0][0], rows[1]), (rows[1][0], rows[0])):
        connection.execute(
            f"UPDATE version SET ({columns}) = (?, ?, ?, ?, ?) WHERE id = ?", (*row[1:], number)
        )


def change_and_hash_again(connection: Any) -> None:
    (row,) = connection.execute("SELECT * FROM audit WHERE seq = 5")
    forged = [*row[:3], "Eve", *row[4:-1]]
    connection.execute(
        "UPDATE audit SET actor = 'Eve', hash = ? WHERE seq = 5", (chain_hash(forged),)
    )


def test_a_row_changed_with_its_own_hash_breaks_the_link_to_the_next(filled: Path) -> None:
    report = after(filled, change_and_hash_again)

    assert [(p.seq, p.kind) for p in report.problems] == [(6, "unlinked")]


@pytest.mark.parametrize("table", ["version", "decision", "action"])
def test_nothing_can_be_vouched_for_a_second_time(database: Database, table: str) -> None:
    fill(database)
    with database.write() as session:
        query = "SELECT kind, row_sha256 FROM audit WHERE row_table = ? AND row_id = '2'"
        kind, sha256 = session.connection().exec_driver_sql(query, (table,)).all()[-1]
        again = Entry(kind=kind, actor="Eve", row_table=table, row_id="2", row_sha256=sha256)
        newest = append(session, [again], NOON)

    assert [(p.seq, p.kind) for p in verify(database).problems] == [(newest.seq, "inserted")]


@pytest.mark.parametrize("change", [swap_audit_rows, swap_texts])
def test_exchanged_rows_are_found(filled: Path, change: Callable[[Any], None]) -> None:
    assert not after(filled, change).ok


@pytest.mark.parametrize(
    ("change", "table", "row_id", "kind"),
    [
        ("UPDATE audit SET actor = 'Eve' WHERE seq = 5", "audit", "5", "changed"),
        ("DELETE FROM audit WHERE seq = 7", "audit", "7", "removed"),
        ("UPDATE decision SET verdict = 'allow' WHERE id = 1", "decision", "1", "changed"),
        ("UPDATE version SET text = 'x' WHERE id = 3", "version", "3", "text"),
        ("UPDATE version SET raw = x'00' WHERE id = 3", "version", "3", "raw"),
        ("DELETE FROM action WHERE id = 4", "action", "4", "removed"),
        ("UPDATE comment SET author_id = 'Eve' WHERE id = 3", "comment", "3", "changed"),
    ],
)
def test_the_report_names_the_row(
    filled: Path, change: str, table: str, row_id: str, kind: str
) -> None:
    report = after(filled, lambda connection: connection.execute(change))

    assert (table, row_id, kind) in {(p.table, p.id, p.kind) for p in report.problems}


TABLES = ("audit", "version", "decision", "action")


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_any_cell_that_changes_is_found(filled: Path, data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(TABLES))
    columns = [row[1] for row in rows_of(filled, f"PRAGMA table_info({table})")]
    passing = {"next_try_at", "attempts", "answer"}  # of an action that is still tried
    column = data.draw(st.sampled_from([c for c in columns if c not in passing]))
    key = "seq" if table == "audit" else "id"
    row_id = data.draw(st.sampled_from(rows_of(filled, f"SELECT {key} FROM {table}")))[0]
    old = rows_of(filled, f"SELECT {column} FROM {table} WHERE {key} = {row_id}")[0][0]
    strange = st.one_of(st.integers(-5, 200), st.text(max_size=5), st.binary(max_size=5), st.none())
    value = data.draw(strange.filter(lambda v: v != old and str(v) != str(old)))

    def tamper(connection: Any) -> None:
        connection.execute("PRAGMA foreign_keys=OFF")
        try:
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (value, row_id))
        except (sqlite_module.IntegrityError, UnicodeEncodeError):
            connection.execute("UPDATE audit SET actor = 'x' WHERE seq = 2")  # refused: another

    assert not after(filled, tamper).ok


def test_a_tail_cut_with_its_rows_shows_only_against_a_checkpoint(filled: Path) -> None:
    report = after(filled, lambda connection: None)
    (newest,) = rows_of(filled, "SELECT kind, row_id FROM audit ORDER BY seq DESC LIMIT 1")
    assert newest[0] == "comment.gone"

    def cut(connection: Any) -> None:
        connection.execute("UPDATE comment SET gone_at = NULL WHERE id = ?", newest[1:])
        connection.execute("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
        connection.execute("UPDATE sqlite_sequence SET seq = (SELECT max(seq) FROM audit)")

    assert after(filled, cut).ok
    against = after(filled, cut, checkpoint=report.head)
    assert [p.kind for p in against.problems] == ["cut"]
    assert after(filled, lambda connection: None, checkpoint=report.head).ok
    forged = Head(seq=3, hash="0" * 64)
    assert not after(filled, lambda connection: None, checkpoint=forged).ok


def test_many_problems_are_counted_and_the_first_listed(database: Database) -> None:
    with database.write() as session:
        append(session, [Entry(kind="test", actor="Ada")] * 1500, NOON)
        session.connection().exec_driver_sql("DROP TRIGGER audit_update")
        session.connection().exec_driver_sql("UPDATE audit SET actor = 'Eve'")

    report = verify(database)

    assert len(report.problems) == 1000
    assert report.notes[0].startswith("1501 problems")


def test_a_guard_that_was_taken_away_or_put_in_is_told(database: Database) -> None:
    assert not [note for note in verify(database).notes if "trigger" in note]
    with database.write() as session:
        connection = session.connection()
        connection.exec_driver_sql("DROP TRIGGER decision_update")
        connection.exec_driver_sql(
            "CREATE TRIGGER eve AFTER INSERT ON comment BEGIN DELETE FROM post; END"
        )
    report = verify(database)
    assert report.ok
    assert "decision_update is missing" in report.notes[0]
    assert "eve is foreign" in report.notes[1]


def test_a_damaged_file_cannot_be_read(filled: Path, tmp_path: Path) -> None:
    octets = bytearray(filled.read_bytes())
    for page_start in range(4096, len(octets), 4096):
        octets[page_start : page_start + 64] = b"\xff" * 64
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(octets)
    with pytest.raises(StoreUnreadable):
        database = Database.open(f"sqlite:///{damaged}", read_only=True)
        try:
            verify(database)
        finally:
            database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'Eve' WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 1",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 1",
        "INSERT INTO audit SELECT seq + 1000, at, kind, actor, row_table, row_id, row_sha256, "
        "detail, prev, hash FROM audit WHERE seq = 1",
        "UPDATE version SET text = 'x'",
        "DELETE FROM version",
        "INSERT OR REPLACE INTO version SELECT * FROM version",
        "UPDATE decision SET verdict = 'allow'",
        "DELETE FROM decision",
        "UPDATE comment SET author_name = 'Eve'",
        "DELETE FROM comment WHERE id = 1",
        "UPDATE action SET decision_id = 2 WHERE id = 1",
        "UPDATE action SET state = 'requested' WHERE state = 'confirmed'",
        "DELETE FROM action",
    ],
)
def test_the_database_refuses_to_change_what_was_recorded(
    database: Database, statement: str
) -> None:
    fill(database)
    with pytest.raises(DBAPIError), database.write() as session:
        session.connection().exec_driver_sql(statement)
    assert verify(database).ok


def test_entries_are_chained_in_order_from_the_first(database: Database) -> None:
    with database.write() as session:
        before = head(session)
        entries = [Entry(kind=f"test.{n}", actor="Ada", detail={"ñ": n}) for n in range(3)]
        newest = append(session, entries, NOON)
        assert append(session, [], NOON) == newest == head(session)

    assert newest.seq == before.seq + 3
    report = verify(database)
    assert report.ok and report.head == newest


def test_what_is_rolled_back_leaves_no_link(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as session:
        append(session, [Entry(kind="test", actor="Ada")], NOON)
        raise RuntimeError("the work failed")

    with database.read() as session:
        assert head(session).seq == 1  # the page's
