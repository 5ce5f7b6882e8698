"""Lists a page's comments over the Graph API: new ones, and those that may have changed.

One call shows the newest posts with their comments of the last `watch_hours`, so that edits and
deletions there can be seen. More calls are made only for a post with more comments than fit, until
known ground, and once an hour for older posts. What one poll cannot finish stands in the cursor.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from modbot.domain import Comment, CommentBatch, Coverage, Page, Post
from modbot.errors import BadAnswer, BadRequest, CommentGone, MissingScope
from modbot.ports import Connection
from platforms.graph import GraphAnswer, GraphClient, TooMuchData
from platforms.graph_items import Item, id_of, list_of, next_cursor, object_of

CURSOR_VERSION = 1
OVERLAP = timedelta(minutes=10)  # what `since` measures is undocumented; listings may lag
SWEEP_EVERY = timedelta(hours=1)
POSTS_WATCHED = 25
POSTS_SWEPT = 200
PAGES_A_POLL = 20
SIZES = ((25, 50), (10, 25), (5, 10))  # posts and comments a page, smaller on request

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A listing to be read on, until its comments are older than `floor` (UNIX time)."""

    post_id: str
    node: str
    edge: str
    after: str
    floor: int


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where reading stands. `newest`, `swept`: UNIX times; 0: never."""

    newest: int = 0
    swept: int = 0
    pending: tuple[Pending, ...] = ()

    def to_cursor(self, platform: str) -> str:
        left = [[p.post_id, p.node, p.edge, p.after, p.floor] for p in self.pending]
        place = {"v": CURSOR_VERSION, "for": platform, "newest": self.newest, "swept": self.swept}
        return json.dumps({**place, "left": left} if left else place)


def read_cursor(cursor: str | None, platform: str) -> Place:
    """The place that a cursor stands for; a broken or foreign one starts anew."""
    if cursor is None:
        return Place()
    try:
        stored = json.loads(cursor)
        if stored["v"] != CURSOR_VERSION or stored["for"] != platform:
            raise ValueError("a cursor of another kind")
        left = [_pending(*entry) for entry in stored.get("left", ())]
        place = Place(newest=stored["newest"], swept=stored["swept"], pending=tuple(left))
        datetime.fromtimestamp(place.newest + place.swept, UTC)
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, OSError):
        logger.warning("cursor not understood, reading the watched hours again: %s", platform)
        return Place()
    except RecursionError:
        return Place()
    return place


def _pending(post_id: str, node: str, edge: str, after: str, floor: int) -> Pending:
    if not all(isinstance(text, str) for text in (post_id, node, edge, after)):
        raise TypeError("a cursor of another kind")
    return Pending(post_id=post_id, node=node, edge=edge, after=after, floor=int(floor))


class Shapes(Protocol):
    """How one platform's posts and comments look in the Graph API."""

    platform: str
    posts_edge: str
    stream: bool  # `since` limits the listing, and replies stand in it like comments

    def post_fields(self, since: int, comments: int) -> str: ...

    def comment_params(self, since: int, comments: int) -> Mapping[str, str]: ...

    def post(self, item: Item) -> Post: ...

    def comments(
        self, text: str, path: tuple[str, ...], post_id: str
    ) -> tuple[list[Comment], list[Pending]]:
        """The comments at `path`, and what of their replies was not shown."""
        ...


@dataclass(kw_only=True)
class _Found:
    """What one poll has brought so far."""

    since: int
    floor: int
    comments: dict[str, Comment] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    covered: dict[str, datetime] = field(default_factory=dict)
    pending: list[Pending] = field(default_factory=list)
    usage: float | None = None

    def add(self, comments: list[Comment]) -> None:
        for comment in comments:
            self.comments.setdefault(comment.id, comment)

    def spend(self, answer: GraphAnswer) -> None:
        if answer.usage is not None:
            self.usage = max(self.usage or 0.0, answer.usage)


class CommentListing:
    """Reads one page's comments from where a cursor stands."""

    def __init__(self, page: Page, client: GraphClient, connection: Connection, shapes: Shapes):
        self.page = page
        self.client = client
        self.connection = connection
        self.shapes = shapes
        self._size = 0

    def fetch_since(self, cursor: str | None) -> CommentBatch:
        place = read_cursor(cursor, self.shapes.platform)
        now = self.connection.now()
        watched = int((now - timedelta(hours=self.connection.watch_hours)).timestamp())
        known = place.newest - int(OVERLAP.total_seconds()) if place.newest else watched
        found = _Found(since=min(watched, known), floor=max(known, 0))
        sweep = now.timestamp() - place.swept >= SWEEP_EVERY.total_seconds()
        try:
            self._read_posts(found, POSTS_SWEPT if sweep else POSTS_WATCHED)
        except CommentGone as error:
            raise MissingScope(f"the token cannot see the page: {error}", code=error.code) from None
        left = self._read_on(found, [*place.pending, *found.pending])
        return self._batch(found, replace(place, pending=tuple(left)), now, sweep)

    def _batch(self, found: _Found, place: Place, now: datetime, sweep: bool) -> CommentBatch:
        comments = sorted(found.comments.values(), key=lambda c: (c.created_at, c.id))
        newest = int(min(comments[-1].created_at, now).timestamp()) if comments else 0
        place = replace(
            place,
            newest=max(place.newest, newest),
            swept=int(now.timestamp()) if sweep else place.swept,
        )
        return CommentBatch(
            comments=tuple(comments),
            cursor=place.to_cursor(self.shapes.platform),
            posts=tuple(found.posts.values()),
            covered=tuple(Coverage(post_id=p, since=at) for p, at in found.covered.items()),
            more=bool(place.pending),
            usage=found.usage,
        )

    def _read_posts(self, found: _Found, wanted: int) -> None:
        after: str | None = None
        while len(found.posts) < wanted:
            answer = self._posts_page(found.since, after)
            found.spend(answer)
            list_of(answer.body, "data")
            for item, raw in self.client.items(answer.text, ("data", "*")):
                self._read_post(found, item, raw.decode("utf-8", "surrogatepass"))
            after = next_cursor(answer.body)
            if after is None:
                return

    def _posts_page(self, since: int, after: str | None) -> GraphAnswer:
        """One page of posts; smaller from now on when the vendor finds it too heavy."""
        while True:
            posts, comments = SIZES[self._size]
            params = {"limit": str(posts), "fields": self.shapes.post_fields(since, comments)}
            if after is not None:
                params["after"] = after
            try:
                return self.client.get(self.page.external_id, self.shapes.posts_edge, **params)
            except TooMuchData:
                if self._size + 1 == len(SIZES):
                    raise
                self._size += 1

    def _read_post(self, found: _Found, item: Item, text: str) -> None:
        post = self.shapes.post(item)
        found.posts[post.id] = post
        listing = object_of(item, "comments")
        if listing:
            list_of(listing, "data")
        comments, replies = self.shapes.comments(text, ("comments", "data", "*"), post.id)
        found.add(comments)
        found.pending += replies
        after = next_cursor(listing)
        self._cover(found, post.id, comments, complete=after is None and not replies)
        if after is not None and _oldest(comments) > found.floor:
            found.pending.append(
                Pending(
                    post_id=post.id, node=post.id, edge="comments", after=after, floor=found.floor
                )
            )

    def _cover(
        self, found: _Found, post_id: str, comments: list[Comment], *, complete: bool
    ) -> None:
        """Notes what the listing promises: all since `since`, or since the oldest one shown."""
        since = datetime.fromtimestamp(found.since, UTC)
        if complete:
            found.covered[post_id] = since
        elif self.shapes.stream and comments:
            # More of the same second may stand on the next page.
            oldest = datetime.fromtimestamp(_oldest(comments) + 1, UTC)
            found.covered[post_id] = max(since, oldest)

    def _read_on(self, found: _Found, pending: list[Pending]) -> list[Pending]:
        """Reads what did not fit; gives what is left for the next poll."""
        saved = len(pending) - len(found.pending)
        for calls in range(PAGES_A_POLL):
            if not pending:
                break
            one, fresh = pending[0], calls >= saved
            following = self._next_page(found, one, saved=not fresh)
            pending = [*following, *pending[1:]]
        return pending

    def _next_page(self, found: _Found, one: Pending, *, saved: bool) -> list[Pending]:
        params = dict(self.shapes.comment_params(found.since, SIZES[self._size][1]))
        if one.after:
            params["after"] = one.after
        try:
            answer = self.client.get(one.node, one.edge, **params)
        except CommentGone:
            return []
        except BadRequest:
            # A saved position can become invalid: from the top then, once.
            if not saved or not one.after:
                raise
            return [replace(one, after="")]
        found.spend(answer)
        list_of(answer.body, "data")
        comments, replies = self.shapes.comments(answer.text, ("data", "*"), one.post_id)
        found.add(comments)
        after = next_cursor(answer.body)
        done = after is None or _oldest(comments) <= one.floor
        if self.shapes.stream and one.post_id in found.covered:
            self._cover(found, one.post_id, comments, complete=after is None)
        return replies if done else [*replies, replace(one, after=after or "")]


def _oldest(comments: list[Comment]) -> int:
    """UNIX time of the oldest; 0 when there is none."""
    return min((int(c.created_at.timestamp()) for c in comments), default=0)


def fetch_all(
    client: GraphClient, shapes_fields: str, ids: list[str]
) -> dict[str, tuple[dict[str, Any], bytes] | None]:
    """Many comments by id. One that is gone fails a whole call, so that is asked again in halves."""
    if not ids:
        return {}
    try:
        answer = client.get_many(ids, shapes_fields)
    except CommentGone:
        if len(ids) == 1:
            return {ids[0]: None}
        middle = len(ids) // 2
        first = fetch_all(client, shapes_fields, ids[:middle])
        return first | fetch_all(client, shapes_fields, ids[middle:])
    found: dict[str, tuple[dict[str, Any], bytes] | None] = {}
    for one in ids:
        item = next(client.items(answer.text, (one,)), None)
        if item is not None and id_of(item[0]).rpartition("_")[2] != one.rpartition("_")[2]:
            raise BadAnswer("Graph sent another comment than was asked for")
        found[one] = item
    return found
