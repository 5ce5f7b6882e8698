"""Finds, counts and sums up the decisions that a choice of filters lets through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from modbot.store.log_chunk import Chunk, Mask
from modbot.store.log_columns import LogColumns
from modbot.store.log_lines import read_found
from modbot.store.log_queries import LogEntry, entries
from modbot.store.text_index import hits
from modbot.store.text_search import Phrase, match_string

COUNTED = 10_000  # more are not counted one by one


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the log is to show; None lets everything through, an empty set nothing."""

    pages: frozenset[str] | None = None  # ids
    category: str | None = None
    verdict: str | None = None
    actor: str | None = None  # "bot", "person", or "person:NAME"
    sign: str | None = None  # a classifier, a rule, or a rule file: "profanity_en"
    language: str | None = None
    since: datetime | None = None  # decided then or later
    until: datetime | None = None  # decided before
    phrases: tuple[Phrase, ...] = ()  # all of which the text has


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many decisions a choice lets through."""

    number: int
    more: bool  # there are more than `number`, which are not counted


class LogSearch:
    """The decisions of one choice, in one session's state of the data."""

    def __init__(self, session: Session, columns: LogColumns, choice: Choice) -> None:
        self._session, self._columns = session, columns
        self.choice = choice
        self._newest = columns.refresh(session)
        self._wanted = dict(self._numbers())
        self._match = match_string(choice.phrases)

    def newest_first(self, limit: int, *, before: int | None = None) -> list[int]:
        """Ids of the newest decisions, older than `before`."""
        found: list[int] = []
        start = None if before is None else before - 1
        for chunk, mask in self._masks(start=start):
            ids = chunk.ids[mask]
            if before is not None:
                ids = ids[ids < before]
            found += ids[::-1][: limit - len(found)].tolist()
            if len(found) == limit:
                break
        return found

    def next_newer(self, limit: int, *, after: int) -> list[int]:
        """Ids of the decisions that follow decision `after`, oldest first."""
        found: list[int] = []
        for chunk, mask in self._masks(oldest_first=True, start=after + 1):
            ids = chunk.ids[mask]
            found += ids[ids > after][: limit - len(found)].tolist()
            if len(found) == limit:
                break
        return found

    def count(self, most: int = COUNTED) -> Counted:
        """Exact up to `most`."""
        number = 0
        for _chunk, mask in self._masks():
            number += int(np.count_nonzero(mask))
            if number > most:
                return Counted(number=most, more=True)
        return Counted(number=number, more=False)

    def counts_by(self, edges: Sequence[datetime], column: str = "verdict") -> dict[str, list[int]]:
        """Decisions from each edge to the next, by the value of a column."""
        bounds = np.array([edge.timestamp() for edge in edges])
        names = self._columns.names(column)
        counted = {number: np.zeros(len(edges) - 1, np.int64) for number in names}
        for chunk, mask in self._masks():
            places = chunk.places(bounds)
            for number, sums in counted.items():
                _add_between(sums, mask & (chunk.columns[column] == number), chunk, places)
            if chunk.ordered and chunk.seconds[0] < bounds[0]:
                break
        return {names[number]: sums.tolist() for number, sums in counted.items()}

    def _masks(
        self, *, oldest_first: bool = False, start: int | None = None
    ) -> Iterator[tuple[Chunk, Mask]]:
        if any(len(numbers) == 0 for numbers in self._wanted.values()):
            return
        chunks = self._columns.chunks(
            self._session, self._newest, oldest_first=oldest_first, start=start
        )
        for chunk in chunks:
            yield chunk, self._columns.kept.mask(self.choice, chunk, self._mask)

    def _mask(self, chunk: Chunk) -> Mask:
        mask = np.ones(len(chunk), np.bool_)
        for name, numbers in self._wanted.items():
            mask &= _among(chunk.columns[name], numbers)
        since, until = self.choice.since, self.choice.until
        if since is not None:
            mask &= chunk.seconds >= since.timestamp()
        if until is not None:
            mask &= chunk.seconds < until.timestamp()
        if self._match and mask.any():
            mask &= self._columns.kept.mask(self._match, chunk, self._hits)
        return mask

    def _hits(self, chunk: Chunk) -> Mask:
        """The lines that have the words."""
        first, last = int(chunk.ids[0]), int(chunk.ids[-1])
        listed = hits(self._session.connection(), self.choice.phrases, first, last)
        found = np.zeros(len(chunk), np.bool_)
        found[np.searchsorted(chunk.ids, np.fromstring(listed, dtype=np.int64, sep=" "))] = True
        return found

    def _numbers(self) -> Iterator[tuple[str, NDArray[np.int64]]]:
        """For each column that is filtered, the numbers that are let through."""
        choice = self.choice
        wishes: tuple[tuple[str, Any, Callable[[str], bool]], ...] = (
            ("page", choice.pages, lambda name: name in (choice.pages or ())),
            ("verdict", choice.verdict, lambda name: name == choice.verdict),
            ("language", choice.language, lambda name: name == choice.language),
            ("actor", choice.actor, lambda name: _is_actor(name, choice.actor or "")),
            ("found", _found_wish(choice), lambda name: _is_found(name, choice)),
        )
        for column, wish, test in wishes:
            if wish is not None:
                yield column, self._columns.numbers(column, wish, test)


def decision_log(
    session: Session,
    choice: Choice = Choice(),
    *,
    before: int | None = None,
    limit: int = 50,
    columns: LogColumns | None = None,
) -> list[LogEntry]:
    """The newest decisions, older than decision `before`, that the choice lets through."""
    search = LogSearch(session, columns or LogColumns(), choice)
    return entries(session, search.newest_first(limit, before=before))


def _is_actor(name: str, wish: str) -> bool:
    return name == wish or name.partition(":")[0] == wish


def _found_wish(choice: Choice) -> tuple[str | None, str | None] | None:
    wish = (choice.category, choice.sign)
    return None if wish == (None, None) else wish


def _is_found(name: str, choice: Choice) -> bool:
    category, sign = choice.category, choice.sign
    categories, signals = read_found(name)
    return (category is None or category in categories) and (
        sign is None or any(_is_sign(source, rule, sign) for source, rule in signals)
    )


def _is_sign(source: str, rule: str, wish: str) -> bool:
    return wish in (source, rule, f"{source}:{rule}") or rule.startswith(f"{wish}:")


def _among(values: NDArray[np.int32], numbers: NDArray[np.int64]) -> Mask:
    if len(numbers) <= 3:  # comparing is several times as fast as looking up
        found = np.zeros(len(values), np.bool_)
        for number in numbers:
            found |= values == number
        return found
    table = np.zeros(max(int(values.max()), int(numbers.max())) + 1, np.bool_)
    table[numbers] = True
    let_through: Mask = table.take(values)
    return let_through


def _add_between(sums: NDArray[np.int64], mask: Mask, chunk: Chunk, places: list[int]) -> None:
    """Adds how much of the mask lies from each place to the next, in the order of time."""
    in_order = mask if chunk.ordered else mask[np.argsort(chunk.seconds, kind="stable")]
    for step, (start, end) in enumerate(pairwise(places)):
        if start < end:
            sums[step] += np.count_nonzero(in_order[start:end])
