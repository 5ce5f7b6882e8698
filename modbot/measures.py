"""What the service measures of itself while it runs: how long, how often, and what failed."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

POLL_BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)  # seconds
_STATUSES, _ANY = frozenset(HTTPStatus), range(100, 1000)
JUDGING_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


@dataclass
class Durations:
    """How many took at most how long."""

    bounds: Sequence[float]  # upper ends in seconds; what is longer is counted after the last
    counts: list[int] = field(default_factory=list)
    sum: float = 0.0

    def __post_init__(self) -> None:
        self.counts = self.counts or [0] * (len(self.bounds) + 1)

    def add(self, seconds: float) -> None:
        """Counts one."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.sum += seconds


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The figures at one moment, since the process started."""

    polls: Mapping[str, Durations]  # by platform
    poll_failures: Mapping[tuple[str, str], int]  # by platform and kind of error
    requests: Mapping[tuple[str, str], int]  # by platform and status of the answer
    judging: Durations  # of whole batches
    judged: int  # comments


class Measures:
    """Takes down measurements from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._polls: dict[str, Durations] = {}
        self._failures: Counter[tuple[str, str]] = Counter()
        self._requests: Counter[tuple[str, str]] = Counter()
        self._judging = Durations(JUDGING_BOUNDS)
        self._judged = 0

    def polled(self, platform: str, seconds: float, failure: str = "") -> None:
        """One poll ended; `failure` is the class of its error, empty when it went well."""
        with self._lock:
            self._polls.setdefault(platform, Durations(POLL_BOUNDS)).add(seconds)
            if failure:
                self._failures[platform, failure] += 1

    def answered(self, platform: str, status: int) -> None:
        """One call to a platform ended; 0: without an answer."""
        with self._lock:
            self._requests[platform, _code(status)] += 1

    def judged(self, comments: int, seconds: float) -> None:
        """One batch was judged."""
        with self._lock:
            self._judging.add(seconds)
            self._judged += comments

    def now(self) -> Measured:
        """The figures so far, which change no more."""
        with self._lock:
            return Measured(
                polls={platform: _copy(one) for platform, one in self._polls.items()},
                poll_failures=dict(self._failures),
                requests=dict(self._requests),
                judging=_copy(self._judging),
                judged=self._judged,
            )


def _code(status: int) -> str:
    """As a label, of which there must be few: anybody's server may answer a feed's reader."""
    if status in _STATUSES:
        return str(status)
    return f"{status // 100}xx" if status in _ANY else "none"


def _copy(one: Durations) -> Durations:
    return Durations(one.bounds, list(one.counts), one.sum)
