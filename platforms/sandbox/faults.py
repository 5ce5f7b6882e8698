"""Bad answers and rate limits that a test orders from the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True)
class Request:
    """An HTTP request as the stand-ins see it."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str] = field(repr=False)  # names in lower case
    body: bytes = field(default=b"", repr=False)
    undescribed: str = ""  # what of it the vendor's API does not take; empty: it takes all


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a stand-in answers."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A spoilt answer. `match`: a part of the path, or a test of the request; "": any request.

    kind: html | empty | truncated | wrong_type | reset | slow | cut | wrong_length | huge | bomb |
    repeated | status. "status" sends `status`, `headers` and `body`; the others spoil the real
    answer, or `body` where one is given (platforms.sandbox.spoiling).
    """

    kind: str
    platform: str = ""  # "": any
    match: str | Callable[[Request], bool] = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    times: int = 1
    applied: bool = False  # the call takes effect, only its answer is spoilt
    delay_seconds: float = 1.0  # "slow": between two bytes


class Faults:
    """The faults still to come, first in first out."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Fault, int]] = []

    def push(self, fault: Fault) -> None:
        self._waiting.append((fault, fault.times))

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, platform: str, request: Request) -> Fault | None:
        """The first fault that fits the request, used up by one."""
        for index, (fault, left) in enumerate(self._waiting):
            if fault.platform in ("", platform) and _fits(fault, request):
                if left > 1:
                    self._waiting[index] = (fault, left - 1)
                else:
                    del self._waiting[index]
                return fault
        return None


def _fits(fault: Fault, request: Request) -> bool:
    if isinstance(fault.match, str):
        return fault.match in request.path
    return fault.match(request)


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """So many calls in a window of the world's clock."""

    calls: int
    window_seconds: float


@dataclass(frozen=True, kw_only=True)
class RateState:
    """Where a caller stands after a call."""

    limit: int
    used: int
    reset_at: datetime

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def exceeded(self) -> bool:
        return self.used > self.limit


class RateMeter:
    """Counts calls in windows that begin with the first call."""

    def __init__(self) -> None:
        self._windows: dict[str, tuple[datetime, int]] = {}

    def spend(self, key: str, limit: RateLimit, now: datetime) -> RateState:
        """Counts one call of `key`; refused calls count too, as with the vendors."""
        window = timedelta(seconds=limit.window_seconds)
        start, used = self._windows.get(key, (now, 0))
        if now >= start + window:
            start, used = now, 0
        self._windows[key] = (start, used + 1)
        return RateState(limit=limit.calls, used=used + 1, reset_at=start + window)
