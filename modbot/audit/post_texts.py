"""Each text that a post has had, beside the audit rows that told of them.

Rows and audit rows have the same order: the first text is what the first audit row of a post saw.
In a database of before revision 0010 the first rows are what the revision found: each stands for
all that was told of its post until then, and has the time of the post.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from modbot.audit.evidence import hash_fields, post_row_id
from modbot.audit.findings import Found, rows_of
from modbot.audit.judgement import IN_FORCE, KEPT

_ROWS = (
    "SELECT t.id, t.seen_at, t.page_id, t.post_id, t.text, p.created_at FROM post_text t "
    "LEFT JOIN post p ON p.page_id = t.page_id AND p.post_id = t.post_id ORDER BY t.id"
)
_TOLD = "SELECT seq, at, row_id, row_sha256 FROM audit WHERE row_table = 'post' ORDER BY seq"
# Whoever writes these keeps every text of a post.
_KEEPING = "SELECT min(seq) FROM audit WHERE row_table = '' AND row_id = '' AND kind IN (?, ?)"

Told = tuple[int, object, str, object]  # seq, at, row_id, row_sha256


def check_post_texts(connection: Any, found: Found) -> None:
    """Every text is as its audit row saw it, and none is missing."""
    rows, told = rows_of(connection, _ROWS), rows_of(connection, _TOLD)
    already = _already_there(connection)
    if already:
        list(islice(rows, len(already)))
        before = _told_before(connection, len(already))
        _check_already_there(found, already, islice(told, before))
    row = next(rows, None)
    for number, (seq, at, row_id, sha256) in enumerate(told, len(already) + 1):
        while row is not None and row[0] < number:
            found.add("inserted", "post_text", row[0])
            row = next(rows, None)
        if row is None or row[0] > number:
            found.add("removed", "post_text", number, seq)
            continue
        if (row[1], _row_id(row), _sha256(row)) != (at, row_id, sha256):
            found.add("changed", "post_text", number, seq)
        row = next(rows, None)
    while row is not None:
        found.add("inserted", "post_text", row[0])
        row = next(rows, None)


def _already_there(connection: Any) -> dict[str, tuple[Any, ...]]:
    """The first rows, by their posts, if the revision wrote them: none in a newer database."""
    first = next(rows_of(connection, _TOLD), None)
    there: dict[str, tuple[Any, ...]] = {}
    for row in rows_of(connection, _ROWS):
        _, seen_at, *_, created_at = row
        is_told = not there and first is not None and (seen_at, _row_id(row)) == first[1:3]
        if is_told or seen_at != created_at or _row_id(row) in there:
            break
        there[_row_id(row)] = row
    return there


def _told_before(connection: Any, already: int) -> int:
    """How many audit rows of posts the revision found: as many as there are before that of the
    first text after it, none of them from a time when texts were kept."""
    ((began,),) = rows_of(connection, _KEEPING, (KEPT, IN_FORCE))
    limit = 0
    after = next(islice(rows_of(connection, _ROWS), already, None), None)
    for place, (seq, *told) in enumerate(rows_of(connection, _TOLD)):
        if after is not None and told == [after[1], _row_id(after), _sha256(after)]:
            return max(0, min(limit, place + already + 1 - int(after[0])))
        if began is None or seq < began:
            limit = place + 1
    return limit


def _check_already_there(
    found: Found, already: dict[str, tuple[Any, ...]], told: Iterator[Told]
) -> None:
    """Each post that was told of has one text, which is what was told last."""
    newest = {row_id: (seq, sha256) for seq, _, row_id, sha256 in told}
    for number, (row_id, row) in enumerate(already.items(), 1):
        seq, sha256 = newest.pop(row_id, (None, None))
        if seq is None:
            found.add("inserted", "post_text", row[0])
        elif (row[0], _sha256(row)) != (number, sha256):
            found.add("changed", "post_text", row[0], seq)
    for row_id, (seq, _) in newest.items():
        found.add("removed", "post_text", row_id, seq)


def _row_id(row: tuple[Any, ...]) -> str:
    return post_row_id(row[2], row[3])


def _sha256(row: tuple[Any, ...]) -> str:
    return hash_fields("post", row[2:])
