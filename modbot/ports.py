"""The seams: what the service asks of a platform, a classifier and a clock."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, runtime_checkable

from modbot.budget import Budgets, PageBudget
from modbot.domain import Capability, Comment, CommentBatch, Page, Signal
from modbot.errors import PlatformError


class Clock(Protocol):
    """Time as the service sees it; the demo's runs faster than the wall's."""

    speed: float  # service seconds in one real second

    def now(self) -> datetime:
        """Aware UTC."""
        ...


@dataclass(frozen=True, kw_only=True)
class Spending:
    """Money that may go to vendors, and what they charge; US cents."""

    cents_a_day: float = 500.0
    cents_a_month: float = 5_000.0
    cents_a_post: float = 0.5  # of X, for each post that it shows
    cents_a_hide: float = 0.5
    sweep_cents_a_day: float = 50.0  # of them, for what only a search finds; 0: no search
    sweep_hours: float = 4.0  # between two searches


@dataclass(frozen=True, kw_only=True)
class Connection:
    """What an adapter needs to reach its vendor. Adapters whose pages share a credential are given
    the same `budgets`; without any, a connection has its own, which forget with it."""

    secrets: Mapping[str, str] = field(
        repr=False
    )  # "token" and whatever else the platform asks for
    now: Callable[[], datetime]
    timeout_seconds: float = 20.0  # for connecting and for each chunk
    deadline_seconds: float = 30.0  # for one whole call
    watch_hours: float = 48.0  # how far back listings look for edits and deletions
    spending: Spending = Spending()
    # Told of each call: the platform, and the answer's status, 0 where none came.
    answered: Callable[[str, int], object] | None = None
    budgets: Budgets = None  # type: ignore[assignment]  # set below: it takes the clock of `now`

    def __post_init__(self) -> None:
        if self.budgets is None:
            object.__setattr__(self, "budgets", Budgets(self.now))


class PlatformAdapter(Protocol):
    """The comments of one page. Every failure is a PlatformError; every write may be repeated."""

    page: Page
    capabilities: frozenset[Capability]

    def check(self) -> None:
        """Raises AuthExpired or MissingScope when the token cannot do the job."""
        ...

    def fetch_since(self, cursor: str | None) -> CommentBatch:
        """Comments since the cursor, oldest first; may overlap; carries the next cursor."""
        ...

    def fetch_one(self, comment_id: str) -> Comment | None:
        """The comment as it is now. None: gone."""
        ...

    def fetch_many(self, comment_ids: Sequence[str]) -> Mapping[str, Comment | None]:
        """fetch_one() for many ids in as few calls as the platform allows."""
        ...

    def hide(self, comment_id: str) -> None:
        """Returns once the platform confirms that the public no longer sees the comment."""
        ...

    def restore(self, comment_id: str) -> None:
        """Undoes hide()."""
        ...

    def delete(self, comment_id: str) -> None:
        """Removes for good; only ever asked for by a person."""
        ...


@runtime_checkable
class HidesMany(Protocol):
    """What an adapter has besides, where one call can hide many comments for the price of one."""

    hides_a_call: int

    def hide_many(self, comment_ids: Sequence[str]) -> Mapping[str, PlatformError | None]:
        """hide() for each; what became of it. None: confirmed. Raises what concerns them all."""
        ...


@runtime_checkable
class FindsOldReplies(Protocol):
    """What an adapter has besides, where a listing does not show replies to what is old."""

    def fetch_old_replies(self, since: datetime, cursor: str | None) -> CommentBatch:
        """What was written since a time under anything that the page has, a piece at a time: `more`
        tells whether it was the last. The cursor carries what is known over to the next round."""
        ...


@runtime_checkable
class PaysForLooks(Protocol):
    """What an adapter has besides, where each comment that is asked for by its id costs money."""

    def looks_left(self) -> int:
        """At how many known comments may be looked again now, so that new ones can be paid for?"""
        ...


@runtime_checkable
class LosesRights(Protocol):
    """What an adapter has besides, where the vendor takes away a right that is not used."""

    unused_rights_last: timedelta

    def fetch_one(self, comment_id: str) -> Comment | None:
        """As of every adapter."""
        ...

    def write_again(self, comment: Comment) -> None:
        """Asks for the visibility that the comment has already: needs the right, changes nothing.
        Raises whatever the vendor says against it."""
        ...


@runtime_checkable
class Budgeted(Protocol):
    """What an adapter has besides, where its vendor limits or charges calls."""

    budget: PageBudget


AdapterFactory = Callable[[Page, Connection], PlatformAdapter]


class Classifier(Protocol):
    """Comments in, signals out: one list for each comment, in the same order."""

    name: str
    version: str  # of weights or rule files; kept with every decision

    def classify(self, comments: Sequence[Comment]) -> list[list[Signal]]:
        """Raises ClassifierFailed."""
        ...


@runtime_checkable
class KeepsFiles(Protocol):
    """A classifier whose files are small enough to be kept with the record."""

    def files(self) -> Mapping[str, bytes]:
        """By name; a folder of them makes the same classifier again."""
        ...


@runtime_checkable
class KeepsLargeFiles(KeepsFiles, Protocol):
    """One that has larger files too, which are kept beside the record: files() holds a
    `manifest.json` whose `files` name them with their SHA-256."""

    def large_files(self) -> Mapping[str, Path]:
        """Where each is, by its SHA-256 in hex."""
        ...


_CALLS_END: ContextVar[float] = ContextVar("calls_end", default=math.inf)


@contextmanager
def calls_within(seconds: float) -> Iterator[None]:
    """What this thread does in the block may call platforms for so long, in real seconds. Each call
    has its own deadline, but a poll may make hundreds: on a platform that answers each at the last
    moment only this ends it."""
    token = _CALLS_END.set(min(_CALLS_END.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _CALLS_END.reset(token)


def seconds_for_calls() -> float:
    """How long this thread may still call platforms; infinite where nothing was said."""
    return _CALLS_END.get() - time.monotonic()
