"""Checks the chain, every row that it vouches for, and checkpoints that were kept elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlmodel import Session

from modbot.audit import postgres
from modbot.audit.chain import Head
from modbot.audit.findings import MOST_LISTED, Found, Report, rows_of
from modbot.audit.proof import Helpers, proven
from modbot.audit.thorough import check_all
from modbot.errors import StoreUnreadable

NOTES = (
    "Newest audit rows cut off together with the rows they vouch for and the count of them "
    "leave no trace: only a checkpoint that is kept elsewhere shows it (verify --against).",
    "A chain recomputed as a whole after a change is sound in itself: only a checkpoint that is "
    "kept elsewhere shows it (verify --against).",
)
GUARDS = frozenset(  # the triggers that refuse changes
    (
        *("audit_update", "audit_delete", "audit_gap", "version_update", "version_delete"),
        *("decision_update", "decision_delete", "comment_delete", "comment_identity"),
        *("action_delete", "action_identity", "action_final", "post_delete"),
        *("registration_delete", "fundraiser_request_delete", "person_delete", "alert_delete"),
        *("kept_update", "kept_delete", "in_force_update", "in_force_delete"),
        *("post_text_update", "post_text_delete"),
    )
)
_TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger'"


class Readable(Protocol):
    """What verify() needs of a database."""

    def read(self) -> AbstractContextManager[Session]: ...


def verify(database: Readable, kept: Sequence[Head] = (), helpers: Helpers | None = None) -> Report:
    """Whether the record is as it was written, as far as the database alone can tell.

    `kept` are earlier heads that were kept elsewhere: those of checkpoints. A sound record is
    proven sound in one quick pass, with the help of other processes where there are some
    (modbot/audit/parallel.py); for any other each row is looked at by itself, which takes several
    times as long. Raises StoreUnreadable.
    """
    with database.read() as session:
        connection = session.connection().connection
        driver = session.get_bind().dialect.dbapi
        assert driver is not None
        try:
            return _verify(connection, kept, driver, helpers)
        except driver.OperationalError as error:
            if "decode" not in str(error):
                raise StoreUnreadable(f"the database cannot be read: {error}") from error
            return _verify_undecodable(connection, kept)
        except driver.DatabaseError as error:
            raise StoreUnreadable(f"the database cannot be read: {error}") from error


def _verify(connection: Any, kept: Sequence[Head], driver: Any, helpers: Helpers | None) -> Report:
    found = Found()
    try:
        quick = None if postgres.asks_postgres(connection) else proven(connection, helpers)
    except driver.OperationalError:  # text that is no text, JSON that is no JSON: look again
        quick = None
    head, rows = quick if quick is not None else check_all(connection, found)
    return _reported(connection, found, head, rows, kept)


def _verify_undecodable(connection: Any, kept: Sequence[Head]) -> Report:
    """Text that is not UTF-8 was put there by someone else: read it all the same."""
    driver, found = connection.driver_connection, Found()
    driver.text_factory = lambda octets: octets.decode("utf-8", "surrogateescape")
    try:
        head, rows = check_all(connection, found)
        return _reported(connection, found, head, rows, kept)
    finally:
        driver.text_factory = str


def _reported(connection: Any, found: Found, head: Head, rows: int, kept: Sequence[Head]) -> Report:
    notes: tuple[str, ...] = (*_guard_notes(connection), *(NOTES if not kept else ()))
    notes = (*_check_kept(connection, found, head, kept), *notes)
    if found.number > len(found.problems):
        notes = (f"{found.number} problems, the first {MOST_LISTED} of them listed.", *notes)
    return Report(
        ok=not found.number, rows=rows, head=head, problems=tuple(found.problems), notes=notes
    )


def _check_kept(connection: Any, found: Found, head: Head, kept: Sequence[Head]) -> list[str]:
    """Each row that a checkpoint names is there, with the hash that it had."""
    notes, agreed, cut = [], 0, 0
    for one in sorted(kept, key=lambda kept_head: kept_head.seq):
        if one.seq == 0:
            continue
        query = "SELECT hash FROM audit WHERE seq = ?"
        link = next(rows_of(connection, query, (one.seq,)), (None,))[0]
        if link == one.hash:
            agreed = one.seq
        elif link is None:
            cut = max(cut, one.seq)
        else:
            found.add("checkpoint", "audit", one.seq, one.seq)
            notes.append(
                f"Audit row {one.seq} is not the row that its checkpoint names: something from row "
                f"{agreed + 1} to row {one.seq} was changed and the chain computed anew."
            )
    if cut > head.seq:
        found.add("cut", "audit", head.seq + 1, head.seq + 1)
        notes.append(
            f"The end was cut off: a checkpoint covers audit rows up to {cut}, and those from "
            f"{head.seq + 1} on are missing."
        )
    return notes


def _guard_notes(connection: Any) -> list[str]:
    """A missing or foreign trigger changes no row, but somebody had the file in hand."""
    if postgres.asks_postgres(connection):
        expected = postgres.guards_expected(GUARDS)
        there = postgres.guards_there(connection, expected)
    else:
        there, expected = {name for (name,) in rows_of(connection, _TRIGGERS)}, GUARDS
    return [
        f"The trigger {name} is {'missing' if name in expected else 'foreign'}: somebody has "
        "changed the database outside modbot."
        for name in sorted(there ^ expected)
    ]
