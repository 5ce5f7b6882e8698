"""What waits beside the item that somebody looks at: the next in line, counts, how far they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from modbot import store
from modbot.i18n import Language
from modbot.people import Person
from modbot.store import Claim, Waiting

SHOWN_NEXT = 10  # of what waits, beside an item


@dataclass(frozen=True, kw_only=True)
class Line:
    """One of the next items, in the list beside."""

    decision_id: int
    category: str
    page_name: str
    waited: str
    held_by: str
    handed_on: bool


@dataclass(frozen=True, kw_only=True)
class CategoryCount:
    category: str
    count: int
    width: int  # of 1000, against the greatest


@dataclass(frozen=True, kw_only=True)
class Side:
    """What waits beside the item that is looked at."""

    lines: tuple[Line, ...]
    counts: tuple[CategoryCount, ...]
    waiting: int  # for this person's level
    handed_on: int
    done: int

    @property
    def total(self) -> int:
        return self.waiting + self.done


def side_of(
    s: Session,
    who: Person,
    levels: Sequence[int],
    now: datetime,
    since: datetime,
    spoken: Language,
) -> Side:
    """What waits for this person, and what they have done since `since`."""
    found: list[Waiting] = []
    for level in levels:
        if left := SHOWN_NEXT - len(found):
            found += store.waiting(s, level=level, pages=who.pages, limit=left)
    names = store.page_names(s, (each.page_id for each in found))
    held = store.claims(s, [each.comment_row for each in found], now)
    counted = store.count_waiting(s, who.pages)
    return Side(
        lines=tuple(
            Line(
                decision_id=each.decision_id,
                category=each.category,
                page_name=names.get(each.page_id, each.page_id),
                waited=spoken.span(now - each.since),
                held_by=_other(held.get(each.comment_row), who),
                handed_on=each.level == store.FOR_ADMINISTRATORS,
            )
            for each in found
        ),
        counts=_counts(counted, levels),
        waiting=sum(n for (level, _), n in counted.items() if level in levels),
        handed_on=sum(n for (level, _), n in counted.items() if level not in levels),
        done=max(0, store.decided_since(s, who.actor.name, since)),
    )


def _other(claim: Claim | None, who: Person) -> str:
    return claim.name if claim is not None and claim.person_id != who.id else ""


def _counts(
    counted: Mapping[tuple[int, str], int], levels: Sequence[int]
) -> tuple[CategoryCount, ...]:
    by_category: dict[str, int] = {}
    for (level, category), number in counted.items():
        if level in levels:
            by_category[category] = by_category.get(category, 0) + number
    most = max(by_category.values(), default=1)
    order = [*store.WORST_FIRST]
    return tuple(
        CategoryCount(category=c, count=by_category[c], width=max(8, by_category[c] * 1000 // most))
        for c in sorted(by_category, key=order.index)
    )
