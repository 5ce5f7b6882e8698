"""What judged is kept: configurations, weights, since when each was in force, texts of posts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modbot.migrations.guards import refuse

revision = "0010"
down_revision = "0009"

_FINAL = ("kept", "in_force", "post_text")


def upgrade() -> None:
    op.create_table(
        "kept",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("files", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "in_force",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("since", sa.String(32), nullable=False),
        sa.Column("config_sha256", sa.String(), nullable=False),
        sa.Column("models", sa.JSON(), nullable=False),
        sa.Column("code_version", sa.String(), nullable=False),
        sa.Column("code_sha256", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "post_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("page_id", sa.String(), nullable=False),
        sa.Column("post_id", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("seen_at", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("texts_of_post", "post_text", ["page_id", "post_id", "seen_at"])
    # Earlier texts of these posts were not kept; the first one here stands for them.
    op.execute(
        "INSERT INTO post_text (page_id, post_id, text, seen_at) "
        "SELECT page_id, post_id, text, created_at FROM post"
    )
    for table in _FINAL:
        for what in ("UPDATE", "DELETE"):
            message = f"{table} rows are never changed"
            refuse(op.get_bind(), f"{table}_{what.lower()}", f"{what} ON {table}", message)
