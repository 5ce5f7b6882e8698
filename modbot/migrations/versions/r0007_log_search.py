"""The log's lines and the words of the texts, for its filters and its search; filled here.

They replace decision_category and an index that only its filters used. All of it is derived:
a later revision that changes these tables makes them anew and leaves nothing to fill here.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from modbot.store.log_lines import fill_lines

revision = "0007"
down_revision = "0006"

# Accents are folded before, all but that of ñ. The prefixes are those that many words begin with.
LOG_TEXT = (
    "CREATE VIRTUAL TABLE log_text USING fts5(words, content='', columnsize=0, "
    "prefix='2 3', tokenize='unicode61 remove_diacritics 0')"
)


def upgrade() -> None:
    op.create_table(
        "log_name",
        sa.Column("id", sa.Integer(), primary_key=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
    )
    op.create_index("log_name_once", "log_name", ["kind", "name"], unique=True)
    numbers = ("page", "verdict", "language", "actor", "found", "decided_at")
    op.create_table(
        "log_line",
        sa.Column("decision_id", sa.Integer(), primary_key=True, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in numbers),
    )
    op.execute(LOG_TEXT)
    op.drop_table("decision_category")
    op.drop_index("decision_by_page_verdict", "decision")
    fill_lines(op.get_bind())
