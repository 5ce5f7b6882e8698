"""Lists a page's comments over the Graph API: new ones, and those that may have changed.

One call shows the newest posts with their comments of the last `watch_hours`, so that edits and
deletions there can be seen. More calls are made only for a post with more comments than fit, until
known ground, and once an hour for older posts. What one poll cannot finish stands in the cursor.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from modbot.domain import Comment, CommentBatch, Coverage, Missed, Page, Post
from modbot.errors import BadRequest, CommentGone, MissingScope
from modbot.ports import Connection
from platforms.graph import GraphAnswer, GraphClient, TooMuchData
from platforms.graph_counts import Tally, created_of, first_tally, settled
from platforms.graph_cursor import Pending, Place, read_cursor
from platforms.graph_found import Found, oldest_of, reaches_floor
from platforms.graph_items import Item, list_of, next_cursor, object_of

OVERLAP = timedelta(minutes=10)  # what `since` measures is undocumented; listings may lag
SWEEP_EVERY = timedelta(hours=1)
CLOSED_FOR = timedelta(days=1)
POSTS_WATCHED = 25
POSTS_SWEPT = 200  # in one go, and as many more as are younger than the time that is read back to
MOST_POSTS = 5_000  # of one back-fill
PAGES_A_POLL = 20
USAGE_FOR_OTHERS = 0.5  # share of the rate budget spent, from which only the own posts are read


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much to ask for in one call."""

    posts: int
    comments: int  # under each of the posts
    more_comments: int  # of one post


# Smaller ones for when Graph finds an answer too heavy.
SIZES = (
    Size(posts=25, comments=50, more_comments=100),
    Size(posts=10, comments=25, more_comments=50),
    Size(posts=5, comments=10, more_comments=25),
)

logger = logging.getLogger(__name__)


class Shapes(Protocol):
    """How one platform's posts and comments look in the Graph API."""

    platform: str
    posts_edge: str
    other_edges: tuple[str, ...]  # more lists of posts, read once an hour
    stream: bool  # `since` limits the listing, and replies stand in it like comments

    def edge_params(self, edge: str) -> Mapping[str, str]: ...

    def post_fields(self, edge: str, since: int, comments: int) -> str: ...

    def comment_params(self, since: int, comments: int) -> Mapping[str, str]: ...

    def may_lack_text(self, edge: str) -> bool:
        """Is it uncertain that the vendor knows the field of the posts' text there?"""
        ...

    def ask_without_text(self, edge: str) -> None: ...

    def said_by(self, edge: str, item: Item, raw: bytes) -> Comment | None:
        """What somebody else than the page said with the post itself, if anything."""
        ...

    def wall(self, edge: str) -> str:
        """What posts of others stand under; empty: the page's own are there."""
        ...

    def post(self, item: Item) -> Post: ...

    def count(self, item: Item) -> int | None:
        """How many comments the post counts. None: its listing tells all that is new."""
        ...

    def comments(
        self, text: str, path: tuple[str, ...], post_id: str
    ) -> tuple[list[Comment], list[Pending]]:
        """The comments at `path`, and what of their replies was not shown."""
        ...


class CommentListing:
    """Reads one page's comments from where a cursor stands."""

    def __init__(self, page: Page, client: GraphClient, connection: Connection, shapes: Shapes):
        self.page = page
        self.client = client
        self.connection = connection
        self.shapes = shapes
        self._size = 0
        self._closed: dict[str, datetime] = {}  # other edges that the token could not see, and when
        self._blind = False  # the last poll was shown nothing of what is counted

    def fetch_since(self, cursor: str | None) -> CommentBatch:
        place = read_cursor(cursor, self.shapes.platform)
        now = self.connection.now()
        watched = int((now - timedelta(hours=self.connection.watch_hours)).timestamp())
        known = place.newest - int(OVERLAP.total_seconds()) if place.newest else watched
        # Swept later than now: the clock was set back.
        sweep = not 0 <= now.timestamp() - place.swept < SWEEP_EVERY.total_seconds()
        if place.posts_after:
            found = Found(since=watched, floor=watched, place=place, sweeping=True)
            if not place.pending:
                self._read_further(found)
        else:
            found = Found(since=min(watched, known), floor=known, place=place, sweeping=sweep)
            self._read_from_the_top(found)
            self._refuse_blindness(found, first=cursor is None)
        left = self._read_on(found, place.pending)
        tallies, missed = self._settled(found, left)
        place = replace(found.place, pending=left, tallies=tallies)
        return self._batch(found, place, missed, now)

    def _read_from_the_top(self, found: Found) -> None:
        if not found.sweeping:
            self._read_own_posts(found, POSTS_WATCHED)
            return
        self._size = 0
        rest = self._read_own_posts(found, POSTS_SWEPT)
        self._note_rest(found, rest, 0)
        self._read_other_edges(found)

    def _read_further(self, found: Found) -> None:
        """Where the last poll left the list of posts, or anew where that is no longer valid."""
        place = found.place
        try:
            rest = self._read_own_posts(found, POSTS_SWEPT, place.posts_after)
        except BadRequest as error:
            logger.warning("%s: the list of posts does not go on: %s", self.page.id, error)
            found.place = place = place.anew()
            if not place.read_anew:
                return
            found.asked.clear()  # it comes by there once more
            rest = self._read_own_posts(found, POSTS_SWEPT)
        self._note_rest(found, rest, place.posts_read)

    def _read_own_posts(self, found: Found, wanted: int, after: str = "") -> str:
        try:
            return self._read_posts(found, self.shapes.posts_edge, wanted, after)
        except CommentGone as error:
            raise MissingScope(f"the token cannot see the page: {error}", code=error.code) from None

    def _note_rest(self, found: Found, rest: str, before: int) -> None:
        """Keeps where to read on, unless the posts read are old or many enough."""
        read, done = before + len(found.posts), not rest or found.reaches_back()
        if not done and read >= MOST_POSTS:
            logger.warning("%s: only the newest %s posts are read", self.page.id, read)
            rest = ""
        place = replace(found.place, posts_after=rest, posts_read=read)
        found.place = place.ended() if done else place

    def _refuse_blindness(self, found: Found, *, first: bool) -> None:
        """Raises MissingScope when comments are counted and none is shown, twice in a row: as long
        as an app is in development, Instagram answers so, with success."""
        counted = sum(found.counts.values())
        blind = counted > 0 and not found.comments
        if blind and (first or self._blind):
            raise MissingScope(
                f"{self.shapes.platform} counts {counted} comments but shows none: is the app live,"
                " and may the token manage comments? Or the account restricts all who wrote them"
            )
        self._blind = blind

    def _settled(
        self, found: Found, left: tuple[Pending, ...]
    ) -> tuple[dict[str, Tally], list[Missed]]:
        """The counts to keep, and the comments that no call shows."""
        tallies, missed = dict(found.place.tallies), []
        created = created_of(found.comments.values())
        reading = {one.post_id for one in (*found.place.pending, *left)}
        for post_id, count in found.counts.items():
            times = created.get(post_id, [])
            if post_id in reading:  # what a poll did not finish is not known to be missing
                tallies[post_id] = first_tally(count, times)
                continue
            certain = post_id in found.at_the_end
            tallies[post_id], short = settled(tallies.get(post_id), count, times, certain=certain)
            if short:
                missed.append(Missed(post_id=post_id, count=short))
                logger.warning(
                    "%s: %s comments of %s are counted but not shown", self.page.id, short, post_id
                )
        return tallies, missed

    def _batch(
        self, found: Found, place: Place, missed: list[Missed], now: datetime
    ) -> CommentBatch:
        comments = sorted(found.comments.values(), key=lambda c: (c.created_at, c.id))
        newest = int(min(comments[-1].created_at, now).timestamp()) if comments else 0
        place = replace(
            place,
            newest=max(place.newest, newest),
            swept=int(now.timestamp()) if found.sweeping else place.swept,
        )
        return CommentBatch(
            comments=tuple(comments),
            cursor=place.to_cursor(self.shapes.platform),
            posts=tuple(found.posts.values()),
            covered=tuple(Coverage(post_id=p, since=at) for p, at in found.covered.items()),
            more=bool(place.pending or place.posts_after) or found.burst,
            usage=found.usage,
            missed=tuple(missed),
            unread=place.unread,
        )

    def _read_other_edges(self, found: Found) -> None:
        """What a token may not see there costs nothing of the rest, and is tried and said once a
        day. With little of the rate budget left they wait for the next hour."""
        now = self.connection.now()
        for edge in self.shapes.other_edges:
            closed = self._closed.get(edge)
            shut = closed is not None and closed <= now < closed + CLOSED_FOR
            if shut or (found.usage or 0.0) >= USAGE_FOR_OTHERS:
                continue
            try:
                self._read_edge(found, edge)
            except (MissingScope, BadRequest, CommentGone) as error:
                self._closed[edge] = now
                logger.warning("%s: %s cannot be read: %s", self.page.id, edge, error)

    def _read_edge(self, found: Found, edge: str) -> None:
        """The newest posts there, and as many more as are younger than what is read back to."""
        known = set(found.posts)
        try:
            after = self._read_posts(found, edge, POSTS_WATCHED)
        except BadRequest as error:
            if not self.shapes.may_lack_text(edge):
                raise
            logger.warning("%s: %s is read without its texts: %s", self.page.id, edge, error)
            self.shapes.ask_without_text(edge)
            after = self._read_posts(found, edge, POSTS_WATCHED)
        for _ in range(POSTS_SWEPT // POSTS_WATCHED):
            if not after or found.reaches_back(known):
                if wall := self.shapes.wall(edge):
                    found.covered[wall] = datetime.fromtimestamp(found.since, UTC)
                return
            after = self._read_posts(found, edge, POSTS_WATCHED, after)
        logger.warning("%s: %s has more posts than are read", self.page.id, edge)

    def _read_posts(self, found: Found, edge: str, wanted: int, after: str = "") -> str:
        """Reads about `wanted` more posts; where to go on. Empty: there are no more."""
        wanted += len(found.posts)
        for _ in range(wanted):  # a page may be empty and yet have a next one
            found.asked.add((edge, after))
            answer = self._posts_page(found.since, edge, after)
            found.spend(answer)
            list_of(answer.body, "data")
            for item, raw in self.client.items(answer.text, ("data", "*")):
                said = self.shapes.said_by(edge, item, raw)
                if said is not None and said.created_at.timestamp() >= found.since:
                    found.add([said])
                self._read_post(found, item, raw.decode("utf-8", "surrogatepass"))
            after = found.leads_on(edge, next_cursor(answer.body))
            if not after or len(found.posts) >= wanted:
                break
        return after

    def _posts_page(self, since: int, edge: str, after: str) -> GraphAnswer:
        def params(size: Size) -> dict[str, str]:
            fields = self.shapes.post_fields(edge, since, size.comments)
            own = self.shapes.edge_params(edge)
            return {"limit": str(size.posts), "fields": fields, **own, **_after(after)}

        return self._get(self.page.external_id, edge, params)

    def _get(self, node: str, edge: str, params: Callable[[Size], dict[str, str]]) -> GraphAnswer:
        """Asks for less from now on when the vendor finds the answer too heavy."""
        while True:
            try:
                return self.client.get(node, edge, **params(SIZES[self._size]))
            except TooMuchData:
                if self._size + 1 == len(SIZES):
                    raise
                self._size += 1

    def _read_post(self, found: Found, item: Item, text: str) -> None:
        post = self.shapes.post(item)
        found.posts[post.id] = post
        listing = object_of(item, "comments")
        if listing:
            list_of(listing, "data")
        comments, replies = self.shapes.comments(text, ("comments", "data", "*"), post.id)
        found.add(comments)
        after = next_cursor(listing)
        self._cover(found, post.id, comments, complete=after is None and not replies)
        self._count(found, post.id, item, comments, ended=after is None)
        floor = found.floor_of(post.id)
        grown = found.grown(post.id, comments)
        found.pending += self._unread_replies(found, replies, floor, grown)
        if after is None:
            return
        reaches, owed = reaches_floor(comments, floor), found.owes(post.id)
        if reaches and not grown:
            return
        if grown and (reaches or owed):
            floor = min(floor, found.floor_of_search(post.id))
        found.pending.append(
            Pending(post_id=post.id, node=post.id, edge="comments", after=after, floor=floor)
        )

    def _count(
        self, found: Found, post_id: str, item: Item, comments: list[Comment], *, ended: bool
    ) -> None:
        count = self.shapes.count(item)
        if count is None:
            return
        found.counts[post_id] = count
        tops = sum(one.parent_id is None for one in comments)
        if ended and tops >= SIZES[self._size].comments and count > len(comments):
            found.at_the_end.add(post_id)
            tally = found.place.tallies.get(post_id)
            new = tally.new(created_of(comments)[post_id]) if tally else 0
            # Nothing leads past this window: it has to be read again before it moves on.
            found.burst = found.burst or new >= tops // 2

    def _unread_replies(
        self, found: Found, replies: list[Pending], floor: int, grown: int
    ) -> list[Pending]:
        """The rests of long threads that have to be read. Which end of a thread is shown first is
        documented nowhere."""
        following = []
        for one in replies:
            first = one.post_id not in found.place.tallies
            if first or grown:
                lowest = found.floor_of_search(one.post_id)
            else:
                lowest = found.since if found.sweeping else floor
            if one.shown_to and one.shown_to > lowest:
                following.append(replace(one, floor=lowest))
            elif not one.shown_to and (first or grown or found.sweeping):
                following.append(replace(one, floor=0))
        return following

    def _cover(
        self, found: Found, post_id: str, comments: list[Comment], *, complete: bool
    ) -> None:
        """Notes what the listing promises: all since `since`, or since the oldest one shown."""
        since = datetime.fromtimestamp(found.since, UTC)
        if complete:
            found.covered[post_id] = since
        elif self.shapes.stream and comments:
            # More of the same second may stand on the next page.
            oldest = datetime.fromtimestamp(oldest_of(comments) + 1, UTC)
            found.covered[post_id] = max(since, oldest)

    def _read_on(self, found: Found, saved: tuple[Pending, ...]) -> tuple[Pending, ...]:
        """Reads what did not fit; gives what is left for the next poll."""
        left = deque([*((one, True) for one in saved), *((one, False) for one in found.pending)])
        for _ in range(PAGES_A_POLL):
            if not left:
                break
            one, from_cursor = left.popleft()
            following = self._next_page(found, one, from_cursor=from_cursor)
            left.extendleft((each, False) for each in following)
        return tuple(one for one, _ in left)

    def _next_page(self, found: Found, one: Pending, *, from_cursor: bool) -> list[Pending]:
        def params(size: Size) -> dict[str, str]:
            listed = self.shapes.comment_params(found.since, size.more_comments)
            return {**listed, **_after(one.after)}

        listing = f"{one.node}/{one.edge}"
        found.asked.add((listing, one.after))
        try:
            answer = self._get(one.node, one.edge, params)
        except CommentGone:
            return []
        except BadRequest:
            if not from_cursor or not one.after:
                raise
            return [replace(one, after="")]  # the position is no longer valid: from the top
        found.spend(answer)
        list_of(answer.body, "data")
        comments, following = self.shapes.comments(answer.text, ("data", "*"), one.post_id)
        found.add(comments)
        ended = next_cursor(answer.body) is None
        after = found.leads_on(listing, next_cursor(answer.body))
        if self.shapes.stream and one.post_id in found.covered and not from_cursor:
            self._cover(found, one.post_id, comments, complete=ended)
        if after and not reaches_floor(comments, one.floor):
            following.append(replace(one, after=after))
        return following


def _after(cursor: str | None) -> dict[str, str]:
    return {"after": cursor} if cursor else {}
