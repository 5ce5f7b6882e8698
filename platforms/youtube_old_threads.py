"""Replies that came lately under old threads of a YouTube channel.

A reply leaves its thread where it is, so polls, which see the newest 100 threads, miss those under
older ones. Now and then the whole list is walked: one unit for each 100 threads, and one for each
100 replies of a thread whose number of replies is not what it was at the last walk.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from modbot.domain import Comment
from modbot.errors import BadRequest
from platforms.youtube_answers import PUBLISHED
from platforms.youtube_client import INVALID_TOKEN_OF_PAGE
from platforms.youtube_listing import ChannelListing

MOST_PAGES = 50  # 5,000 threads a walk; what is older is not looked at


@dataclass(frozen=True, kw_only=True)
class Walk:
    """How far one has come, and what the one before saw."""

    page: str = ""  # YouTube's token of the next page; empty: from the newest down
    pages: int = 0
    marks: Mapping[str, str] = field(default_factory=dict)  # of threads with more than is shown
    before: Mapping[str, str] = field(default_factory=dict)  # the same, of the last walk

    @classmethod
    def read(cls, text: str | None) -> Walk:
        """What `text` wrote; a foreign or broken one begins anew and knows nothing."""
        try:
            read = cls(**json.loads(text or "{}"))
            known = [*read.marks.items(), *read.before.items()]
            sound = isinstance(read.page, str) and isinstance(read.pages, int)
            return read if sound and all(isinstance(p, str) for k in known for p in k) else cls()
        except (ValueError, TypeError, AttributeError, RecursionError):
            return cls()

    @property
    def text(self) -> str:
        """What read() reads."""
        return json.dumps(asdict(self), separators=(",", ":"))

    def ended(self) -> Walk:
        """The beginning of the next one."""
        return Walk(before=self.marks)


def step(listing: ChannelListing, at: Walk, since: datetime) -> tuple[dict[str, Comment], Walk]:
    """The comments of the next 100 threads that were written since a time, and the walk behind
    them; without a page when it is through."""
    try:
        shown = listing.threads(PUBLISHED, at.page)
    except BadRequest as error:
        if INVALID_TOKEN_OF_PAGE not in error.code:
            raise
        return {}, at.ended()  # the next walk begins anew
    found: list[Comment] = []
    marks = dict(at.marks)
    for thread in shown.threads:
        found += thread.comments
        if thread.whole:
            continue
        marks[thread.id] = thread.mark
        if at.before.get(thread.id) != thread.mark:
            found += listing.replies(thread)
    after = replace(at, page=shown.next_page or "", pages=at.pages + 1, marks=marks)
    if not after.page or after.pages >= MOST_PAGES:
        after = after.ended()
    return {c.id: c for c in found if c.created_at >= since}, after
