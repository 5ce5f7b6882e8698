"""However an answer is spoilt on its way, nothing of it is taken for comments."""

from __future__ import annotations

import json

import pytest

from modbot.errors import BadAnswer, PlatformError, Unreachable
from platforms.sandbox.faults import Answer, Fault
from platforms.sandbox.spoiling import spoilt
from tests.platforms.graph_sandbox import GraphSandbox, ids


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("cut", Unreachable),
        ("wrong_length", Unreachable),
        ("huge", BadAnswer),
        ("bomb", BadAnswer),
        ("truncated", PlatformError),
    ],
)
def test_an_answer_that_does_not_arrive_whole_is_a_failure_and_the_next_one_is_read(
    sandbox: GraphSandbox, kind: str, error: type[PlatformError]
) -> None:
    world = sandbox.world
    comment = world.add_comment(world.add_post("fb", "News"), "hello")
    sandbox.clock.advance(60)
    adapter = sandbox.facebook()
    world.faults.push(Fault(kind=kind))
    with pytest.raises(error):
        adapter.fetch_since(None)
    assert ids(adapter.fetch_since(None)) == [comment]


def test_an_item_that_comes_twice_is_one_comment(sandbox: GraphSandbox) -> None:
    world = sandbox.world
    comment = world.add_comment(world.add_post("fb", "News"), "hello")
    sandbox.clock.advance(60)
    world.faults.push(Fault(kind="repeated"))
    assert ids(sandbox.facebook().fetch_since(None)) == [comment]


@pytest.mark.parametrize("name", ["data", "items", ""])
def test_the_last_item_of_a_listing_is_repeated_and_nothing_else(name: str) -> None:
    whole = {name: [1, 2], "next": "x"} if name else [1, 2]
    answer = spoilt(Answer(body=json.dumps(whole).encode()), Fault(kind="repeated"))
    seen = json.loads(answer.body)
    assert (seen[name] if name else seen) == [1, 2, 2]
    assert spoilt(Answer(body=b"{"), Fault(kind="repeated")).body == b"{"
