"""What was decided today, counted by page and verdict and measured for drawing."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from modbot import store
from modbot.domain import Page, Verdict

MOST_PAGES = 12  # listed one by one: some sixty would be half of the page's weight
BAR_UNITS = 1000  # the width of a whole bar in its own drawing


@dataclass(frozen=True, kw_only=True)
class Part:
    """One verdict's share of a bar."""

    verdict: str
    count: int
    start: float  # in bar units
    width: float


@dataclass(frozen=True, kw_only=True)
class PageCounts:
    name: str
    platform: str
    parts: tuple[Part, ...]  # as long as the page is busy, against the busiest


@dataclass(frozen=True, kw_only=True)
class Today:
    """The counts of a day."""

    day: datetime
    total: int
    parts: tuple[Part, ...]
    pages: tuple[PageCounts, ...]  # busiest first, at most MOST_PAGES; none without a decision
    others: int  # how many more pages have decisions
    other_counts: tuple[int, ...]  # theirs together, by verdict


class DayCounter:
    """Counts of the present day by page and verdict; each decision is read once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._day: datetime | None = None
        self._counted: dict[tuple[str, str], int] = {}
        self._newest = 0  # the last decision that was counted

    def count(self, session: Session, day: datetime) -> dict[tuple[str, str], int]:
        """Decisions at or after `day`, by page id and verdict."""
        with self._lock:
            if day != self._day:
                self._day, self._counted, self._newest = day, {}, 0
            new, self._newest = store.verdicts_after(session, self._newest, day)
            for key, number in new.items():
                self._counted[key] = self._counted.get(key, 0) + number
            return dict(self._counted)


def count_today(
    counted: Mapping[tuple[str, str], int], pages: Sequence[Page], day: datetime
) -> Today:
    """`counted` maps page id and verdict to a number of decisions."""
    busy = {page_id for page_id, _ in counted}
    by_page = [
        (page, [counted.get((page.id, verdict.value), 0) for verdict in Verdict])
        for page in pages
        if page.id in busy
    ]
    by_page.sort(key=lambda row: (-sum(row[1]), row[0].name))
    totals = [sum(numbers[i] for _, numbers in by_page) for i in range(len(Verdict))]
    busiest = max((sum(numbers) for _, numbers in by_page), default=0)
    others = [numbers for _, numbers in by_page[MOST_PAGES:]]
    return Today(
        day=day,
        total=sum(totals),
        parts=_parts(totals, sum(totals)),
        pages=tuple(
            PageCounts(name=page.name, platform=page.platform, parts=_parts(numbers, busiest))
            for page, numbers in by_page[:MOST_PAGES]
        ),
        others=len(others),
        other_counts=tuple(map(sum, zip(*others, strict=True))),
    )


def _parts(numbers: Sequence[int], whole: int) -> tuple[Part, ...]:
    parts = []
    start = 0.0
    for verdict, count in zip(Verdict, numbers, strict=True):
        width = round(BAR_UNITS * count / whole, 2) if whole else 0.0
        parts.append(Part(verdict=verdict.value, count=count, start=round(start, 2), width=width))
        start += width
    return tuple(parts)
