"""Comment feeds (RSS 0.9x to 2.0, Atom) as sent by anybody: bounded, then read by feedparser.

feedparser expands entities that a document declares, and reads broken documents by a slow and
lenient way of its own. So expat reads each document first: what declares entities, is not
well-formed or is nested too deeply is refused, and each item's bytes are cut out.
"""

from __future__ import annotations

import hashlib
import io
import re
from calendar import timegm
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urldefrag
from xml.parsers import expat

import feedparser

from modbot.domain import Comment, Page, Post
from modbot.errors import BadAnswer
from platforms.wordpress_answers import visible_text

FEED_CAP_BYTES = 2 * 1024 * 1024
MOST_DEEP = 100
# A comment may hold them, XML may not: one such comment would make the whole feed unreadable.
_NOT_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#0*(?:[0-8]|1[124-9]|2[0-9]|3[01]);")
_NOT_XML_HEX = re.compile(rb"&#x0*(?:[0-8bcef]|1[0-9a-f]);", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Feed:
    """The comments that a feed shows now, oldest first, and what they are about."""

    comments: tuple[Comment, ...]
    posts: tuple[Post, ...]


def read_feed(page: Page, content: bytes, now: datetime) -> Feed:
    """Raises BadAnswer when it is no feed that may be read; `now` is the time of undated items."""
    if len(content) > FEED_CAP_BYTES:
        raise BadAnswer(f"the feed is larger than {FEED_CAP_BYTES // 1024 // 1024} MB")
    # Plug-ins of blogs send empty lines first, where XML wants its declaration.
    clean = _NOT_XML_HEX.sub(b"", _NOT_XML.sub(b"", content)).lstrip()
    raws = _Items(clean).raws
    parsed = feedparser.parse(
        io.BytesIO(clean),
        response_headers={"content-type": "application/xml"},
        sanitize_html=False,  # the words count, script or not; visible_text() reads them
        resolve_relative_uris=False,
    )
    if not parsed.get("version") or len(parsed.entries) != len(raws):
        raise BadAnswer("what stands at the address is not an RSS or Atom feed")
    title = str(parsed.feed.get("title") or page.name)
    items = zip(parsed.entries, raws, strict=True)
    found = _told_apart([(_digest(entry), _comment(page, entry, raw, now)) for entry, raw in items])
    comments = tuple(sorted(found, key=lambda c: (c.created_at, c.id)))
    oldest = {c.post_id: c.created_at for c in reversed(comments)}
    posts = tuple(Post(id=p, text=title, created_at=at) for p, at in oldest.items())
    return Feed(comments=comments, posts=posts)


class _Items:
    """The bytes of each <item> or <entry>, in the document's order. Raises BadAnswer."""

    def __init__(self, content: bytes):
        self.raws: list[bytes] = []
        self._content = content
        self._depth = 0
        self._start: int | None = None
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.EntityDeclHandler = self._refuse
        try:
            self._parser.Parse(content, True)
        except expat.ExpatError as error:
            where = f"line {error.lineno}, column {error.offset}"
            raise BadAnswer(f"the feed is not well-formed XML ({where})") from None
        except (ValueError, LookupError):
            raise BadAnswer("the feed is in an encoding that cannot be read") from None

    def _begin(self, name: str, _: object) -> None:
        self._depth += 1
        if self._depth > MOST_DEEP:
            raise BadAnswer("the feed is nested too deeply")
        if self._start is None and _local(name) in ("item", "entry"):
            self._start, self._item_depth = self._parser.CurrentByteIndex, self._depth

    def _end(self, name: str) -> None:
        if self._start is not None and self._depth == self._item_depth:
            end = self._parser.CurrentByteIndex + len(f"</{name}>".encode())
            self.raws.append(self._content[self._start : end])
            self._start = None
        self._depth -= 1

    def _refuse(self, *_: object) -> None:
        raise BadAnswer("the feed declares entities, which no comment feed needs")


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()


def _comment(page: Page, entry: Mapping[str, Any], raw: bytes, now: datetime) -> Comment:
    link, author = str(entry.get("link") or ""), str(entry.get("author") or "")
    text = _text(entry)
    moment = _moment(entry)
    # RFC 4685: what an entry answers; else the page that the comment's address is on.
    answered = entry.get("thr_in-reply-to") or {}
    post = str(answered.get("ref") or "") or urldefrag(link)[0] or page.external_id
    web = link.startswith(("https://", "http://"))
    return Comment(
        page_id=page.id,
        platform=page.platform,
        id=str(entry.get("id") or link or _digest(entry)),
        post_id=post,
        text=text,
        created_at=_time(moment) or now,
        author_name=author or None,
        can_hide=False,
        permalink=link if web else None,
        raw=raw,
    )


def _told_apart(items: Sequence[tuple[str, Comment]]) -> list[Comment]:
    """Each once. Some feeds name every item after the post: what bears one id and was not written
    by the same person at the same time with the same words is another comment, which its id then
    has to say."""
    by_id: dict[str, dict[str, Comment]] = {}
    for digest, one in items:
        by_id.setdefault(one.id, {}).setdefault(digest, one)
    apart = []
    for same in by_id.values():
        for digest, one in same.items():
            apart.append(one if len(same) == 1 else replace(one, id=f"{one.id} {digest[:16]}"))
    return apart


def _digest(entry: Mapping[str, Any]) -> str:
    """Of who wrote what and when, as the feed tells it."""
    said = f"{entry.get('author') or ''}\0{_moment(entry)}\0{_text(entry)}"
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()


def _moment(entry: Mapping[str, Any]) -> Any:
    return entry.get("published_parsed") or entry.get("updated_parsed")


def _text(entry: Mapping[str, Any]) -> str:
    """What a reader sees of the comment: its content, else its description, else its title."""
    contents = entry.get("content") or [entry.get("summary_detail") or entry.get("title_detail")]
    detail = contents[0] or {}
    value = str(detail.get("value") or "")
    return value if detail.get("type") == "text/plain" else visible_text(value)


def _time(moment: Any) -> datetime | None:
    """feedparser gives UTC."""
    try:
        return datetime.fromtimestamp(timegm(moment), UTC) if moment else None
    except (ValueError, OverflowError, OSError, TypeError):
        return None
