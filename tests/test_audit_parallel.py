"""A large log that other processes help to verify."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from modbot.audit import Entry, append, helping, verify
from modbot.store import Database
from tests.records import HIDE, NOON, fill, judged, open_database, record


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path)
    yield database
    database.close()


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


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{path}", read_only=True)
    try:
        yield database
    finally:
        database.close()
