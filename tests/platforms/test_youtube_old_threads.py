"""A walk over all threads of a channel, for replies that came lately under old ones."""

from __future__ import annotations

from datetime import datetime

import pytest

from platforms.youtube import YouTubeAdapter
from tests.platforms.youtube_channel import Channel

DAY = 24 * 3600.0


def thread(channel: Channel, replies: int = 8) -> str:
    top = channel.write("a thread")
    for number in range(replies):
        channel.write(f"reply {number}", parent=top)
    return top


def walk(
    adapter: YouTubeAdapter, since: datetime, cursor: str | None = None
) -> tuple[list[str], str]:
    """Texts of a whole walk, and the cursor behind it."""
    texts: list[str] = []
    while True:
        batch = adapter.fetch_old_replies(since, cursor)
        texts += [c.text for c in batch.comments]
        cursor = batch.cursor
        if not batch.more:
            return texts, cursor


def test_only_what_was_written_since_is_brought(channel: Channel) -> None:
    top = thread(channel)
    channel.clock.advance(20 * DAY)
    channel.clock.advance(60)
    since = channel.clock.now()
    channel.write("late", parent=top)
    assert walk(channel.adapter(), since)[0] == ["late"]


def test_a_second_walk_reads_only_the_thread_that_has_grown(channel: Channel) -> None:
    tops = [thread(channel) for _ in range(3)]
    channel.clock.advance(60)
    adapter, since = channel.adapter(), channel.clock.now()
    _, cursor = walk(adapter, since)
    assert channel.units(lambda: walk(adapter, since, cursor)) == 1
    channel.write("late", parent=tops[0])
    assert channel.units(lambda: walk(adapter, since, cursor)) == 2 + 1  # its replies, the video
    assert walk(adapter, since, cursor)[0] == ["late"]


def test_every_page_of_the_list_is_walked(channel: Channel) -> None:
    top = thread(channel)
    for _ in range(230):
        channel.write()
    channel.clock.advance(60)
    since = channel.clock.now()
    channel.write("late", parent=top)
    texts, cursor = walk(channel.adapter(), since)
    assert texts == ["late"]
    assert channel.units(lambda: walk(channel.adapter(), since, cursor)) >= 3


@pytest.mark.parametrize("cursor", ["", "[]", '{"page": 7}', '{"what": 1}', '{"before": {"a": 1}}'])
def test_a_broken_cursor_begins_anew(channel: Channel, cursor: str) -> None:
    top = thread(channel)
    channel.clock.advance(60)
    since = channel.clock.now()
    channel.write("late", parent=top)
    assert walk(channel.adapter(), since, cursor)[0] == ["late"]


def test_a_place_that_is_no_longer_valid_ends_the_walk(channel: Channel) -> None:
    channel.refuses(400, "invalidPageToken")
    batch = channel.adapter().fetch_old_replies(channel.clock.now(), '{"page": "QURT"}')
    assert (batch.comments, batch.more) == ((), False)
