"""RSS and Atom comment feeds of blogs that have no other way in: reading only.

A hide becomes a review: a person removes the comment in the blog's own administration. A quiet
poll is one conditional call (RFC 9110, section 13) that brings nothing. A feed shows only its
newest items, so what a burst pushed out before the next poll is lost to it; the log then says so.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import requests

from modbot.budget import PageBudget
from modbot.domain import Capability, Comment, CommentBatch, Page
from modbot.errors import (
    AuthExpired,
    BadAnswer,
    BadConfig,
    BadRequest,
    PlatformError,
    RateLimited,
    Unreachable,
    Unsupported,
)
from modbot.ports import Connection
from platforms.feed_xml import Feed, read_feed
from platforms.gate import Gate, retry_after_seconds
from platforms.transport import VendorTransport, is_loopback

VALIDATOR_CAP = 500  # characters of an ETag or a date that are sent back
WAIT_SECONDS = 15 * 60.0
CANNOT = "a feed can only be read: remove the comment in the blog's own administration"

log = logging.getLogger(__name__)


class FeedAdapter:
    """One feed, at the page's base_url. Needs no secrets."""

    capabilities: frozenset[Capability] = frozenset({Capability.LISTS, Capability.EDITS})

    def __init__(self, page: Page, connection: Connection):
        self.page = page
        self._connection = connection
        parts = urlsplit(page.base_url)
        local = parts.scheme == "http" and is_loopback(parts.hostname or "")
        if not parts.hostname or not (parts.scheme == "https" or local):
            raise BadConfig("the feed's address must begin with https://", key="base_url")
        self.budget = PageBudget(of=connection.budgets.of("feed", parts.netloc, ""))
        self._session = requests.Session()
        accept = "application/atom+xml, application/rss+xml, application/xml, text/xml"
        self._session.headers.update({"Accept": accept, "User-Agent": "modbot"})
        transport = VendorTransport(
            platform="feed",
            timeout_seconds=connection.timeout_seconds,
            deadline_seconds=connection.deadline_seconds,
            gate=Gate(self.budget, connection.now),
            answered=connection.answered,
        )
        transport.carry(self._session, "https://", "http://")

    def check(self) -> None:
        """Reads the feed once."""
        self._read()

    def fetch_since(self, cursor: str | None) -> CommentBatch:
        """All that the feed shows; nothing when it has not changed since the cursor."""
        before = _read_cursor(cursor)
        response = self._get(before)
        if response.status_code == 304:
            return CommentBatch(comments=(), cursor=cursor or _cursor({}))
        feed = read_feed(self.page, response.content, self._connection.now())
        newest = feed.comments[-1].id if feed.comments else before.get("newest", "")
        if before.get("newest") and before["newest"] not in {c.id for c in feed.comments}:
            log.warning("feed %s has moved on: comments may have been missed", self.page.id)
        validators = {
            name: value
            for name, header in (("etag", "ETag"), ("modified", "Last-Modified"))
            if (value := response.headers.get(header, "")) and len(value) <= VALIDATOR_CAP
        }
        return CommentBatch(
            comments=feed.comments,
            cursor=_cursor({**validators, "newest": newest}),
            posts=feed.posts,
        )

    def fetch_one(self, comment_id: str) -> Comment | None:
        """Raises Unsupported when the feed no longer shows it: that does not make it gone."""
        found = self.fetch_many([comment_id])
        if comment_id not in found:
            raise Unsupported(f"the feed does not show this comment any more; {CANNOT}")
        return found[comment_id]

    def fetch_many(self, comment_ids: Sequence[str]) -> Mapping[str, Comment | None]:
        """Those that the feed shows; of the others nothing is known."""
        if not comment_ids:
            return {}
        wanted = set(comment_ids)
        return {c.id: c for c in self._read().comments if c.id in wanted}

    def hide(self, comment_id: str) -> None:
        """Always raises Unsupported."""
        raise Unsupported(f"{comment_id}: {CANNOT}")

    def restore(self, comment_id: str) -> None:
        """Always raises Unsupported."""
        raise Unsupported(f"{comment_id}: {CANNOT}")

    def delete(self, comment_id: str) -> None:
        """Always raises Unsupported."""
        raise Unsupported(f"{comment_id}: {CANNOT}")

    def _read(self) -> Feed:
        return read_feed(self.page, self._get({}).content, self._connection.now())

    def _get(self, known: Mapping[str, str]) -> requests.Response:
        """200, or 304 where `known` names an ETag or a date. Raises a PlatformError."""
        names = {"etag": "If-None-Match", "modified": "If-Modified-Since"}
        headers = {header: known[name] for name, header in names.items() if known.get(name)}
        try:
            response = self._session.get(self.page.base_url, headers=headers)
        except requests.RequestException as error:
            raise Unreachable(f"the feed did not answer ({type(error).__name__})") from None
        status = response.status_code
        if status == 200 or (status == 304 and headers):
            return response
        refusal = _failure(status, retry_after_seconds(response.headers, self._connection.now()))
        self.budget.of.note(refusal)
        raise refusal


def _failure(status: int, asked: float | None) -> PlatformError:
    said, code = f"the feed's address answers with status {status}", str(status)
    if status == 429 or (status == 503 and asked is not None):
        wait = asked or WAIT_SECONDS
        return RateLimited(said, retry_after_seconds=wait, every_call=True, code=code)
    if status in (401, 403):
        return AuthExpired(f"{said}: only public feeds can be read", code=code)
    if status in (404, 410):
        return BadRequest(f"{said}: there is no feed (any more); register it anew", code=code)
    if status >= 500 or status == 408:
        return Unreachable(said, code=code)
    return BadAnswer(said, code=code)


def _cursor(values: Mapping[str, str]) -> str:
    return json.dumps({"v": 1, **values})


def _read_cursor(cursor: str | None) -> dict[str, str]:
    """Empty for a foreign or broken one."""
    try:
        values = json.loads(cursor or "")
        known = values.pop("v") == 1
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}
    usable = {k: v for k, v in values.items() if isinstance(v, str) and v.isprintable()}
    return usable if known else {}
