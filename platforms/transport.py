"""One `requests` adapter for all vendor clients: time-outs, deadline, size cap, stand-in address.

facebook-sdk, tweepy and plain `requests` have no time-out of their own that covers a whole call
(theirs is per chunk), follow redirects and read bodies of any size. Mounted on a client's session
for the vendor's address, this adapter bounds all of it, and keeps tokens out of error texts.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from modbot.errors import BadAnswer, BadRequest, Unreachable
from modbot.ports import seconds_for_calls
from platforms.deadline import Deadline, HttpPool, HttpsPool
from platforms.gate import Gate

BODY_CAP_BYTES = 10 * 1024 * 1024
NESTING_CAP = 100  # no vendor's answer has a tenth of it
_CHUNK_BYTES = 65536
_ANSWERS_KEPT = 4  # a thread; an adapter uses two transports at most


Watcher = Callable[[str, requests.PreparedRequest], object]


class VendorTransport(HTTPAdapter):
    """Sends to the vendor, or to `base_url` in its place; reads the whole body within bounds.

    Raises Unreachable (no connection, time-out, deadline), BadAnswer (redirect, body over the cap,
    nested too deep or not in UTF-8) and BadRequest (plain http to another machine) instead of the
    errors of `requests`, whose texts hold the address and so the token.

    `gate` is asked before each call, whether the budget lets it through, and told of each answer.
    `answered` is told of each call's platform and status; 0: no answer that can be used.
    `watchers` see every request before it leaves, as the vendor would get it, with the platform
    that it is for; the tests compare it with the vendor's description.
    """

    watchers: ClassVar[list[Watcher]] = []

    def __init__(
        self,
        *,
        platform: str,
        timeout_seconds: float,
        deadline_seconds: float,
        base_url: str = "",
        gate: Gate | None = None,
        answered: Callable[[str, int], object] | None = None,
    ):
        super().__init__()
        self.platform = platform
        self.timeout_seconds = timeout_seconds
        self.deadline_seconds = deadline_seconds
        self.base_url = base_url.rstrip("/")
        self._gate = gate
        self._answered = answered

    def carry(self, session: requests.Session, *addresses: str) -> None:
        """Carries the session's calls to addresses that begin so."""
        # A .netrc would take the place of the token, a proxy would see it; and reading the
        # environment anew for each call takes longer than the call. Whose certificates are good
        # is for whoever runs this to say: a school's firewall may put its own in their place.
        session.trust_env = False
        session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or session.verify
        for address in addresses:
            session.mount(address, self)

    @property
    def last_response(self) -> requests.Response | None:
        """The last answer to this thread, with the headers and status that clients drop. Kept until
        the thread has used some other transports."""
        return _last.answers.get(self)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        pools = {"http": HttpPool, "https": HttpsPool}
        self.poolmanager.pool_classes_by_scheme = pools

    def send(self, request: requests.PreparedRequest, *_: Any, **kwargs: Any) -> requests.Response:
        _last.answers.pop(self, None)
        if seconds_for_calls() <= 0:
            host = urlsplit(request.url or "").hostname
            raise Unreachable(f"{host} answers too slowly: the time for this round is over")
        if self._gate is None:
            return self._told(request, **kwargs)
        receipt, response = self._gate.before(request), None
        try:
            response = self._told(request, **kwargs)
        finally:
            self._gate.after(request, response, receipt)
        return response

    def _told(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        status = 0
        try:
            response = self._exchange(request, **kwargs)
            status = response.status_code
        finally:
            if self._answered is not None:
                self._answered(self.platform, status)
        return response

    def _exchange(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        host = urlsplit(request.url or "").hostname
        for watch in self.watchers:
            watch(self.platform, request)
        if self.base_url:
            request.url = self._redirected(request.url or "")
        _refuse_clear_text(request.url or "")
        kwargs.update(stream=True, timeout=self.timeout_seconds, proxies={})
        seconds = max(0.001, min(self.deadline_seconds, seconds_for_calls()))
        with Deadline(seconds) as deadline:
            try:
                response = super().send(request, **kwargs)
                _read_body(response)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                kind = "deadline" if deadline.passed else type(error).__name__
                raise Unreachable(f"{host} did not answer ({kind})") from None
            except ValueError as error:
                # A header that cannot be sent; the text of the error would show it.
                raise BadRequest(f"not a request for {host} ({type(error).__name__})") from None
        if deadline.passed:  # a body without a length looks whole when it is cut off
            raise Unreachable(f"{host} gave no whole answer within {seconds:.3g} s")
        if response.is_redirect:
            raise BadAnswer(f"{host} redirects (status {response.status_code}); not followed")
        _last.keep(self, response)
        return response

    def _redirected(self, url: str) -> str:
        base, old = urlsplit(self.base_url), urlsplit(url)
        return urlunsplit((base.scheme, base.netloc, base.path + old.path, old.query, ""))


def _refuse_clear_text(url: str) -> None:
    """Tokens leave this machine only encrypted."""
    split = urlsplit(url)
    if split.scheme != "https" and not is_loopback(split.hostname or ""):
        raise BadRequest(f"{split.hostname} is asked over plain http; use its https address")


def is_loopback(host: str) -> bool:
    """Is the host this machine?"""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _read_body(response: requests.Response) -> None:
    chunks: list[bytes] = []
    size = 0
    for chunk in response.iter_content(_CHUNK_BYTES):
        size += len(chunk)
        if size > BODY_CAP_BYTES:
            response.close()
            raise BadAnswer(f"answer larger than {BODY_CAP_BYTES // 1024 // 1024} MB")
        chunks.append(chunk)
    body = b"".join(chunks)
    if not _is_markup(body):
        if b"\0" in body:  # brackets are looked for byte by byte, as only UTF-8 lets us
            raise BadAnswer("answer in another encoding than UTF-8")
        response.encoding = "utf-8"
        _refuse_deep_json(body)
    response._content = body
    response._content_consumed = True  # type: ignore[attr-defined]


# A string that never ends is one as well: so the pattern never looks at a byte twice.
_BRACKET_OR_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+|[\[\]{}]', re.DOTALL)
_MARKS_AND_SPACES = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"
_DEEPER = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}


def _refuse_deep_json(body: bytes) -> None:
    """Python's json uses up the interpreter's stack on such a body, so that whatever else comes to
    run there fails as well, the closing of files and connections among it."""
    if body.count(b"[") + body.count(b"{") <= NESTING_CAP:
        return
    depth = 0
    for found in _BRACKET_OR_STRING.finditer(body):
        depth += _DEEPER.get(found[0], 0)
        if depth > NESTING_CAP:
            raise BadAnswer(f"answer nested deeper than {NESTING_CAP} levels")


def _is_markup(body: bytes) -> bool:
    """A feed or a web page, in which a bracket is a letter like others."""
    return body.lstrip(_MARKS_AND_SPACES).startswith(b"<")


class _Last(threading.local):
    """The last answers to a thread, of the few transports that it used last. One for each of a
    thousand pages and eight threads would be some hundred megabytes of bodies."""

    def __init__(self) -> None:
        self.answers: dict[VendorTransport, requests.Response] = {}

    def keep(self, transport: VendorTransport, response: requests.Response) -> None:
        self.answers[transport] = response
        while len(self.answers) > _ANSWERS_KEPT:
            del self.answers[next(iter(self.answers))]


_last = _Last()
