"""What moderating a YouTube channel costs, in quota units, measured on the stand-in.

Beside it the naive way: one list a video at each poll, one call a hide.

    python -m tests.benchmarks.bench_youtube    # three minutes
"""

from __future__ import annotations

from platforms.youtube import YouTubeAdapter
from tests.fakes import ManualClock
from tests.platforms.youtube_channel import Channel, read, youtube_channel

VIDEOS, COMMENTS, HIDES = 25, 1000, 100
POLLS_A_DAY = 24 * 60


def main() -> None:
    clock = ManualClock()
    with youtube_channel(clock) as channel:
        for number in range(VIDEOS - 1):
            channel.world.add_post(channel.id, f"Video {number}")
        adapter = channel.adapter()
        _, cursor = read(adapter)
        quiet = channel.units(lambda: adapter.fetch_since(cursor))
        units, found = comments_arriving(channel, adapter, cursor)
        hides = channel.units(lambda: adapter.hide_many(list(found)[:HIDES]))
        looked = channel.units(lambda: adapter.fetch_many(list(found)[:50])) * (HIDES // 50)
        day = quiet_day(channel, adapter)
    print(f"{'units':<42}{'modbot':>10}{'naive':>10}")
    print(f"{'a quiet poll, 25 videos':<42}{quiet:>10}{VIDEOS:>10}")
    print(f"{'1,000 comments, 60 s between polls':<42}{units:>10}{VIDEOS * 84:>10}")
    print(f"{'100 hides, looked up, done and read back':<42}{hides + looked:>10}{HIDES * 51:>10}")
    print(f"{'a quiet day, a poll a minute':<42}{day:>10}{VIDEOS * POLLS_A_DAY:>10}")


def comments_arriving(
    channel: Channel, adapter: YouTubeAdapter, cursor: str
) -> tuple[int, set[str]]:
    """Units and ids while 1,000 comments, every third a reply, come 5 s apart (84 minutes)."""
    found: set[str] = set()
    before, threads = sum(channel.api.units.values()), [channel.write("the first")]
    for number in range(COMMENTS - 1):
        if number % 3 == 2:
            channel.write(f"reply {number}", parent=threads[-1 - number % 7 % len(threads)])
        else:
            threads.append(channel.write(f"comment {number}"))
        if number % 12 == 0:
            some, cursor = read(adapter, cursor)
            found |= some.keys()
    some, _ = read(adapter, cursor)
    found |= some.keys()
    assert len(found) == COMMENTS, len(found)
    return sum(channel.api.units.values()) - before, found


def quiet_day(channel: Channel, adapter: YouTubeAdapter) -> int:
    cursor: str | None = None
    before = sum(channel.api.units.values())
    for _ in range(POLLS_A_DAY):
        channel.clock.advance(60)
        cursor = adapter.fetch_since(cursor).cursor
    return sum(channel.api.units.values()) - before


if __name__ == "__main__":
    main()
