"""Slows down whoever guesses passwords, without locking out the account that they guess at.

Tries are counted for an address and account together, and for an address alone; both in the
database, so that a restart forgets nothing. What is stored is a hash.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select

from modbot.tables import AttemptRow

PAIR_TRIES, PAIR_WINDOW = 10, timedelta(minutes=15)
ADDRESS_TRIES, ADDRESS_WINDOW = 100, timedelta(hours=1)
FREE_TRIES = 3  # of a pair; each one after them has to wait twice as long
LONGEST_WAIT = timedelta(seconds=64)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Whether somebody may try now, and if not, for how long not."""

    wait: timedelta  # zero: go ahead
    first: bool = False  # of a run of refusals, which is worth one line in the record

    @property
    def allowed(self) -> bool:
        return self.wait <= timedelta(0)


def take_attempt(
    s: Session, *, address: str, account: str, now: datetime, speed: float = 1.0
) -> Attempt:
    """Counts one try before it is made, so that tries at the same time are all counted.

    `speed`: service seconds in a real one, as the windows are a person's.
    """
    s.exec(delete(AttemptRow).where(col(AttemptRow.at) <= now - ADDRESS_WINDOW * speed))
    pair, alone, told = _keys(address, account)
    waits = [
        _until_fewer(s, pair, PAIR_TRIES, PAIR_WINDOW * speed, now),
        _until_fewer(s, alone, ADDRESS_TRIES, ADDRESS_WINDOW * speed, now),
        _growing(s, pair, now, speed),
    ]
    wait = max(waits)
    if wait > timedelta(0):
        first = not _times(s, told, now - PAIR_WINDOW * speed)
        if first:
            s.add(AttemptRow(key=told, at=now))
        return Attempt(wait=wait / speed, first=first)
    s.add_all([AttemptRow(key=pair, at=now), AttemptRow(key=alone, at=now)])
    return Attempt(wait=timedelta(0))


def forgive(s: Session, *, address: str, account: str) -> None:
    """The try was right: those before it no longer count against the pair."""
    pair, _, _ = _keys(address, account)
    s.exec(delete(AttemptRow).where(col(AttemptRow.key) == pair))


def _keys(address: str, account: str) -> tuple[str, str, str]:
    return _key("pair", address, account), _key("address", address), _key("told", address, account)


def _key(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _until_fewer(s: Session, key: str, most: int, window: timedelta, now: datetime) -> timedelta:
    """How long until fewer than `most` tries are in the window."""
    times = _times(s, key, now - window)
    return times[-most] + window - now if len(times) >= most else timedelta(0)


def _growing(s: Session, pair: str, now: datetime, speed: float) -> timedelta:
    times = _times(s, pair, now - PAIR_WINDOW * speed)
    if len(times) < FREE_TRIES:
        return timedelta(0)
    pause = min(timedelta(seconds=2 ** (len(times) - FREE_TRIES)), LONGEST_WAIT) * speed
    return times[-1] + pause - now


def _times(s: Session, key: str, after: datetime) -> list[datetime]:
    """When this key was tried, oldest first."""
    found = select(AttemptRow.at).where(AttemptRow.key == key, col(AttemptRow.at) > after)
    return list(s.exec(found.order_by(col(AttemptRow.at))))
