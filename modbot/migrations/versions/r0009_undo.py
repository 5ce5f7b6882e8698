"""What people take back together: runs, and the comments of each."""

from __future__ import annotations

from functools import partial

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

TEXT, WHOLE, TRUTH, TIME, JSON = sa.String(), sa.Integer(), sa.Boolean(), sa.String(32), sa.JSON()
column = partial(sa.Column, nullable=False)
optional = partial(sa.Column, nullable=True)


def upgrade() -> None:
    op.create_table(
        "undo_run",
        column("id", WHOLE, primary_key=True),
        column("kind", TEXT),
        column("subject", TEXT),
        column("since", TIME),
        column("until", TIME),
        column("through", WHOLE),
        column("pages", JSON),
        column("others_too", TRUTH),
        column("reason", TEXT),
        column("set_sha256", TEXT),
        column("state", TEXT),
        column("made_by", TEXT),
        column("made_at", TIME),
        optional("ended_at", TIME),
    )
    op.create_table(
        "undo_item",
        column("id", WHOLE, primary_key=True),
        column("run_id", WHOLE, sa.ForeignKey("undo_run.id")),
        column("comment_row", WHOLE, sa.ForeignKey("comment.id")),
        column("decision_id", WHOLE, sa.ForeignKey("decision.id")),
        column("page_id", TEXT),
        column("calls", TRUTH),
        column("outcome", TEXT),
        optional("made_decision", WHOLE, sa.ForeignKey("decision.id")),
        optional("ended_at", TIME),
    )
    op.create_index("undo_item_of_run", "undo_item", ["run_id", "comment_row"], unique=True)
    op.create_index("undo_item_open", "undo_item", ["run_id", "outcome", "page_id", "calls", "id"])
    op.create_index("ix_undo_item_comment_row", "undo_item", ["comment_row"])
