"""Calls to YouTube: google-api-python-client over our bounded transport, tokens, units, errors.

The client builds and checks each request from the API description that comes with its package; no
description is fetched. Error reasons: developers.google.com/youtube/v3/docs/errors.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import httplib2
import requests
from googleapiclient import discovery_cache
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import Error as ClientError

from modbot.budget import PageBudget
from modbot.domain import Page
from modbot.errors import (
    AuthExpired,
    BadAnswer,
    BadRequest,
    CommentGone,
    MissingScope,
    PlatformError,
    RateLimited,
    Unreachable,
    Unsupported,
)
from modbot.ports import Connection
from platforms.gate import Gate, retry_after_seconds
from platforms.transport import VendorTransport
from platforms.youtube_units import TOKEN_HOST, UNITS, UnitPrices, budget_of

API_HOST = "https://youtube.googleapis.com"  # from the API description
TOKEN_URL = f"https://{TOKEN_HOST}/token"
SCOPE = "https://www.googleapis.com/auth/youtube.force-ssl"
KEYS = ("client_id", "client_secret", "refresh_token")
RENEW_BEFORE = timedelta(minutes=2)
WAIT_SECONDS = 60.0
INVALID_TOKEN_OF_PAGE = "invalidPageToken"
NEW_TOKEN = (
    "make a new refresh token as the channel's account. Tokens of a consent screen that is still"
    " in Testing end after 7 days"
)
# What a body that is not as promised makes of json, the client or our reading.
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)

_SPENT = ("quotaExceeded", "dailyLimitExceeded")
_TOO_FAST = ("rateLimitExceeded", "userRateLimitExceeded")
_ERRORS: Mapping[str, tuple[type[PlatformError], str]] = {
    "commentNotFound": (CommentGone, "the comment is no longer there"),
    "commentThreadNotFound": (CommentGone, "the thread is no longer there"),
    "parentCommentNotFound": (CommentGone, "the thread is no longer there"),
    "channelNotFound": (BadRequest, "no such channel; register the page with its id (UC...)"),
    "videoNotFound": (BadRequest, "no such video"),
    "commentsDisabled": (Unsupported, "comments are switched off there"),
    "operationNotSupported": (Unsupported, "YouTube lets nobody moderate this comment"),
    "processingFailure": (Unreachable, "YouTube could not process the call"),
    "invalidCommentMetadata": (BadRequest, "YouTube says that the call is malformed"),
    "banWithoutReject": (BadRequest, "a ban was asked for without a rejection"),
    "forbidden": (MissingScope, "the token's account may not moderate this channel"),
    "insufficientPermissions": (MissingScope, f"make a refresh token with the scope {SCOPE}"),
    "accessNotConfigured": (MissingScope, "switch YouTube Data API v3 on in the Google project"),
}


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A success answer as sent."""

    status: int
    content: bytes

    @property
    def text(self) -> str:
        """Raises BadAnswer when it is not UTF-8."""
        try:
            return self.content.decode()
        except UnicodeDecodeError:
            raise BadAnswer("YouTube's answer is not UTF-8") from None


class YouTubeClient:
    """YouTube's API as one account. Calls are charged to the project's budget before they go."""

    def __init__(self, page: Page, connection: Connection):
        secrets = connection.secrets
        if missing := [key for key in KEYS if not secrets.get(key)]:
            raise AuthExpired(f"the token file lacks {', '.join(missing)}; it needs all of {KEYS}")
        self.budget = budget_of(page, connection)
        self._http = _BoundedHttp(page, connection, self.budget)
        self.api: Any = build_from_document(_description(), http=self._http)

    def call(self, request: Any) -> Reply:
        """Sends a request of `self.api`. Raises a PlatformError for anything but success."""
        try:
            with self.budget.noting():
                request.execute(num_retries=0)
        except (ClientError, *UNREADABLE) as error:
            kind = type(error).__name__
            raise BadAnswer(f"YouTube's answer cannot be read ({kind})") from None
        return self._http.last

    def request(self, method: Callable[..., Any], **parameters: object) -> Any:
        """A request object. Raises BadRequest when the API description does not allow it."""
        try:
            return method(**parameters)
        except (TypeError, ValueError) as error:
            raise BadRequest(f"not a call of YouTube's API ({type(error).__name__})") from None


@cache
def _description() -> dict[str, Any]:
    text = discovery_cache.get_static_doc("youtube", "v3")
    return dict(json.loads(text))


class _BoundedHttp:
    """What googleapiclient takes for an httplib2.Http."""

    def __init__(self, page: Page, connection: Connection, budget: PageBudget):
        self.last = Reply(status=0, content=b"")
        self._connection = connection
        self._budget = budget
        self._session = requests.Session()
        transport = VendorTransport(
            platform="youtube",
            timeout_seconds=connection.timeout_seconds,
            deadline_seconds=connection.deadline_seconds,
            base_url=page.base_url,
            gate=Gate(budget, connection.now, prices=UnitPrices()),
            answered=connection.answered,
        )
        transport.carry(self._session, "https://")
        self._token = ""
        self._token_ends: datetime | None = None

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> tuple[httplib2.Response, bytes]:
        """httplib2's signature. Raises a PlatformError for every status but 2xx."""
        response = self._send(uri, method, body, headers)
        if response.status_code == 401:  # withdrawn before its time: once more with a new one
            self._token = ""
            response = self._send(uri, method, body, headers)
        if not 200 <= response.status_code < 300:
            raise self._failure(response)
        self.last = Reply(status=response.status_code, content=response.content)
        shown = {**{k.lower(): v for k, v in response.headers.items()}}
        return httplib2.Response({**shown, "status": str(response.status_code)}), response.content

    def close(self) -> None:
        self._session.close()

    def _send(
        self, uri: str, method: str, body: Any, headers: Mapping[str, str] | None
    ) -> requests.Response:
        allowed = {"accept", "content-type", "user-agent", "x-goog-api-client"}
        sent = {k: v for k, v in (headers or {}).items() if k.lower() in allowed}
        sent["Authorization"] = f"Bearer {self._access_token()}"
        return self._session.request(method, uri, data=body, headers=sent)

    def _access_token(self) -> str:
        now = self._connection.now()
        if not self._token or self._token_ends is None or now >= self._token_ends - RENEW_BEFORE:
            self._token, lives = self._renewed()
            self._token_ends = now + timedelta(seconds=lives)
        return self._token

    def _renewed(self) -> tuple[str, float]:
        """A new access token and its life in seconds (RFC 6749, sections 5 and 6)."""
        form = {key: self._connection.secrets[key] for key in KEYS}
        response = self._session.post(TOKEN_URL, data={**form, "grant_type": "refresh_token"})
        if response.status_code in (400, 401):
            code = _word(_object(response.content).get("error"))
            raise AuthExpired(f"Google refuses the refresh token ({code}): {NEW_TOKEN}", code=code)
        if response.status_code != 200:
            raise self._failure(response)
        answer = _object(response.content)
        token, lives = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(lives, int | float):
            raise BadAnswer("Google sent no access token")
        scope = answer.get("scope")
        if isinstance(scope, str) and SCOPE not in scope.split():
            raise MissingScope(_ERRORS["insufficientPermissions"][1])
        return token, min(max(float(lives), 0.0), 24 * 3600.0)

    def _failure(self, response: requests.Response) -> PlatformError:
        status, reason = response.status_code, _reason(response.content)
        code = f"{status}/{reason}" if reason else str(status)
        if reason in _SPENT:
            return self._budget.of.exhaust(UNITS, code)
        if reason in _TOO_FAST or status == 429:
            asked = retry_after_seconds(response.headers, self._connection.now())
            return RateLimited(
                "YouTube: too many calls at once",
                retry_after_seconds=asked or WAIT_SECONDS,
                every_call=True,
                code=code,
            )
        if reason in _ERRORS:
            kind, advice = _ERRORS[reason]
            return kind(f"YouTube: {advice}", code=code)
        if status >= 500 or status == 408:
            return Unreachable(f"YouTube: status {status}", code=code)
        if status == 401:
            return AuthExpired(f"YouTube refuses the token: {NEW_TOKEN}", code=code)
        kinds: dict[int, type[PlatformError]] = {403: MissingScope, 404: CommentGone}
        return kinds.get(status, BadRequest)(f"YouTube: {code}", code=code)


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _reason(content: bytes) -> str:
    """The vendor's word for an error: error.errors[0].reason."""
    error = _object(content).get("error")
    listed = error.get("errors") if isinstance(error, dict) else None
    first = listed[0] if isinstance(listed, list) and listed else None
    return _word(first.get("reason")) if isinstance(first, dict) else ""


def _word(value: object) -> str:
    """`value` when it is a plain word that may be shown."""
    return value if isinstance(value, str) and value.isidentifier() and len(value) < 60 else ""


def chunks(ids: Iterable[str], *, most: int = 50, characters: int = 1700) -> list[list[str]]:
    """Ids in groups of at most `most`, short enough for the address of a GET: past 2,048
    characters the client would turn it into a POST."""
    groups: list[list[str]] = []
    length = 0
    for one in ids:
        length += len(one) + 4
        if not groups or len(groups[-1]) >= most or length > characters:
            groups.append([])
            length = len(one) + 4
        groups[-1].append(one)
    return groups
