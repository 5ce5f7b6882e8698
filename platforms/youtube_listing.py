"""What is new on a YouTube channel: the newest threads, and replies found by counts.

commentThreads.list shows a channel's threads, newest first. A new reply leaves its thread where it
is and may not be among the few replies shown, so the number of replies of each of the newest
threads is compared with what it was. Comments that are not public are in lists of their own: they
are asked for every ten minutes, and at once when a thread has left the public list; a reply that
was held before anybody saw it waits for those ten minutes.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from modbot.domain import Comment, Page
from modbot.errors import BadRequest, CommentGone, Unsupported
from platforms.youtube_answers import (
    HELD,
    PUBLISHED,
    SPAM,
    Listing,
    Thread,
    read_comments,
    read_threads,
)
from platforms.youtube_client import INVALID_TOKEN_OF_PAGE, YouTubeClient
from platforms.youtube_cursor import Cursor

PAGE_SIZE = 100
PAGES_A_POLL = 10
REPLY_PAGES = 20  # 2,000 replies under one comment at once: more is a list that goes in circles
HELD_EVERY = timedelta(minutes=10)
# A comment may be listed later than it was written.
OVERLAP = timedelta(minutes=2)

log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Found:
    """What one poll brings, by comment id, and the cursor behind it."""

    comments: dict[str, Comment] = field(default_factory=dict)
    cursor: Cursor
    unread: str = ""  # what no later fetch reads either

    @property
    def more(self) -> bool:
        """Is the listing unfinished?"""
        return bool(self.cursor.page) or self.cursor.read_anew


class ChannelListing:
    """Reads one channel; keeps nothing between calls."""

    def __init__(self, page: Page, client: YouTubeClient):
        self._page = page
        self._client = client

    def since(self, cursor: Cursor, now: datetime) -> Found:
        """All that changed since the cursor: one unit when nothing did."""
        found = Found(cursor=cursor)
        if cursor.page:
            self._go_on(found)
            return found
        newest = self.threads(PUBLISHED)
        vanished = _vanished(cursor.marks, newest)
        self._take(found, newest.threads, cursor.marks)
        marks = {t.id: t.mark for t in newest.threads}
        top = max((t.comments[0].created_at for t in newest.threads), default=cursor.since())
        found.cursor = replace(cursor, marks=marks, top=top.isoformat())
        self._read_down(found, newest)
        due = not cursor.held_at or not (
            timedelta(0) <= now - datetime.fromisoformat(cursor.held_at) < HELD_EVERY
        )
        if due or vanished:
            self._read_held(found, now)
        return found

    def threads(self, status: str, page_token: str = "") -> Listing:
        """One unit: up to 100 threads of one moderation status, newest first."""
        more = {"pageToken": page_token} if page_token else {}
        request = self._client.request(
            self._client.api.commentThreads().list,
            part="snippet,replies",
            allThreadsRelatedToChannelId=self._page.external_id,
            moderationStatus=status,
            order="time",
            textFormat="plainText",
            maxResults=PAGE_SIZE,
            **more,
        )
        return read_threads(self._page, self._client.call(request), status)

    def out_of_sight(self) -> tuple[dict[str, Comment], bool]:
        """Two units: comments held by us, by a person or by YouTube, and whether that is all."""
        found: dict[str, Comment] = {}
        whole = True
        for status in (HELD, SPAM):
            listing = self.threads(status)
            whole = whole and listing.next_page is None
            found |= {c.id: c for t in listing.threads for c in t.comments if c.hidden}
        return found, whole

    def _go_on(self, found: Found) -> None:
        """The next pages of a listing that one poll did not finish."""
        try:
            listing = self.threads(PUBLISHED, found.cursor.page)
        except BadRequest as error:
            if INVALID_TOKEN_OF_PAGE not in error.code:
                raise
            # Again from the newest down, and only once: else this would go on for ever.
            anew = not found.cursor.read_anew
            found.cursor = replace(found.cursor, page="", top="", read_anew=anew)
            found.unread = "" if anew else "the list of threads ended before its end"
            return
        self._take(found, listing.threads, {})
        self._read_down(found, listing)

    def _read_down(self, found: Found, listing: Listing) -> None:
        """Pages below `listing` until what is known, at most PAGES_A_POLL of them."""
        asked = {found.cursor.page}
        for pages_left in range(PAGES_A_POLL, -1, -1):
            if listing.next_page in asked:
                log.warning("%s: the list of threads goes in circles", self._page.id)
                listing = replace(listing, next_page=None)
            asked.add(listing.next_page or "")
            if self._reaches_known(found, listing):
                done = found.cursor.top or found.cursor.floor
                found.cursor = replace(found.cursor, floor=done, page="", top="", read_anew=False)
                return
            if pages_left == 0:
                break
            listing = self.threads(PUBLISHED, listing.next_page or "")
            self._take(found, listing.threads, {})
        found.cursor = replace(found.cursor, page=listing.next_page or "")

    def _reaches_known(self, found: Found, listing: Listing) -> bool:
        oldest = min((t.comments[0].created_at for t in listing.threads), default=None)
        floor = found.cursor.since() - OVERLAP
        return listing.next_page is None or (oldest is not None and oldest < floor)

    def _read_held(self, found: Found, now: datetime) -> None:
        marks: dict[str, str] = {}
        for status in (HELD, SPAM):
            threads = self.threads(status).threads
            self._take(found, threads, found.cursor.held_marks)
            marks |= {t.id: t.mark for t in threads}
        held_at = now.isoformat(timespec="seconds")
        found.cursor = replace(found.cursor, held_marks=marks, held_at=held_at)

    def _take(self, found: Found, threads: Sequence[Thread], marks: Mapping[str, str]) -> None:
        """The comments of threads; all replies of those whose replies are not as `marks` says."""
        for thread in threads:
            _add(found, thread.comments)
            if not thread.whole and marks.get(thread.id) != thread.mark:
                _add(found, self.replies(thread))

    def replies(self, thread: Thread) -> list[Comment]:
        """One unit for each 100 replies; none where they cannot be read any more."""
        replies: list[Comment] = []
        token = ""
        for _ in range(REPLY_PAGES):
            request = self._client.request(
                self._client.api.comments().list,
                part="snippet",
                parentId=thread.id,
                textFormat="plainText",
                maxResults=PAGE_SIZE,
                **({"pageToken": token} if token else {}),
            )
            top = thread.comments[0]
            video = top.post_id if top.post_id != self._page.external_id else ""
            try:
                listing = read_comments(self._page, self._client.call(request), video)
            except (CommentGone, Unsupported):
                return replies  # deleted meanwhile, or comments were switched off there
            replies += [replace(c, parent_id=c.parent_id or thread.id) for c in listing.comments]
            if listing.next_page is None:
                break
            token = listing.next_page
        return replies


def _add(found: Found, comments: Sequence[Comment]) -> None:
    """Keeps what is said of a comment's state when it comes again without one."""
    for comment in comments:
        before = found.comments.get(comment.id)
        if before is not None and comment.hidden is None:
            comment = replace(comment, hidden=before.hidden)
        found.comments[comment.id] = comment


def _vanished(marks: Mapping[str, str], newest: Listing) -> bool:
    """Did a thread leave the public list other than at its end, pushed out by newer ones?"""
    there = {t.id for t in newest.threads}
    known = list(marks)
    if newest.next_page is None:
        return not there.issuperset(known)
    last = max((n for n, one in enumerate(known) if one in there), default=-1)
    return not there.issuperset(known[: last + 1])
