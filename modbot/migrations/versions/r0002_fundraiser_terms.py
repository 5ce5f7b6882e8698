"""What a fundraiser was approved with: links, accounts, first day, and the approver's role."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for name, kind, default in (
        ("approver_role", sa.String(), ""),
        ("links", sa.JSON(), "[]"),
        ("accounts", sa.JSON(), "[]"),
    ):
        column = sa.Column(name, kind, nullable=False, server_default=default)
        op.add_column("fundraiser", column)
    op.add_column("fundraiser", sa.Column("starts_at", sa.String(32), nullable=True))
