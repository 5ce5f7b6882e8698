"""What each table's audit row vouches for: the fields, in this order, as canonical JSON.

A hash is SHA-256 over `["version", id, comment_row, ...]`: the table's name and then the fields
as SQLite holds them (modbot/stored_rows.py); a JSON column counts as the text it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from operator import itemgetter

from sqlmodel import SQLModel

from modbot.stored_rows import canonical, stored_form

# Comment: who wrote what where, and what became of it: its newest audit row must match. `versions`
# is told by the versions themselves. Post: its newest text. Action: `attempts` and `next_try_at`
# change with each try.
EVIDENCE: Mapping[str, tuple[str, ...]] = {
    "page": (
        *("id", "platform", "external_id", "name", "handle", "base_url", "token_ref", "mode"),
        *("paused", "district_owned", "government_use", "registered_by", "registered_at"),
        *("school", "purpose", "manager", "administrator", "contact"),
    ),
    "registration": (
        *("id", "state", "platform", "external_id", "name", "handle", "address", "school"),
        *("purpose", "manager", "administrator", "contact", "government_use", "asked_by"),
        *("asked_by_id", "asked_at", "answered_by", "answered_at", "answer", "page_id"),
    ),
    "fundraiser": (
        *("id", "name", "details", "approved_by", "approved_at", "ends_at"),
        *("approver_role", "links", "accounts", "starts_at"),
    ),
    "fundraiser_request": (
        *("id", "state", "name", "purpose", "school", "beneficiary", "links", "accounts"),
        *("starts_at", "ends_at", "asked_by", "asked_by_id", "asked_at", "answered_by"),
        *("answer_role", "answered_at", "answer", "fundraiser_id"),
    ),
    "comment": (
        *("id", "page_id", "platform", "comment_id", "post_id", "parent_id", "author_id"),
        *("author_name", "permalink", "created_at", "first_seen_at", "by_page", "hidden"),
        "gone_at",
    ),
    "post": ("page_id", "post_id", "text", "created_at"),
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

_FIELDS_OF = {table: itemgetter(*names) for table, names in EVIDENCE.items()}

# Fields that a later revision added at the end, as rows of before hold them: a row that has nothing
# else there is hashed without them, so that the links of before still vouch for it.
_ADDED: Mapping[str, tuple[object, ...]] = {
    "fundraiser": ("", "[]", "[]", None),
    "page": ("",) * 5,
}


def post_row_id(page_id: str, post_id: str) -> str:
    """How an audit row names a post, whose table has two keys."""
    return f"{page_id} {post_id}"


def hash_fields(table: str, stored: Iterable[object]) -> str:
    """SHA-256 (hex) over a table's evidence fields, given in order and in stored form."""
    fields = (table, *stored)
    added = _ADDED.get(table)
    if added and fields[-len(added) :] == added:
        fields = fields[: -len(added)]
    return hashlib.sha256(canonical(fields).encode("ascii")).hexdigest()


def hash_stored(table: str, row: Mapping[str, object]) -> str:
    """SHA-256 (hex) over the evidence fields among those of a row in stored form."""
    return hash_fields(table, _FIELDS_OF[table](row))


def evidence_sha256(row: SQLModel) -> str:
    """SHA-256 (hex) over the evidence fields of a row of the tables in EVIDENCE."""
    table = str(row.__tablename__)
    stored = {name: stored_form(getattr(row, name)) for name in EVIDENCE[table]}
    if table == "action" and stored["state"] == "requested":
        stored["answer"] = ""  # the last try's; it becomes evidence when the action ends
    return hash_stored(table, stored)
