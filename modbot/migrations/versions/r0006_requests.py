"""Requests to register a page or approve a fundraiser; what a registration says of a page.

A page of before has nothing in the new columns and is vouched for as it was (audit/evidence.py).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modbot.migrations.guards import refuse

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for name in ("school", "purpose", "manager", "administrator", "contact"):
        op.add_column("page", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.create_table(
        "registration",
        sa.Column("id", sa.Integer(), primary_key=True),
        *_texts("state", "platform", "external_id", "name", "handle", "address", "school"),
        *_texts("purpose", "manager", "administrator", "contact", "government_use"),
        *_asked(),
        *_texts("page_id"),
    )
    op.create_index("registration_waiting", "registration", ["state", "id"])
    op.create_table(
        "fundraiser_request",
        sa.Column("id", sa.Integer(), primary_key=True),
        *_texts("state", "name", "purpose", "school", "beneficiary"),
        sa.Column("links", sa.JSON(), nullable=False),
        sa.Column("accounts", sa.JSON(), nullable=False),
        sa.Column("starts_at", sa.String(32), nullable=True),
        sa.Column("ends_at", sa.String(32), nullable=True),
        *_asked(),
        *_texts("answer_role"),
        sa.Column("fundraiser_id", sa.Integer(), nullable=True),
    )
    op.create_index("fundraiser_request_waiting", "fundraiser_request", ["state", "id"])
    op.create_index("fundraiser_request_of", "fundraiser_request", ["fundraiser_id"])
    for table in ("registration", "fundraiser_request"):
        message = f"{table} rows are never deleted"
        refuse(op.get_bind(), f"{table}_delete", f"DELETE ON {table}", message)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _asked() -> list[sa.Column[object]]:
    """Who asked, and who answered what."""
    return [
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.String(32), nullable=False),
        sa.Column("answered_by", sa.String(), nullable=False),
        sa.Column("answered_at", sa.String(32), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
    ]
