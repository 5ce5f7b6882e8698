"""What each table's audit row vouches for: the fields, in this order, as canonical JSON.

A hash is SHA-256 over `["version", id, comment_row, ...]`: the table's name and then the fields
as SQLite holds them: whole numbers (truth as 0 or 1), floats, text, null; times as ISO text in
UTC with six decimals; JSON columns as the text in the column. `canonical()` gives the bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from sqlmodel import SQLModel

# Comment: who wrote what where; `hidden`, `gone_at` and `versions` change and are told by other
# rows. Action: `attempts` and `next_try_at` change with each try.
EVIDENCE: Mapping[str, tuple[str, ...]] = {
    "page": (
        *("id", "platform", "external_id", "name", "handle", "base_url", "token_ref", "mode"),
        *("paused", "district_owned", "government_use", "registered_by", "registered_at"),
    ),
    "fundraiser": ("id", "name", "details", "approved_by", "approved_at", "ends_at"),
    "comment": (
        *("id", "page_id", "platform", "comment_id", "post_id", "parent_id", "author_id"),
        *("author_name", "permalink", "created_at", "first_seen_at", "by_page"),
    ),
    "version": ("id", "comment_row", "number", "escaped", "text_sha256", "raw_sha256", "seen_at"),
    "decision": (
        *("id", "key", "version_id", "comment_row", "page_id", "verdict", "hide", "categories"),
        *("signals", "clause", "thresholds", "degraded", "reason", "mode", "models"),
        *("config_sha256", "actor_kind", "actor", "decided_at"),
    ),
    "action": (
        *("id", "key", "decision_id", "version_id", "comment_row", "page_id", "kind"),
        *("requested_at", "state", "finished_at", "answer"),
    ),
}


def _strange(value: object) -> object:
    """Bytes stand where text belongs only in a tampered database: still give a hash."""
    return {"bytes": value.hex()} if isinstance(value, bytes) else repr(value)


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_strange).encode


def canonical(value: object) -> str:
    """Canonical JSON: keys sorted, no spaces, ASCII only (other characters as \\uXXXX)."""
    return _encode(value)


def iso_time(moment: datetime) -> str:
    """A time as the database holds it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def stored_form(value: object) -> object:
    """A Python value as SQLite hands it back."""
    if value is None or type(value) is str or type(value) is int or type(value) is float:
        return value
    if isinstance(value, datetime):
        return iso_time(value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        return str(value)
    return canonical(value)


def hash_fields(table: str, stored: Iterable[object]) -> str:
    """SHA-256 (hex) over a table's evidence fields, given in order and in stored form."""
    return hashlib.sha256(_encode([table, *stored]).encode("ascii")).hexdigest()


def hash_values(table: str, values: Mapping[str, object]) -> str:
    """SHA-256 (hex) over the evidence fields among a row's Python values."""
    if table == "action":
        values = as_evidence(values)
    return hash_fields(table, [stored_form(values[name]) for name in EVIDENCE[table]])


def as_evidence(action: Mapping[str, object]) -> Mapping[str, object]:
    """An open action's answer is the last try's and not yet evidence."""
    return {**action, "answer": ""} if action["state"] == "requested" else action


def evidence_sha256(row: SQLModel) -> str:
    """SHA-256 (hex) over the evidence fields of a row of the tables in EVIDENCE."""
    table = str(row.__tablename__)
    return hash_values(table, {name: getattr(row, name) for name in EVIDENCE[table]})
