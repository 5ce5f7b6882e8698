"""What a form sent, and how a field comes back with its fault beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends
from starlette.requests import Request

from modbot.registry import Problem
from modbot.web.csrf import FIELD

_YEARS = range(2000, 2101)


@dataclass(frozen=True, kw_only=True)
class Filled:
    """The fields of a form as they were typed; a field that was not sent is empty."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The first value, trimmed."""
        return self.typed(name).strip()

    def typed(self, name: str) -> str:
        """The first value as it was typed."""
        return self.values.get(name, ("",))[0]

    def all(self, name: str) -> tuple[str, ...]:
        """Every value, as of check boxes with one name."""
        return self.values.get(name, ())

    def lines(self, name: str) -> tuple[str, ...]:
        """The lines of a text that hold something."""
        return tuple(line.strip() for line in self.typed(name).splitlines() if line.strip())

    def without(self, *names: str) -> Filled:
        """The same, those fields empty."""
        return Filled(values={n: v for n, v in self.values.items() if n not in names})


async def _filled(request: Request) -> Filled:
    form = await request.form()
    names = [name for name in form if name != FIELD]
    return Filled(
        values={
            name: tuple(value for value in form.getlist(name) if isinstance(value, str)) or ("",)
            for name in names
        }
    )


Sent = Annotated[Filled, Depends(_filled)]


def by_field(problems: Iterable[Problem]) -> dict[str, list[Problem]]:
    """Problems under the name of their field, in order."""
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        found.setdefault(problem.field, []).append(problem)
    return found


def midnight(text: str, zone: ZoneInfo, *, days: int = 0) -> datetime | None:
    """Where a day such as 2026-12-01 begins in `zone`, some days later. None: it is no day."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007
        return (day + timedelta(days=days)).replace(tzinfo=zone) if day.year in _YEARS else None
    except ValueError:
        return None
