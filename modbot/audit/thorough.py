"""Looks at every row by itself and names each that is not as it was written.

Reads row by row: memory stays flat. Slower than modbot/audit/proof.py, which only tells whether
there is anything to be found.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from modbot.audit import postgres
from modbot.audit.chain import CHAINED, FIRST_PREV, Head, chain_hash
from modbot.audit.evidence import EVIDENCE, hash_fields
from modbot.audit.findings import Found, rows_of
from modbot.audit.judgement import check_judgement
from modbot.audit.post_texts import check_post_texts
from modbot.stored_text import original

_CHUNK_BYTES = 1 << 20
# Rows that may change, each change with an audit row of its own.
CHANGING = ("page", "fundraiser", "post", "registration", "fundraiser_request")


def check_all(connection: Any, found: Found) -> tuple[Head, int]:
    """Every check there is; the log's head and number of rows."""
    head, rows = check_chain(connection, found)
    _check_versions(connection, found)
    _check_comments(connection, found)
    _check_decisions(connection, found)
    check_actions(connection, found)
    for table in CHANGING:
        check_newest(connection, found, table)
    for table in EVIDENCE:
        check_removed(connection, found, table)
    check_judgement(connection, found)
    check_post_texts(connection, found)
    return head, rows


def check_chain(connection: Any, found: Found) -> tuple[Head, int]:
    """Every link of the log; its head and number of rows."""
    expected, prev, rows, seq = 1, FIRST_PREV, 0, 0
    for *chained, link in rows_of(
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
        expected, prev = seq + 1, link
    if highest_seq(connection) != seq:
        found.add("removed", "audit", expected, expected)
    return Head(seq=seq, hash=str(prev)), rows


def highest_seq(connection: Any) -> object:
    """What the database remembers of the log's length apart from its rows."""
    query = "SELECT seq FROM sqlite_sequence WHERE name = 'audit'"
    if postgres.asks_postgres(connection):
        query = postgres.HIGHEST
    found = next(rows_of(connection, query), (0,))
    return found[0]


def _vouched(table: str, extra: str = "") -> str:
    """Each row of a table with the audit rows that vouch for it: seq, row_sha256, kind, ..."""
    fields = ", ".join(f"t.{name}" for name in EVIDENCE[table])
    order = "t.page_id, t.post_id" if table == "post" else "t.id"
    return (
        f"SELECT a.seq, a.row_sha256, a.kind, {fields}{extra} FROM {table} t LEFT JOIN audit a "
        f"ON a.row_table = '{table}' AND a.row_id = {row_id_sql(table)} ORDER BY {order}, a.seq"
    )


def row_id_sql(table: str) -> str:
    """How an audit row names row `t` of a table, in SQL."""
    if table == "post":
        return "(t.page_id || ' ' || t.post_id)"
    return "CAST(t.id AS TEXT)"


def _check_written_once(
    found: Found, table: str, rows: Iterable[tuple[Any, ...]]
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


def _check_versions(connection: Any, found: Found) -> None:
    extra = ", t.text, t.raw, EXISTS (SELECT 1 FROM comment c WHERE c.id = t.comment_row)"
    rows = rows_of(connection, _vouched("version", extra))
    for row in _check_written_once(found, "version", rows):
        seq = row[0]
        row_id, comment_row, _, escaped, text_hash, raw_hash, _, text, raw, has_comment = row[3:]
        if text_sha256(text, escaped) != text_hash:
            found.add("text", "version", row_id, seq)
        if raw_sha256(raw) != raw_hash:
            found.add("raw", "version", row_id, seq)
        if not has_comment:
            found.add("removed", "comment", comment_row, seq)


def text_sha256(text: object, escaped: object) -> str:
    """SHA-256 (hex) of a stored text as it was sent; empty for what is no text."""
    if not isinstance(text, str):
        return ""
    octets = original(text, escaped=bool(escaped)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(octets).hexdigest()


def raw_sha256(raw: object) -> str:
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


def _check_comments(connection: Any, found: Found) -> None:
    """The newest audit row of a comment vouches for it, else that of its first version."""
    fields = ", ".join(f"t.{name}" for name in EVIDENCE["comment"])
    told = "CASE WHEN json_valid(a.detail) THEN json_extract(a.detail, '$.comment_sha256') END"
    query = (
        f"SELECT min(a.seq), {told}, n.seq, n.row_sha256, t.versions, "
        f"(SELECT max(number) FROM version WHERE comment_row = t.id), {fields} FROM comment t "
        "LEFT JOIN version v ON v.comment_row = t.id AND v.number = 1 "
        "LEFT JOIN audit a ON a.row_table = 'version' AND a.row_id = CAST(v.id AS TEXT) "
        "LEFT JOIN audit n ON n.seq = (SELECT max(seq) FROM audit "
        "WHERE row_table = 'comment' AND row_id = CAST(t.id AS TEXT)) GROUP BY t.id"
    )
    if postgres.asks_postgres(connection):
        query = postgres.COMMENTS.replace("__FIELDS__", fields)
    for seq, told_sha256, newest, newest_sha256, versions, number, *stored in rows_of(
        connection, query
    ):
        sha256 = told_sha256 if newest is None else newest_sha256
        if seq is None:
            found.add("inserted", "comment", stored[0])
        elif hash_fields("comment", stored) != sha256 or versions != number:
            found.add("changed", "comment", stored[0], newest or seq)


def _check_decisions(connection: Any, found: Found) -> None:
    for _ in _check_written_once(found, "decision", rows_of(connection, _vouched("decision"))):
        pass


def check_actions(connection: Any, found: Found) -> None:
    """One link when it was requested and one when it ended, each with its own hash."""
    fields = EVIDENCE["action"]
    state_at = fields.index("state")
    for row_id, group in groupby(rows_of(connection, _vouched("action")), key=lambda row: row[3]):
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


def check_newest(connection: Any, found: Found, table: str) -> None:
    """Rows that may change, each change with its own link: the newest must match."""
    rows = rows_of(connection, _vouched(table, f", {row_id_sql(table)}"))
    for row_id, group in groupby(rows, key=lambda row: row[-1]):
        *_, (seq, sha256, _kind, *stored, _id) = group
        if seq is None:
            found.add("inserted", table, row_id)
        elif hash_fields(table, stored) != sha256:
            found.add("changed", table, row_id, seq)


def check_removed(connection: Any, found: Found, table: str) -> None:
    """Rows that an audit row vouches for and that are not there."""
    named = {
        "page": "t.id = a.row_id",
        "post": "t.page_id = substr(a.row_id, 1, instr(a.row_id, ' ') - 1) "
        "AND t.post_id = substr(a.row_id, instr(a.row_id, ' ') + 1)",
    }.get(table, "t.id = CAST(a.row_id AS INTEGER)")
    if postgres.asks_postgres(connection):
        named = f"{row_id_sql(table)} = a.row_id"
    query = (
        f"SELECT min(a.seq), a.row_id FROM audit a WHERE a.row_table = '{table}' "
        f"AND NOT EXISTS (SELECT 1 FROM {table} t WHERE {named}) GROUP BY a.row_id"
    )
    for seq, missing in rows_of(connection, query):
        found.add("removed", table, missing, seq)
