from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from modbot import store
from modbot.domain import Post
from modbot.errors import UnknownDecision
from modbot.store import (
    Choice,
    Counted,
    Database,
    Judged,
    LogColumns,
    LogSearch,
    read_query,
)
from tests.records import (
    ALLOW,
    HIDE,
    NOON,
    PAGE,
    add_page,
    comment,
    judged,
    later,
    record,
)


@pytest.fixture
def logged(database: Database) -> Database:
    """Twelve decisions on two pages; every third is a hide for profanity."""
    add_page(database, "x:2")
    for number in range(12):
        decision = HIDE if number % 3 == 0 else ALLOW
        item = judged(f"c{number}", f"the damn bus {number}", decision)
        record(database, item, page_id=PAGE if number % 2 else "x:2", now=later(number))
    return database


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({}, [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ({"pages": frozenset([PAGE])}, [12, 10, 8, 6, 4, 2]),
        ({"pages": frozenset()}, []),
        ({"pages": frozenset([PAGE, "x:2"]), "verdict": "hide"}, [10, 7, 4, 1]),
        ({"verdict": "hide"}, [10, 7, 4, 1]),
        ({"category": "profanity"}, [10, 7, 4, 1]),
        ({"pages": frozenset(["x:2"]), "category": "profanity", "verdict": "hide"}, [7, 1]),
        ({"pages": frozenset([PAGE]), "verdict": "allow"}, [12, 8, 6, 2]),
        ({"category": "profanity", "verdict": "allow"}, []),
        ({"category": "nonsense"}, []),
        ({"sign": "rules"}, [10, 7, 4, 1]),
        ({"sign": "profanity_en:damn", "pages": frozenset([PAGE])}, [10, 4]),
        ({"sign": "profanity_en"}, [10, 7, 4, 1]),
        ({"sign": "profanity"}, []),
        ({"actor": "bot"}, [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ({"actor": "person"}, []),
        ({"since": later(9), "until": later(11)}, [11, 10]),
        ({"since": later(2), "verdict": "hide"}, [10, 7, 4]),
        ({"phrases": read_query("bus 1")}, [2]),
        ({"phrases": read_query("dam* BÚS"), "verdict": "hide"}, [10, 7, 4, 1]),
    ],
)
def test_the_log_gives_the_newest_that_the_choice_lets_through(
    logged: Database, wanted: dict[str, Any], ids: list[int]
) -> None:
    with logged.read() as session:
        found = store.decision_log(session, Choice(**wanted))
        search = LogSearch(session, LogColumns(), Choice(**wanted))
        assert search.count() == Counted(number=len(ids), more=False)
    assert [entry.id for entry in found] == ids


@pytest.mark.parametrize(
    ("verdict", "before", "limit", "ids"),
    [
        (None, 3, 50, [2, 1]),
        (None, 8, 2, [7, 6]),
        ("hide", 10, 2, [7, 4]),
        ("hide", 2**62, 1, [10]),
    ],
)
def test_the_log_goes_on_from_any_decision(
    logged: Database, verdict: str | None, before: int, limit: int, ids: list[int]
) -> None:
    with logged.read() as session:
        search = LogSearch(session, LogColumns(), Choice(verdict=verdict))
        assert search.newest_first(limit, before=before) == ids


def test_the_next_newer_ones_come_oldest_first(logged: Database) -> None:
    with logged.read() as session:
        search = LogSearch(session, LogColumns(), Choice(verdict="hide"))
        assert search.next_newer(2, after=1) == [4, 7]
        assert search.next_newer(2, after=7) == [10]
        assert search.next_newer(2, after=2**62) == []


def test_more_than_are_counted_are_said_to_be_more(logged: Database) -> None:
    with logged.read() as session:
        search = LogSearch(session, LogColumns(), Choice())
        assert search.count(most=12) == Counted(number=12, more=False)
        assert search.count(most=11) == Counted(number=11, more=True)


def test_a_session_sees_no_line_of_after_its_own_state(logged: Database) -> None:
    columns = LogColumns()
    with logged.read() as before:
        assert LogSearch(before, columns, Choice()).count().number == 12
        record(logged, judged("new"), now=later(30))
        with logged.read() as after:
            assert LogSearch(after, columns, Choice()).newest_first(1) == [13]
        assert LogSearch(before, columns, Choice()).newest_first(1) == [12]


def test_paging_through_the_log_shows_every_decision_once(logged: Database) -> None:
    seen: list[int] = []
    with logged.read() as session:
        while found := store.decision_log(session, before=seen[-1] if seen else None, limit=5):
            seen += [entry.id for entry in found]
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
