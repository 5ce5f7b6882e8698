"""The record row by row as it is stored and hashed, for somebody who checks it elsewhere."""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import TextClause, text
from sqlmodel import Session

from modbot.audit.chain import CHAINED
from modbot.audit.evidence import EVIDENCE
from modbot.dialects import as_stored
from modbot.stored_text import original

# In this order each line finds what vouches for it before it. Pages stay out: they say where
# tokens are.
_ORDER = ("version", "comment", "post", "decision", "action")
_OF_NO_PAGE = ("fundraiser", "fundraiser_request", "registration")


def record_lines(session: Session, page_id: str | None = None) -> Iterator[Mapping[str, Any]]:
    """The whole log, then each row that it vouches for: of one page, or of all.

    The first line says of which tables every row is there, for people: the verifier takes no word
    of it.
    """
    tables = _ORDER if page_id else (*_ORDER, *_OF_NO_PAGE)
    yield {"table": "export", "whole": [] if page_id else list(tables)}
    yield from _rows(
        session, "audit", text(f"SELECT {', '.join(CHAINED)}, hash FROM audit ORDER BY seq")
    )
    for table in tables:
        for row in _rows(session, table, _query(table, page_id)):
            yield _version(row) if table == "version" else row


def _rows(session: Session, table: str, query: TextClause) -> Iterator[dict[str, Any]]:
    for row in session.execute(query, execution_options={"yield_per": 1000}).mappings():
        yield {"table": table, **{name: as_stored(value) for name, value in row.items()}}


def _query(table: str, page_id: str | None) -> TextClause:
    fields = ", ".join(f"t.{name}" for name in EVIDENCE[table])
    if table == "version":
        fields += ", t.text, t.raw"
    query = f"SELECT {fields} FROM {table} t"
    if page_id is not None:
        if table == "version":
            query += " JOIN comment c ON c.id = t.comment_row WHERE c.page_id = :page"
        else:
            query += " WHERE t.page_id = :page"
    query += " ORDER BY t.page_id, t.post_id" if table == "post" else " ORDER BY t.id"
    return text(query) if page_id is None else text(query).bindparams(page=page_id)


def _version(row: Mapping[str, Any]) -> dict[str, Any]:
    """With the text as sent, and the platform's bytes."""
    raw = b64encode(zlib.decompress(row["raw"])).decode("ascii")
    sent = original(row["text"], escaped=bool(row["escaped"]))
    return {**{k: v for k, v in row.items() if k != "raw"}, "text": sent, "raw_base64": raw}
