"""What one poll of a Graph page has brought so far, and down to where it has to read."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from modbot.domain import Comment, Post
from platforms.graph import GraphAnswer
from platforms.graph_counts import created_of, unexplained
from platforms.graph_cursor import Pending, Place

logger = logging.getLogger(__name__)

CATCH_UP_OVERLAP = timedelta(seconds=5)  # for a thread that the last poll could not finish


@dataclass(kw_only=True)
class Found:
    """`since`, `floor`: UNIX times."""

    since: int
    floor: int  # known ground, less what may be listed late
    place: Place
    comments: dict[str, Comment] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    covered: dict[str, datetime] = field(default_factory=dict)
    pending: list[Pending] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    at_the_end: set[str] = field(default_factory=set)  # posts whose window ends with no next page
    sweeping: bool = False
    burst: bool = False  # so many are new that the window may move on before the next poll
    usage: float | None = None
    asked: set[tuple[str, str]] = field(default_factory=set)  # lists, and where they were read on

    def leads_on(self, listing: str, after: str | None) -> str:
        """Where a list goes on; empty when it ends, or leads back to where it was read already."""
        if not after:
            return ""
        if (listing, after) in self.asked:
            logger.warning("%s goes in circles: its rest is not read", listing)
            return ""
        self.asked.add((listing, after))
        return after

    def reaches_back(self, but: Collection[str] = ()) -> bool:
        """Do the posts read, those of `but` left out, go back to before `since`?"""
        times = [post.created_at for one, post in self.posts.items() if one not in but]
        return not times or int(min(times).timestamp()) < self.since

    def floor_of(self, node: str) -> int:
        """Known ground of a post. With a rest to be read it is closer: else a flood of comments
        would be read anew from the top in every poll. So it is where counts show what is late."""
        counted = node in self.place.tallies and not self.sweeping
        if counted or any(one.node == node for one in self.place.pending):
            return max(self.floor, self.place.newest - int(CATCH_UP_OVERLAP.total_seconds()))
        return self.floor

    def grown(self, post_id: str, comments: list[Comment]) -> int:
        """How many comments a post counts that neither it showed nor the last poll knew."""
        created = created_of(comments).get(post_id, [])
        count = self.counts.get(post_id, 0)
        return unexplained(self.place.tallies.get(post_id), count, created)

    def floor_of_search(self, post_id: str) -> int:
        """How far back to look for what is counted and not shown; the second time to the end."""
        first = post_id not in self.place.tallies
        return 0 if first or self.owes(post_id) else self.since

    def owes(self, post_id: str) -> bool:
        """Was something counted that the last poll looked for in vain?"""
        tally = self.place.tallies.get(post_id)
        return tally is not None and tally.owed > 0

    def add(self, comments: list[Comment]) -> None:
        for comment in comments:
            self.comments.setdefault(comment.id, comment)

    def spend(self, answer: GraphAnswer) -> None:
        if answer.usage is not None:
            self.usage = max(self.usage or 0.0, answer.usage)


def reaches_floor(comments: list[Comment], floor: int) -> bool:
    """Does a page, newest first, go back to known ground?"""
    return bool(comments) and oldest_of(comments) <= floor


def oldest_of(comments: list[Comment]) -> int:
    """UNIX time of the oldest; 0 when there is none."""
    return min((int(c.created_at.timestamp()) for c in comments), default=0)
