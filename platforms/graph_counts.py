"""Compares how many comments a post counts with those that were shown, where no date can be asked.

Instagram lists the newest 50 comments of a medium. What a burst pushed out of them, and replies to
older comments, are in its count only. A count that grew by more than what is new is looked into at
once, as far as the API lets one read; what stays unexplained in the next poll too is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from modbot.domain import Comment

POSTS_KEPT = 200  # of the newest, whose counts stand in the cursor


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What a post counted when it was last read. Times are UNIX seconds."""

    count: int
    top: int  # when its newest comment was written ...
    at_top: int  # ... and how many of that second were shown
    owed: int = 0  # of `count`, not shown; below 0: shown, not yet counted

    def new(self, created: Iterable[int]) -> int:
        """How many of the comments shown were not there then."""
        times = list(created)
        later = sum(time > self.top for time in times)
        return later + max(0, sum(time == self.top for time in times) - self.at_top)

    def after(self, count: int, created: Sequence[int], owed: int) -> Tally:
        """The tally of a later reading."""
        top = max([self.top, *created])
        at_top = sum(time == top for time in created)
        if top == self.top:
            at_top = max(at_top, self.at_top)
        return Tally(count=count, top=top, at_top=at_top, owed=owed)


def first_tally(count: int, created: Sequence[int]) -> Tally:
    """Of a post that was not read before: what it does not show may be old."""
    return Tally(count=count, top=0, at_top=0).after(count, created, 0)


def unexplained(tally: Tally | None, count: int, created: Sequence[int]) -> int:
    """How many comments were added that nothing showed. Deletions make it less, never more."""
    return 0 if tally is None else max(0, _short(tally, count, created))


def _short(tally: Tally, count: int, created: Sequence[int]) -> int:
    return count - (tally.count - tally.owed) - tally.new(created)


def settled(
    tally: Tally | None, count: int, created: Sequence[int], *, certain: bool
) -> tuple[Tally, int]:
    """The tally to keep, and how many comments are told as missed. The first time an unexplained
    number is only owed, unless it is `certain`: a count may run ahead of the list."""
    if tally is None:
        return first_tally(count, created), 0 if created else count
    short = _short(tally, count, created)
    if short > 0 and (tally.owed > 0 or certain):
        return tally.after(count, created, 0), short
    # The list may run ahead of the count too: what is too many is kept for one reading.
    ahead = short < 0 <= tally.owed and count >= tally.count
    return tally.after(count, created, short if ahead else max(0, short)), 0


def created_of(comments: Iterable[Comment]) -> dict[str, list[int]]:
    """UNIX times of comments by post."""
    found: dict[str, list[int]] = {}
    for comment in comments:
        found.setdefault(comment.post_id, []).append(int(comment.created_at.timestamp()))
    return found


def to_stored(tallies: Mapping[str, Tally]) -> dict[str, list[int]]:
    """As it stands in a cursor."""
    kept = sorted(tallies.items(), key=lambda item: item[1].top)[-POSTS_KEPT:]
    return {post: [t.count, t.top, t.at_top, t.owed] for post, t in kept}


def from_stored(stored: Mapping[str, Sequence[int]]) -> dict[str, Tally]:
    """Raises ValueError or TypeError for what to_stored() did not write."""
    tallies = {}
    for post, numbers in stored.items():
        count, top, at_top, owed = (int(n) for n in numbers)
        tallies[post] = Tally(count=count, top=top, at_top=at_top, owed=owed)
    return tallies
