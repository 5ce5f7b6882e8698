"""Proves a sound record sound, quickly; says nothing about what is wrong with one that is not.

One pass over the log in its order, each row beside the row that it vouches for; parts of the log
can be walked by other processes at the same time. SQLite writes the
JSON arrays; they are canonical as they come, but for rows with other than ASCII letters, which are
written again here. Whatever is unusual is a doubt, and modbot/audit/thorough.py looks again.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from typing import Any

from modbot.audit.chain import CHAINED, FIRST_PREV, Head
from modbot.audit.evidence import EVIDENCE
from modbot.audit.findings import Found, rows_of
from modbot.audit.judgement import check_judgement
from modbot.audit.post_texts import check_post_texts
from modbot.audit.thorough import (
    CHANGING,
    check_actions,
    check_newest,
    check_removed,
    highest_seq,
    raw_sha256,
    text_sha256,
)
from modbot.stored_rows import canonical

BATCH_ROWS = 1000
FEWEST_ROWS = 20_000  # of a log that is worth walking in parts
PARTS = 32
RAW_BYTES = 1 << 12  # packed: unpacked at once, as they can become 4 MiB at most
_USUAL_BYTES = 1 << 10  # unpacked
_CHECKSUM_BYTES = 4
MOST_BETWEEN = 10 * BATCH_ROWS  # rows of a table
_END_BYTES = len(',""]') + 64  # of a link: the hash of the one before
_HIGHEST_ID = (1 << 63) - 1  # that SQLite can hold


_WALKED = ("version", "decision", "comment")


class _Doubt(Exception):
    """Something that this check cannot prove."""


def _array(alias: str, names: Sequence[str], table: str = "") -> str:
    fields = ", ".join(f"{alias}.{name}" for name in names)
    name = f"'{table}', " if table else ""
    return f"json_array({name}{fields})"


def _arrays(alias: str, names: Sequence[str], table: str = "") -> str:
    """Those of many rows, a line each: handed over row by row they cost half as much again. In JSON
    there is no line break but between values."""
    return f"CAST(group_concat({_array(alias, names, table)}, char(10)) AS BLOB)"


# Each table is read once, in its order: joins would look every row up. Rows that come in another
# order, which SQLite might choose, are a doubt.
_LOG = f"""
SELECT min(a.seq), max(a.seq), count(*), {_arrays("a", CHAINED)}, json_group_array(a.hash),
    json_group_array(a.row_table), json_group_array(a.row_id), json_group_array(a.row_sha256)
FROM audit a WHERE a.seq > ? AND a.seq <= ?"""
_DECISIONS = f"""
SELECT json_group_array(d.id), {_arrays("d", EVIDENCE["decision"], "decision")}
FROM decision d WHERE d.id BETWEEN ? AND ?"""
_COMMENTS = f"""
SELECT json_group_array(c.id), {_arrays("c", EVIDENCE["comment"], "comment")}
FROM comment c WHERE c.id BETWEEN ? AND ?"""
_VERSIONS = f"""
SELECT v.id, CAST({_array("v", EVIDENCE["version"], "version")} AS BLOB),
    CASE v.escaped WHEN 0 THEN CAST(v.text AS BLOB) ELSE v.text END, v.escaped, v.text_sha256,
    v.raw, v.raw_sha256, v.number, v.comment_row,
    typeof(v.text) = 'text'
        AND (v.number = 1 OR EXISTS (SELECT 1 FROM comment c WHERE c.id = v.comment_row))
FROM version v WHERE v.id BETWEEN ? AND ? ORDER BY v.id"""
# As a link's array has it, with a hash, when a comment is first seen: its `detail` is JSON in JSON.
_TOLD = rb"\"comment_sha256\":\"%s\""
_NEWEST_OF_COMMENTS = f"""
SELECT a.row_sha256, CAST({_array("t", EVIDENCE["comment"], "comment")} AS BLOB)
FROM (SELECT row_id, max(seq) AS newest FROM audit WHERE row_table = 'comment' GROUP BY row_id) n
JOIN audit a ON a.seq = n.newest
LEFT JOIN comment t ON t.id = CAST(a.row_id AS INTEGER)"""
_MISCOUNTED = """
SELECT count(*) FROM comment c
WHERE versions IS NOT (SELECT max(number) FROM version v WHERE v.comment_row = c.id)"""


# Begin at once to walk these parts, and give the walks in their order as they are done.
Helpers = Callable[[Sequence[tuple[int, int]]], Iterable["Walk | None"]]


def proven(connection: Any, helpers: Helpers | None = None) -> tuple[Head, int] | None:
    """The log's head and number of rows when everything is as it was written; None in doubt.

    Raises the driver's errors, as for text that is not UTF-8.
    """
    newest = next(rows_of(connection, "SELECT max(seq) FROM audit"))[0] or 0
    try:
        parts: Iterable[Walk | None] | None = None
        if helpers is not None and newest >= FEWEST_ROWS:
            parts = helpers(_parts(newest))
        _check_the_rest(connection)  # while others walk
        _check_versions_counted(connection)
        whole = walk(connection, 0, newest) if parts is None else _joined(parts)
        _check_counts(connection, whole, newest)
        _check_changed_comments(connection, whole.changed)
    except _Doubt:
        return None
    return Head(seq=newest, hash=whole.link), newest


def walk(connection: Any, after: int, last: int) -> Walk:
    """The pass over the audit rows after `after` up to `last`. Raises _Doubt, driver's errors."""
    previous = rows_of(connection, "SELECT hash FROM audit WHERE seq = ?", (after,))
    walked = Walk(after, next(previous, (FIRST_PREV,))[0])
    for start in range(after, last, BATCH_ROWS):
        walked.take(connection, min(start + BATCH_ROWS, last))
    return walked


def walk_part(connection: Any, after: int, last: int) -> Walk | None:
    """walk() for another process: None in doubt, whatever the doubt is."""
    try:
        return walk(connection, after, last)
    except Exception:
        return None


def _parts(newest: int) -> list[tuple[int, int]]:
    """Equal parts of the log, some for each helper, as one is not always as fast as another."""
    size = max(FEWEST_ROWS // 4, -(-newest // PARTS))
    return [(after, min(after + size, newest)) for after in range(0, newest, size)]


def _joined(parts: Iterable[Walk | None]) -> Walk:
    """One walk from those of its parts, in order. Raises _Doubt."""
    whole = Walk(0, FIRST_PREV)
    for part in parts:
        if part is None or part.began != whole.link:
            raise _Doubt
        whole.link, whole.seq = part.link, part.seq
        whole.changed += part.changed
        for table, number in part.count.items():
            whole.count[table] += number
            if number:
                if part.first[table] <= whole.last[table]:
                    raise _Doubt
                whole.last[table] = part.last[table]
    return whole


class Walk:
    """How far a pass has come."""

    def __init__(self, after: int, link: str) -> None:
        self.seq, self.began, self.link = after, link, link
        # Ids rise along the log: the first and last of the rows that were vouched for.
        self.first, self.last = dict.fromkeys(_WALKED, 0), dict.fromkeys(_WALKED, 0)
        self.count = dict.fromkeys(_WALKED, 0)
        self.changed: list[int] = []  # comments that are no longer as they were first seen

    def take(self, connection: Any, until: int) -> None:
        """The next rows of the log, up to this number. Raises _Doubt."""
        ((*span, arrays, hashes, tables, ids, shas),) = _fetched(connection, _LOG, self.seq, until)
        number = until - self.seq
        if span != [self.seq + 1, until, number]:
            raise _Doubt
        links, named = _lines(arrays, number), _strings(ids, number)
        tables, shas = _strings(tables, number), _strings(shas, number)
        self._check_links(links, _strings(hashes, number))
        self.seq = until
        for table, check in (("version", self._versions), ("decision", self._decisions)):
            of_table = [one == table for one in tables]
            if any(of_table):
                check(
                    connection,
                    list(compress(named, of_table)),
                    list(compress(shas, of_table)),
                    list(compress(links, of_table)),
                )

    def _check_links(self, links: Sequence[bytes], hashes: Sequence[str]) -> None:
        """Each has the hash of the one before it at its end."""
        _check_hashes(links, hashes)
        ends = "".join(f',"{sha256}"]' for sha256 in (self.link, *hashes[:-1])).encode()
        if b"".join(link[-_END_BYTES:] for link in links) != ends:
            raise _Doubt
        self.link = hashes[-1]

    def _next_rows(
        self, connection: Any, table: str, query: str, named: Sequence[Any]
    ) -> list[tuple[Any, ...]]:
        """What the query tells of a table's rows between the first and the last of these ids, which
        are beyond all before: nothing is named twice. Raises _Doubt."""
        try:
            first, last = int(named[0]), int(named[-1])
        except (TypeError, ValueError):
            raise _Doubt from None
        # Ids are given out one by one: many more between these than are named were put in there.
        if not self.last[table] < first <= last < min(first + MOST_BETWEEN, _HIGHEST_ID):
            raise _Doubt
        if not self.count[table]:
            self.first[table] = first
        self.last[table] = last
        self.count[table] += len(named)
        return _fetched(connection, query, first, last)

    def _decisions(
        self,
        connection: Any,
        named: Sequence[str],
        hashes: Sequence[str],
        links: Sequence[bytes],  # noqa: ARG002
    ) -> None:
        ((ids, arrays),) = self._next_rows(connection, "decision", _DECISIONS, named)
        if ids != f"[{','.join(named)}]":
            raise _Doubt
        _check_hashes(_lines(arrays, len(named)), hashes)

    def _versions(
        self,
        connection: Any,
        named: Sequence[str],
        hashes: Sequence[str],
        links: Sequence[bytes],
    ) -> None:
        rows = self._next_rows(connection, "version", _VERSIONS, named)
        if [str(row[0]) for row in rows] != named:
            raise _Doubt
        _check_hashes([row[1] for row in rows], hashes)
        self._check_versions(connection, rows, links)

    def _check_versions(
        self, connection: Any, rows: Sequence[tuple[Any, ...]], links: Sequence[bytes]
    ) -> None:
        """Texts, the platforms' bytes, and the comments that are seen for the first time."""
        _, _, texts, escaped, text_hashes, raws, raw_hashes, numbers, comments, whole = zip(
            *rows, strict=True
        )
        if not all(whole):
            raise _Doubt
        if not all(map(_text_is, texts, escaped, text_hashes)):
            raise _Doubt
        if not all(map(_raw_is, raws, raw_hashes)):
            raise _Doubt
        first = [place for place, number in enumerate(numbers) if number == 1]
        if first:
            self._check_first_seen(
                connection, [comments[place] for place in first], [links[place] for place in first]
            )

    def _check_first_seen(
        self, connection: Any, comments: Sequence[Any], links: Sequence[bytes]
    ) -> None:
        """Comments with the links that told of them, of which each holds its comment's hash."""
        ((ids, arrays),) = self._next_rows(connection, "comment", _COMMENTS, comments)
        if ids != f"[{','.join(map(str, comments))}]":
            raise _Doubt
        told = map(_tells_of, links, _lines(arrays, len(comments)))
        self.changed += [row for row, is_told in zip(comments, told, strict=True) if not is_told]


def _tells_of(link: bytes, comment: bytes) -> bool:
    """Whether a link's array holds the hash of a comment's array."""
    if _TOLD % hashlib.sha256(comment).hexdigest().encode() in link:
        return True
    sha256 = _canonical_sha256(comment)
    return bool(sha256) and _TOLD % sha256.encode() in link


def _fetched(connection: Any, query: str, *values: object) -> list[tuple[Any, ...]]:
    """All rows at once, for which Python is not asked row by row as by rows_of()."""
    cursor = connection.cursor()
    try:
        return cursor.execute(query, values).fetchall()  # type: ignore[no-any-return]
    finally:
        cursor.close()


def _lines(arrays: bytes, number: int) -> list[bytes]:
    """What _arrays() gives, array by array. Raises _Doubt where there are not so many."""
    lines = arrays.split(b"\n")
    if len(lines) != number:
        raise _Doubt
    return lines


def _strings(listed: str, number: int) -> list[str]:
    """The texts in a JSON array as JSON writes them: a quote in one as \\", so that it is not taken
    for the end. Raises _Doubt where there are not so many, as when one is no text."""
    strings = listed[2:-2].split('","')
    if len(strings) != number:
        raise _Doubt
    return strings


def _canonical_sha256(array: bytes) -> str:
    """SHA-256 (hex) of an array's canonical form; empty for what has none."""
    try:
        again = canonical(json.loads(array))
    except ValueError:
        return ""
    return hashlib.sha256(again.encode("ascii")).hexdigest()


def _is_hash(array: Any, sha256: object) -> bool:
    """Whether this is the SHA-256 of an array's canonical form."""
    if not isinstance(array, bytes):
        return False
    return hashlib.sha256(array).hexdigest() == sha256 or _canonical_sha256(array) == sha256


def _check_hashes(arrays: Sequence[Any], hashes: Sequence[Any]) -> None:
    if None in arrays:
        raise _Doubt
    sha256 = hashlib.sha256
    for array, expected in zip(arrays, hashes, strict=True):
        # Written again only where it is not canonical as it came.
        if sha256(array).hexdigest() != expected and _canonical_sha256(array) != expected:
            raise _Doubt


def _text_is(text: Any, escaped: object, sha256: str) -> bool:
    """Whether a text, in bytes where nothing in it is escaped, is the one that was hashed."""
    if escaped == 0:
        return hashlib.sha256(text).hexdigest() == sha256
    return text_sha256(text, escaped) == sha256


def _raw_is(raw: Any, sha256: str) -> bool:
    if not isinstance(raw, bytes):
        return False
    if len(raw) > RAW_BYTES:
        return raw_sha256(raw) == sha256
    try:
        octets = zlib.decompress(raw, bufsize=_USUAL_BYTES)
    except zlib.error:
        return False
    # zlib.decompress() takes no notice of what follows the end of the stream, which is a checksum:
    # where that stands at the end and nowhere before it, nothing follows.
    if (
        raw.find(zlib.adler32(octets).to_bytes(_CHECKSUM_BYTES, "big"))
        != len(raw) - _CHECKSUM_BYTES
    ):
        return raw_sha256(raw) == sha256
    return hashlib.sha256(octets).hexdigest() == sha256


def _check_counts(connection: Any, whole: Walk, newest: int) -> None:
    """Nothing beside what the log vouches for."""
    for table, number in whole.count.items():
        if next(rows_of(connection, f"SELECT count(*) FROM {table}"))[0] != number:
            raise _Doubt
    if whole.seq != newest or highest_seq(connection) != newest:
        raise _Doubt


def _check_versions_counted(connection: Any) -> None:
    if next(rows_of(connection, _MISCOUNTED))[0]:
        raise _Doubt


def _check_changed_comments(connection: Any, changed: Sequence[int]) -> None:
    """A comment that something befell is as its newest audit row says."""
    for sha256, comment in rows_of(connection, _NEWEST_OF_COMMENTS):
        if not _is_hash(comment, sha256):
            raise _Doubt
    told = "SELECT 1 FROM audit WHERE row_table = 'comment' AND row_id = ? LIMIT 1"
    for comment_row in changed:
        if next(rows_of(connection, told, (str(comment_row),)), None) is None:
            raise _Doubt


def _check_the_rest(connection: Any) -> None:
    """What there is little of."""
    found = Found()
    check_actions(connection, found)
    for table in CHANGING:
        check_newest(connection, found, table)
    for table in (*CHANGING, "action"):
        check_removed(connection, found, table)
    check_judgement(connection, found)
    check_post_texts(connection, found)
    if found.number:
        raise _Doubt
