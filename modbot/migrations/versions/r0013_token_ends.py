"""The last day of a page's token, as somebody wrote it down."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    column = sa.Column("token_ends", sa.String(), nullable=False, server_default="")
    op.add_column("page_state", column)
