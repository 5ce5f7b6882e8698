"""Hiding on YouTube, many at once, under a day's units."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from modbot.errors import BadAnswer, CommentGone, RateLimited, Unreachable
from platforms.sandbox.faults import RateLimit
from platforms.youtube_units import ALLOWANCE
from tests.platforms.youtube_channel import Channel, on_another_page, read

WHERE = "comments.setModerationStatus"


def test_fifty_comments_are_hidden_by_one_call(channel: Channel) -> None:
    ids = [channel.write(f"comment {n}") for n in range(50)]
    adapter = channel.adapter()
    assert channel.units(lambda: adapter.hide_many(ids)) == 51
    assert channel.asked() == {WHERE: 1, "commentThreads.list": 1}
    assert channel.world.hidden_ids("youtube") == set(ids)


def test_a_hundred_and_one_need_three(channel: Channel) -> None:
    ids = [channel.write(f"comment {n}") for n in range(101)]
    assert set(channel.adapter().hide_many(ids).values()) == {None}
    assert channel.asked()[WHERE] == 3
    assert channel.world.hidden_ids("youtube") == set(ids)


@pytest.mark.parametrize("reason", ["commentNotFound", "processingFailure"])
def test_one_bad_id_among_many_keeps_no_other_in_sight(channel: Channel, reason: str) -> None:
    ids = [channel.write(f"comment {n}") for n in range(20)]
    gone = ids[13]
    channel.world.delete_comment(gone)
    if reason == "processingFailure":
        channel.refuses(400, reason, match="/setModerationStatus")
    outcome = channel.adapter().hide_many(ids)
    assert {one for one, error in outcome.items() if error is not None} == {gone}
    assert isinstance(outcome[gone], CommentGone)
    assert channel.world.hidden_ids("youtube") == set(ids) - {gone}


def test_a_hide_that_youtube_confirms_but_does_not_do_is_told(channel: Channel) -> None:
    thread = channel.write("a question")
    spared = channel.write("bad", parent=thread)
    other = channel.write("held already", parent=thread)
    channel.world.set_hidden(other, True)  # so that the thread is in the list of held ones
    channel.answers(204, b"", match="/setModerationStatus")
    outcome = channel.adapter().hide_many([spared])
    assert isinstance(outcome[spared], BadAnswer)


def test_a_restore_that_youtube_does_not_do_is_told(channel: Channel) -> None:
    comment_id = channel.write()
    adapter = channel.adapter()
    adapter.hide(comment_id)
    channel.answers(204, b"", match="/setModerationStatus")
    with pytest.raises(BadAnswer):
        adapter.restore(comment_id)


def test_what_youtube_held_can_be_published(channel: Channel) -> None:
    held = channel.filtered_by_youtube("not spam at all", "likelySpam")
    channel.adapter().restore(held)
    assert channel.world.is_public(held)


def test_a_failure_that_passes_is_no_refusal_of_single_comments(channel: Channel) -> None:
    ids = [channel.write(f"comment {n}") for n in range(4)]
    channel.answers(503, b"busy", match="/setModerationStatus")
    with pytest.raises(Unreachable):
        channel.adapter().hide_many(ids)
    assert channel.asked().get(WHERE, 0) == 0, "asked once, not once a comment"


def test_polls_stop_while_units_for_hides_are_left(channel: Channel) -> None:
    channel.write("bad")
    adapter = channel.adapter()
    _, cursor = read(adapter)
    channel.spend(channel.budget.left("units", for_reads=True))
    channel.asked()
    with pytest.raises(RateLimited) as caught:
        adapter.fetch_since(cursor)
    assert caught.value.reads_only and not caught.value.every_call
    assert channel.asked() == {}, "nothing was asked"


def test_a_hide_and_its_look_ups_take_the_units_kept_for_them(channel: Channel) -> None:
    comment_id = channel.write("bad")
    adapter = channel.adapter()
    channel.spend(channel.budget.left("units", for_reads=True))
    assert adapter.fetch_one(comment_id)
    adapter.hide(comment_id)
    assert not channel.world.is_public(comment_id)


def test_units_come_back_at_midnight_pacific(channel: Channel) -> None:
    channel.write()
    adapter = channel.adapter()
    channel.clock.move_to(
        datetime(2026, 9, 10, 6, 30, tzinfo=UTC)
    )  # 23:30 of the 9th in California
    channel.world.limits["youtube"] = RateLimit(calls=0, window_seconds=1)
    with pytest.raises(RateLimited) as caught:
        adapter.fetch_since(None)
    assert caught.value.retry_after_seconds == 30 * 60
    assert caught.value.every_call
    del channel.world.limits["youtube"]
    channel.clock.advance(30 * 60)
    assert adapter.fetch_since(None).comments


def test_channels_of_one_project_share_its_units(channel: Channel) -> None:
    other = channel.world.add_page("youtube", "Lawrence High")
    first = channel.adapter()
    second = channel.adapter(
        page=on_another_page(channel.page, other),
        refresh_token=channel.world.issue_token(other),
    )
    first.fetch_since(None)
    before = channel.budget.spent(ALLOWANCE)
    second.fetch_since(None)
    assert channel.budget.spent(ALLOWANCE) > before > 0


def test_a_project_with_more_units_may_say_so(channel: Channel) -> None:
    adapter = channel.adapter(client_id="99-big.apps.googleusercontent.com", units_a_day="1000000")
    assert (adapter.fetch_since(None).usage or 0) < 0.0001
