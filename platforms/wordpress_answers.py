"""Reads WordPress's answers: what an error means, whether types are right, what HTML says."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import requests

from modbot.errors import (
    AuthExpired,
    BadAnswer,
    BadRequest,
    CommentGone,
    MissingScope,
    PlatformError,
    RateLimited,
    Unreachable,
)
from platforms.gate import retry_after_seconds

WAIT_SECONDS = 60.0  # when a host says 429 and not how long
UNKNOWN_TIME = datetime.fromtimestamp(0, UTC)  # an imported comment may have no date
GONE = ("rest_comment_invalid_id", "rest_post_invalid_id")  # the comment, or the post above it

T = TypeVar("T")


def valid_json(response: requests.Response) -> str:
    """The body, when it is JSON in UTF-8. Raises BadAnswer."""
    try:
        text = response.content.decode("utf-8-sig")
        json.loads(text)
    except (ValueError, RecursionError):
        kind = response.headers.get("Content-Type", "no content type")[:40]
        raise BadAnswer(f"the site sent no readable JSON ({kind})") from None
    return text


def decoded(text: str) -> dict[str, Any]:
    """A JSON object. Raises BadAnswer."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise BadAnswer("a JSON object was due")
    return value


def field(item: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """item[name], when it is of `kind`. Raises BadAnswer."""
    value = item.get(name)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise BadAnswer(f"{name} is {type(value).__name__}, not {kind.__name__}")
    return value


def utc(value: str) -> datetime:
    """A `..._gmt` time, which WordPress writes without a zone. Raises BadAnswer."""
    if value.startswith(("-", "0000")):
        return UNKNOWN_TIME
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadAnswer("a time is unreadable") from None


def error_of(response: requests.Response, now: datetime) -> PlatformError:
    """What a refusal means. 403 and 404 are WordPress's own only when they hold its error code:
    hosts and security plug-ins send pages of their own."""
    status, code = response.status_code, _error_code(response)
    said = f"status {status} {code}".rstrip()
    wait_seconds = retry_after_seconds(response.headers, now)
    if code in GONE:
        return CommentGone(said, code=code)
    if status == 401:
        return AuthExpired(f"the site refused the application password ({said})", code=code)
    if status == 403 and code:
        return MissingScope(f"the account may not do this; make it an editor ({said})", code=code)
    if status == 429 or (status == 503 and wait_seconds is not None):
        wait = wait_seconds or WAIT_SECONDS
        return RateLimited(said, retry_after_seconds=wait, every_call=True, code=code)
    if status >= 500:
        return Unreachable(said, code=code)
    if code:
        return BadRequest(said, code=code)
    return BadAnswer(f"no WordPress REST API answers at this address ({said})")


def _error_code(response: requests.Response) -> str:
    try:
        code = field(decoded(valid_json(response)), "code", str)
    except BadAnswer:
        return ""
    return code if re.fullmatch(r"[a-z0-9_-]{1,60}", code) else ""


def visible_text(markup: str) -> str:
    """What a reader sees of `markup`, with the address before each link: &amp; and tags are
    WordPress's, and `f<i></i>oo` must read as foo. Text without either is left byte for byte.

    In linear time, which html.parser is not: strangers write this. What is no whole tag is text.
    """
    parts: list[str] = []
    unseen = ""  # inside <script> or <style>
    at = 0
    for tag in _TAG.finditer(markup):
        if not unseen:
            parts.append(_unescaped(markup[at : tag.start()]))
            parts.append(_instead_of(tag))
        at = tag.end()
        name, closes = (tag["name"] or "").lower(), bool(tag["slash"])
        if unseen:
            unseen = "" if closes and name == unseen else unseen
        elif name in _UNSEEN and not closes:
            unseen = name
    if not unseen:
        parts.append(_unescaped(markup[at:]))
    return "".join(parts)


_TAG = re.compile(r"<(?P<slash>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*+)(?P<rest>[^<>]*+)>|<[!?][^<>]*+>")
_HREF = re.compile(
    r"""(?<![\w-])href\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"']++))""", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});?")
_BREAKS = frozenset(("br", "p", "div", "li", "tr", "blockquote", "h1", "h2", "h3", "h4", "pre"))
_UNSEEN = frozenset(("script", "style"))


def _instead_of(tag: re.Match[str]) -> str:
    name = (tag["name"] or "").lower()
    if name in _BREAKS and not tag["slash"]:
        return "\n"
    if name == "a" and (found := _HREF.search(tag["rest"])):
        return f"[{_unescaped(found[1] or found[2] or found[3] or '')}] "
    return ""


def _unescaped(text: str) -> str:
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
