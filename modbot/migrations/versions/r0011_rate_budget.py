"""Rate budgets: what was spent, until when nothing may be called, and which page uses which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "rate_budget",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("standing", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "budget_count",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("counter", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", "counter"),
    )
    for column in ("budget_key", "budget_scope"):
        op.add_column(
            "page_state", sa.Column(column, sa.String(), nullable=False, server_default="")
        )
    op.create_index("pages_of_budget", "page_state", ["budget_key"])
