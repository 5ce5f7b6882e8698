"""What a past text is judged under again is what it was judged under, whatever the clock did."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modbot import registry, store
from modbot.domain import Actor, Comment
from tests.fakes import FakeAdapter, ManualClock
from tests.line import Line, line_on

ADA = Actor(kind="person", name="ada")
HOURS = 3600.0
BACK = pytest.mark.parametrize("moved", [60.0, -2 * HOURS], ids=["clock on", "clock back"])


@pytest.fixture
def line(tmp_path: Path, adapter: FakeAdapter, clock: ManualClock) -> Iterator[Line]:
    with line_on(tmp_path, adapter, clock) as line:
        yield line


def under(line: Line, comment_id: str, version: int = -1) -> Comment:
    """A text as it would be judged again."""
    with line.database.read() as s:
        texts = store.past_texts(s)
    return [text.comment for text in texts if text.comment.id == comment_id][version]


@BACK
def test_a_text_stands_under_the_text_that_its_post_had(line: Line, moved: float) -> None:
    line.adapter.add_post("p1", "first")
    line.adapter.add("a")
    line.poll()
    line.clock.advance(HOURS)
    line.adapter.add_post("p1", "second")
    line.adapter.add("b")
    line.poll()
    line.clock.advance(moved)
    line.adapter.add("c")
    line.poll()
    line.clock.advance(moved)
    line.adapter.add_post("p1", "third")
    line.poll()
    assert [under(line, f"c{n}").post_text for n in (1, 2, 3)] == ["first", "second", "second"]


@BACK
def test_a_text_stands_under_none_before_its_post_was_known(line: Line, moved: float) -> None:
    line.adapter.add("a")
    line.poll()
    line.clock.advance(moved)
    line.adapter.add_post("p1", "late")
    line.clock.advance(1)
    line.adapter.add("b")
    line.poll()
    assert [under(line, f"c{n}").post_text for n in (1, 2)] == ["", "late"]


@BACK
def test_an_answer_stands_under_the_text_that_its_parent_had(line: Line, moved: float) -> None:
    line.adapter.add("first")
    line.poll()
    line.clock.advance(HOURS)
    line.adapter.edit("c1", "second")
    line.poll()
    line.clock.advance(moved)
    answer = line.adapter.add("an answer", parent_id="c1")
    line.poll()
    line.clock.advance(moved)
    line.adapter.edit("c1", "third")
    line.poll()
    assert under(line, answer.id).parent_text == "second"


def test_an_answer_stands_under_what_its_parent_said_in_the_same_poll(line: Line) -> None:
    """Although the answer was listed, and stored, before it."""
    answer = line.adapter.add("an answer", parent_id="c2")
    assert line.adapter.add("first").id == "c2"
    line.poll()
    line.clock.advance(60)
    line.adapter.edit("c2", "second")
    line.poll()
    assert under(line, answer.id).parent_text == "first"


@BACK
def test_a_text_stands_under_what_was_approved(line: Line, moved: float) -> None:
    def approve(name: str) -> None:
        registry.add_fundraiser(
            line.database, name=name, approved_by="R", actor=ADA, now=line.clock.now()
        )

    approve("Car wash")
    line.clock.advance(moved)
    line.adapter.add("a")
    line.poll()
    line.clock.advance(moved)
    approve("Candles")
    line.clock.advance(1)
    line.adapter.add("b")
    line.poll()
    found = [[f.name for f in under(line, f"c{n}").fundraisers] for n in (1, 2)]
    assert found == [["Car wash"], ["Car wash", "Candles"]]
