"""Reading a YouTube channel: what a poll finds, and what it costs."""

from __future__ import annotations

import pytest

from modbot.domain import Capability
from tests.platforms.youtube_channel import Channel, read


def test_a_quiet_poll_costs_one_unit(channel: Channel) -> None:
    for number in range(130):
        channel.write(f"comment {number}")
    adapter = channel.adapter()
    _, cursor = read(adapter)
    assert channel.units(lambda: adapter.fetch_since(cursor)) == 1
    assert adapter.fetch_since(cursor).cursor == cursor, "a quiet poll changes nothing"


def test_a_new_comment_costs_no_further_unit(channel: Channel) -> None:
    channel.write()
    adapter = channel.adapter()
    _, cursor = read(adapter)
    comment_id = channel.write("one more")
    found, _ = read(adapter, cursor)
    assert comment_id in found
    assert channel.units(lambda: read(adapter, cursor)) == 1


def test_a_comment_is_under_its_video_and_says_who_wrote_it(channel: Channel) -> None:
    comment_id = channel.write("¿A qué hora?")
    batch = channel.adapter().fetch_since(None)
    comment = batch.comments[0]
    assert (comment.post_id, comment.author_name) == (channel.video, "@A Parent")
    assert comment.permalink == f"https://www.youtube.com/watch?v={channel.video}&lc={comment_id}"
    assert [(p.id, p.text) for p in batch.posts] == [(channel.video, "Spring concert")]


def test_a_late_reply_under_an_old_thread_is_found_by_its_count(channel: Channel) -> None:
    """Neither the thread's place nor the replies it shows tell of it."""
    thread = channel.write("an old thread")
    for number in range(7):
        channel.write(f"reply {number}", parent=thread)
    for number in range(20):
        channel.write(f"newer thread {number}")
    _, cursor = read(channel.adapter())
    late = channel.write("a late reply", parent=thread)
    channel.asked()
    adapter = channel.adapter()
    found, cursor = read(adapter, cursor)
    assert found[late].parent_id == thread and found[late].post_id == channel.video
    assert channel.asked()["comments.list"] == 1, "one call for the one thread that changed"
    assert channel.units(lambda: read(adapter, cursor)) == 1, "and none once that is known"


def test_all_replies_of_a_busy_thread_arrive(channel: Channel) -> None:
    thread = channel.write("a question")
    replies = {channel.write(f"answer {n}", parent=thread) for n in range(230)}
    found, _ = read(channel.adapter())
    assert found.keys() == replies | {thread}


@pytest.mark.parametrize("kind", ["heldForReview", "likelySpam"])
def test_what_youtube_itself_held_is_shown_as_hidden(channel: Channel, kind: str) -> None:
    held = channel.filtered_by_youtube("buy followers", kind)
    public = channel.write("what a show")
    found, _ = read(channel.adapter())
    assert (found[held].hidden, found[public].hidden) == (True, False)
    one = channel.adapter().fetch_one(held)
    assert one is not None and one.hidden


def test_what_youtube_holds_later_is_seen_within_ten_minutes(channel: Channel) -> None:
    channel.write()
    _, cursor = read(channel.adapter())
    held = channel.filtered_by_youtube("buy followers", "likelySpam")
    channel.clock.advance(600)
    found, _ = read(channel.adapter(), cursor)
    assert found[held].hidden


def test_a_held_reply_is_hidden_and_the_thread_above_it_is_not(channel: Channel) -> None:
    thread = channel.write("a question")
    reply = channel.write("a nasty answer", parent=thread)
    channel.world.set_hidden(reply, True)
    found, _ = read(channel.adapter())
    assert (found[thread].hidden, found[reply].hidden) == (False, True)


def test_a_comment_that_left_the_public_list_is_looked_for_at_once(channel: Channel) -> None:
    ids = [channel.write(f"comment {n}") for n in range(5)]
    _, cursor = read(channel.adapter())
    channel.world.set_hidden(ids[2], True)  # somebody in YouTube Studio
    found, cursor = read(channel.adapter(), cursor)
    assert found[ids[2]].hidden
    adapter = channel.adapter()
    read(adapter, cursor)
    assert channel.units(lambda: read(adapter, cursor)) == 1


def test_comments_pushed_down_by_newer_ones_have_not_vanished(channel: Channel) -> None:
    for number in range(100):
        channel.write(f"comment {number}")
    adapter = channel.adapter()
    _, cursor = read(adapter)
    for number in range(40):
        channel.write(f"newer {number}")
    channel.asked()
    read(adapter, cursor)
    assert channel.asked() == {"commentThreads.list": 1}, "and no list of held ones"


def test_a_held_comment_is_not_taken_for_gone(channel: Channel) -> None:
    """Whether YouTube shows held comments to a look-up by id is not documented."""
    held, gone = channel.write("held"), channel.write("gone")
    channel.adapter().hide(held)
    channel.world.delete_comment(gone)
    for channel.api.shows_held_by_id in (True, False):
        for channel.api.refuses_missing_ids in (True, False):
            found = channel.adapter().fetch_many([held, gone])
            assert found[gone] is None
            assert (one := found[held]) is not None and one.hidden and one.text == "held"


def test_of_a_long_list_of_held_comments_nothing_is_claimed(channel: Channel) -> None:
    old = channel.write("held long ago")
    channel.world.set_hidden(old, True)
    for number in range(101):
        channel.world.set_hidden(channel.write(f"held {number}"), True)
    found = channel.adapter().fetch_one(old)
    assert found is not None and found.hidden is None


def test_an_edited_comment_shows_its_new_words(channel: Channel) -> None:
    comment_id = channel.write("first words")
    _, cursor = read(channel.adapter())
    channel.world.edit_comment(comment_id, "other words")
    assert read(channel.adapter(), cursor)[0][comment_id].text == "other words"


def test_a_thread_whose_comments_were_switched_off_holds_nothing_up(channel: Channel) -> None:
    thread = channel.write("a question")
    for number in range(9):
        channel.write(f"answer {number}", parent=thread)
    other = channel.write("elsewhere")
    channel.api.disabled_videos.add(channel.video)
    found, _ = read(channel.adapter())
    assert {thread, other} <= found.keys()


def test_a_listing_goes_on_although_its_page_token_has_expired(channel: Channel) -> None:
    sent = {channel.write(f"comment {n}") for n in range(1150)}
    batch = channel.adapter().fetch_since(None)
    assert batch.more
    channel.refuses(400, "invalidPageToken")
    again = channel.adapter().fetch_since(batch.cursor)
    found, _ = read(channel.adapter(), again.cursor)
    assert found.keys() == sent


def test_a_listing_that_never_goes_on_ends_and_says_so(channel: Channel) -> None:
    for n in range(1150):
        channel.write(f"comment {n}")
    batch = channel.adapter().fetch_since(None)
    channel.refuses(400, "invalidPageToken")
    again = channel.adapter().fetch_since(batch.cursor)
    assert again.more and not again.unread, "it begins again"
    batch = channel.adapter().fetch_since(again.cursor)
    channel.refuses(400, "invalidPageToken")
    last = channel.adapter().fetch_since(batch.cursor)
    assert not last.more and "ended before its end" in last.unread


def test_hiding_on_youtube_is_reversible_and_deleting_is_not_offered(channel: Channel) -> None:
    offered = channel.adapter().capabilities
    assert {Capability.HIDE, Capability.RESTORE, Capability.READ_HIDDEN} <= offered
    assert Capability.DELETE not in offered
