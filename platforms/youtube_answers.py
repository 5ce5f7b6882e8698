"""YouTube's answers: threads, comments and videos, typed and checked.

Shapes: the API's discovery document, revision 20261104 (CommentThread, Comment, Video).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from modbot.domain import Comment, Page, Post
from modbot.errors import BadAnswer, BadRequest
from platforms.raw_items import raw_items
from platforms.youtube_client import UNREADABLE, Reply

PUBLISHED, HELD, SPAM = "published", "heldForReview", "likelySpam"
_HIDDEN = {PUBLISHED: False, HELD: True, SPAM: True, "rejected": True}
_ID = re.compile(r"[A-Za-z0-9_.\-]{1,200}")


@dataclass(frozen=True, kw_only=True)
class Thread:
    """A top-level comment, some of its replies, and how many there are."""

    comments: tuple[Comment, ...]  # the top-level one first
    replies: int

    @property
    def id(self) -> str:
        return self.comments[0].id

    @property
    def whole(self) -> bool:
        """Are all replies shown? A thread carries only some (CommentThreadReplies)."""
        return self.replies <= len(self.comments) - 1

    @property
    def mark(self) -> str:
        """What differs when a reply has come or gone: their number, and which are shown."""
        shown = " ".join(sorted(c.id for c in self.comments[1:]))
        return f"{self.replies}:{hashlib.sha256(shown.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One page of a list."""

    threads: tuple[Thread, ...] = ()
    comments: tuple[Comment, ...] = ()
    posts: tuple[Post, ...] = ()
    ids: tuple[str, ...] = ()
    next_page: str | None = None


def read_threads(page: Page, reply: Reply, status: str) -> Listing:
    """An answer of commentThreads.list for one moderation status. Raises BadAnswer."""
    try:
        text = reply.text
        threads = []
        for item, raw in _items(text):
            threads.append(_thread(page, item, raw.decode("utf-8", "surrogatepass"), status))
        return Listing(threads=tuple(threads), next_page=_next_page(text))
    except UNREADABLE as error:
        raise BadAnswer(f"YouTube's threads cannot be read ({type(error).__name__})") from None


def read_comments(page: Page, reply: Reply, video_id: str = "") -> Listing:
    """An answer of comments.list. Raises BadAnswer."""
    try:
        text = reply.text
        found = [comment_of(page, item, raw, video_id) for item, raw in _items(text)]
        return Listing(comments=tuple(found), next_page=_next_page(text))
    except UNREADABLE as error:
        raise BadAnswer(f"YouTube's comments cannot be read ({type(error).__name__})") from None


def read_videos(reply: Reply) -> Listing:
    """An answer of videos.list: title and description of each. Raises BadAnswer."""
    try:
        posts = []
        for item, _ in _items(reply.text):
            snippet = item["snippet"]
            text = f"{snippet['title']}\n{snippet.get('description', '')}".strip()
            at = _time(snippet["publishedAt"])
            posts.append(Post(id=checked_id(item["id"]), text=text, created_at=at))
        return Listing(posts=tuple(posts))
    except UNREADABLE as error:
        raise BadAnswer(f"YouTube's videos cannot be read ({type(error).__name__})") from None


def read_ids(reply: Reply) -> Listing:
    """The ids of any list. Raises BadAnswer."""
    try:
        return Listing(ids=tuple(checked_id(item["id"]) for item, _ in _items(reply.text)))
    except UNREADABLE as error:
        raise BadAnswer(f"YouTube's list cannot be read ({type(error).__name__})") from None


def comment_of(
    page: Page, item: Mapping[str, Any], raw: bytes, video_id: str, status: str = ""
) -> Comment:
    """One comment. Its own moderationStatus goes before `status`, the list's; without either it
    stays unknown, as in answers to a list of ids (CommentSnippet.moderationStatus)."""
    snippet = item["snippet"]
    comment_id, text = checked_id(item["id"]), snippet["textDisplay"]
    video_id = snippet.get("videoId") or video_id
    author_id = (snippet.get("authorChannelId") or {}).get("value")
    if not isinstance(text, str) or not isinstance(author_id, str | None):
        raise TypeError("a field is no text")
    parent = snippet.get("parentId")
    return Comment(
        page_id=page.id,
        platform=page.platform,
        id=comment_id,
        post_id=checked_id(video_id) if video_id else page.external_id,
        text=text,
        created_at=_time(snippet["publishedAt"]),
        parent_id=checked_id(parent) if parent else None,
        author_id=author_id,
        author_name=str(snippet.get("authorDisplayName") or "") or None,
        hidden=_HIDDEN.get(snippet.get("moderationStatus") or status),
        by_page=author_id == page.external_id,
        permalink=f"https://www.youtube.com/watch?v={video_id}&lc={comment_id}"
        if video_id
        else None,
        raw=raw,
    )


def checked_id(value: object) -> str:
    """Raises ValueError for what is no id, before it becomes part of an address or the cursor."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError("not an id of YouTube's")
    return value


def asked_id(value: str) -> str:
    """checked_id() for an id that the service asks for. Raises BadRequest."""
    try:
        return checked_id(value)
    except ValueError:
        raise BadRequest("not an id of YouTube's") from None


def thread_id(comment_id: str) -> str:
    """The top-level comment above a reply: reply ids are "THREAD.REPLY"."""
    return comment_id.partition(".")[0]


def _thread(page: Page, item: Mapping[str, Any], text: str, status: str) -> Thread:
    snippet = item["snippet"]
    video_id = snippet.get("videoId") or ""
    found = next(raw_items(text, ("snippet", "topLevelComment")), None)
    if found is None:
        raise TypeError("a thread without its comment")
    top, raw = found
    comments = [comment_of(page, top, raw, video_id, status)]
    for reply, reply_raw in raw_items(text, ("replies", "comments", "*")):
        own = comment_of(page, reply, reply_raw, video_id, status if status == PUBLISHED else "")
        comments.append(replace(own, parent_id=own.parent_id or comments[0].id))
    count = snippet.get("totalReplyCount", 0)
    if not isinstance(count, int):
        raise TypeError("a count is no number")
    return Thread(comments=tuple(comments), replies=count)


def _items(text: str) -> list[tuple[dict[str, Any], bytes]]:
    """Raises ValueError or TypeError unless it is a list answer; an empty one has `items` too, or
    says its kind."""
    (whole, _), *_ = raw_items(text, ()) if text.lstrip()[:1] == "{" else [({}, b"")]
    items = whole.get("items")
    if not isinstance(whole.get("kind"), str) or not isinstance(items, list | None):
        raise TypeError("not a list")
    found: list[tuple[dict[str, Any], bytes]] = list(raw_items(text, ("items", "*")))
    if len(found) != len(items or []):
        raise TypeError("an item is not an object")
    return found


def _next_page(text: str) -> str | None:
    (whole, _), *_ = raw_items(text, ())
    token = whole.get("nextPageToken")
    return token if isinstance(token, str) and token else None


def _time(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC)
