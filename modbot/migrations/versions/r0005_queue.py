"""The queue: what waits for a person, and who looks at it; a thread and an author found quickly.

What waits is filled in from the decisions that are there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from modbot.migrations.guards import may_hold_rows

revision = "0005"
down_revision = "0004"

# As they are at this revision, so that it does the same for ever.
RANK = (
    *("threat", "crisis", "privacy", "offensive", "profanity"),
    *("", "personal_issue", "sales", "off_topic"),
)
CHUNK_ROWS = 1000
_NEWEST = (
    "SELECT d.id, d.comment_row, d.page_id, d.verdict, d.categories, d.signals, d.actor_kind, "
    "d.decided_at FROM decision d JOIN comment c ON c.id = d.comment_row "
    "JOIN version v ON v.id = d.version_id "
    "WHERE d.id > ? AND d.verdict <> 'allow' AND c.gone_at IS NULL AND v.number = c.versions "
    "AND NOT (d.verdict = 'hide' AND (d.actor_kind <> 'bot' OR d.mode <> 'assist')) "
    "AND d.id = (SELECT max(o.id) FROM decision o WHERE o.comment_row = d.comment_row) "
    f"ORDER BY d.id LIMIT {CHUNK_ROWS}"
)
_INSERT = (
    "INSERT INTO waiting (comment_row, decision_id, page_id, category, level, rank, since) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)


def upgrade() -> None:
    _add_tables()
    op.create_index(
        "comment_by_parent",
        "comment",
        ["page_id", "parent_id", "created_at"],
        sqlite_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_index(
        "comment_by_author",
        "comment",
        ["author_id", "id"],
        sqlite_where=sa.text("author_id IS NOT NULL"),
    )
    connection = op.get_bind()
    if may_hold_rows(connection):
        fill(connection)


def fill(connection: sa.Connection) -> None:
    """Puts what waits into the queue."""
    for rows in _chunks(connection):
        connection.exec_driver_sql(_INSERT, [_waiting(*tuple(row)) for row in rows])


def _add_tables() -> None:
    op.create_table(
        "waiting",
        sa.Column("comment_row", sa.Integer(), sa.ForeignKey("comment.id"), primary_key=True),
        sa.Column("decision_id", sa.Integer(), sa.ForeignKey("decision.id"), nullable=False),
        sa.Column("page_id", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("since", sa.String(32), nullable=False),
        sa.UniqueConstraint("decision_id"),
    )
    op.create_index(
        "waiting_worst_first", "waiting", ["level", "rank", "since", "comment_row", "page_id"]
    )
    op.create_index("waiting_by_category", "waiting", ["level", "category", "page_id"])
    op.create_table(
        "claim",
        sa.Column("comment_row", sa.Integer(), sa.ForeignKey("comment.id"), primary_key=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("until", sa.String(32), nullable=False),
    )
    op.create_index("claim_of_person", "claim", ["person_id"])


def _chunks(connection: sa.Connection) -> Iterator[Sequence[sa.Row[Any]]]:
    last = 0
    while rows := connection.exec_driver_sql(_NEWEST, (last,)).all():
        yield rows
        last = rows[-1][0]


def _waiting(
    decision_id: int,
    comment_row: int,
    page_id: str,
    verdict: str,
    categories: str,
    signals: str,
    actor_kind: str,
    since: str,
) -> tuple[object, ...]:
    category = (json.loads(categories) or [""])[0]
    scores = [s["score"] for s in json.loads(signals) if s["category"] == category]
    step = min(9, int(max(scores, default=0.0) * 10))
    doubtful = verdict not in ("hide", "escalate")
    level = int(verdict == "escalate" and actor_kind != "bot")
    rank = (RANK.index(category) * 2 + doubtful) * 10 + 9 - step
    return comment_row, decision_id, page_id, category, level, rank, since
