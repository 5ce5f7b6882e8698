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
from itertools import pairwise
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
RAW_BYTES = 1 << 20  # unpacked; larger ones are left to the thorough check


_WALKED = ("version", "decision", "comment")


class _Doubt(Exception):
    """Something that this check cannot prove."""


def _array(alias: str, names: Sequence[str], table: str = "") -> str:
    fields = ", ".join(f"{alias}.{name}" for name in names)
    name = f"'{table}', " if table else ""
    return f"json_array({name}{fields})"


_ROW_ID = "coalesce(v.id, d.id)"
_PASS = f"""
SELECT a.seq, a.prev, a.hash, CAST({_array("a", CHAINED)} AS BLOB), a.row_table, a.row_sha256,
    {_ROW_ID}, CAST(CASE a.row_table
        WHEN 'version' THEN {_array("v", EVIDENCE["version"], "version")}
        WHEN 'decision' THEN {_array("d", EVIDENCE["decision"], "decision")} END AS BLOB),
    CASE v.escaped WHEN 0 THEN CAST(v.text AS BLOB) ELSE v.text END, v.escaped, v.text_sha256,
    v.raw, v.raw_sha256, typeof(v.text), v.number, c.id,
    CASE v.number WHEN 1 THEN json_extract(a.detail, '$.comment_sha256') END,
    CASE v.number WHEN 1 THEN CAST({_array("c", EVIDENCE["comment"], "comment")} AS BLOB) END
FROM audit a
LEFT JOIN version v ON a.row_table = 'version' AND v.id = CAST(a.row_id AS INTEGER)
    AND a.row_id = CAST(v.id AS TEXT)
LEFT JOIN decision d ON a.row_table = 'decision' AND d.id = CAST(a.row_id AS INTEGER)
    AND a.row_id = CAST(d.id AS TEXT)
LEFT JOIN comment c ON c.id = v.comment_row
WHERE a.seq > ? AND a.seq <= ? ORDER BY a.seq"""
_NEWEST_OF_COMMENTS = f"""
SELECT a.row_sha256, CAST({_array("t", EVIDENCE["comment"], "comment")} AS BLOB)
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
        cursor.execute(_PASS, (after, last))
        while rows := cursor.fetchmany(BATCH_ROWS):
            walked.take(rows)
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

    def take(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """The next rows of the pass. Raises _Doubt."""
        seqs, prevs, links, arrays, tables, *_ = zip(*rows, strict=True)
        expected = range(self.seq + 1, self.seq + 1 + len(seqs))
        if seqs != tuple(expected) or prevs != (self.link, *links[:-1]):
            raise _Doubt
        _check_hashes(arrays, links)
        self.seq, self.link = seqs[-1], links[-1]
        for table, check in (("version", self._check_versions), ("decision", None)):
            if table not in tables:
                continue
            told = [row for row in rows if row[4] == table]
            *_, shas, ids, evidence = zip(*(row[5:8] for row in told), strict=True)
            self._rising(table, ids)
            _check_hashes(evidence, shas)
            if check is not None:
                check([row[8:] for row in told])

    def _rising(self, table: str, ids: Sequence[Any]) -> None:
        """Each row once: a row that is missing or named twice does not rise."""
        along = [self.last[table], *ids]
        if None in along or any(a >= b for a, b in pairwise(along)):
            raise _Doubt
        if ids and not self.count[table]:
            self.first[table] = ids[0]
        self.last[table] = along[-1]
        self.count[table] += len(ids)

    def _check_versions(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Texts, the platforms' bytes, and the comments that are seen for the first time."""
        texts, escaped, text_hashes, raws, raw_hashes, types, numbers, comments, told, arrays = zip(
            *rows, strict=True
        )
        if set(types) != {"text"} or None in comments:
            raise _Doubt
        for text, was_escaped, sha256 in zip(texts, escaped, text_hashes, strict=True):
            if was_escaped == 0:
                if hashlib.sha256(text).hexdigest() != sha256:
                    raise _Doubt
            elif text_sha256(text, was_escaped) != sha256:
                raise _Doubt
        if not all(map(_raw_is, raws, raw_hashes)):
            raise _Doubt
        first = [place for place, number in enumerate(numbers) if number == 1]
        self._rising("comment", [comments[place] for place in first])
        self.changed += [
            comments[place] for place in first if not _is_hash(arrays[place], told[place])
        ]


def _is_hash(array: Any, sha256: object) -> bool:
    """Whether this is the SHA-256 of an array's canonical form."""
    if not isinstance(array, bytes):
        return False
    if hashlib.sha256(array).hexdigest() == sha256:
        return True
    try:
        again = canonical(json.loads(array))
    except ValueError:
        return False
    return hashlib.sha256(again.encode("ascii")).hexdigest() == sha256


def _check_hashes(arrays: Sequence[Any], hashes: Sequence[Any]) -> None:
    if None in arrays:
        raise _Doubt
    sha256 = hashlib.sha256
    told = [sha256(array).hexdigest() for array in arrays]
    if told != list(hashes) and not all(map(_is_hash, arrays, hashes)):
        raise _Doubt


def _raw_is(raw: Any, sha256: str) -> bool:
    if not isinstance(raw, bytes):
        return False
    unpack = zlib.decompressobj()
    try:
        octets = unpack.decompress(raw, RAW_BYTES)
    except zlib.error:
        return False
    if not unpack.eof or unpack.unused_data:
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
