"""A person's verdict: on the record, against the right text, and asked of the platform."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modbot import review
from modbot.domain import BOT, Actor, Mode, Verdict
from modbot.errors import ModbotError, UnknownDecision
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
