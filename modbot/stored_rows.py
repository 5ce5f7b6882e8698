"""Rows in the form in which SQLite holds them: what is hashed is, value by value, what is stored.

Whole numbers (truth as 0 or 1), floats, text, bytes, null; times as ISO text in UTC with six
decimals; lists and mappings as canonical JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from json.encoder import (  # type: ignore[attr-defined]
    c_make_encoder,
    encode_basestring_ascii,
)
from typing import Any

from sqlalchemy import Table
from sqlmodel import Session

from modbot.dialects import insert_rows

StoredRow = dict[str, Any]


def _strange(value: object) -> object:
    """Bytes stand where text belongs only in a tampered database: still give a hash."""
    return {"bytes": value.hex()} if isinstance(value, bytes) else repr(value)


_slow_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_strange).encode
# JSONEncoder.encode() makes a new C encoder for each call, which costs more than a small value.
_encoder = c_make_encoder and c_make_encoder(
    None, _strange, encode_basestring_ascii, None, ":", ",", True, False, True
)


def canonical(value: object) -> str:
    """Canonical JSON: keys sorted, no spaces, ASCII only (other characters as \\uXXXX)."""
    return "".join(_encoder(value, 0)) if _encoder else _slow_encode(value)


def iso_time(moment: datetime) -> str:
    """A time as the database holds it. Raises ValueError for one without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def stored_form(value: object) -> object:
    """A Python value as SQLite hands it back."""
    if value is None or type(value) in (str, int, float, bytes):
        return value
    if isinstance(value, datetime):
        return iso_time(value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        return str(value)
    return canonical(value)


def insert_stored(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts many rows that are in stored form already; every row has the first one's fields."""
    if not rows:
        return
    insert_rows(session.connection(), table, rows)
