"""Random changes to a record by somebody who has the file in hand, and how he covers them up."""

from __future__ import annotations

import hashlib
import random
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from modbot.audit.chain import CHAINED, chain_hash
from modbot.audit.evidence import EVIDENCE, hash_stored
from modbot.stored_rows import canonical
from modbot.stored_text import original
from tests.campaigns.tampering_judgement import COVERED, cover_up_judgement

TABLES = (
    *("comment", "version", "decision", "action", "audit", "post", "post_text", "kept"),
    "in_force",
)
KINDS = ("byte", "field", "remove", "insert", "swap")
# An action that is still open counts its tries; the log says nothing of them.
PASSING = {"action": ("attempts", "next_try_at")}
# What two rows of a table do not exchange: a row would only stand in another place.
NAMES = {"kept": {"name"}, "post": {"page_id", "post_id"}}

Row = dict[str, Any]


class NothingChanged(Exception):
    """The draw changes nothing that counts, or the schema refuses it: draw again."""


@dataclass(frozen=True)
class Reach:
    """The rows that a checkpoint covers: up to these ids."""

    newest: dict[str, int]  # table -> id (seq of audit)


@dataclass(frozen=True)
class Tampering:
    """What was done, for the one who reads about a miss."""

    table: str
    row_id: int
    kind: str
    column: str = ""


def key_of(table: str) -> str:
    """The name of a table's key."""
    return {"audit": "seq", "kept": "rowid", "post": "rowid"}.get(table, "id")


def row_at(connection: Any, table: str, row_id: int) -> Row:
    """A row by name of column."""
    cursor = connection.execute(f"SELECT * FROM {table} WHERE {key_of(table)} = ?", (row_id,))
    found = cursor.fetchone()
    if found is None:
        raise NothingChanged
    return dict(zip([column[0] for column in cursor.description], found, strict=True))


def that_counts(table: str, row: Row) -> Row:
    """The row without what the log does not vouch for."""
    left = {name: value for name, value in row.items() if name not in PASSING.get(table, ())}
    if table == "action" and row["state"] == "requested":
        del left["answer"]
    if table == "version":
        # Bits that only fill up the last byte of a packed value say nothing.
        with suppress(zlib.error, TypeError):
            left["raw"] = zlib.decompress(row["raw"])
    return left


def tamper(connection: Any, rng: random.Random, reach: Reach, table: str, kind: str) -> Tampering:
    """Changes one row. Raises NothingChanged."""
    row_id = rng.randint(1, reach.newest[table])
    before = row_at(connection, table, row_id)
    if kind == "remove":
        connection.execute(f"DELETE FROM {table} WHERE {key_of(table)} = ?", (row_id,))
        return Tampering(table, row_id, kind)
    if kind == "insert":
        return _insert(connection, table, before)
    if kind == "swap":
        return _swap(connection, rng, reach, table, row_id)
    column = rng.choice(list(before))
    drawn = _other_byte if kind == "byte" else _other_value
    value = drawn(connection, rng, reach, table, column, before[column])
    _set(connection, table, row_id, {column: value})
    key = value if column == key_of(table) else row_id
    if that_counts(table, row_at(connection, table, key)) == that_counts(table, before):
        raise NothingChanged
    return Tampering(table, row_id, kind, column)


def _set(connection: Any, table: str, row_id: int, values: Row) -> None:
    names = ", ".join(f"{name} = ?" for name in values)
    query = f"UPDATE {table} SET {names} WHERE {key_of(table)} = ?"
    connection.execute(query, (*values.values(), row_id))


def _insert(connection: Any, table: str, like: Row) -> Tampering:
    key = key_of(table)
    (newest,) = connection.execute(f"SELECT max({key}) FROM {table}").fetchone()
    row = {**like, **({key: newest + 1} if key in like else {})}
    for name in {"key", "comment_id" if table == "comment" else "", *NAMES.get(table, ())} & set(
        row
    ):
        row[name] += "x"
    if table == "version":
        row["number"] += 7
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} VALUES ({marks})", tuple(row.values()))
    return Tampering(table, newest + 1, "insert")


def _swap(connection: Any, rng: random.Random, reach: Reach, table: str, row_id: int) -> Tampering:
    """Two rows change places: each keeps its id and has what the other said."""
    other_id = rng.randint(1, reach.newest[table])
    one, other = row_at(connection, table, row_id), row_at(connection, table, other_id)
    fixed = {key_of(table), "key", "comment_id", "comment_row", "number", *NAMES.get(table, ())}
    names = [name for name in one if name not in fixed]
    if {n: one[n] for n in names} == {n: other[n] for n in names}:
        raise NothingChanged
    for number, said in ((row_id, other), (other_id, one)):
        _set(connection, table, number, {name: said[name] for name in names})
    for number, row in ((row_id, one), (other_id, other)):
        if that_counts(table, row_at(connection, table, number)) == that_counts(table, row):
            raise NothingChanged
    return Tampering(table, row_id, "swap")


def _other_byte(
    connection: Any, rng: random.Random, reach: Reach, table: str, column: str, value: object
) -> object:
    del connection, reach, table, column
    if not isinstance(value, str | bytes) or not value:
        raise NothingChanged
    octets = bytearray(value.encode("utf-8") if isinstance(value, str) else value)
    octets[rng.randrange(len(octets))] ^= 1 << rng.randrange(8)
    if isinstance(value, bytes):
        return bytes(octets)
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise NothingChanged from None  # tests/test_audit.py does these


def _other_value(
    connection: Any, rng: random.Random, reach: Reach, table: str, column: str, value: object
) -> object:
    """One that another row has, or one that no row has."""
    other = row_at(connection, table, rng.randint(1, reach.newest[table]))[column]
    strange = [other, other, None, rng.randint(0, 99), "", "x", f"{value}x", b"x", 0.5]
    return rng.choice(strange)


def cover_up(connection: Any, done: Tampering) -> None:
    """Makes the record sound in itself again: what vouches for the row, then the whole chain."""
    if done.table == "version" and done.kind != "remove":
        _hash_texts_again(connection)
    audit = _audit_rows(connection)
    _vouch_again(connection, audit)
    if done.table in COVERED:
        cover_up_judgement(connection, audit, done.table, done.kind, done.row_id)
    connection.execute("DELETE FROM audit")
    prev = "0" * 64
    for seq, row in enumerate(audit, 1):
        row["seq"], row["prev"] = seq, prev
        row["hash"] = prev = chain_hash([row[name] for name in CHAINED])
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO audit VALUES ({marks})", tuple(row.values()))
    connection.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'audit'", (len(audit),))


def _audit_rows(connection: Any) -> list[Row]:
    cursor = connection.execute("SELECT * FROM audit ORDER BY seq")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _hash_texts_again(connection: Any) -> None:
    for row_id, text, escaped, raw in connection.execute(
        "SELECT id, text, escaped, raw FROM version"
    ).fetchall():
        try:
            sent = original(text, escaped=bool(escaped)).encode("utf-8", "surrogatepass")
            unpacked = zlib.decompress(raw)
        except (zlib.error, TypeError, AttributeError):
            continue
        hashes = {
            name: hashlib.sha256(octets).hexdigest()
            for name, octets in (("text_sha256", sent), ("raw_sha256", unpacked))
        }
        _set(connection, "version", row_id, hashes)


def _vouch_again(connection: Any, audit: list[Row]) -> None:
    """Each audit row's hash after the rows as they are now; those of removed rows are dropped."""
    for entry in list(audit):
        table, row_id = entry["row_table"], entry["row_id"]
        if table not in ("comment", "version", "decision", "action"):
            continue
        try:
            row = row_at(connection, table, int(row_id))
        except (NothingChanged, ValueError, TypeError):
            audit.remove(entry)
            continue
        entry["row_sha256"] = hash_stored(table, _at_that_time(entry, row))
        if entry["kind"] == "comment.seen":
            _vouch_for_comment(connection, entry, row)


def _at_that_time(entry: Row, row: Row) -> Row:
    if entry["kind"] != "action.requested":
        return row
    return {**row, "state": "requested", "finished_at": None, "answer": ""}


def _vouch_for_comment(connection: Any, entry: Row, version: Row) -> None:
    try:
        comment = row_at(connection, "comment", version["comment_row"])
    except NothingChanged:
        return
    entry["detail"] = canonical({"comment_sha256": hash_stored("comment", comment)})


def benign(connection: Any, rng: random.Random) -> str:
    """Something that the service does all the time and that is no tampering."""
    changes: list[Callable[[], Any]] = [
        lambda: connection.execute(
            "UPDATE action SET attempts = attempts + 1, answer = '503' WHERE state = 'requested'"
        ),
        lambda: connection.execute("INSERT INTO service VALUES (1, NULL, 'x', 'y')"),
        lambda: connection.execute(
            "INSERT INTO page_state (page_id, cursor, failures, needs_login, last_error) "
            "SELECT id, 'c', 3, 1, 'away' FROM page"
        ),
        lambda: connection.execute("DELETE FROM log_line"),
        lambda: connection.execute("SELECT 1"),
    ]
    chosen = rng.randrange(len(changes))
    changes[chosen]()
    return f"benign {chosen}"


assert set(TABLES) - {"audit", *COVERED} <= set(EVIDENCE)
