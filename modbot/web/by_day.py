"""How many decisions of each verdict there were, day by day or in longer steps, for drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from modbot.domain import Verdict
from modbot.web.filters import Filters

DAYS_SHOWN = 30  # where the address names no days
MOST_COLUMNS = 62
COLUMN, HEIGHT, _GAP = 10, 100, 2  # drawing units


@dataclass(frozen=True, kw_only=True)
class Column:
    """One step of time."""

    start: datetime
    counts: tuple[int, ...]  # by verdict, mildest first
    total: int


@dataclass(frozen=True, kw_only=True)
class Days:
    """The columns of a stretch of time, and how to draw them."""

    columns: tuple[Column, ...]
    step_days: int
    last: datetime  # midnight of the last day
    totals: tuple[tuple[str, int], ...]  # verdict and count over the whole stretch
    total: int
    most: int  # of one column
    paths: tuple[tuple[str, str], ...]  # verdict and an SVG path of its part of every column
    width: int


def day_edges(filters: Filters, now: datetime, zone: ZoneInfo) -> list[datetime]:
    """Midnights between which to count: the days of the address, else those before today."""
    today = now.astimezone(zone).date()
    last = date.fromisoformat(filters.until) if filters.until else today
    first = last - timedelta(days=DAYS_SHOWN - 1)
    if filters.since:
        first = date.fromisoformat(filters.since)
        last = last if filters.until else max(first, today)
    days = max(1, (last - first).days + 1)
    step = -(-days // MOST_COLUMNS)
    columns = -(-days // step)
    starts = [first + timedelta(days=step * n) for n in range(columns)]
    return [datetime.combine(day, time(), zone) for day in (*starts, last + timedelta(days=1))]


def count_days(counted: Mapping[str, Sequence[int]], edges: Sequence[datetime]) -> Days:
    """`counted` maps a verdict to its decisions from each edge to the next."""
    number = len(edges) - 1
    rows = [(verdict.value, counted.get(verdict.value) or [0] * number) for verdict in Verdict]
    columns = tuple(
        Column(
            start=edges[place],
            counts=tuple(counts[place] for _, counts in rows),
            total=sum(counts[place] for _, counts in rows),
        )
        for place in range(number)
    )
    most = max((column.total for column in columns), default=0)
    totals = tuple((verdict, sum(counts)) for verdict, counts in rows)
    return Days(
        columns=columns,
        step_days=(edges[1].date() - edges[0].date()).days,
        last=edges[-1] - timedelta(days=1),
        totals=totals,
        total=sum(count for _, count in totals),
        most=most,
        paths=_paths(columns, most),
        width=COLUMN * number,
    )


def _paths(columns: Sequence[Column], most: int) -> tuple[tuple[str, str], ...]:
    """Columns stand on the ground, gravest verdict lowest so that the few are seen."""
    drawn: dict[str, list[str]] = {verdict.value: [] for verdict in Verdict}
    for place, column in enumerate(columns):
        foot = float(HEIGHT)
        for verdict, count in reversed(list(zip(Verdict, column.counts, strict=True))):
            tall = round(HEIGHT * count / most, 2) if most else 0.0
            if tall:
                x, wide = COLUMN * place + _GAP / 2, COLUMN - _GAP
                drawn[verdict.value].append(f"M{x:g} {foot:g}v{-tall:g}h{wide}v{tall:g}z")
                foot = round(foot - tall, 2)
    return tuple((verdict, "".join(parts)) for verdict, parts in drawn.items())
