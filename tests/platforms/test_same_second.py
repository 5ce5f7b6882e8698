"""Comments of one second, more than a page of a platform's listing holds: the place where a poll
left off cannot be told by their time."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.platforms.contract import SandboxDriver, poll
from tests.platforms.youtube_driver import YouTubeDriver

MORE_THAN_A_PAGE = 105


@pytest.mark.parametrize("platform", ["facebook", "instagram", "x", "youtube"])
def test_comments_of_one_second_all_arrive_whatever_page_they_stand_on(platform: str) -> None:
    with ExitStack() as stack:
        youtube = platform == "youtube"
        driver = YouTubeDriver(stack) if youtube else SandboxDriver(platform, stack)
        driver.seconds_between = 0
        sent = {driver.comment(f"at once {n}") for n in range(MORE_THAN_A_PAGE)}
        first, cursor, _ = poll(driver, None)
        assert {c.id for c in first} == sent
        late = {driver.comment(f"as late {n}") for n in range(3)}
        second, _, _ = poll(driver, cursor)
        assert {c.id for c in second} >= late
        assert len({c.created_at for c in (*first, *second)}) == 1
