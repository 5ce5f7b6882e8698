"""The queue's table says what the decisions say, whatever happened and in whatever order."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from modbot import store
from modbot.domain import ActionKind, ActionState, Category, Decision, Evidence, Signal, Verdict
from modbot.migrations.versions import r0005_queue
from modbot.room_tables import WaitingRow
from modbot.store import Database, Judged
from modbot.tables import CommentRow, DecisionRow, VersionRow
from tests import databases
from tests.records import NOON, PAGE, comment, later, open_database

WORST = ["threat", "crisis", "privacy", "offensive", "profanity", "", "personal_issue", "sales"]
WORST += ["off_topic"]


def decided(
    verdict: Verdict = Verdict.REVIEW,
    category: Category | None = Category.OFFENSIVE,
    score: float = 0.75,
) -> Decision:
    """A verdict of the bot for one category, found by one rule."""
    if category is None:
        return Decision(verdict=verdict, hide=False)
    hit = Signal(
        source="rules", category=category, score=score, evidence=Evidence(rule=f"{category}:x")
    )
    return Decision(
        verdict=verdict, hide=verdict is Verdict.HIDE, categories=(category,), signals=(hit,)
    )


def what_waits(session: Session) -> dict[int, dict[str, Any]]:
    """By comment row, as the decisions say: written apart from the code under test."""
    found = {}
    for row in session.scalars(select(CommentRow)):  # type: ignore[call-overload]
        made = session.scalars(
            select(DecisionRow)  # type: ignore[call-overload]
            .where(DecisionRow.comment_row == row.id)
            .order_by(col(DecisionRow.id))
        ).all()
        if row.gone_at is not None or not made:
            continue
        newest = made[-1]
        if session.get_one(VersionRow, newest.version_id).number != row.versions:
            continue
        bot = newest.actor_kind == "bot"
        waits = newest.verdict in ("review", "escalate") or (
            bot and newest.verdict == "hide" and newest.mode == "assist"
        )
        if not waits:
            continue
        category = newest.categories[0] if newest.categories else ""
        score = max((s["score"] for s in newest.signals if s["category"] == category), default=0.0)
        found[row.id] = {
            "comment_row": row.id,
            "decision_id": newest.id,
            "page_id": row.page_id,
            "category": category,
            "level": 1 if newest.verdict == "escalate" and not bot else 0,
            "rank": WORST.index(category) * 20
            + (10 if newest.verdict == "review" else 0)
            + (9 - min(9, int(score * 10))),
            "since": newest.decided_at,
        }
    return found


def kept(session: Session) -> dict[int, dict[str, Any]]:
    rows = session.scalars(select(WaitingRow)).all()  # type: ignore[call-overload]
    return {row.comment_row: row.model_dump() for row in rows}


def judge(
    session: Session,
    comment_id: str,
    decision: Decision,
    *,
    text: str = "so so",
    mode: str = "enforce",
    asks: bool = False,
    minute: float = 0,
    **fields: Any,
) -> store.Recorded:
    item = Judged(
        comment=comment(comment_id, text, **fields),
        decision=decision,
        action=ActionKind.HIDE if asks else None,
        mode=mode,
    )
    page = store.page(session, PAGE)
    return store.record_judged(session, page, [item], later(minute))[0]


VERDICTS = st.sampled_from(list(Verdict))
DECISIONS = st.builds(
    decided, VERDICTS, st.sampled_from([None, *Category]), st.floats(0, 1, allow_nan=False)
)
STEPS = st.one_of(
    st.tuples(
        st.just("judge"),
        st.integers(0, 3),
        st.integers(0, 2),
        DECISIONS,
        st.sampled_from(["observe", "assist", "enforce"]),
    ),
    st.tuples(st.just("person"), st.integers(0, 3), VERDICTS, st.booleans()),
    st.tuples(st.just("end"), st.sampled_from([s for s in ActionState if s != "requested"])),
    st.tuples(st.just("gone"), st.integers(0, 3)),
    st.tuples(st.just("seen"), st.integers(0, 3), st.booleans()),
)


def step(session: Session, number: int, what: tuple[Any, ...]) -> None:
    name, *rest = what
    known = session.scalars(select(CommentRow)).all()  # type: ignore[call-overload]
    if name == "judge":
        which, text, decision, mode = rest
        asks = decision.hide and mode == "enforce"
        judge(
            session, f"c{which}", decision, text=f"text {text}", mode=mode, asks=asks, minute=number
        )
    elif name == "gone":
        store.mark_gone(session, PAGE, f"c{rest[0]}", later(number))
    elif name == "seen":
        store.mark_hidden_state(session, PAGE, f"c{rest[0]}", rest[1], later(number))
    elif name == "end":
        end_action(session, number, rest[0])
    elif known:
        which, verdict, back = rest
        row = known[which % len(known)]
        newest = store.newest_decision_on(session, row.id)
        if newest is not None:
            store.record_person_decision(
                session,
                decision_id=newest,
                verdict=verdict,
                hide=verdict is Verdict.HIDE,
                actor="Ada",
                reason="",
                action=ActionKind.HIDE if verdict is Verdict.HIDE else None,
                now=later(number),
                takes_back=back,
            )


def end_action(session: Session, number: int, state: ActionState) -> None:
    due = store.due_actions(session, later(number))
    if not due:
        return
    store.finish_action(session, due[0].action_id, state, "x", later(number))
    if state is ActionState.FAILED:
        store.record_followup(
            session,
            action_id=due[0].action_id,
            degraded="hide failed",
            reason="",
            now=later(number),
        )


@pytest.mark.campaigns
@settings(max_examples=120, deadline=None)
@given(st.lists(STEPS, max_size=14))
def test_it_equals_what_the_decisions_say_after_any_history(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]
) -> None:
    database = open_database(tmp_path_factory.mktemp("history"))
    for number, what in enumerate(steps):
        with database.write() as session:
            step(session, number, what)
        with database.read() as session:
            assert kept(session) == what_waits(session)
    if databases.on_postgres:  # where no database is older than the queue
        database.close()
        return
    again = filled_anew(database)
    with again.read() as session:
        assert kept(session) == what_waits(session)
    again.close()


def filled_anew(database: Database) -> Database:
    """The same database, as the revision that brought the queue fills it from the decisions."""
    with database.write() as session:
        connection = session.connection()
        for statement in (
            *("DROP TABLE waiting", "DROP TABLE claim"),
            *("DROP INDEX comment_by_parent", "DROP INDEX comment_by_author"),
        ):
            connection.exec_driver_sql(statement)
        with Operations.context(MigrationContext.configure(connection)):
            r0005_queue.upgrade()
    return database


def order(database: Database, **chosen: Any) -> list[str]:
    with database.read() as session:
        rows = store.waiting(session, **{"level": 0, "limit": 50, **chosen})
        return [session.get_one(CommentRow, row.comment_row).comment_id for row in rows]


def test_the_worst_comes_first_then_whatever_has_waited_longest(database: Database) -> None:
    with database.write() as s:
        judge(s, "off topic", decided(category=Category.OFF_TOPIC))
        judge(s, "insult, late", decided(score=0.75), minute=9)
        judge(s, "insult, early", decided(score=0.78), minute=2)
        judge(s, "insult, strong", decided(score=0.95), minute=10)
        judge(s, "insult, sure", decided(Verdict.HIDE), mode="assist", minute=11)
        judge(s, "not judged", decided(category=None), minute=12)
        judge(s, "cry for help", decided(Verdict.ESCALATE, Category.CRISIS), minute=13)
        judge(s, "threat", decided(Verdict.ESCALATE, Category.THREAT), minute=14)
        judge(s, "threat?", decided(Verdict.REVIEW, Category.THREAT, 0.9), minute=1)
        judge(s, "child's name", decided(category=Category.PRIVACY), minute=15)
    assert order(database) == [
        *("threat", "threat?", "cry for help", "child's name", "insult, sure", "insult, strong"),
        *("insult, early", "insult, late", "not judged", "off topic"),
    ]


def test_the_order_is_walked_both_ways_from_any_place(database: Database) -> None:
    with database.write() as s:
        made = [judge(s, f"c{n}", decided(), minute=n) for n in range(5)]
    with database.read() as s:
        middle = store.spot_of(s, made[2].decision_id or 0)
    assert order(database, after=middle) == ["c3", "c4"]
    assert order(database, before=middle) == ["c1", "c0"]
    with database.write() as s:  # the place is known also when nothing waits there any more
        store.mark_gone(s, PAGE, "c2", NOON)
    assert order(database, after=middle) == ["c3", "c4"]
    assert order(database) == ["c0", "c1", "c3", "c4"]


@pytest.mark.parametrize(
    ("verdict", "mode", "waits"),
    [
        (Verdict.ALLOW, "enforce", False),
        (Verdict.REVIEW, "observe", True),
        (Verdict.ESCALATE, "observe", True),
        (Verdict.HIDE, "observe", False),
        (Verdict.HIDE, "assist", True),
        (Verdict.HIDE, "enforce", False),
    ],
)
def test_what_waits_for_a_person(
    database: Database, verdict: Verdict, mode: str, waits: bool
) -> None:
    with database.write() as s:
        judge(s, "c", decided(verdict), mode=mode)
    assert order(database) == (["c"] if waits else [])


def test_a_persons_word_ends_the_waiting_and_an_edit_begins_it_again(database: Database) -> None:
    with database.write() as s:
        made = judge(s, "c", decided())
        store.record_person_decision(
            s,
            decision_id=made.decision_id or 0,
            verdict=Verdict.ALLOW,
            hide=False,
            actor="Ada",
            reason="",
            action=None,
            now=later(1),
        )
    assert order(database) == []
    with database.write() as s:
        judge(s, "c", decided(), text="edited", minute=2)
    assert order(database) == ["c"]


def test_somebody_sees_and_counts_only_their_pages(database: Database) -> None:
    with database.write() as s:
        judge(s, "c", decided())
    with database.read() as s:
        assert store.count_waiting(s) == {(0, "offensive"): 1}
        assert store.count_waiting(s, ["x:1"]) == {}
    assert order(database, pages=["x:1"]) == []
    assert order(database, pages=[PAGE, "x:1"]) == ["c"]


def test_what_waits_is_found_by_rule_and_by_author(database: Database) -> None:
    with database.write() as s:
        one = judge(s, "c1", decided(), author_id="a1")
        two = judge(s, "c2", decided(category=Category.SALES), author_id="a1")
        other = judge(s, "c3", decided(), author_id="a2")
        nameless = judge(s, "c4", decided(category=Category.PRIVACY), author_id=None)
    with database.read() as s:
        by_rule = store.waiting_by_rule(s, "offensive:x", [0], None, 50)
        assert by_rule == [one.decision_id, other.decision_id]
        assert store.waiting_by_rule(s, "offensive:", [0], None, 50) == []
        assert store.waiting_by_rule(s, "offensive:x", [1], None, 50) == []
        by_author = store.waiting_by_author(s, one.comment_row, [0], None, 50)
        assert by_author == [one.decision_id, two.decision_id]
        assert store.waiting_by_author(s, nameless.comment_row, [0], None, 50) == []
        assert store.waiting_by_author(s, one.comment_row, [0], ["x:1"], 50) == []
