"""One `requests` adapter for all vendor clients: time-outs, deadline, size cap, stand-in address.

facebook-sdk, tweepy and plain `requests` have no time-out of their own that covers a whole call
(theirs is per chunk), follow redirects and read bodies of any size. Mounted on a client's session
for the vendor's address, this adapter bounds all of it, and keeps tokens out of error texts.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter

from modbot.errors import BadAnswer, Unreachable

BODY_CAP_BYTES = 10 * 1024 * 1024


class VendorTransport(HTTPAdapter):
    """Sends to the vendor, or to `base_url` in its place; reads the whole body within bounds.

    Raises Unreachable (no connection, time-out, deadline) and BadAnswer (redirect, body over the
    cap) instead of the errors of `requests`, whose texts hold the address and so the token.
    """

    def __init__(self, *, timeout_seconds: float, deadline_seconds: float, base_url: str = ""):
        super().__init__()
        self.timeout_seconds = timeout_seconds
        self.deadline_seconds = deadline_seconds
        self.base_url = base_url.rstrip("/")
        self.last_response: requests.Response | None = None  # headers and status for the caller

    def send(self, request: requests.PreparedRequest, *_: Any, **kwargs: Any) -> requests.Response:
        host = urlsplit(request.url or "").hostname
        if self.base_url:
            request.url = self._redirected(request.url or "")
        self.last_response = None
        started = time.monotonic()
        kwargs.update(stream=True, timeout=self.timeout_seconds)
        kwargs.pop("proxies", None)
        try:
            response = super().send(request, proxies={}, **kwargs)
            self._read_body(response, started)
        except (requests.RequestException, OSError) as error:
            raise Unreachable(f"{host} did not answer ({type(error).__name__})") from None
        if response.is_redirect:
            raise BadAnswer(f"{host} redirects (status {response.status_code}); not followed")
        self.last_response = response
        return response

    def _redirected(self, url: str) -> str:
        base, old = urlsplit(self.base_url), urlsplit(url)
        return urlunsplit((base.scheme, base.netloc, base.path + old.path, old.query, ""))

    def _read_body(self, response: requests.Response, started: float) -> None:
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_content(65536):
            size += len(chunk)
            if size > BODY_CAP_BYTES:
                response.close()
                raise BadAnswer(f"answer larger than {BODY_CAP_BYTES // 1024 // 1024} MB")
            if time.monotonic() - started > self.deadline_seconds:
                response.close()
                raise Unreachable(f"no whole answer within {self.deadline_seconds:.0f} s")
            chunks.append(chunk)
        response._content = b"".join(chunks)
        response._content_consumed = True  # type: ignore[attr-defined]
