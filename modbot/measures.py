"""What the service measures of itself while it runs: how long, how often, and what failed."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

POLL_BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)  # seconds
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
    judging: Durations  # of whole batches
    judged: int  # comments


class Measures:
    """Takes down measurements from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._polls: dict[str, Durations] = {}
        self._failures: Counter[tuple[str, str]] = Counter()
        self._judging = Durations(JUDGING_BOUNDS)
        self._judged = 0

    def polled(self, platform: str, seconds: float, failure: str = "") -> None:
        """One poll ended; `failure` is the class of its error, empty when it went well."""
        with self._lock:
            self._polls.setdefault(platform, Durations(POLL_BOUNDS)).add(seconds)
            if failure:
                self._failures[platform, failure] += 1

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
                judging=_copy(self._judging),
                judged=self._judged,
            )


def _copy(one: Durations) -> Durations:
    return Durations(one.bounds, list(one.counts), one.sum)
