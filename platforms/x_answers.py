"""What X's answers say: posts, problems and errors, typed and checked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

from modbot.budget import WRITES
from modbot.errors import (
    AuthExpired,
    BadAnswer,
    BadRequest,
    CommentGone,
    MissingScope,
    PlatformError,
    QuotaSpent,
    RateLimited,
    Unreachable,
    Unsupported,
)
from platforms.gate import DAY_SECONDS, retry_after_seconds
from platforms.raw_items import raw_items

X_ID = re.compile(r"[0-9]{1,19}")
_KIND = re.compile(r"[a-z-]{1,60}")
RATE_WINDOW_SECONDS = 15 * 60.0
# Kinds of problem, the last part of their type: the post is not there, or not for us ...
GONE = ("resource-not-found", "not-authorized-for-resource", "disallowed-resource")
_LATER = ("internal-error", "resource-unavailable", "field-hydration-failure")  # ... or not now
# Whatever a body that is not what the API promises can lead to.
_UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    RecursionError,
    OverflowError,  # a time that in UTC lies outside the years 1 to 9999
)
_SPENT = ("usage-capped", "credits", "credits-depleted", "spend-cap-reached")


@dataclass(frozen=True, kw_only=True)
class XPost:
    """One post of X's, of the account or of anybody else."""

    id: str
    text: str
    author_id: str
    conversation_id: str
    created_at: datetime
    replied_to: str | None
    answers: str  # the account that it replies to; empty: none, or not told
    raw: bytes


@dataclass(frozen=True, kw_only=True)
class XAnswer:
    """A success answer: its items, its `data` if that is an object, and what goes with them."""

    items: tuple[XPost, ...]
    data: Mapping[str, object]
    problems: tuple[Mapping[str, object], ...]
    next_token: str | None
    usage: float | None
    is_listing: bool  # holds what every listing holds, be it empty


def failure(
    response: requests.Response, now: datetime, lane: str, secrets: Iterable[str] = ()
) -> PlatformError:
    """What an error status means, with X's own title for it, in which no secret is left. X's limits
    are those of one kind of call: hides go on while a listing has to wait."""
    problem = _problem(response)
    kind, status = problem_kind(problem), response.status_code
    title = str(problem.get("title") or response.reason)
    for secret in secrets:
        title = title.replace(secret, "[token]")
    text = f"X: {status} {title[:100]}"
    code = f"{status}/{kind}" if kind else str(status)
    if status == 402 or (status in (403, 429) and kind in _SPENT):
        return QuotaSpent(text, code=code)
    if status == 429:
        wait = _wait_seconds(response.headers, now)
        reads_only = lane != WRITES
        return RateLimited(text, retry_after_seconds=wait, reads_only=reads_only, code=code)
    if status >= 500 or status == 408:
        return Unreachable(text, code=code)
    if status == 403 and kind == "not-authorized-for-resource":
        return Unsupported(text, code=code)
    kinds = {401: AuthExpired, 403: MissingScope, 404: CommentGone}
    return kinds.get(status, BadRequest)(text, code=code)


def _problem(response: requests.Response) -> Mapping[str, object]:
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def problem_kind(problem: Mapping[str, object]) -> str:
    """The last part of a problem's type: "resource-not-found"; "" for about:blank."""
    _, _, kind = str(problem.get("type") or "").partition("/problems/")
    return kind if _KIND.fullmatch(kind) else ""


def _wait_seconds(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds until X's reset time, or as Retry-After asks if that is longer; a whole window when
    it names neither. A reset time is of a window, a day at most."""
    asked = retry_after_seconds(headers, now)
    try:
        wait = int(headers["x-rate-limit-reset"]) - now.timestamp()
    except (KeyError, ValueError, OverflowError):
        return asked or RATE_WINDOW_SECONDS
    return max(min(wait, DAY_SECONDS), asked or 1.0)


def read_answer(response: requests.Response) -> XAnswer:
    """Raises BadAnswer unless the body is what the API promises."""
    try:
        text = response.content.decode()
        body = json.loads(text)
        data = body.get("data")
        if not isinstance(data, list | dict | None):
            raise TypeError("data is neither a list nor an object")
        problems, meta = body.get("errors") or [], body.get("meta") or {}
        token = meta.get("next_token")
        found = list(raw_items(text, ("data", "*"))) if isinstance(data, list) else []
        if len(found) != (len(data) if isinstance(data, list) else 0):
            raise ValueError("an item is not an object")
        return XAnswer(
            items=tuple(_item(values, raw) for values, raw in found),
            data=data if isinstance(data, dict) else {},
            problems=tuple(p for p in problems if isinstance(p, dict)),
            next_token=token if isinstance(token, str) and token else None,
            usage=_usage(response.headers),
            is_listing=data is not None or bool(meta),
        )
    except _UNREADABLE as error:
        raise BadAnswer(f"X's answer cannot be read ({type(error).__name__})") from None


def _item(values: Mapping[str, Any], raw: bytes) -> XPost:
    """Raises KeyError, TypeError or ValueError when a field is missing or of a wrong type."""
    texts = {name: values[name] for name in ("id", "author_id", "conversation_id", "text")}
    if "note_tweet" in values:
        texts["text"] = values["note_tweet"]["text"]
    if not all(isinstance(t, str) for t in texts.values()):
        raise TypeError("a field is no text")
    texts["text"] = _unescaped(texts["text"])
    if not X_ID.fullmatch(texts["id"]) or not X_ID.fullmatch(texts["conversation_id"]):
        raise ValueError("an id is no number")
    created_at = datetime.fromisoformat(values["created_at"])
    if created_at.tzinfo is None:
        raise ValueError("a time without a zone")
    references = values.get("referenced_tweets") or []
    replied_to = [str(r["id"]) for r in references if r["type"] == "replied_to"]
    return XPost(
        **texts,
        created_at=created_at.astimezone(UTC),
        replied_to=replied_to[0] if replied_to else None,
        answers=str(values.get("in_reply_to_user_id") or ""),
        raw=raw,
    )


def _unescaped(text: str) -> str:
    """The text as written: X sends & < > as HTML entities, and these only."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def refuse_incomplete(answer: XAnswer) -> None:
    """Raises BadAnswer when X could not load some of a listing just now, and BadRequest when the
    account whose listing it is is gone (X says so with status 200)."""
    for problem in answer.problems:
        kind = problem_kind(problem)
        if kind in _LATER:
            raise BadAnswer(f"X's listing is incomplete ({kind})")
        if kind in GONE and problem.get("resource_type") == "user":
            raise BadRequest("X knows no such account, or has suspended it", code=kind)
    if not answer.is_listing:
        raise BadAnswer("X sent something else than a listing")


def _usage(headers: Mapping[str, str]) -> float | None:
    """0 to 1. None: the headers say nothing that can be understood."""
    try:
        left = int(headers["x-rate-limit-remaining"]) / int(headers["x-rate-limit-limit"])
    except (KeyError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return min(1.0, max(0.0, 1 - left))
