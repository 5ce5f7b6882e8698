"""Alerts with their deliveries, and brakes."""

from __future__ import annotations

from functools import partial

import sqlalchemy as sa
from alembic import op

from modbot.migrations.guards import refuse

revision = "0008"
down_revision = "0007"

TEXT, WHOLE, TRUTH, TIME, REAL = (
    *(sa.String(), sa.Integer(), sa.Boolean(), sa.String(32), sa.Float()),
)
column = partial(sa.Column, nullable=False)
optional = partial(sa.Column, nullable=True)


def upgrade() -> None:
    _alert()
    _sending()
    _brake()


def _alert() -> None:
    op.create_table(
        "alert",
        column("id", WHOLE, primary_key=True),
        column("kind", TEXT),
        column("page_id", TEXT),
        column("subject", TEXT),
        column("decision_id", WHOLE),
        column("detail", TEXT),
        column("urgent", TRUTH),
        column("opened_at", TIME),
        column("step", WHOLE),
        optional("next_step_at", TIME),
        column("acknowledged_by", TEXT),
        optional("acknowledged_at", TIME),
        optional("over_at", TIME),
    )
    op.create_index(
        "alert_open",
        "alert",
        ["kind", "page_id", "subject", "decision_id"],
        unique=True,
        sqlite_where=sa.text("over_at IS NULL"),
    )
    op.create_index(
        "alert_next", "alert", ["next_step_at"], sqlite_where=sa.text("next_step_at IS NOT NULL")
    )
    op.create_index(
        "alert_urgent",
        "alert",
        ["page_id"],
        sqlite_where=sa.text("urgent = 1 AND over_at IS NULL AND acknowledged_at IS NULL"),
        postgresql_where=sa.text("urgent AND over_at IS NULL AND acknowledged_at IS NULL"),
    )
    op.create_index("alert_of", "alert", ["kind", "page_id", "subject"])
    refuse(op.get_bind(), "alert_delete", "DELETE ON alert", "alert rows are never deleted")


def _sending() -> None:
    op.create_table(
        "alert_sending",
        column("id", WHOLE, primary_key=True),
        column("alert_id", WHOLE, sa.ForeignKey("alert.id")),
        column("step", WHOLE),
        column("destination", TEXT),
        column("state", TEXT),
        column("attempts", WHOLE),
        column("next_try_at", TIME),
        optional("sent_at", TIME),
        column("error", TEXT),
    )
    op.create_index(
        "sending_once", "alert_sending", ["alert_id", "step", "destination"], unique=True
    )
    op.create_index(
        "sending_due",
        "alert_sending",
        ["destination", "next_try_at"],
        sqlite_where=sa.text("state = 'waiting'"),
    )
    op.create_index("sending_last", "alert_sending", ["destination", "sent_at"])


def _brake() -> None:
    op.create_table(
        "brake",
        column("id", WHOLE, primary_key=True),
        column("page_id", TEXT, sa.ForeignKey("page.id")),
        column("key", TEXT),
        column("pulled_at", TIME),
        column("hides", WHOLE),
        column("comments", WHOLE),
        column("share", REAL),
        column("window_minutes", REAL),
        optional("released_at", TIME),
        column("released_by", TEXT),
        column("reason", TEXT),
        column("counted_from", WHOLE),
    )
    op.create_index(
        "brake_pulled",
        "brake",
        ["page_id", "key"],
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
    )
    op.create_index("brake_of_page", "brake", ["page_id", "released_at"])
    op.create_table(
        "brake_count",
        column("id", WHOLE, primary_key=True),
        column("page_id", TEXT),
        column("at", TIME),
        column("key", TEXT),
        column("number", WHOLE),
        sqlite_autoincrement=True,
    )
    op.create_index("brake_count_of_page", "brake_count", ["page_id", "at"])
