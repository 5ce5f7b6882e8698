"""Writes the record out: exact as JSON lines, or as a table that is safe to open as a spreadsheet.

Both are written row by row, so that the size of the record does not matter.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zlib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any, TextIO

from sqlalchemy import Select, select
from sqlmodel import Session, SQLModel, col

from modbot.errors import BadConfig
from modbot.store import Database, record_lines
from modbot.stored_rows import iso_time
from modbot.stored_text import original
from modbot.tables import ActionRow, AuditRow, CommentRow, DecisionRow, FundraiserRow, VersionRow

CHUNK_COMMENTS = 200
FORMATS = ("jsonl", "csv")
WHAT = ("comments", "audit", "fundraisers", "record")
VERIFIER = "modbot_verify.py"  # shipped beside an export that it can check

# What a spreadsheet may take for a formula or a command: OWASP ASVS 5.0, 1.2.10, and beyond it
# CR, LF and the full-width forms that some spreadsheets fold to ASCII.
_ACTIVE = re.compile("[=+\\-@\t\x00\r\n＝＋－＠]")

COMMENT_FIELDS = (
    *("page_id", "platform", "comment_id", "post_id", "parent_id", "author_id", "author_name"),
    *("permalink", "created_at", "first_seen_at", "gone_at", "hidden", "by_page"),
)
VERSION_FIELDS = ("id", "number", "text_sha256", "raw_sha256", "seen_at")
DECISION_FIELDS = (
    *("id", "version_id", "verdict", "hide", "categories", "signals", "clause", "thresholds"),
    *("degraded", "reason", "mode", "models", "config_sha256", "actor_kind", "actor"),
    "decided_at",
)
ACTION_FIELDS = (
    *("id", "key", "decision_id", "kind", "state", "attempts", "requested_at", "finished_at"),
    "answer",
)
AUDIT_FIELDS = (
    *("seq", "at", "kind", "actor", "row_table", "row_id", "row_sha256", "detail", "prev"),
    "hash",
)
FUNDRAISER_FIELDS = (
    *("id", "name", "details", "approved_by", "approver_role", "approved_at", "links", "accounts"),
    *("starts_at", "ends_at"),
)
CSV_FIELDS = (
    *(*COMMENT_FIELDS, "version", "text", "text_sha256", "seen_at", "decision", "verdict", "hide"),
    *("categories", "clause", "reason", "degraded", "actor", "decided_at", "mode"),
    *("config_sha256", "action", "action_state", "action_finished_at"),
)


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which comments to write: of a page, created in [since, until)."""

    page_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def export(
    database: Database,
    out: TextIO,
    *,
    format: str = "jsonl",
    what: str = "comments",
    filters: Filters = Filters(),
) -> int:
    """Writes comments (one JSON line each; in CSV one row a decision), audit rows, approved
    fundraisers, or the record as it is hashed, which the verifier checks; gives their number.

    A CSV file must be opened with newline="". `filters` apply to comments. Raises BadConfig.
    """
    if format not in FORMATS:
        raise BadConfig(f"format {format!r} is none of {', '.join(FORMATS)}")
    if what not in WHAT:
        raise BadConfig(f"{what!r} is none of {', '.join(WHAT)}")
    with database.read() as session:
        if what == "record":
            if format == "csv" or filters.since or filters.until:
                raise BadConfig("the record is exported as jsonl and for all times")
            return _write_jsonl(out, record_lines(session, filters.page_id))
        if what == "audit":
            records: Iterator[Mapping[str, Any]] = _audit(session)
            fields: tuple[str, ...] = AUDIT_FIELDS
        elif what == "fundraisers":
            records, fields = _fundraisers(session), FUNDRAISER_FIELDS
            if format == "csv":
                records = (
                    {**r, "links": " ".join(r["links"]), "accounts": " ".join(r["accounts"])}
                    for r in records
                )
        else:
            records, fields = _comments(session, filters), CSV_FIELDS
            if format == "csv":
                records = (row for record in records for row in _flat(record))
        return _write_jsonl(out, records) if format == "jsonl" else _write_csv(out, fields, records)


def verifier() -> str:
    """The program that checks an export without modbot."""
    return (files("modbot") / VERIFIER).read_text("utf-8")


def spreadsheet_safe(value: object) -> object:
    """A cell that no spreadsheet takes for a formula: a `'` goes before an active first sign."""
    if not isinstance(value, str):
        return value
    return f"'{value}" if _ACTIVE.match(value) else value


def spreadsheet_lines(rows: Iterable[Iterable[object]]) -> bytes:
    """Rows of a table as CSV that is safe to open, in UTF-8."""
    out = io.StringIO(newline="")
    table = csv.writer(out, lineterminator="\r\n")
    table.writerows([spreadsheet_safe(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8", "backslashreplace")


def _write_jsonl(out: TextIO, records: Iterator[Mapping[str, Any]]) -> int:
    written = 0
    for record in records:
        out.write(json.dumps(record) + "\n")  # ASCII: a lone surrogate is written as \uXXXX
        written += 1
    return written


def _write_csv(out: TextIO, fields: Sequence[str], records: Iterator[Mapping[str, Any]]) -> int:
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(fields)
    written = 0
    for record in records:
        rows.writerow([spreadsheet_safe(record[name]) for name in fields])
        written += 1
    return written


def _audit(session: Session) -> Iterator[dict[str, Any]]:
    query = select(AuditRow).order_by(col(AuditRow.seq)).execution_options(yield_per=1000)
    for row in session.scalars(query):
        yield _picked(row, AUDIT_FIELDS)
        session.expunge(row)


def _fundraisers(session: Session) -> Iterator[dict[str, Any]]:
    for row in session.scalars(select(FundraiserRow).order_by(col(FundraiserRow.id))):
        yield _picked(row, FUNDRAISER_FIELDS)


def _comments(session: Session, filters: Filters) -> Iterator[dict[str, Any]]:
    last_id = 0
    while True:
        query = _filtered(filters).where(col(CommentRow.id) > last_id)
        comments = session.scalars(query.order_by(col(CommentRow.id)).limit(CHUNK_COMMENTS)).all()
        if not comments:
            return
        last_id = comments[-1].id or 0
        yield from _with_parts(session, comments)
        session.expunge_all()


def _filtered(filters: Filters) -> Select[CommentRow]:
    query = select(CommentRow)
    if filters.page_id is not None:
        query = query.where(col(CommentRow.page_id) == filters.page_id)
    if filters.since is not None:
        query = query.where(col(CommentRow.created_at) >= filters.since)
    if filters.until is not None:
        query = query.where(col(CommentRow.created_at) < filters.until)
    return query


def _with_parts(session: Session, comments: Sequence[CommentRow]) -> Iterator[dict[str, Any]]:
    ids = [comment.id for comment in comments]
    versions = _by_comment(session, VersionRow, ids)
    decisions = _by_comment(session, DecisionRow, ids)
    actions = _by_comment(session, ActionRow, ids)
    for comment in comments:
        yield {
            **_picked(comment, COMMENT_FIELDS),
            "versions": [_version(row) for row in versions.get(comment.id, ())],
            "decisions": [_picked(row, DECISION_FIELDS) for row in decisions.get(comment.id, ())],
            "actions": [_picked(row, ACTION_FIELDS) for row in actions.get(comment.id, ())],
        }


def _by_comment(session: Session, table: Any, ids: Sequence[int | None]) -> dict[Any, list[Any]]:
    grouped: dict[Any, list[Any]] = {}
    query = select(table).where(col(table.comment_row).in_(ids)).order_by(col(table.id))
    for row in session.scalars(query):
        grouped.setdefault(row.comment_row, []).append(row)
    return grouped


def _version(row: VersionRow) -> dict[str, Any]:
    raw = zlib.decompress(row.raw)
    return {
        **_picked(row, VERSION_FIELDS),
        "text": original(row.text, escaped=row.escaped),
        "text_shown": row.text,
        "raw_base64": b64encode(raw).decode("ascii"),
    }


def _picked(row: SQLModel, fields: Sequence[str]) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in fields}


def _plain(value: object) -> object:
    return iso_time(value) if isinstance(value, datetime) else value


def _flat(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One row for each decision, and one for a version that nobody decided on."""
    for version in record["versions"]:
        about = {
            **{name: record[name] for name in COMMENT_FIELDS},
            "version": version["number"],
            "text": version["text_shown"],
            "text_sha256": version["text_sha256"],
            "seen_at": version["seen_at"],
        }
        empty = dict.fromkeys(CSV_FIELDS)
        made = [d for d in record["decisions"] if d["version_id"] == version["id"]]
        for decision in made:
            yield {**empty, **about, **_flat_decision(decision, record["actions"])}
        if not made:
            yield {**empty, **about}


def _flat_decision(
    decision: Mapping[str, Any], actions: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    action = next((a for a in actions if a["decision_id"] == decision["id"]), None)
    copied = (
        *("verdict", "hide", "clause", "reason", "actor", "decided_at", "mode"),
        "config_sha256",
    )
    return {
        **{name: decision[name] for name in copied},
        "decision": decision["id"],
        "categories": " ".join(decision["categories"]),
        "degraded": "; ".join(decision["degraded"]),
        "action": action["kind"] if action else None,
        "action_state": action["state"] if action else None,
        "action_finished_at": action["finished_at"] if action else None,
    }
