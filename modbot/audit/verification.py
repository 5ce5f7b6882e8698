"""Checks the chain and every row that it vouches for. Reads row by row: memory stays flat."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Protocol

from sqlmodel import Session

from modbot.audit.chain import CHAINED, FIRST_PREV, Head, chain_hash
from modbot.audit.evidence import EVIDENCE, hash_fields
from modbot.errors import StoreUnreadable
from modbot.stored_text import original

MOST_LISTED = 1000  # problems; the rest are counted
NOTES = (
    "Newest audit rows cut off together with the rows they vouch for and SQLite's count of them "
    "leave no trace: compare seq and hash of the head with a checkpoint that is kept elsewhere.",
    "A chain recomputed as a whole after a change is sound in itself: only a checkpoint that is "
    "kept elsewhere shows it.",
)
GUARDS = frozenset(  # the triggers that refuse changes
    (
        *("audit_update", "audit_delete", "audit_gap", "version_update", "version_delete"),
        *("decision_update", "decision_delete", "comment_delete", "comment_identity"),
        *("action_delete", "action_identity", "action_final"),
    )
)
_CHUNK_BYTES = 1 << 20
_TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger'"


class Readable(Protocol):
    """What verify() needs of a database."""

    def read(self) -> AbstractContextManager[Session]: ...


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One row that is not as it was written.

    kind: "changed", "removed", "inserted" (nothing vouches for it, or something twice),
    "unlinked" (the row before it was exchanged), "text" or "raw" (no longer what was hashed),
    "checkpoint" (not the row that the checkpoint names).
    """

    seq: int | None  # of the audit row that tells, if one does
    table: str
    id: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """The result of verify()."""

    ok: bool
    rows: int  # of the audit log
    head: Head
    problems: tuple[Problem, ...]  # the first MOST_LISTED
    notes: tuple[str, ...]  # what this check cannot show, and how many problems are not listed


@dataclass
class _Found:
    problems: list[Problem] = field(default_factory=list)
    number: int = 0

    def add(self, kind: str, table: str, row_id: object, seq: int | None = None) -> None:
        self.number += 1
        if len(self.problems) < MOST_LISTED:
            self.problems.append(Problem(seq=seq, table=table, id=str(row_id), kind=kind))


def verify(database: Readable, checkpoint: Head | None = None) -> Report:
    """Whether the record is as it was written, as far as the database alone can tell.

    `checkpoint` is an earlier head that was kept elsewhere. Raises StoreUnreadable.
    """
    with database.read() as session:
        connection = session.connection().connection
        driver = session.get_bind().dialect.dbapi
        assert driver is not None
        try:
            return _verify(connection, checkpoint)
        except driver.OperationalError as error:
            if "decode" not in str(error):
                raise StoreUnreadable(f"the database cannot be read: {error}") from error
            return _verify_undecodable(connection, checkpoint)
        except driver.DatabaseError as error:
            raise StoreUnreadable(f"the database cannot be read: {error}") from error


def _verify_undecodable(connection: Any, checkpoint: Head | None) -> Report:
    """Text that is not UTF-8 was put there by someone else: read it all the same."""
    driver = connection.driver_connection
    driver.text_factory = lambda octets: octets.decode("utf-8", "surrogateescape")
    try:
        return _verify(connection, checkpoint)
    finally:
        driver.text_factory = str


def _verify(connection: Any, checkpoint: Head | None) -> Report:
    found = _Found()
    head, rows = _check_chain(connection, found, checkpoint)
    _check_versions(connection, found)
    _check_comments(connection, found)
    _check_decisions(connection, found)
    _check_actions(connection, found)
    for table in ("page", "fundraiser"):
        _check_newest(connection, found, table)
    for table in EVIDENCE:
        _check_removed(connection, found, table)
    notes: tuple[str, ...] = (*_guard_notes(connection), *NOTES)
    if found.number > len(found.problems):
        notes = (f"{found.number} problems, the first {MOST_LISTED} of them listed.", *notes)
    return Report(
        ok=not found.number, rows=rows, head=head, problems=tuple(found.problems), notes=notes
    )


def _guard_notes(connection: Any) -> list[str]:
    """A missing or foreign trigger changes no row, but somebody had the file in hand."""
    there = {name for (name,) in _rows(connection, _TRIGGERS)}
    return [
        f"The trigger {name} is {'missing' if name in GUARDS else 'foreign'}: somebody has changed"
        " the database outside modbot."
        for name in sorted(there ^ GUARDS)
    ]


def _rows(connection: Any, query: str) -> Iterator[tuple[Any, ...]]:
    cursor = connection.cursor()
    try:
        yield from cursor.execute(query)
    finally:
        cursor.close()


def _check_chain(connection: Any, found: _Found, checkpoint: Head | None) -> tuple[Head, int]:
    expected, prev, rows = 1, FIRST_PREV, 0
    agreed = checkpoint is None or checkpoint.seq == 0
    seq = 0
    for *chained, link in _rows(
        connection, f"SELECT {', '.join(CHAINED)}, hash FROM audit ORDER BY seq"
    ):
        seq = chained[0]
        rows += 1
        if seq < expected:
            found.add("inserted", "audit", seq, seq)
        if seq > expected:
            found.add("removed", "audit", expected, expected)
        elif chained[-1] != prev:
            found.add("unlinked", "audit", seq, seq)
        if chain_hash(chained) != link:
            found.add("changed", "audit", seq, seq)
        if checkpoint is not None and seq == checkpoint.seq:
            agreed = link == checkpoint.hash
        expected, prev = seq + 1, link
    highest = next(_rows(connection, "SELECT seq FROM sqlite_sequence WHERE name = 'audit'"), (0,))
    if highest[0] != seq:  # SQLite remembers the highest seq apart from the rows
        found.add("removed", "audit", expected, expected)
    if checkpoint is not None and not agreed:
        found.add("checkpoint", "audit", checkpoint.seq, checkpoint.seq)
    return Head(seq=seq, hash=str(prev)), rows


def _vouched(table: str, extra: str = "") -> str:
    """Each row of a table with the audit rows that vouch for it: seq, row_sha256, kind, ..."""
    fields = ", ".join(f"t.{name}" for name in EVIDENCE[table])
    return (
        f"SELECT a.seq, a.row_sha256, a.kind, {fields}{extra} FROM {table} t LEFT JOIN audit a "
        f"ON a.row_table = '{table}' AND a.row_id = CAST(t.id AS TEXT) ORDER BY t.id, a.seq"
    )


def _check_written_once(
    found: _Found, table: str, rows: Iterable[tuple[Any, ...]]
) -> Iterator[tuple[Any, ...]]:
    """Hands on each row once, whatever is wrong with it."""
    width, last = len(EVIDENCE[table]), None
    for row in rows:
        seq, sha256, stored = row[0], row[1], row[3 : 3 + width]
        row_id = stored[0]
        if seq is None:
            found.add("inserted", table, row_id)
        elif row_id == last:
            found.add("inserted", "audit", seq, seq)
        elif hash_fields(table, stored) != sha256:
            found.add("changed", table, row_id, seq)
        if row_id != last:
            yield row
        last = row_id


def _check_versions(connection: Any, found: _Found) -> None:
    extra = ", t.text, t.raw, EXISTS (SELECT 1 FROM comment c WHERE c.id = t.comment_row)"
    rows = _rows(connection, _vouched("version", extra))
    for row in _check_written_once(found, "version", rows):
        seq = row[0]
        row_id, comment_row, _, escaped, text_sha256, raw_sha256, _, text, raw, has_comment = row[
            3:
        ]
        if _text_sha256(text, escaped) != text_sha256:
            found.add("text", "version", row_id, seq)
        if _raw_sha256(raw) != raw_sha256:
            found.add("raw", "version", row_id, seq)
        if not has_comment:
            found.add("removed", "comment", comment_row, seq)


def _text_sha256(text: object, escaped: object) -> str:
    if not isinstance(text, str):
        return ""
    octets = original(text, escaped=bool(escaped)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(octets).hexdigest()


def _raw_sha256(raw: object) -> str:
    """In chunks: what was put in its place may unpack to any size."""
    if not isinstance(raw, bytes):
        return ""
    unpack, sha256 = zlib.decompressobj(), hashlib.sha256()
    try:
        sha256.update(unpack.decompress(raw, _CHUNK_BYTES))
        while unpack.unconsumed_tail:
            sha256.update(unpack.decompress(unpack.unconsumed_tail, _CHUNK_BYTES))
    except zlib.error:
        return ""
    return sha256.hexdigest() if unpack.eof and not unpack.unused_data else ""


def _check_comments(connection: Any, found: _Found) -> None:
    """Who wrote what where is vouched for by the audit row of a comment's first version."""
    fields = ", ".join(f"t.{name}" for name in EVIDENCE["comment"])
    told = "CASE WHEN json_valid(a.detail) THEN json_extract(a.detail, '$.comment_sha256') END"
    query = (
        f"SELECT min(a.seq), {told}, {fields} FROM comment t "
        "LEFT JOIN version v ON v.comment_row = t.id AND v.number = 1 "
        "LEFT JOIN audit a ON a.row_table = 'version' AND a.row_id = CAST(v.id AS TEXT) "
        "GROUP BY t.id"
    )
    for seq, sha256, *stored in _rows(connection, query):
        if seq is None:
            found.add("inserted", "comment", stored[0])
        elif hash_fields("comment", stored) != sha256:
            found.add("changed", "comment", stored[0], seq)


def _check_decisions(connection: Any, found: _Found) -> None:
    for _ in _check_written_once(found, "decision", _rows(connection, _vouched("decision"))):
        pass


def _check_actions(connection: Any, found: _Found) -> None:
    """One link when it was requested and one when it ended, each with its own hash."""
    fields = EVIDENCE["action"]
    state_at = fields.index("state")
    for row_id, group in groupby(_rows(connection, _vouched("action")), key=lambda row: row[3]):
        rows = list(group)
        now = list(rows[0][3:])
        state, finished_at = now[state_at], now[state_at + 1]
        expected = [("action.requested", [*now[:state_at], "requested", None, ""])]
        if state != "requested" or finished_at is not None:
            expected.append((f"action.{state}", now))
        if rows[0][0] is None:
            found.add("inserted", "action", row_id)
            continue
        for seq, *_ in rows[len(expected) :]:
            found.add("inserted", "audit", seq, seq)
        told = [(sha256, kind) for _, sha256, kind, *_ in rows[: len(expected)]]
        if told != [(hash_fields("action", form), kind) for kind, form in expected]:
            found.add("changed", "action", row_id, rows[-1][0])


def _check_newest(connection: Any, found: _Found, table: str) -> None:
    """Rows that may change, each change with its own link: the newest must match."""
    rows = _rows(connection, _vouched(table))
    for row_id, group in groupby(rows, key=lambda row: row[3]):
        *_, (seq, sha256, _kind, *stored) = group
        if seq is None:
            found.add("inserted", table, row_id)
        elif hash_fields(table, stored) != sha256:
            found.add("changed", table, row_id, seq)


def _check_removed(connection: Any, found: _Found, table: str) -> None:
    row_id = "a.row_id" if table == "page" else "CAST(a.row_id AS INTEGER)"
    query = (
        f"SELECT min(a.seq), a.row_id FROM audit a WHERE a.row_table = '{table}' "
        f"AND NOT EXISTS (SELECT 1 FROM {table} t WHERE t.id = {row_id}) GROUP BY a.row_id"
    )
    for seq, missing in _rows(connection, query):
        found.add("removed", table, missing, seq)
