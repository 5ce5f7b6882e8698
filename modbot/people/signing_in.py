"""Trying to sign in with a password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from modbot.people.accounts import by_email, normal_email, note, person_of
from modbot.people.passwords import Hashing
from modbot.people.throttle import forgive, take_attempt
from modbot.people_tables import PersonRow
from modbot.store import Database


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Who it is, or nobody and how long to wait before another try."""

    person: PersonRow | None = None
    wait_seconds: int = 0


@dataclass(frozen=True, kw_only=True)
class From:
    """Where and when somebody tries."""

    address: str  # counted as a hash, never stored
    network: str
    now: datetime
    speed: float = 1.0  # service seconds in a real one


def try_password(
    database: Database, hashing: Hashing, email: str, password: str, at: From
) -> Outcome:
    """Checks one try; a refusal says nothing about whether there is such an account, and takes as
    long. Raises SignInBusy."""
    account = normal_email(email)
    with database.write() as s:
        tried = take_attempt(s, address=at.address, account=account, now=at.now, speed=at.speed)
        if tried.first:
            note(s, "sign_in.throttled", "unknown", at.now, network=at.network)
    if not tried.allowed:
        return Outcome(wait_seconds=ceil(tried.wait.total_seconds()))
    with database.read() as s:
        row = by_email(s, account)
    usable = row is not None and row.disabled_at is None
    right = hashing.matches(row.password_hash if row is not None and usable else "", password)
    with database.write() as s:
        if not right or row is None:
            known = {} if row is None else {"person": row.id}
            who = "unknown" if row is None else person_of(row).actor.name
            note(s, "sign_in.refused", who, at.now, how="password", network=at.network, **known)
            return Outcome()
        forgive(s, address=at.address, account=account)
    return Outcome(person=row)
