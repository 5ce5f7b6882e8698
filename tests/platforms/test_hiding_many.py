"""hide_many(): what became of each, on every platform that looks at many in one call."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modbot.domain import Capability
from modbot.errors import (
    BadAnswer,
    CommentGone,
    MissingScope,
    RateLimited,
    Unreachable,
    Unsupported,
)
from modbot.ports import HidesMany
from platforms.hiding import HIDES_A_CALL, REFUSALS_IN_A_ROW, hide_each
from platforms.sandbox.faults import Fault, RateLimit, Request
from tests.platforms.contract import Driver
from tests.platforms.graph_sandbox import GraphSandbox


def many(adapter: object) -> HidesMany:
    assert isinstance(adapter, HidesMany)
    return adapter


@pytest.mark.needs(Capability.HIDE)
def test_many_are_hidden_and_one_that_is_gone_leaves_the_others_alone(driver: Driver) -> None:
    ids = [driver.comment(f"vanishing words {n}") for n in range(4)]
    bystander = driver.comment("a bystander")
    driver.remove(ids[1])
    ends = many(driver.adapter()).hide_many(ids)
    assert {one for one, end in ends.items() if end is None} == {ids[0], ids[2], ids[3]}
    assert isinstance(ends[ids[1]], CommentGone)
    assert not driver.is_public(ids[0], "vanishing words 0")
    assert driver.is_public(bystander, "a bystander")
    again = many(driver.adapter()).hide_many([ids[0]])
    assert again == {ids[0]: None}, "every write may be repeated"


@pytest.mark.needs(Capability.HIDE, Capability.SIGNS_IN)
def test_a_token_that_may_only_read_hides_none_of_many(driver: Driver) -> None:
    ids = [driver.comment(f"staying words {n}") for n in range(6)]
    adapter = many(driver.read_only_adapter())
    try:
        ends = list(adapter.hide_many(ids).values())
    except MissingScope as error:
        ends = [error]
    assert {type(end) for end in ends} == {MissingScope}
    assert driver.is_public(ids[0], "staying words 0")


@pytest.mark.parametrize("platform", ["facebook", "instagram"])
def test_a_full_round_costs_a_call_a_hide_and_one_to_read_back(
    sandbox: GraphSandbox, platform: str
) -> None:
    feed_id = {"facebook": "fb", "instagram": "ig"}[platform]
    post = sandbox.world.add_post(feed_id, "hello")
    ids = [sandbox.world.add_comment(post, f"bad {n}") for n in range(HIDES_A_CALL)]
    adapter = getattr(sandbox, platform)()
    calls = sandbox.calls_of(platform, lambda: adapter.hide_many(ids))
    assert calls == HIDES_A_CALL + 1
    assert sandbox.world.hidden_ids(platform) == set(ids)


@pytest.mark.parametrize("platform", ["facebook", "instagram"])
def test_a_success_that_hid_nothing_is_none_and_an_own_comment_cannot_be_hidden(
    sandbox: GraphSandbox, platform: str
) -> None:
    feed_id = {"facebook": "fb", "instagram": "ig"}[platform]
    post = sandbox.world.add_post(feed_id, "hello")
    own = sandbox.world.add_comment(post, "thanks", author_id=feed_id)
    bad = sandbox.world.add_comment(post, "bad")

    def first_write(request: Request) -> bool:
        return request.method == "POST" and bad in request.path

    sandbox.world.faults.push(Fault(kind="status", body=b'{"success":true}', match=first_write))
    ends = getattr(sandbox, platform)().hide_many([own, bad])
    assert [type(ends[one]) for one in (own, bad)] == [Unsupported, BadAnswer]


def test_a_rate_limit_in_the_middle_stands_for_those_not_tried(sandbox: GraphSandbox) -> None:
    post = sandbox.world.add_post("fb", "hello")
    ids = [sandbox.world.add_comment(post, f"bad {n}") for n in range(5)]
    sandbox.world.limits["facebook"] = RateLimit(calls=2, window_seconds=600)
    ends = sandbox.facebook().hide_many(ids)
    assert all(isinstance(end, RateLimited) for end in ends.values()), "nothing could be read back"
    sandbox.clock.advance(601)
    sandbox.world.limits.clear()
    assert set(sandbox.facebook().hide_many(ids).values()) == {None}
    assert len(sandbox.world.effects) == 5, "the two of before are not hidden twice"


def outcomes(*ends: Exception | None) -> Callable[[str], None]:
    waiting = iter(ends)

    def call(_: str) -> None:
        end = next(waiting)
        if end is not None:
            raise end

    return call


def test_an_outage_or_refusals_in_a_row_end_the_round() -> None:
    ids = [str(n) for n in range(5)]
    ends = hide_each(ids, outcomes(None, Unreachable("no answer")))
    assert [type(end) for end in ends.values()] == [type(None), *[Unreachable] * 4]
    refused = [MissingScope("no")] * REFUSALS_IN_A_ROW
    ends = hide_each(ids, outcomes(*refused))
    assert {type(end) for end in ends.values()} == {MissingScope}
    ends = hide_each(ids, outcomes(refused[0], None, refused[0], CommentGone(), None))
    assert [end is None for end in ends.values()] == [False, True, False, False, True]
