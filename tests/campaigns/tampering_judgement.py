"""How somebody covers up what he changed of what judged, and of the texts of posts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from modbot.audit.evidence import hash_fields, post_row_id
from modbot.audit.judgement import IN_FORCE, KEPT
from modbot.stored_rows import canonical

COVERED = ("kept", "in_force", "post_text", "post")
Row = dict[str, Any]


def cover_up_judgement(
    connection: Any, audit: list[Row], table: str, kind: str, row_id: int
) -> None:
    """The audit rows about a table after its rows as they are now. What was put in beside them has
    none: one at the end of the log would be no forgery but a new row."""
    if table == "post":
        _last_texts_again(connection)
        table, kind = "post_text", ""
    told = [entry for entry in audit if _tells_of(entry, table)]
    if kind == "remove":
        audit.remove(told.pop(row_id - 1))
        _close_up(connection, table, row_id)
    if table == "kept":
        _hash_files_again(connection)
    if table == "post_text":
        _newest_texts_again(connection)
    key = "rowid" if table == "kept" else "id"
    cursor = connection.execute(f"SELECT * FROM {table} ORDER BY {key}")
    names = [column[0] for column in cursor.description]
    for entry, row in zip(told, cursor.fetchall(), strict=False):
        _VOUCH[table](connection, entry, dict(zip(names, row, strict=True)))


def _tells_of(entry: Row, table: str) -> bool:
    if table == "post_text":
        return bool(entry["row_table"] == "post")
    return bool(entry["kind"] == {"kept": KEPT, "in_force": IN_FORCE}[table])


def _close_up(connection: Any, table: str, row_id: int) -> None:
    """No number is left out."""
    if table == "kept":
        return
    later = connection.execute(f"SELECT id FROM {table} WHERE id > ? ORDER BY id", (row_id,))
    for (number,) in later.fetchall():
        connection.execute(f"UPDATE {table} SET id = ? WHERE id = ?", (number - 1, number))


def _hash_files_again(connection: Any) -> None:
    for name, files in connection.execute("SELECT name, files FROM kept").fetchall():
        if isinstance(files, bytes):
            sha256 = hashlib.sha256(files).hexdigest()
            connection.execute("UPDATE kept SET sha256 = ? WHERE name = ?", (sha256, name))


def _last_texts_again(connection: Any) -> None:
    connection.execute(
        "UPDATE post_text SET text = (SELECT text FROM post p WHERE p.page_id = post_text.page_id "
        "AND p.post_id = post_text.post_id) WHERE id IN (SELECT max(id) FROM post_text t "
        "JOIN post p ON p.page_id = t.page_id AND p.post_id = t.post_id "
        "GROUP BY t.page_id, t.post_id)"
    )


def _newest_texts_again(connection: Any) -> None:
    connection.execute(
        "UPDATE post SET text = (SELECT text FROM post_text t WHERE t.page_id = post.page_id "
        "AND t.post_id = post.post_id ORDER BY id DESC LIMIT 1) WHERE EXISTS (SELECT 1 FROM "
        "post_text t WHERE t.page_id = post.page_id AND t.post_id = post.post_id)"
    )


def _vouch_for_kept(connection: Any, entry: Row, row: Row) -> None:
    del connection
    detail = json.loads(entry["detail"])
    if not isinstance(row["files"], bytes):
        return
    told = {"name": row["name"], "sha256": row["sha256"], "bytes": len(row["files"])}
    entry.update(at=row["kept_at"], detail=canonical({**detail, **told}))


def _vouch_for_note(connection: Any, entry: Row, row: Row) -> None:
    del connection
    try:
        models = json.loads(row["models"])
    except (ValueError, TypeError):
        return
    told = {"config": row["config_sha256"], "models": models, "code": row["code_version"]}
    detail = {**json.loads(entry["detail"]), **told, "code_sha256": row["code_sha256"]}
    entry.update(at=row["since"], detail=canonical(detail))


def _vouch_for_text(connection: Any, entry: Row, row: Row) -> None:
    query = "SELECT created_at FROM post WHERE page_id = ? AND post_id = ?"
    post = connection.execute(query, (row["page_id"], row["post_id"])).fetchone() or (None,)
    sha256 = hash_fields("post", [row["page_id"], row["post_id"], row["text"], *post])
    row_id = post_row_id(row["page_id"], row["post_id"])
    entry.update(at=row["seen_at"], row_id=row_id, row_sha256=sha256)


_VOUCH: dict[str, Callable[[Any, Row, Row], None]] = {
    "kept": _vouch_for_kept,
    "in_force": _vouch_for_note,
    "post_text": _vouch_for_text,
}
