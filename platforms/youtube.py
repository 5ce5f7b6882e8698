"""YouTube channels through google-api-python-client: comments under all videos and on the channel.

A quiet poll is one call and one unit of the day's quota; hiding is one call of 50 units for up to
50 comments. To hide is to hold for review, which can be undone; nothing is ever rejected: a
rejected comment takes its replies along and is listed nowhere (docs of comments.setModerationStatus
and of commentThreads.list's moderationStatus).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from modbot.domain import Capability, Comment, CommentBatch, Page, Post
from modbot.errors import (
    BadAnswer,
    BadRequest,
    CommentGone,
    MissingScope,
    PlatformError,
    Unreachable,
    Unsupported,
)
from modbot.ports import Connection
from platforms.youtube_answers import (
    HELD,
    PUBLISHED,
    asked_id,
    read_comments,
    read_ids,
    read_videos,
    thread_id,
)
from platforms.youtube_client import YouTubeClient, chunks
from platforms.youtube_cursor import Cursor
from platforms.youtube_listing import ChannelListing
from platforms.youtube_old_threads import Walk, step
from platforms.youtube_units import ALLOWANCE, READ_COST, UNITS

KNOWN_VIDEOS = 2000
KNOWN_THREADS = 5000


class YouTubeAdapter:
    """One channel. Secrets: "client_id", "client_secret", "refresh_token" of an account that owns
    the channel; "units_a_day" where Google granted other than 10,000."""

    capabilities = frozenset(Capability) - {Capability.DELETE, Capability.LISTS_EDITS}
    hides_a_call = 50  # ids that comments.setModerationStatus takes

    def __init__(self, page: Page, connection: Connection):
        self.page = page
        self._connection = connection
        self._client = YouTubeClient(page, connection)
        self.budget = self._client.budget
        self._listing = ChannelListing(page, self._client)
        self._videos: OrderedDict[str, Post | None] = OrderedDict()  # None: not for us to see
        self._video_of: OrderedDict[str, str] = OrderedDict()  # by thread

    def check(self) -> None:
        """Two units. Raises AuthExpired, or MissingScope when the account is not the channel's."""
        request = self._client.request(self._client.api.channels().list, part="id", mine=True)
        own = read_ids(self._client.call(request)).ids
        if self.page.external_id not in own:
            mine = ", ".join(own) or "no channel"
            raise MissingScope(
                f"the token is {mine}'s, not {self.page.external_id}'s: make the refresh token"
                " while signed in as this channel"
            )
        self._listing.threads(HELD)

    def fetch_since(self, cursor: str | None) -> CommentBatch:
        """The newest 100 threads and what else is new; comments that YouTube holds are hidden."""
        now = self._connection.now()
        start = now - timedelta(hours=self._connection.watch_hours)
        at = Cursor.read(cursor, start=start)
        self.budget.before_poll(needs={UNITS: READ_COST})
        found = self._listing.since(at, now)
        comments = found.comments.values()
        posts = self._posts_of(comments)
        return CommentBatch(
            comments=tuple(sorted(comments, key=lambda c: (c.created_at, c.id))),
            cursor=found.cursor.text,
            posts=posts,
            more=found.more,
            usage=self.budget.of.share_spent(ALLOWANCE),
            unread=found.unread,
        )

    def fetch_old_replies(self, since: datetime, cursor: str | None) -> CommentBatch:
        """What was written since a time under the next 100 threads of all that the channel has,
        newest first; the first call after a walk's end begins the next one."""
        self.budget.before_poll(needs={UNITS: READ_COST})
        found, after = step(self._listing, Walk.read(cursor), since)
        comments = tuple(sorted(found.values(), key=lambda c: (c.created_at, c.id)))
        posts = self._posts_of(comments)
        return CommentBatch(
            comments=comments, cursor=after.text, posts=posts, more=bool(after.page)
        )

    def fetch_one(self, comment_id: str) -> Comment | None:
        """Three units."""
        return self.fetch_many([comment_id])[comment_id]

    def fetch_many(self, comment_ids: Sequence[str]) -> Mapping[str, Comment | None]:
        """A unit for each 50 ids or so, and two for the lists of what is not public: answers to a
        list of ids do not tell a comment's state, and may leave held comments out."""
        wanted = list(dict.fromkeys(asked_id(i) for i in comment_ids))
        if not wanted:
            return {}
        there: dict[str, Comment] = {}
        for some in chunks(wanted):
            there |= {c.id: self._under_video(c) for c in self._looked_up(some)}
        held, whole = self._listing.out_of_sight()
        shown = False if whole else None
        found: dict[str, Comment | None] = {}
        for one in wanted:
            comment = there.get(one)
            if comment is not None and comment.hidden is None:
                comment = replace(comment, hidden=True if one in held else shown)
            found[one] = comment or held.get(one)
        return found

    def _looked_up(self, ids: Sequence[str]) -> list[Comment]:
        """Those that are there. YouTube may leave out a missing one or refuse the whole call
        (docs of comments.list, commentNotFound): then by halves."""
        request = self._client.request(
            self._client.api.comments().list, part="snippet", id=ids, textFormat="plainText"
        )
        try:
            return list(read_comments(self.page, self._client.call(request)).comments)
        except CommentGone:
            if len(ids) == 1:
                return []
        half = len(ids) // 2
        return self._looked_up(ids[:half]) + self._looked_up(ids[half:])

    def hide(self, comment_id: str) -> None:
        """51 units: holds the comment for review. hide_many() costs the same for 50."""
        self._must(self._set_status([comment_id], HELD))

    def hide_many(self, comment_ids: Sequence[str]) -> Mapping[str, PlatformError | None]:
        """hide() for up to 50 comments in one call; what became of each. None: hidden."""
        return self._set_status(comment_ids, HELD)

    def restore(self, comment_id: str) -> None:
        """51 units: publishes the comment, one that YouTube itself held too."""
        self._must(self._set_status([comment_id], PUBLISHED))

    def delete(self, comment_id: str) -> None:
        """Always raises Unsupported."""
        raise Unsupported(
            f"YouTube lets only its author delete a comment; reject {comment_id} in YouTube Studio"
        )

    def _must(self, outcome: Mapping[str, PlatformError | None]) -> None:
        for error in outcome.values():
            if error is not None:
                raise error

    def _set_status(
        self, comment_ids: Sequence[str], status: str
    ) -> dict[str, PlatformError | None]:
        """One call for each 50, and one unit to read back what can be: the newest held threads."""
        ids = list(dict.fromkeys(asked_id(i) for i in comment_ids))
        outcome: dict[str, PlatformError | None] = {}
        for first in range(0, len(ids), self.hides_a_call):
            outcome |= self._set_some(ids[first : first + self.hides_a_call], status)
        if not any(error is None for error in outcome.values()):
            return outcome
        newest = self._listing.threads(HELD).threads
        listed = {c.id: c.hidden for thread in newest for c in thread.comments}
        for one, error in outcome.items():
            if error is None and listed.get(one) is (status == PUBLISHED):
                outcome[one] = BadAnswer(f"YouTube confirmed, but comment {one} is not {status}")
        return outcome

    def _set_some(self, ids: Sequence[str], status: str) -> dict[str, PlatformError | None]:
        """One refused id fails the whole call: then by halves, until it stands alone."""
        request = self._client.request(
            self._client.api.comments().setModerationStatus, id=ids, moderationStatus=status
        )
        try:
            reply = self._client.call(request)
        except (CommentGone, Unsupported, BadRequest) as error:
            return self._by_halves(ids, status, error)
        except Unreachable as error:
            if "processingFailure" not in error.code:  # which mostly means a wrong id
                raise
            return self._by_halves(ids, status, error)
        if reply.status != 204:
            raise BadAnswer("YouTube did not confirm the new state")
        return dict.fromkeys(ids)

    def _by_halves(
        self, ids: Sequence[str], status: str, error: PlatformError
    ) -> dict[str, PlatformError | None]:
        if len(ids) == 1:
            return {ids[0]: error}
        half = len(ids) // 2
        return {**self._set_some(ids[:half], status), **self._set_some(ids[half:], status)}

    def _under_video(self, comment: Comment) -> Comment:
        """comments.list may leave the video out; it is known from the listing."""
        video = self._video_of.get(thread_id(comment.id))
        if video is None or comment.post_id != self.page.external_id:
            return comment
        link = f"https://www.youtube.com/watch?v={video}&lc={comment.id}"
        return replace(comment, post_id=video, permalink=link)

    def _posts_of(self, comments: Iterable[Comment]) -> tuple[Post, ...]:
        """One unit for each 50 videos not seen before."""
        ids = dict.fromkeys(c.post_id for c in comments if c.post_id != self.page.external_id)
        for comment in comments:
            if comment.post_id in ids:
                self._video_of[thread_id(comment.id)] = comment.post_id
        unknown = [one for one in ids if one not in self._videos]
        for some in chunks(unknown):
            request = self._client.request(self._client.api.videos().list, part="snippet", id=some)
            read = {p.id: p for p in read_videos(self._client.call(request)).posts}
            self._videos |= {one: read.get(one) for one in some}
        _trim(self._videos, KNOWN_VIDEOS)
        _trim(self._video_of, KNOWN_THREADS)
        return tuple(post for one in ids if (post := self._videos.get(one)) is not None)


def _trim(known: OrderedDict[str, Post | None] | OrderedDict[str, str], most: int) -> None:
    while len(known) > most:
        known.popitem(last=False)
