"""What became of a comment and the texts of posts become evidence.

Their audit rows were hashed over less, or were never written: each stored comment and post gets
one that vouches for it as it stands. From here on a post is never deleted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from modbot.migrations.guards import may_hold_rows, refuse

revision = "0003"
down_revision = "0002"

# As they are at this revision, so that it does the same for ever.
COMMENT = (
    *("id", "page_id", "platform", "comment_id", "post_id", "parent_id", "author_id"),
    *("author_name", "permalink", "created_at", "first_seen_at", "by_page", "hidden", "gone_at"),
)
POST = ("page_id", "post_id", "text", "created_at")
CHUNK_ROWS = 1000
_INSERT = (
    "INSERT INTO audit (seq, at, kind, actor, row_table, row_id, row_sha256, detail, prev, hash) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def upgrade() -> None:
    connection = op.get_bind()
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    for table, fields in (
        (("comment", COMMENT), ("post", POST)) if may_hold_rows(connection) else ()
    ):
        for rows in _chunks(connection, table, fields):
            _vouch(connection, table, rows, now)
    refuse(connection, "post_delete", "DELETE ON post", "post rows are never deleted")


def _chunks(
    connection: sa.Connection, table: str, fields: Sequence[str]
) -> Iterator[Sequence[sa.Row[tuple[object, ...]]]]:
    last = 0
    while True:
        rows = connection.exec_driver_sql(
            f"SELECT rowid, {', '.join(fields)} FROM {table} WHERE rowid > ? "
            f"ORDER BY rowid LIMIT {CHUNK_ROWS}",
            (last,),
        ).all()
        if not rows:
            return
        last = rows[-1][0]
        yield rows


def _vouch(
    connection: sa.Connection, table: str, rows: Sequence[Sequence[object]], now: str
) -> None:
    newest = connection.exec_driver_sql("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
    seq, prev = newest.first() or (0, "0" * 64)
    entries = []
    for _, *stored in rows:
        seq += 1
        row_id = str(stored[0]) if table == "comment" else f"{stored[0]} {stored[1]}"
        about = (f"{table}.vouched", "modbot", table, row_id, _sha256([table, *stored]), "{}")
        chained = (seq, now, *about, prev)
        prev = _sha256(chained)
        entries.append((*chained, prev))
    connection.exec_driver_sql(_INSERT, entries)


def _sha256(value: object) -> str:
    text = json.dumps(value, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
