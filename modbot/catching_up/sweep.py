"""Looks through a page's recent past once: what the fast poll misses.

Comments under old posts, edits that carry no date, deletions past the watch window. The listing is
read anew from the newest down, as after an outage; what is known and was not shown is looked up.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime

from modbot import store
from modbot.domain import Capability, CommentBatch, Coverage, Page
from modbot.enforcement import platform_errors_only
from modbot.pipeline import PollContext, PollResult, look_again, store_batch
from modbot.ports import FindsOldReplies

LOOKED_UP = 500  # comments a sweep that no listing vouches for; the newest come first
LOOKED_UP_FOR_MONEY = 100
MOST_FETCHES = 500  # a listing longer than this goes in circles


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """What a whole sweep found."""

    page_id: str
    seen: int
    new: int
    edited: int
    gone: int


@dataclass(kw_only=True)
class Sweep:
    """One sweep of one page, which may be read in several goes. Kept in memory: one that a restart
    cuts off begins anew, and nothing is judged twice by it."""

    page: Page
    since: datetime
    cursor: str | None = None
    fetches: int = 0
    listed: bool = False
    old_replies: str | None = None  # cursor of FindsOldReplies, also that of the last sweep
    old_read: bool = False
    seen: set[str] = field(default_factory=set)
    covered: list[Coverage] = field(default_factory=list)

    def go_on(self, context: PollContext, *, seconds: float) -> SweepResult | None:
        """Reads on for about `seconds`; the result once it is through. Raises PlatformError."""
        end = time.monotonic() + seconds
        result = self._counted
        while not (self.listed and self.old_read):
            if self.listed:
                self._fetch_old_replies(context, result)
            else:
                self._fetch(context, result)
            late = time.monotonic() > end or context.stopping.is_set()
            if late and not (self.listed and self.old_read):
                return None
        look_again(context, self.page, self._missing(context), result)
        return SweepResult(
            page_id=self.page.id,
            seen=len(self.seen),
            new=result.new,
            edited=result.edited,
            gone=result.gone,
        )

    def __post_init__(self) -> None:
        self._counted = PollResult(page_id=self.page.id)

    def _fetch(self, context: PollContext, result: PollResult) -> None:
        if self.page.platform == "x":  # each reply shown is charged, and replies cannot be edited
            self.listed = True
            return
        with platform_errors_only():
            batch = context.adapter.fetch_since(self.cursor)
        self._take(batch)
        store_batch(context, self.page, batch, result, keep_cursor=False)

    def _fetch_old_replies(self, context: PollContext, result: PollResult) -> None:
        if not isinstance(context.adapter, FindsOldReplies):
            self.old_read = True
            return
        with platform_errors_only():
            batch = context.adapter.fetch_old_replies(self.since, self.old_replies)
        self.old_replies, self.old_read = batch.cursor, not batch.more
        self.seen |= {c.id for c in batch.comments}
        store_batch(context, self.page, batch, result, keep_cursor=False)

    def _take(self, batch: CommentBatch) -> None:
        self.fetches += 1
        self.cursor = batch.cursor
        self.seen |= {c.id for c in batch.comments}
        self.covered += batch.covered
        self.listed = not batch.more or self.fetches >= MOST_FETCHES

    def _missing(self, context: PollContext) -> list[str]:
        """Known comments that should have been shown, or that no listing vouches for."""
        listing = Capability.LISTS_EDITS in context.adapter.capabilities
        with context.database.read() as s:
            if listing:
                return store.missing(s, self.page.id, self.covered, self.seen)
            limit = LOOKED_UP_FOR_MONEY if self.page.platform == "x" else LOOKED_UP
            known = store.recheck_ids(s, self.page.id, self.since, limit + len(self.seen))
        return [one for one in known if one not in self.seen][:limit]
