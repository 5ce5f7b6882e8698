"""What the quick proof must not take for sound, and a large log that other processes help with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from modbot.audit import Entry, append, helping, verify
from modbot.audit.chain import chain_hash
from modbot.errors import StoreUnreadable
from modbot.store import Database
from tests.records import HIDE, NOON, fill, judged, record


def test_helpers_find_a_long_log_sound_and_what_is_wrong_in_it(database: Database) -> None:
    fill(database)
    with database.write() as session:
        append(session, [Entry(kind="test", actor=f"Zoë {n}") for n in range(25_000)], NOON)
    record(database, judged("late", decision=HIDE))
    opener = partial(opened, database.path)
    with helping(opener, 2) as helpers:
        calls: list[int] = []

        def counted(parts: Sequence[tuple[int, int]]) -> Any:
            assert helpers is not None
            calls.append(len(parts))
            return helpers(parts)

        report = verify(database, [], counted)
        assert report.ok and report.head.seq == report.rows > 25_000 and calls[0] > 4
        with database.write() as session:
            session.connection().exec_driver_sql("DROP TRIGGER audit_update")
            session.connection().exec_driver_sql("UPDATE audit SET actor = 'x' WHERE seq = 20000")
        assert [p.seq for p in verify(database, [], counted).problems] == [20_000]


@pytest.mark.parametrize("table", ["version", "decision"])
def test_a_row_that_is_vouched_for_twice_in_place_of_another_is_found(
    database: Database, table: str
) -> None:
    """Every count is right and the chain is sound in itself."""
    fill(database)
    with database.write() as session:
        connection = session.connection()
        connection.exec_driver_sql("DROP TRIGGER audit_update")
        query = "SELECT seq, row_sha256, detail FROM audit WHERE row_table = ? AND row_id = ?"
        _, *twice = connection.exec_driver_sql(query, (table, "1")).one()
        seq, *_ = connection.exec_driver_sql(query, (table, "3")).one()
        connection.exec_driver_sql(
            "UPDATE audit SET row_id = '1', row_sha256 = ?, detail = ? WHERE seq = ?", (*twice, seq)
        )
        prev = "0" * 64
        for row in connection.exec_driver_sql("SELECT * FROM audit ORDER BY seq").all():
            chained = (*row[:8], prev)
            prev = chain_hash(chained)
            update = "UPDATE audit SET prev = ?, hash = ? WHERE seq = ?"
            connection.exec_driver_sql(update, (chained[-1], prev, row[0]))

    problems = {(p.table, p.id, p.kind) for p in verify(database).problems}
    assert {("audit", str(seq), "inserted"), (table, "3", "inserted")} <= problems


@pytest.mark.parametrize("added", [b"more", b"more and then its own checksum: "])
def test_bytes_behind_the_platforms_own_are_found(database: Database, added: bytes) -> None:
    """Even where they end as the packed bytes do."""
    fill(database)
    with database.write() as session:
        connection = session.connection()
        connection.exec_driver_sql("DROP TRIGGER version_update")
        raw = connection.exec_driver_sql("SELECT raw FROM version WHERE id = 3").scalar_one()
        longer = raw + added + (raw[-4:] if added.endswith(b": ") else b"")
        connection.exec_driver_sql("UPDATE version SET raw = ? WHERE id = 3", (longer,))
    assert [(p.table, p.id, p.kind) for p in verify(database).problems] == [("version", "3", "raw")]


def test_helpers_that_cannot_open_the_database_say_so(tmp_path: Path) -> None:
    with helping(partial(opened, tmp_path / "none.db"), 2) as helpers:
        assert helpers is not None
        with pytest.raises(StoreUnreadable, match="no such file"):
            list(helpers([(0, 1), (1, 2)]))


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{path}", read_only=True)
    try:
        yield database
    finally:
        database.close()
