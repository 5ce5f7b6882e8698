"""One person an item: opening what waits makes it theirs for some minutes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from modbot import store
from modbot.store import Claim, Database, Spot
from modbot.store.claims import claims_of

FRESH = 0.1  # of a claim's minutes: so long it is not written anew


@dataclass(frozen=True, kw_only=True)
class Claimant:
    """Who works through the queue."""

    person_id: int
    name: str
    pages: frozenset[str] | None  # ids of the pages in their care; None: all
    administrator: bool = False  # sees first what was handed on
    minutes: float = 5.0  # how long an open item stays theirs

    @property
    def levels(self) -> tuple[int, ...]:
        """The levels of the queue that are theirs, in the order they are worked through."""
        if self.administrator:
            return store.FOR_ADMINISTRATORS, store.FOR_REVIEWERS
        return (store.FOR_REVIEWERS,)


def take_next(
    database: Database,
    who: Claimant,
    now: datetime,
    *,
    after: int | None = None,
    before: int | None = None,
) -> int | None:
    """The next decision that nobody else looks at, now theirs; None when nothing is free.

    It is the worst of all, or the one next to a decision's place, `after` or `before` it, round
    the end of the queue. Whatever else they held is free again.
    """
    with database.write() as s:
        beside = after or before
        spot = store.spot_of(s, beside) if beside else None
        found = _first_free(s, who, now, spot, backwards=before is not None)
        store.release_others(s, who.person_id, None if found is None else found.comment_row)
        if found is None:
            return None
        _claim(s, found.comment_row, who, now)
        return found.decision_id


def take(database: Database, comment_row: int, who: Claimant, now: datetime) -> Claim | None:
    """The claim on a comment after this person opened it: theirs, or that of who holds it; None
    when it does not wait for somebody like them. Whatever else they held is free again."""
    with database.read() as s:
        held = _held_just_now(s, comment_row, who, now)
    if held is not None:
        return held
    with database.write() as s:
        if not _waits_for(s, comment_row, who):
            return None
        store.release_others(s, who.person_id, comment_row)
        return _claim(s, comment_row, who, now)


def _held_just_now(s: Session, comment_row: int, who: Claimant, now: datetime) -> Claim | None:
    """Their claim where it is their only one and has hardly begun, as after take_next(): then
    nothing is to be written, and nobody who writes is waited for."""
    mine = claims_of(s, who.person_id, now)
    held = mine[0] if len(mine) == 1 else None
    if held is None or held.comment_row != comment_row:
        return None
    begun = now - (held.until - timedelta(minutes=who.minutes))
    fresh = timedelta(0) <= begun < FRESH * timedelta(minutes=who.minutes)
    return held if fresh and _waits_for(s, comment_row, who) else None


def renew(database: Database, comment_row: int, who: Claimant, now: datetime) -> Claim | None:
    """take() from a page that is still open: what they hold in other windows stays theirs."""
    with database.write() as s:
        if not _waits_for(s, comment_row, who):
            return None
        return _claim(s, comment_row, who, now)


def _waits_for(s: Session, comment_row: int, who: Claimant) -> bool:
    found = store.waiting_comment(s, comment_row)
    if found is None or found.level not in who.levels:
        return False
    return who.pages is None or found.page_id in who.pages


def _claim(s: Session, comment_row: int, who: Claimant, now: datetime) -> Claim:
    until = now + timedelta(minutes=who.minutes)
    return store.claim(s, comment_row, who.person_id, who.name, now=now, until=until)


def _first_free(
    s: Session, who: Claimant, now: datetime, spot: Spot | None, *, backwards: bool
) -> store.Waiting | None:
    for level, bound in _stretches(who.levels, spot):
        side = {"before" if backwards else "after": bound} if bound else {}
        found = store.waiting(
            s,
            level=level,
            pages=who.pages,
            unclaimed_by_others=(who.person_id, now),
            limit=1,
            **side,
        )
        if found:
            return found[0]
    return None


def _stretches(levels: tuple[int, ...], spot: Spot | None) -> Iterator[tuple[int, Spot | None]]:
    """The parts of the queue in the order they are searched, each from a place on."""
    if spot is None or spot.level not in levels:
        yield from ((level, None) for level in levels)
        return
    start = levels.index(spot.level)
    yield spot.level, spot
    for level in (*levels[start + 1 :], *levels[:start], spot.level):
        yield level, None
