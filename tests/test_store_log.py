from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from modbot import store
from modbot.domain import Post
from modbot.errors import UnknownDecision
from modbot.store import Database, Judged
from tests.records import (
    ALLOW,
    HIDE,
    NOON,
    PAGE,
    add_page,
    comment,
    judged,
    later,
    open_database,
    record,
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path)
    yield database
    database.close()


@pytest.fixture
def logged(database: Database) -> Database:
    """Twelve decisions on two pages; every third is a hide for profanity."""
    add_page(database, "x:2")
    for number in range(12):
        decision = HIDE if number % 3 == 0 else ALLOW
        item = judged(f"c{number}", decision=decision)
        record(database, item, page_id=PAGE if number % 2 else "x:2", now=later(number))
    return database


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({}, [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ({"page": PAGE}, [12, 10, 8, 6, 4, 2]),
        ({"verdict": "hide"}, [10, 7, 4, 1]),
        ({"category": "profanity"}, [10, 7, 4, 1]),
        ({"page": "x:2", "category": "profanity", "verdict": "hide"}, [7, 1]),
        ({"page": PAGE, "verdict": "allow"}, [12, 8, 6, 2]),
        ({"category": "profanity", "verdict": "allow"}, []),
        ({"category": "nonsense"}, []),
        ({"before": 3}, [2, 1]),
        ({"before": 8, "limit": 2}, [7, 6]),
        ({"after": 8, "limit": 2}, [10, 9]),
        ({"after": 8, "before": 11}, [10, 9]),
        ({"verdict": "hide", "before": 10, "limit": 2}, [7, 4]),
    ],
)
def test_the_log_gives_the_newest_that_the_filters_let_through(
    logged: Database, filters: dict[str, str], ids: list[int]
) -> None:
    with logged.read() as session:
        found = store.decision_log(session, **filters)  # type: ignore[arg-type]
    assert [entry.id for entry in found] == ids


def test_paging_through_the_log_shows_every_decision_once(logged: Database) -> None:
    seen: list[int] = []
    with logged.read() as session:
        while entries := store.decision_log(session, before=seen[-1] if seen else None, limit=5):
            seen += [entry.id for entry in entries]
    assert seen == list(range(12, 0, -1))


def test_an_entry_brings_what_explains_it(database: Database) -> None:
    with database.write() as session:
        store.record_posts(session, PAGE, [Post(id="post1", text="Menu", created_at=NOON)], NOON)
    item = Judged(
        comment=comment("c1", parent_id="c0", permalink="https://example.org/c1"),
        decision=replace(HIDE, thresholds={"profanity.hide": 0.9}, degraded=("no model",)),
        mode="observe",
        models={"rules": "7"},
        config_sha256="ab",
    )
    record(database, item)
    with database.read() as session:
        (entry,) = store.decision_log(session)
        assert entry == store.decision(session, entry.id)
    assert (entry.page_name, entry.platform, entry.post_text) == ("Page 1", "facebook", "Menu")
    assert (entry.thresholds, entry.degraded) == ({"profanity.hide": 0.9}, ("no model",))
    assert (entry.models, entry.config_sha256, entry.mode) == ({"rules": "7"}, "ab", "observe")
    assert (entry.clause, entry.parent_id, entry.action_state) == ("2.1", "c0", None)


def test_an_unknown_decision_is_named(database: Database) -> None:
    with database.read() as session:
        for ask in (store.decision, store.audit_of):
            with pytest.raises(UnknownDecision, match="77"):
                ask(session, 77)
