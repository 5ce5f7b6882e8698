"""The log's lines and the words of the texts, for its filters and its search; filled here.

They replace decision_category and an index that only its filters used. All of it is derived:
a later revision that changes these tables makes them anew and leaves nothing to fill here.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modbot.dialects import is_postgres
from modbot.store.log_lines import fill_lines
from modbot.store.text_index import FTS5, TSVECTOR

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "log_name",
        sa.Column("id", sa.Integer(), primary_key=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
    )
    postgres = is_postgres(op.get_bind())
    # PostgreSQL takes no name of more than 2,700 bytes into an index.
    named = sa.text("md5(name)") if postgres else "name"
    op.create_index("log_name_once", "log_name", ["kind", named], unique=True)
    numbers = ("page", "verdict", "language", "actor", "found", "decided_at")
    op.create_table(
        "log_line",
        sa.Column("decision_id", sa.Integer(), primary_key=True, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in numbers),
    )
    for statement in TSVECTOR if postgres else (FTS5,):
        op.execute(statement)
    op.drop_table("decision_category")
    op.drop_index("decision_by_page_verdict", "decision")
    fill_lines(op.get_bind())
