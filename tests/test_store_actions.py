from __future__ import annotations

from dataclasses import replace

import pytest

from modbot import store
from modbot.audit import verify
from modbot.domain import ActionKind, ActionState, Category, Verdict
from modbot.errors import UnknownDecision
from modbot.store import Database, right_uses
from modbot.tables import ActionRow, CommentRow, PageRow
from tests.records import (
    HIDE,
    NOON,
    PAGE,
    add_page,
    comment,
    finish,
    judged,
    kinds,
    later,
    record,
    undo,
)


def test_an_action_is_due_until_it_ends(database: Database) -> None:
    (made,) = record(database, judged("c1", decision=HIDE))
    with database.write() as session:
        (due,) = store.due_actions(session, NOON)
        assert (due.action_id, due.comment_id, due.attempts) == (made.action_id, "c1", 0)
        assert due.page.id == PAGE and due.text_sha256 == comment("c1").text_sha256
        assert due.is_latest_wish and due.newest_number == due.version_number
        assert store.due_actions(session, later(-1)) == []
        assert store.due_actions(session, NOON, page_id="x:2") == []

        store.retry_action(session, due.action_id, later(5), "503", NOON)
        assert store.due_actions(session, later(4)) == []
        (due,) = store.due_actions(session, later(5))
        assert due.attempts == 1

        assert finish(session, due.action_id, ActionState.CONFIRMED, later(6))
        assert not finish(session, due.action_id, ActionState.FAILED, later(7))
        store.retry_action(session, due.action_id, later(9), "late", later(8))
        assert store.due_actions(session, later(60)) == []
        row = session.get_one(ActionRow, due.action_id)
        assert (row.state, row.attempts, row.finished_at) == ("confirmed", 1, later(6))
    assert kinds(database)[-2:] == ["action.confirmed", "comment.visibility"]
    assert verify(database).ok


@pytest.mark.parametrize(
    ("kind", "state", "hidden", "gone"),
    [
        (ActionKind.HIDE, ActionState.CONFIRMED, True, False),
        (ActionKind.HIDE, ActionState.GONE, None, True),
        (ActionKind.HIDE, ActionState.SUPERSEDED, None, False),
        (ActionKind.HIDE, ActionState.FAILED, None, False),
        (ActionKind.RESTORE, ActionState.CONFIRMED, False, False),
        (ActionKind.DELETE, ActionState.CONFIRMED, None, True),
    ],
)
def test_an_end_shows_on_the_comment(
    database: Database, kind: ActionKind, state: ActionState, hidden: bool | None, gone: bool
) -> None:
    (made,) = record(database, replace(judged("c1", decision=HIDE), action=kind))
    with database.write() as session:
        finish(session, made.action_id, state)
        row = session.get_one(CommentRow, made.comment_row)
        assert (row.hidden, row.gone_at is not None) == (hidden, gone)
    assert verify(database).ok


def test_a_page_that_must_not_be_called_has_nothing_due(database: Database) -> None:
    record(database, judged("c1", decision=HIDE))
    for blocked in ("not_before", "writes_not_before"):
        with database.write() as session:
            store.save_page_state(session, PAGE, **{blocked: later(5)})
            assert store.due_actions(session, later(4)) == []
            assert len(store.due_actions(session, later(5))) == 1
            store.save_page_state(session, PAGE, **{blocked: None})


def test_a_persons_undo_beats_a_hide_that_is_still_open(database: Database) -> None:
    (made,) = record(database, judged("c1", decision=HIDE))
    with database.write() as session:
        restore = undo(session, made, later(1))
        hide, back = store.due_actions(session, later(2))
    assert (hide.action_id, back.action_id) == (made.action_id, restore.action_id)
    assert not hide.is_latest_wish and back.is_latest_wish


def test_an_edit_shows_on_the_action_of_the_old_text(database: Database) -> None:
    record(database, judged("c1", decision=HIDE))
    record(database, judged("c1", "kinder words"), now=later(1))
    with database.read() as session:
        (context,) = store.due_actions(session, later(2))
    assert (context.version_number, context.newest_number) == (1, 2)


def test_the_quota_counts_the_bots_hides_of_one_page_and_time(database: Database) -> None:
    add_page(database, "x:2")
    record(database, judged("early", decision=HIDE), now=later(-90))
    record(database, judged("c1", decision=HIDE), judged("c2", decision=HIDE), judged("c3"))
    record(database, judged("c1", decision=HIDE), page_id="x:2")
    with database.read() as session:
        assert store.hides_requested_within(session, PAGE, NOON, later(60) - NOON) == 2
        assert store.hides_requested_within(session, PAGE, NOON, later(90) - NOON) == 3


def test_asked_to_hide_follows_the_newest_open_or_done_action(database: Database) -> None:
    made, plain = record(database, judged("c1", decision=HIDE), judged("c2"))
    with database.write() as session:
        assert store.asked_to_hide(session, made.comment_row)
        assert not store.asked_to_hide(session, plain.comment_row)
        finish(session, made.action_id, ActionState.FAILED)
        assert not store.asked_to_hide(session, made.comment_row)


# Decisions that follow others


def test_a_person_answers_and_the_answer_keeps_the_texts_version(database: Database) -> None:
    (made,) = record(database, judged("c1", decision=HIDE))
    record(database, judged("c1", "edited"), now=later(1))
    with database.write() as session:
        answer = undo(session, made, later(2))
        entry = store.decision(session, answer.decision_id or 0)
    assert (entry.actor_kind, entry.actor, entry.verdict) == ("person", "Ada", Verdict.ALLOW)
    assert (entry.version_number, entry.newest_number) == (1, 2)
    assert entry.action_kind is ActionKind.RESTORE
    assert entry.categories == (Category.PROFANITY,)
    assert verify(database).ok


def test_an_unknown_decision_cannot_be_answered(database: Database) -> None:
    with database.write() as session, pytest.raises(UnknownDecision):
        store.record_person_decision(
            session,
            decision_id=9,
            verdict=Verdict.ALLOW,
            hide=False,
            actor="Ada",
            reason="",
            action=None,
            now=NOON,
        )


@pytest.mark.parametrize("verdict", [Verdict.HIDE, Verdict.ESCALATE])
def test_a_failed_action_leads_to_one_new_decision_for_a_person(
    database: Database, verdict: Verdict
) -> None:
    (made,) = record(database, judged("c1", decision=replace(HIDE, verdict=verdict)))
    with database.write() as session:
        finish(session, made.action_id, ActionState.FAILED)
        first, again = (
            store.record_followup(
                session,
                action_id=made.action_id or 0,
                degraded="hide failed",
                reason="The platform refused.",
                now=later(1),
            )
            for _ in range(2)
        )
        entry = store.decision(session, first.decision_id or 0)
    assert first.decision_id == again.decision_id and not again.new
    assert entry.verdict is (Verdict.ESCALATE if verdict is Verdict.ESCALATE else Verdict.REVIEW)
    assert entry.degraded == ("hide failed",) and not entry.hide
    assert verify(database).ok


# Figures


def test_verdicts_are_counted_from_a_time_and_a_decision_on(database: Database) -> None:
    recorded = record(database, judged("h1", decision=HIDE), judged("a1"))
    record(database, judged("a1", "edited"), now=later(1))
    with database.write() as session:
        undone = undo(session, recorded[0], later(2))
        everything = {(PAGE, "hide"): 1, (PAGE, "allow"): 3}
        newest = undone.decision_id
        assert store.verdicts_after(session, 0, NOON) == (everything, newest)
        assert store.verdicts_after(session, 0, later(1)) == ({(PAGE, "allow"): 2}, newest)
        second = recorded[1].decision_id or 0
        assert store.verdicts_after(session, second, NOON) == ({(PAGE, "allow"): 2}, newest)
        assert store.verdicts_after(session, second, later(2)) == ({(PAGE, "allow"): 1}, newest)
        assert store.verdicts_after(session, newest or 0, NOON) == ({}, newest)


def test_the_last_write_to_a_platform_is_that_of_an_action_or_of_a_note(
    database: Database,
) -> None:
    made = record(database, judged("c1", decision=HIDE), judged("c2"), judged("c3"))
    with database.write() as session:
        registered = right_uses.written_at(session, PAGE)
        assert registered == session.get_one(PageRow, PAGE).registered_at
        assert right_uses.settled_comments(session, PAGE, later(1), 9) == ["c3", "c2"]
        assert right_uses.settled_comments(session, PAGE, NOON, 9) == []
        store.finish_action(
            session, made[0].action_id, ActionState.CONFIRMED, store.ALREADY_SO, later(5)
        )
        assert right_uses.written_at(session, PAGE) == registered, "nobody was asked for anything"
        right_uses.note_write(session, PAGE, right_uses.TRIED, later(6), comment="c2")
        assert right_uses.written_at(session, PAGE) == registered
        right_uses.note_write(session, PAGE, right_uses.CONFIRMED, later(7), comment="c2")
        assert right_uses.written_at(session, PAGE) == later(7)
    assert verify(database).ok
