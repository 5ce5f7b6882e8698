"""A person's verdict: on the record, against the right text, and asked of the platform."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modbot import review, store
from modbot.domain import BOT, Actor, Mode, Verdict
from modbot.errors import (
    DecidedSince,
    ModbotError,
    NotThere,
    NotYours,
    ReasonMissing,
    UnknownDecision,
    Unreachable,
)
from modbot.policy import ReviewRules
from modbot.review import Room
from modbot.store import Recorded
from tests.fakes import FakeAdapter, ManualClock
from tests.line import ADA, Line, line_on


@pytest.fixture
def line(tmp_path: Path, adapter: FakeAdapter, clock: ManualClock) -> Iterator[Line]:
    """A page in assist with a comment to hide (decision 1) and a harmless one (decision 2)."""
    with line_on(tmp_path, adapter, clock, mode=Mode.ASSIST) as line:
        adapter.add("BAD word")
        adapter.add("fine")
        line.poll()
        yield line


def resolve(line: Line, decision_id: int, verdict: Verdict, actor: Actor = ADA) -> Recorded:
    return review.resolve(
        line.database, decision_id, verdict, actor, "looked at it", line.clock.now()
    )


def test_a_person_hides_what_waited_in_assist(line: Line) -> None:
    made = resolve(line, 1, Verdict.HIDE)
    assert made.action_id is not None
    line.poll()
    assert line.adapter.hidden_ids() == {"c1"}
    last = line.decisions()[-1]
    assert (last.actor_kind, last.actor, last.reason) == ("person", "Ada", "looked at it")
    assert [a.actor for a in line.audit() if a.kind == "decision.made"][-1] == "Ada"


@pytest.mark.parametrize(
    ("decision_id", "verdict"),
    [
        pytest.param(1, Verdict.ALLOW, id="allow where nothing was hidden"),
        pytest.param(2, Verdict.REVIEW, id="review"),
        pytest.param(2, Verdict.ESCALATE, id="escalate"),
    ],
)
def test_a_verdict_that_changes_nothing_asks_nothing_of_the_platform(
    line: Line, decision_id: int, verdict: Verdict
) -> None:
    assert resolve(line, decision_id, verdict).action_id is None
    line.poll()
    assert line.adapter.effects == []
    assert line.decisions()[-1].verdict == verdict


def test_a_person_may_change_their_mind(line: Line) -> None:
    resolve(line, 1, Verdict.HIDE)
    line.poll()
    resolve(line, 1, Verdict.ALLOW)
    line.poll()
    assert line.adapter.effects == [("c1", True), ("c1", False)]


def test_an_answer_to_an_old_text_is_refused_and_names_the_newest_decision(line: Line) -> None:
    line.adapter.edit("c1", "BAD and worse")
    line.poll()
    with pytest.raises(ModbotError, match="decision 3"):
        resolve(line, 1, Verdict.HIDE)
    assert len(line.decisions()) == 3


@pytest.mark.parametrize("actor", [BOT, Actor(kind="person", name=" ")], ids=["bot", "nobody"])
def test_only_a_named_person_gives_a_verdict(line: Line, actor: Actor) -> None:
    with pytest.raises(ModbotError, match="name"):
        resolve(line, 1, Verdict.ALLOW, actor)
    assert len(line.decisions()) == 2


def test_an_unknown_decision_is_named_so(line: Line) -> None:
    with pytest.raises(UnknownDecision):
        resolve(line, 99, Verdict.ALLOW)


def room(person_id: int = 1, *, administrator: bool = False, **rules: object) -> Room:
    return Room(
        person_id=person_id,
        administrator=administrator,
        rules=ReviewRules(**rules),  # type: ignore[arg-type]
    )


def in_room(
    line: Line, decision_id: int, verdict: Verdict, reason: str = "", **rules: object
) -> Recorded:
    return review.resolve(
        line.database, decision_id, verdict, ADA, reason, line.clock.now(), room=room(**rules)
    )


@pytest.mark.parametrize(
    ("required", "reason", "stands"),
    [
        pytest.param("hide", "", False, id="verdict"),
        pytest.param("hide.profanity", " \n", False, id="verdict in a category, blank"),
        pytest.param("hide.profanity", "a swear word", True, id="with a reason"),
        pytest.param("hide.sales", "", True, id="another category"),
        pytest.param("allow", "", True, id="another verdict"),
    ],
)
def test_a_reason_is_asked_for_where_the_policy_wants_one(
    line: Line, required: str, reason: str, stands: bool
) -> None:
    rules = {"reason_required": frozenset({required})}
    if stands:
        assert in_room(line, 1, Verdict.HIDE, reason, **rules).new
        return
    with pytest.raises(ReasonMissing):
        in_room(line, 1, Verdict.HIDE, reason, **rules)
    assert len(line.decisions()) == 2


def take_back(line: Line, decision_id: int | None, actor: Actor = ADA) -> Recorded:
    assert decision_id is not None
    return review.take_back(line.database, decision_id, actor, line.clock.now(), room=room())


def test_taking_back_a_hide_shows_the_comment_again(line: Line) -> None:
    made = in_room(line, 1, Verdict.HIDE)
    line.poll()
    take_back(line, made.decision_id)
    line.poll()
    assert line.adapter.effects == [("c1", True), ("c1", False)]


def test_a_hide_that_is_taken_back_before_it_was_carried_out_never_shows(line: Line) -> None:
    made = in_room(line, 1, Verdict.HIDE)
    take_back(line, made.decision_id)
    line.poll()
    assert line.adapter.hidden_ids() == set()
    assert line.adapter.effects == []


def test_taking_back_a_leave_up_hides_again_what_was_hidden(line: Line) -> None:
    in_room(line, 1, Verdict.HIDE)
    line.poll()
    restored = review.resolve(line.database, 3, Verdict.ALLOW, ADA, "", line.clock.now())
    line.poll()
    take_back(line, restored.decision_id)
    line.poll()
    assert line.adapter.effects == [("c1", True), ("c1", False), ("c1", True)]


def test_what_was_hidden_already_stays_so_when_a_hide_is_taken_back(line: Line) -> None:
    line.adapter.hide("c1")  # somebody did it in the app
    line.adapter.effects.clear()
    made = in_room(line, 1, Verdict.HIDE)
    line.poll()
    take_back(line, made.decision_id)
    line.poll()
    assert line.adapter.effects == []
    assert line.decisions()[-1].hide


def test_a_verdict_is_taken_back_once_and_only_while_it_stands(line: Line) -> None:
    made = in_room(line, 1, Verdict.HIDE)
    back = take_back(line, made.decision_id)
    for decision_id in (made.decision_id, back.decision_id):
        with pytest.raises(DecidedSince):
            take_back(line, decision_id)
    with pytest.raises(NotYours):
        take_back(line, 2)  # the bot's
    assert len(line.decisions()) == 4


def test_handing_on_leaves_a_hide_under_way(tmp_path: Path, clock: ManualClock) -> None:
    adapter = FakeAdapter()
    with line_on(tmp_path, adapter, clock, mode=Mode.ENFORCE) as line:
        adapter.add("BAD word")
        adapter.fail_next("hide", Unreachable("try later"))
        line.poll()
        assert adapter.hidden_ids() == set()
        in_room(line, 1, Verdict.ESCALATE, "who is this?")
        clock.advance(3600)
        line.poll()
        assert adapter.hidden_ids() == {"c1"}


def test_a_comment_that_is_gone_takes_no_verdict(line: Line) -> None:
    with line.database.write() as s:
        store.mark_gone(s, line.adapter.page.id, "c1", line.clock.now())
    with pytest.raises(NotThere):
        in_room(line, 1, Verdict.HIDE)
