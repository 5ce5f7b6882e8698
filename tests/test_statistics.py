"""SQLite plans without statistics: FTS5's own statements are misled by numbers that grow old."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from modbot.doctor import database as examined
from modbot.store import Database
from modbot.store.database import sqlite_module
from tests.benchmarks import large_record
from tests.databases import put_empty
from tests.records import add_page, fill

pytestmark = pytest.mark.sqlite

TRIM = "DELETE FROM log_text_data WHERE id >= ? AND id <= ?"  # FTS5's, at each step of a merge
BY_NUMBER = "SEARCH log_text_data USING INTEGER PRIMARY KEY"


def tables(path: Path) -> set[str]:
    with closing(sqlite_module.connect(path)) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}


def plan(path: Path, statement: str) -> str:
    with closing(sqlite_module.connect(path)) as connection:
        steps = connection.execute(f"EXPLAIN QUERY PLAN {statement}", (1, 2)).fetchall()
    return "; ".join(step[3] for step in steps)


def analyze_early(path: Path) -> None:
    """Somebody runs ANALYZE on a young database."""
    put_empty(path)
    with closing(sqlite_module.connect(path)) as connection:
        connection.execute("ANALYZE")
        connection.commit()


def statistics(path: Path) -> set[str]:
    return {name for name in tables(path) if name.startswith("sqlite_stat")}


def test_a_database_in_use_has_no_statistics(tmp_path: Path) -> None:
    path = tmp_path / "modbot.db"
    database = Database.open(f"sqlite:///{path}")
    add_page(database, "facebook:1")
    fill(database)
    database.close()
    Database.open(f"sqlite:///{path}").close()

    assert not statistics(path)


def test_a_merge_of_the_search_index_finds_its_rows_by_their_number(tmp_path: Path) -> None:
    path = tmp_path / "modbot.db"
    put_empty(path)

    assert plan(path, TRIM).startswith(BY_NUMBER)


def test_statistics_of_a_young_database_would_make_it_read_the_whole_index(tmp_path: Path) -> None:
    path = tmp_path / "modbot.db"
    analyze_early(path)

    assert plan(path, TRIM) == "SCAN log_text_data"


def test_the_room_is_measured_on_a_record_without_statistics(tmp_path: Path) -> None:
    path = tmp_path / "large.db"
    large_record.fill(path, 20)

    assert not statistics(path)
    assert plan(path, TRIM).startswith(BY_NUMBER)


def test_statistics_of_a_kept_record_are_dropped_before_the_room_is_measured(
    tmp_path: Path,
) -> None:
    path = tmp_path / "large.db"
    analyze_early(path)
    large_record.drop_statistics(path)

    assert not statistics(path)
    assert plan(path, TRIM).startswith(BY_NUMBER)


def test_the_doctor_tells_of_statistics(tmp_path: Path) -> None:
    path = tmp_path / "modbot.db"

    def told() -> bool:
        return any("statistics" in finding.said for finding in examined.file(path))

    put_empty(path)
    assert not told()
    analyze_early(path)
    assert told()
