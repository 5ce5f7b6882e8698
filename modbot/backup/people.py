"""What a backup would give back to people that was taken from them since it was made.

Whoever was disabled, lowered or given another password since then stays so, unless the restore is
to take people as they are in the backup.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from modbot.backup.copying import reading
from modbot.errors import StoreUnreadable
from modbot.people import Role, rights_of
from modbot.people.accounts import note, person_of, standing
from modbot.people_tables import IdentityRow, PersonRow
from modbot.store import sqlite_module
from modbot.stored_rows import stored_form

_COLUMNS = (
    *("id", "name", "email", "role", "approver", "all_pages", "pages", "password_hash"),
    *("added_at", "disabled_at"),
)
Key = tuple[int, str]  # id and time of arrival: a number may be given again after a restore


class Differs(StrEnum):
    """How a person in the backup differs from the same person now. The first four would let them
    in or give them more than they have now."""

    ENABLED = "enabled"  # disabled since the backup
    RAISED = "raised"  # less role, fewer pages or no approver since
    PASSWORD = "password"  # another password since, or none
    PROVIDER = "provider"  # signs in through a provider that does not know them now
    DISABLED = "disabled"  # enabled since
    LOWERED = "lowered"  # given more since


GIVES = (Differs.ENABLED, Differs.RAISED, Differs.PASSWORD, Differs.PROVIDER)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A person who differs, as they stand after the restore."""

    person: str  # what the record calls them
    email: str
    how: tuple[Differs, ...]
    role: str
    disabled: bool


@dataclass(frozen=True, kw_only=True)
class PeopleNow:
    """Everybody in the database that is to be replaced."""

    rows: Mapping[Key, PersonRow]
    identities: Mapping[tuple[str, str], int]  # issuer and subject -> person


@dataclass(frozen=True, kw_only=True)
class PeopleRestored:
    """What a restore did about people."""

    compared: bool  # False: there was no database to compare the backup with, or no readable one
    as_in_backup: bool = False
    differ: tuple[Difference, ...] = ()
    not_in_backup: tuple[str, ...] = ()  # addresses of people who came later
    administrators: int = 0  # who can sign in


def people_now(path: Path) -> PeopleNow | None:
    """Everybody in a database of any revision; None where it is not there or cannot be read."""
    try:
        with reading(path) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            if "person" not in tables:
                return None
            people = connection.execute(f"SELECT {', '.join(_COLUMNS)} FROM person").fetchall()
            known = connection.execute("SELECT issuer, subject, person_id FROM identity").fetchall()
        rows = [_row(dict(zip(_COLUMNS, values, strict=True))) for values in people]
    except (sqlite_module.Error, StoreUnreadable, ValueError, TypeError):
        return None
    return PeopleNow(
        rows={_key(row): row for row in rows},
        identities={(issuer, subject): person for issuer, subject, person in known},
    )


def _row(values: dict[str, Any]) -> PersonRow:
    for name in ("added_at", "disabled_at"):
        values[name] = values[name] and datetime.fromisoformat(values[name])
    for name in ("approver", "all_pages"):
        values[name] = bool(values[name])
    values["role"] = Role(values["role"]).value
    return PersonRow(**{**values, "pages": json.loads(values["pages"])})


def _key(row: PersonRow) -> Key:
    return row.id or 0, str(stored_form(row.added_at))


def settle_people(
    s: Session, present: PeopleNow | None, *, as_in_backup: bool, actor: str, now: datetime
) -> PeopleRestored:
    """Takes back from people in the restored database what they do not have now, with an audit row
    for each who differs; `as_in_backup`: only writes down that they do."""
    then = list(s.exec(select(PersonRow).order_by(col(PersonRow.id))))
    if present is None:
        return PeopleRestored(compared=False, administrators=_administrators(then))
    providers = _providers(s, present)
    differ = []
    for row in then:
        current = present.rows.get(_key(row))
        if current is None:
            continue
        how = tuple(_differs(row, current, new_way=row.id in providers))
        if not how:
            continue
        in_backup = standing(row)
        if not as_in_backup:
            _take_back(s, row, current, how, providers.get(row.id or 0, []))
        s.flush()
        told = {"in_backup": in_backup, "before": standing(current), "after": standing(row)}
        note(s, "person.restored", actor, now, person=row.id, differs=list(how), **told)
        differ.append(_difference(row, how))
    kept = {_key(row) for row in then}
    return PeopleRestored(
        compared=True,
        as_in_backup=as_in_backup,
        differ=tuple(differ),
        not_in_backup=tuple(
            sorted(row.email for key, row in present.rows.items() if key not in kept)
        ),
        administrators=_administrators(then),
    )


def _providers(s: Session, present: PeopleNow) -> dict[int, list[IdentityRow]]:
    """The identities of the backup that are nobody's, or another person's, now."""
    found: dict[int, list[IdentityRow]] = {}
    for row in s.exec(select(IdentityRow)):
        if present.identities.get((row.issuer, row.subject)) != row.person_id:
            found.setdefault(row.person_id, []).append(row)
    return found


def _differs(then: PersonRow, now: PersonRow, *, new_way: bool) -> Iterator[Differs]:
    if (then.disabled_at is None) != (now.disabled_at is None):
        yield Differs.ENABLED if then.disabled_at is None else Differs.DISABLED
    if _has_more(then, now):
        yield Differs.RAISED
    elif _has_more(now, then):
        yield Differs.LOWERED
    if then.password_hash and then.password_hash != now.password_hash:
        yield Differs.PASSWORD
    if new_way:
        yield Differs.PROVIDER


def _has_more(one: PersonRow, other: PersonRow) -> bool:
    """Whether `one` may do something, somewhere, that `other` may not."""
    if rights_of(Role(one.role)) - rights_of(Role(other.role)) or one.approver > other.approver:
        return True
    return not other.all_pages and (one.all_pages or bool(set(one.pages) - set(other.pages)))


def _take_back(
    s: Session,
    row: PersonRow,
    current: PersonRow,
    how: tuple[Differs, ...],
    identities: list[IdentityRow],
) -> None:
    if Differs.ENABLED in how:
        row.disabled_at = current.disabled_at
    if Differs.RAISED in how:
        row.role, row.approver = current.role, current.approver
        row.all_pages, row.pages = current.all_pages, list(current.pages)
    if Differs.PASSWORD in how:
        row.password_hash = current.password_hash
    for identity in identities:
        s.delete(identity)
    s.add(row)


def _difference(row: PersonRow, how: tuple[Differs, ...]) -> Difference:
    return Difference(
        person=person_of(row).actor.name,
        email=row.email,
        how=how,
        role=row.role,
        disabled=row.disabled_at is not None,
    )


def _administrators(rows: list[PersonRow]) -> int:
    return sum(row.role == Role.ADMIN and row.disabled_at is None for row in rows)
