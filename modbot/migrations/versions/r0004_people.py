"""People, how they sign in, and the links that let them in."""

from __future__ import annotations

from functools import partial

import sqlalchemy as sa
from alembic import op

from modbot.migrations.guards import refuse

revision = "0004"
down_revision = "0003"

TEXT, WHOLE, TRUTH, TIME, JSON = sa.String(), sa.Integer(), sa.Boolean(), sa.String(32), sa.JSON()
column = partial(sa.Column, nullable=False)
optional = partial(sa.Column, nullable=True)


def upgrade() -> None:
    _person()
    _session()
    _invitation()
    _attempt()
    _sign_in_flow()


def _person() -> None:
    op.create_table(
        "person",
        column("id", WHOLE, primary_key=True),
        column("name", TEXT),
        column("email", TEXT, unique=True),
        column("role", TEXT),
        column("approver", TRUTH),
        column("all_pages", TRUTH),
        column("pages", JSON),
        column("language", TEXT),
        column("theme", TEXT),
        column("password_hash", TEXT),
        column("added_at", TIME),
        optional("disabled_at", TIME),
    )
    op.create_table(
        "identity",
        column("issuer", TEXT, primary_key=True),
        column("subject", TEXT, primary_key=True),
        column("person_id", WHOLE, sa.ForeignKey("person.id")),
        column("added_at", TIME),
    )
    op.create_index("ix_identity_person_id", "identity", ["person_id"])
    refuse(op.get_bind(), "person_delete", "DELETE ON person", "person rows are never deleted")


def _session() -> None:
    op.create_table(
        "session",
        column("id_sha256", TEXT, primary_key=True),
        column("person_id", WHOLE, sa.ForeignKey("person.id")),
        column("how", TEXT),
        column("network", TEXT),
        column("device", TEXT),
        column("began_at", TIME),
        column("seen_at", TIME),
    )
    op.create_index("ix_session_person_id", "session", ["person_id"])


def _invitation() -> None:
    op.create_table(
        "invitation",
        column("token_sha256", TEXT, primary_key=True),
        column("kind", TEXT),
        column("email", TEXT),
        optional("person_id", WHOLE, sa.ForeignKey("person.id")),
        column("role", TEXT),
        column("approver", TRUTH),
        column("all_pages", TRUTH),
        column("pages", JSON),
        column("made_by", TEXT),
        column("made_at", TIME),
        column("ends_at", TIME),
    )


def _attempt() -> None:
    op.create_table(
        "attempt",
        column("id", WHOLE, primary_key=True),
        column("key", TEXT),
        column("at", TIME),
    )
    op.create_index("attempt_by_key", "attempt", ["key", "at"])


def _sign_in_flow() -> None:
    op.create_table(
        "sign_in_flow",
        column("state_sha256", TEXT, primary_key=True),
        column("provider", TEXT),
        column("browser_sha256", TEXT),
        column("nonce", TEXT),
        column("verifier", TEXT),
        column("next_path", TEXT),
        column("ends_at", TIME),
    )
