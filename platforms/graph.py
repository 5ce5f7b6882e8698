"""Graph API client: facebook-sdk 3.1.0 with what it lacks put around it.

The SDK knows no API version of today, has no time-out, drops headers and the HTTP status, puts
the token in the address (from where it gets into logs) and raises four unrelated kinds of error.
Here the token travels in the Authorization header, every failure is a PlatformError, and each
answer keeps the vendor's text.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import facebook
import requests
from requests.auth import AuthBase

from modbot.budget import READS, WRITES
from modbot.errors import (
    AuthExpired,
    BadAnswer,
    BadRequest,
    CommentGone,
    MissingScope,
    PlatformError,
    RateLimited,
    Unreachable,
    WritesBlocked,
)
from modbot.ports import Connection
from platforms import graph_usage
from platforms.raw_items import raw_items
from platforms.transport import VendorTransport

VERSION = "v26.0"
MULTI_GET_LIMIT = 50
UNUSED_RIGHTS_LAST = timedelta(days=90)  # of an app; quoted from Meta, never seen

_NODE_ID = re.compile(r"[0-9]+(_[0-9]+)*|me")
_TOKEN = re.compile(r"[!-~]+")

# Codes: developers.facebook.com, Graph API error handling and rate limiting.
_RETRY = frozenset({1, 2})
_THROTTLED = frozenset({4, 17, 32, 341, 613, *range(80000, 80015)})
_TOKEN_REFUSED = frozenset({102, 104, 190})
_FORBIDDEN = frozenset({3, 10, 1705, *range(200, 300)})
_UNKNOWN_OBJECT = 803
_ABUSIVE = 368


class TooMuchData(Unreachable):
    """Graph asks for a smaller page; ask again with lower limits."""


class _Bearer(AuthBase):
    """Sets the token as a header, and keeps .netrc out."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


@dataclass(frozen=True, kw_only=True)
class GraphAnswer:
    """A decoded answer with its text as sent and the share of the rate budget spent (0 to 1)."""

    body: Mapping[str, Any]
    text: str
    usage: float | None


class GraphClient:
    """Calls to the Graph API with one token. Raises only PlatformError, with no token in it."""

    def __init__(
        self, connection: Connection, base_url: str = "", *, platform: str = "facebook"
    ) -> None:
        self._token = connection.secrets.get("token", "").strip()
        self._secrets = [self._token, quote(self._token, safe="")] if self._token else []
        self._connection = connection
        self.budget = graph_usage.budget_of(connection, base_url)
        self._transport = VendorTransport(
            platform=platform,
            timeout_seconds=connection.timeout_seconds,
            deadline_seconds=connection.deadline_seconds,
            base_url=base_url,
            gate=graph_usage.gate(self.budget, connection),
            answered=connection.answered,
        )
        self.refuses_id_lists = False  # found out by asking
        self._graph = facebook.GraphAPI(timeout=connection.timeout_seconds)
        self._graph.version = VERSION
        session: requests.Session = self._graph.session
        session.auth = _Bearer(self._token)
        self._transport.carry(session, "https://", "http://")
        if secret := connection.secrets.get("app_secret", "").strip():
            proof = hmac.new(secret.encode(), self._token.encode(), hashlib.sha256).hexdigest()
            session.params = {"appsecret_proof": proof}
            self._secrets += [secret, proof]

    def get(self, node: str, edge: str = "", **params: str) -> GraphAnswer:
        return self._call("GET", _path(node, edge), params)

    def get_many(self, nodes: list[str], fields: str) -> GraphAnswer:
        """Up to MULTI_GET_LIMIT nodes by id; one that is gone fails the call with CommentGone."""
        for node in nodes:
            _path(node)
        return self._call("GET", "", {"ids": ",".join(nodes), "fields": fields})

    def post(self, node: str, *, form: Mapping[str, str] | None = None, **params: str) -> bool:
        """True when the vendor says success."""
        answer = self._call("POST", _path(node), params, form)
        return answer.body.get("success") is True

    def delete(self, node: str) -> bool:
        """True when the vendor says success."""
        return self._call("DELETE", _path(node), {}).body.get("success") is True

    def items(self, text: str, path: tuple[str, ...]) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Each object at `path` with its bytes as sent. Paging links hold the token: in the bytes
        it is replaced by "[token]"."""
        for item, raw in raw_items(text, path):
            yield item, self._without_token(raw)

    def _call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        form: Mapping[str, str] | None = None,
    ) -> GraphAnswer:
        if not _TOKEN.fullmatch(self._token):
            raise AuthExpired("the page has no token, or one with spaces or line breaks in it")
        try:
            return self._called(method, path, params, form)
        except PlatformError as error:
            graph_usage.note(self.budget, error, READS if method == "GET" else WRITES)
            raise

    def _called(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        form: Mapping[str, str] | None,
    ) -> GraphAnswer:
        try:
            body = self._graph.request(
                f"{VERSION}/{path}",
                args=dict(params),
                post_args=dict(form) if form else None,
                method=method,
            )
            return self._checked(body)
        except facebook.GraphAPIError as error:
            raise self._failure(error.result) from None
        except requests.RequestException as error:
            # A body that is not JSON is one of these too.
            if self._transport.last_response is None:
                raise Unreachable(f"Graph did not answer ({type(error).__name__})") from None
            raise self._failure(None) from None
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise self._failure(None) from None

    def _checked(self, body: object) -> GraphAnswer:
        response = self._transport.last_response
        if response is None or not response.ok or not isinstance(body, dict):
            raise self._failure(body)
        if "json" not in response.headers.get("content-type", ""):
            raise self._failure(None)
        return GraphAnswer(
            body=body,
            text=response.content.decode("utf-8"),
            usage=graph_usage.usage(response.headers),
        )

    def _failure(self, body: object) -> PlatformError:
        """What an answer that is no success means."""
        response = self._transport.last_response
        status = response.status_code if response is not None else 0
        headers: Mapping[str, str] = response.headers if response is not None else {}
        error = body.get("error") if isinstance(body, dict) else None
        if isinstance(error, dict) and isinstance(error.get("code"), int):
            wait = graph_usage.wait_seconds(headers, self._connection.now())
            return _refusal(error, self._said(error), wait)
        if status >= 500:
            return Unreachable(f"Graph failed with status {status}")
        if status == 429:
            wait = graph_usage.wait_seconds(headers, self._connection.now())
            said = "Graph asks us to wait"
            return RateLimited(said, retry_after_seconds=wait, every_call=True, code="429")
        return BadAnswer(f"Graph's answer could not be read (status {status})")

    def _said(self, error: Mapping[str, Any]) -> str:
        said = error.get("message")
        text = said if isinstance(said, str) else ""
        for secret in self._secrets:
            text = text.replace(secret, "[token]")
        return text[:200]

    def _without_token(self, raw: bytes) -> bytes:
        for secret in self._secrets:
            raw = raw.replace(secret.encode(), b"[token]")
        return raw


def _path(node: str, edge: str = "") -> str:
    if not _NODE_ID.fullmatch(node):
        raise BadRequest("not an id of the Graph API")
    return f"{node}/{edge}" if edge else node


def _refusal(error: Mapping[str, Any], said: str, wait: float) -> PlatformError:
    number, subcode = error["code"], error.get("error_subcode")
    code = f"{number}/{subcode}" if isinstance(subcode, int) else str(number)
    text = f"Graph code {code}: {said}"
    if number == 1 and "reduce the amount of data" in said.lower():
        return TooMuchData(text, code=code)
    if number in _THROTTLED:
        return RateLimited(text, retry_after_seconds=wait, every_call=True, code=code)
    if number in _TOKEN_REFUSED:
        return AuthExpired(text, code=code)
    if number in _FORBIDDEN:
        return MissingScope(text, code=code)
    if number == _UNKNOWN_OBJECT or (number == 100 and subcode == 33):
        return CommentGone(text, code=code)
    if number == _ABUSIVE:
        return WritesBlocked(text, code=code)
    if number in _RETRY or error.get("is_transient") is True:
        return Unreachable(text, code=code)
    if number in (100, 2500):
        return BadRequest(text, code=code)
    return BadAnswer(text, code=code)
