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
from collections.abc import Callable, Sequence
from typing import Any

from modbot.audit.chain import CHAINED, FIRST_PREV, Head
from modbot.audit.evidence import EVIDENCE
from modbot.audit.findings import Found, rows_of
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
_HIGHEST_ID = (1 << 63) - 1  # that SQLite can hold


_WALKED = ("version", "decision", "comment")


class _Doubt(Exception):
    """Something that this check cannot prove."""


def _array(alias: str, names: Sequence[str], table: str = "") -> str:
    fields = ", ".join(f"{alias}.{name}" for name in names)
    name = f"'{table}', " if table else ""
    return f"CAST(json_array({name}{fields}) AS BLOB)"


# Each table is read once, in its order: joins would look every row up.
_LOG = f"""
SELECT a.seq, a.prev, a.hash, {_array("a", CHAINED)}, a.row_table, a.row_id, a.row_sha256
FROM audit a WHERE a.seq > ? AND a.seq <= ? ORDER BY a.seq"""
_DECISIONS = f"""
SELECT d.id, {_array("d", EVIDENCE["decision"], "decision")}
FROM decision d WHERE d.id BETWEEN ? AND ? ORDER BY d.id LIMIT ?"""
_VERSIONS = f"""
SELECT v.id, {_array("v", EVIDENCE["version"], "version")},
    CASE v.escaped WHEN 0 THEN CAST(v.text AS BLOB) ELSE v.text END, v.escaped, v.text_sha256,
    v.raw, v.raw_sha256, v.number, v.comment_row,
    typeof(v.text) = 'text'
        AND (v.number = 1 OR EXISTS (SELECT 1 FROM comment c WHERE c.id = v.comment_row))
FROM version v WHERE v.id BETWEEN ? AND ? ORDER BY v.id LIMIT ?"""
_COMMENTS = f"""
SELECT c.id, {_array("c", EVIDENCE["comment"], "comment")}
FROM comment c WHERE c.id BETWEEN ? AND ? ORDER BY c.id LIMIT ?"""
# As a link's array has it, with a hash, when a comment is first seen: its `detail` is JSON in JSON.
_TOLD = rb"\"comment_sha256\":\"%s\""
_NEWEST_OF_COMMENTS = f"""
SELECT a.row_sha256, {_array("t", EVIDENCE["comment"], "comment")}
FROM (SELECT row_id, max(seq) AS newest FROM audit WHERE row_table = 'comment' GROUP BY row_id) n
JOIN audit a ON a.seq = n.newest
LEFT JOIN comment t ON t.id = CAST(a.row_id AS INTEGER)"""
_MISCOUNTED = """
SELECT count(*) FROM comment c
WHERE versions IS NOT (SELECT max(number) FROM version v WHERE v.comment_row = c.id)"""


Helpers = Callable[[Sequence[tuple[int, int]]], Sequence["Walk | None"]]  # walk these parts


def proven(connection: Any, helpers: Helpers | None = None) -> tuple[Head, int] | None:
    """The log's head and number of rows when everything is as it was written; None in doubt.

    Raises the driver's errors, as for text that is not UTF-8.
    """
    newest = next(rows_of(connection, "SELECT max(seq) FROM audit"))[0] or 0
    try:
        if helpers is None or newest < FEWEST_ROWS:
            whole = walk(connection, 0, newest)
        else:
            whole = _joined(helpers(_parts(newest)))
        _check_counts(connection, whole, newest)
        _check_changed_comments(connection, whole.changed)
        _check_the_rest(connection)
    except _Doubt:
        return None
    return Head(seq=newest, hash=whole.link), newest


def walk(connection: Any, after: int, last: int) -> Walk:
    """The pass over the audit rows after `after` up to `last`. Raises _Doubt, driver's errors."""
    previous = rows_of(connection, "SELECT hash FROM audit WHERE seq = ?", (after,))
    walked = Walk(after, next(previous, (FIRST_PREV,))[0])
    cursor = connection.cursor()
    try:
        cursor.execute(_LOG, (after, last))
        while rows := cursor.fetchmany(BATCH_ROWS):
            walked.take(connection, rows)
    finally:
        cursor.close()
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


def _joined(parts: Sequence[Walk | None]) -> Walk:
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

    def take(self, connection: Any, rows: Sequence[tuple[Any, ...]]) -> None:
        """The next rows of the log. Raises _Doubt."""
        seqs, prevs, links, arrays, tables, ids, hashes = zip(*rows, strict=True)
        expected = range(self.seq + 1, self.seq + 1 + len(seqs))
        if seqs != tuple(expected) or prevs != (self.link, *links[:-1]):
            raise _Doubt
        _check_hashes(arrays, links)
        self.seq, self.link = seqs[-1], links[-1]
        told = list(zip(tables, ids, hashes, arrays, strict=True))
        for table, query in (("version", _VERSIONS), ("decision", _DECISIONS)):
            of_table = [about for about in told if about[0] == table]
            if not of_table:
                continue
            _, named, shas, links_to = zip(*of_table, strict=True)
            found = self._next_rows(connection, table, query, _numbers(named))
            _check_hashes([row[1] for row in found], shas)
            if table == "version":
                self._check_versions(connection, found, links_to)

    def _next_rows(self, connection: Any, table: str, query: str, ids: Sequence[Any]) -> list[Any]:
        """The rows with these ids. Raises _Doubt where they do not rise from row to row, as when
        one is named twice, and where between them there is a row that is not named, or one less.
        """
        first, last = ids[0], ids[-1]
        if not isinstance(first, int) or not isinstance(last, int) or first <= self.last[table]:
            raise _Doubt
        found = _fetched(connection, query, (first, last, len(ids) + 1))
        if [row[0] for row in found] != list(ids):
            raise _Doubt
        if not self.count[table]:
            self.first[table] = first
        self.last[table] = last
        self.count[table] += len(found)
        return found

    def _check_versions(
        self, connection: Any, rows: Sequence[tuple[Any, ...]], links_to: Sequence[bytes]
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
                connection, [comments[place] for place in first], [links_to[at] for at in first]
            )

    def _check_first_seen(
        self, connection: Any, comments: Sequence[Any], links_to: Sequence[bytes]
    ) -> None:
        """Comments with the links that told of them, of which each holds its comment's hash."""
        found = self._next_rows(connection, "comment", _COMMENTS, comments)
        self.changed += [
            comment_row
            for (comment_row, array), link in zip(found, links_to, strict=True)
            if not _tells_of(link, array)
        ]


def _tells_of(link: bytes, comment: bytes) -> bool:
    """Whether a link's array holds the hash of a comment's array."""
    if _TOLD % hashlib.sha256(comment).hexdigest().encode() in link:
        return True
    sha256 = _canonical_sha256(comment)
    return bool(sha256) and _TOLD % sha256.encode() in link


def _fetched(connection: Any, query: str, values: tuple[object, ...]) -> list[Any]:
    """All rows at once, for which Python is not asked row by row as by rows_of()."""
    cursor = connection.cursor()
    try:
        return cursor.execute(query, values).fetchall()  # type: ignore[no-any-return]
    finally:
        cursor.close()


def _numbers(named: Sequence[Any]) -> list[int]:
    """The ids of rows that the log names. Raises _Doubt for what names none."""
    try:
        ids = list(map(int, named))
    except (TypeError, ValueError):
        raise _Doubt from None
    if list(map(str, ids)) != list(named) or max(ids) > _HIGHEST_ID:
        raise _Doubt
    return ids


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
    if found.number:
        raise _Doubt
