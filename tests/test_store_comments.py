from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from modbot import store
from modbot.audit import verify
from modbot.dialects import is_postgres
from modbot.domain import ActionKind, ActionState, Coverage, Verdict
from modbot.store import Database
from tests.records import (
    HIDE,
    NOON,
    PAGE,
    finish,
    judged,
    kinds,
    later,
    record,
    undo,
)


def test_known_tells_state(database: Database) -> None:
    recorded = record(database, *(judged(f"c{n}", decision=HIDE) for n in range(4)))
    with database.write() as session:
        for made in recorded[:3]:
            finish(session, made.action_id, ActionState.CONFIRMED)
        restore = undo(session, recorded[1], later(2))
        finish(session, restore.action_id, ActionState.CONFIRMED)
        store.mark_gone(session, PAGE, "c2", later(3))
        known = store.known(session, PAGE, ["c0", "c1", "c2", "c3"])

    assert {k: (v.hidden, v.gone) for k, v in known.items()} == {
        "c0": (True, False),
        "c1": (False, False),
        "c2": (True, True),
        "c3": (None, False),
    }


def test_known_comments_are_looked_up_not_searched_for(database: Database) -> None:
    """Each poll does so: it must not take longer the more comments a page has had."""
    if is_postgres_here(database):
        pytest.skip("its plans depend on how much there is")
    asked: list[str] = []
    with database.read() as session:
        event.listen(session.get_bind(), "before_cursor_execute", lambda *a: asked.append(a[2]))
        store.known(session, PAGE, ["c1"])
        store.comment_texts(session, PAGE, ["c1"])
        connection = session.connection()
        plans = [
            " ".join(
                row[3]
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", (PAGE, "[]"))
            )
            for query in [one for one in asked if one.startswith("SELECT")]
        ]
    assert len(plans) == 2
    assert all("comment_by_vendor_id (page_id=? AND comment_id=?)" in plan for plan in plans)


def is_postgres_here(database: Database) -> bool:
    with database.read() as session:
        return is_postgres(session.connection())


def test_a_hide_by_a_person_does_not_count_for_the_quota(database: Database) -> None:
    (made,) = record(database, judged("c1"))
    with database.write() as session:
        wanted = store.record_person_decision(
            session,
            decision_id=made.decision_id or 0,
            verdict=Verdict.HIDE,
            hide=True,
            actor="Ada",
            reason="",
            action=ActionKind.HIDE,
            now=NOON,
        )
        finish(session, wanted.action_id, ActionState.CONFIRMED)
        known = store.known(session, PAGE, ["c1"])["c1"]
        assert known.hidden
        assert store.hides_requested_within(session, PAGE, NOON, timedelta(hours=1)) == 0


def test_a_comment_is_gone_once_and_back_when_seen(database: Database) -> None:
    record(database, judged("c1"))
    with database.write() as session:
        assert store.mark_gone(session, PAGE, "c1", NOON)
        assert not store.mark_gone(session, PAGE, "c1", later(1))
        assert not store.mark_gone(session, PAGE, "unknown", NOON)
    record(database, judged("c1"))
    with database.read() as session:
        assert not store.known(session, PAGE, ["c1"])["c1"].gone
    assert kinds(database)[-2:] == ["comment.gone", "comment.back"]
    assert verify(database).ok


def test_a_hide_made_on_the_platform_is_noted_once(database: Database) -> None:
    record(database, judged("c1"))
    with database.write() as session:
        assert store.mark_hidden_state(session, PAGE, "c1", False, NOON)
        assert store.mark_hidden_state(session, PAGE, "c1", True, NOON)
        assert not store.mark_hidden_state(session, PAGE, "c1", True, NOON)
        assert store.mark_hidden_state(session, PAGE, "c1", False, NOON)
    assert kinds(database)[-3:] == ["comment.visibility"] * 3
    assert kinds(database).count("comment.visibility") == 3
    assert verify(database).ok


def test_seeing_a_known_comment_notes_its_visibility(database: Database) -> None:
    record(database, judged("c1", hidden=False))
    record(database, judged("c1", hidden=True), now=later(1))
    with database.read() as session:
        assert store.known(session, PAGE, ["c1"])["c1"].hidden is True
    assert kinds(database)[-1] == "comment.visibility"


ALL = Coverage(post_id=None, since=NOON)


@pytest.mark.parametrize(
    ("covered", "seen", "missing"),
    [
        ([], set(), []),
        ([ALL], {"top", "reply", "answer", "other"}, []),
        ([ALL], {"other"}, ["top", "reply", "answer"]),
        ([ALL], {"top", "other"}, ["reply", "answer"]),
        ([ALL], {"top", "reply", "other"}, ["answer"]),
        ([Coverage(post_id="post1", since=NOON)], set(), ["top", "reply", "answer"]),
        ([Coverage(post_id="post2", since=NOON)], {"top"}, ["other"]),
        ([Coverage(post_id="post1", since=later(30))], set(), []),
        ([ALL, Coverage(post_id="post2", since=NOON)], {"top", "reply", "answer"}, ["other"]),
    ],
)
def test_missing_is_what_a_complete_listing_should_have_shown(
    database: Database, covered: list[Coverage], seen: set[str], missing: list[str]
) -> None:
    record(
        database,
        judged("before", created_at=later(-60)),
        judged("top", created_at=later(1)),
        judged("reply", created_at=later(2), parent_id="top"),
        judged("answer", created_at=later(3), parent_id="reply"),
        # Its parent is too old to be listed, so nothing can be said of it.
        judged("late reply", created_at=later(4), parent_id="before"),
        judged("other", created_at=later(5), post_id="post2", parent_id="post2"),
        judged("gone", created_at=later(6)),
    )
    with database.write() as session:
        store.mark_gone(session, PAGE, "gone", NOON)
        assert store.missing(session, PAGE, covered, seen) == missing


def test_recheck_takes_the_newest_that_are_there(database: Database) -> None:
    record(database, *(judged(f"c{n}", created_at=later(n)) for n in range(6)))
    with database.write() as session:
        store.mark_gone(session, PAGE, "c4", NOON)
        assert store.recheck_ids(session, PAGE, later(1), 3) == ["c5", "c3", "c2"]
        assert store.recheck_ids(session, PAGE, later(3), 9) == ["c5", "c3"]
