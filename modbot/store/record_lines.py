"""The record row by row as it is stored and hashed, for somebody who checks it elsewhere."""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import TextClause, text
from sqlmodel import Session

from modbot.audit.chain import CHAINED
from modbot.audit.evidence import EVIDENCE
from modbot.dialects import as_stored
from modbot.errors import StoreUnreadable
from modbot.kept_files import unpacked
from modbot.settings.folder import SERVICE_FILE
from modbot.stored_text import original

# In this order each line finds what vouches for it before it. Pages stay out: they say where
# tokens are, and so does the service's own file among those that are kept.
_ORDER = ("version", "comment", "post", "post_text", "decision", "action")
_JUDGED = ("kept", "in_force")
_OF_NO_PAGE = ("fundraiser", "fundraiser_request", "registration")
_KEYS = {"post": "t.page_id, t.post_id", "kept": "t.name"}
_AT_ONCE = {"kept": 1}  # models are large
# Each text of a post with the audit row that told of it: the last with the last, and so on.
_TEXTS_TOLD = (
    "FROM (SELECT p.*, row_number() OVER (PARTITION BY page_id, post_id ORDER BY id DESC) AS place "
    "FROM post_text p) t LEFT JOIN (SELECT seq, row_id, row_number() OVER "
    "(PARTITION BY row_id ORDER BY seq DESC) AS place FROM audit WHERE row_table = 'post') a "
    "ON a.row_id = t.page_id || ' ' || t.post_id AND a.place = t.place"
)
_FIELDS = {
    **EVIDENCE,
    "post_text": ("page_id", "post_id", "text", "seen_at"),
    "kept": ("name", "sha256", "kept_at", "files"),
    "in_force": ("id", "since", "config_sha256", "models", "code_version", "code_sha256"),
}


def record_lines(session: Session, page_id: str | None = None) -> Iterator[Mapping[str, Any]]:
    """The whole log, then each row that it vouches for: of one page, or of all.

    The first line says of which tables every row is there, for people: the verifier takes no word
    of it.
    """
    tables = (*_ORDER, *_JUDGED, *(() if page_id else _OF_NO_PAGE))
    yield {"table": "export", "whole": [] if page_id else list(tables)}
    yield from _rows(
        session, "audit", text(f"SELECT {', '.join(CHAINED)}, hash FROM audit ORDER BY seq")
    )
    for table in tables:
        for row in _rows(session, table, _query(table, page_id), _AT_ONCE.get(table, 1000)):
            yield _COMPLETED.get(table, dict)(row)


def _rows(
    session: Session, table: str, query: TextClause, at_once: int = 1000
) -> Iterator[dict[str, Any]]:
    for row in session.execute(query, execution_options={"yield_per": at_once}).mappings():
        yield {"table": table, **{name: as_stored(value) for name, value in row.items()}}


def _query(table: str, page_id: str | None) -> TextClause:
    fields = ", ".join(f"t.{name}" for name in _FIELDS[table])
    if table == "version":
        fields += ", t.text, t.raw"
    query = f"SELECT {fields} FROM {table} t"
    if table == "post_text":
        query = f"SELECT a.seq AS told_by, {fields} {_TEXTS_TOLD}"
    if page_id is not None and table not in _JUDGED:
        if table == "version":
            query += " JOIN comment c ON c.id = t.comment_row WHERE c.page_id = :page"
        else:
            query += " WHERE t.page_id = :page"
    query += f" ORDER BY {_KEYS.get(table, 't.id')}"
    return text(query).bindparams(page=page_id) if ":page" in query else text(query)


def _version(row: Mapping[str, Any]) -> dict[str, Any]:
    """With the text as sent, and the platform's bytes."""
    raw = b64encode(zlib.decompress(row["raw"])).decode("ascii")
    sent = original(row["text"], escaped=bool(row["escaped"]))
    return {**{k: v for k, v in row.items() if k != "raw"}, "text": sent, "raw_base64": raw}


def _kept(row: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with the hash of each of its files, and all but the service's own whole;
    those of a model, which are large, by their hash alone."""
    told = {k: v for k, v in row.items() if k != "files"}
    told["files_sha256"] = hashlib.sha256(row["files"]).hexdigest()
    if not str(row["name"]).startswith("config "):
        return told
    try:
        files = unpacked(row["files"])
    except StoreUnreadable:  # the hash of the whole tells what was done to it
        files = {}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    shown = {
        name: b64encode(data).decode("ascii")
        for name, data in files.items()
        if name != SERVICE_FILE
    }
    return {**told, "hashes": hashes, "files_base64": shown}


_COMPLETED = {"version": _version, "kept": _kept}
