"""Every request of every adapter in any test, compared with the description of the vendor's API.

It watches the transport that all adapters send through, so that it sees what the vendors' own
client libraries made of a call, whoever answers it: a stand-in, a scripted server or a real
WordPress.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import requests

from platforms.sandbox.deviations import Deviation, deviations
from platforms.sandbox.faults import Request

TRANSPORT_ITSELF = ""  # the platform of a transport that a test of the transport makes


class RequestRecorder:
    """Counts the requests by platform and keeps what deviates."""

    def __init__(self) -> None:
        self.checked: Counter[str] = Counter()
        self.deviations: list[Deviation] = []

    def __call__(self, platform: str, prepared: requests.PreparedRequest) -> None:
        if platform == TRANSPORT_ITSELF:
            return
        self.checked[platform] += 1
        request, host = _as_request(prepared)
        self.deviations += deviations(platform, request, host)

    @contextmanager
    def expecting(self) -> Iterator[list[Deviation]]:
        """What deviates in the block is wanted, and in the list when it ends."""
        before = len(self.deviations)
        found: list[Deviation] = []
        yield found
        found += self.deviations[before:]
        del self.deviations[before:]


RECORDER = RequestRecorder()


def _as_request(prepared: requests.PreparedRequest) -> tuple[Request, str]:
    """The request as a stand-in would see it, and the vendor's host."""
    split = urlsplit(prepared.url or "")
    body = prepared.body or b""
    request = Request(
        method=prepared.method or "",
        path=split.path,
        query=parse_qs(split.query, keep_blank_values=True),
        headers={
            name.lower(): value if isinstance(value, str) else value.decode("latin-1")
            for name, value in prepared.headers.items()
        },
        body=body.encode() if isinstance(body, str) else body,
    )
    return request, split.hostname or ""


def summary(checked: Counter[str], found: int) -> str:
    """The line at the end of a test run."""
    each = ", ".join(f"{name} {count}" for name, count in sorted(checked.items()))
    return f"requests checked: {checked.total()}, deviations: {found} ({each or 'no adapter ran'})"
