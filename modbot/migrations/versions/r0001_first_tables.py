"""The first tables, and the triggers that keep the record as it was written."""

from __future__ import annotations

from functools import partial

import sqlalchemy as sa
from alembic import op

from modbot.dialects import is_postgres
from modbot.migrations.guards import keep_length, refuse

revision = "0001"
down_revision = None

TEXT, WHOLE, REAL, TRUTH = sa.String(), sa.Integer(), sa.Float(), sa.Boolean()
TIME, BYTES, JSON = sa.String(32), sa.LargeBinary(), sa.JSON()
column = partial(sa.Column, nullable=False)
optional = partial(sa.Column, nullable=True)

# Fields of a comment and an action that are told once; the others follow what happens to it.
COMMENT_IDENTITY = (
    *("id", "page_id", "platform", "comment_id", "post_id", "parent_id", "author_id"),
    *("author_name", "permalink", "created_at", "first_seen_at", "by_page"),
)
ACTION_IDENTITY = (
    *("id", "key", "decision_id", "version_id", "comment_row", "page_id", "kind", "requested_at"),
)


def upgrade() -> None:
    _audit()
    _fundraiser()
    _page()
    _service()
    _comment()
    _page_state()
    _post()
    _version()
    _decision()
    _action()
    _decision_category()
    _triggers()


def _audit() -> None:
    op.create_table(
        "audit",
        column("seq", WHOLE, primary_key=True),
        column("at", TIME),
        column("kind", TEXT),
        column("actor", TEXT),
        column("row_table", TEXT),
        column("row_id", TEXT),
        column("row_sha256", TEXT),
        column("detail", TEXT),
        column("prev", TEXT),
        column("hash", TEXT),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_of_row", "audit", ["row_table", "row_id"])


def _fundraiser() -> None:
    op.create_table(
        "fundraiser",
        column("id", WHOLE, primary_key=True),
        column("name", TEXT),
        column("details", TEXT),
        column("approved_by", TEXT),
        column("approved_at", TIME),
        optional("ends_at", TIME),
    )


def _page() -> None:
    op.create_table(
        "page",
        column("id", TEXT, primary_key=True),
        column("platform", TEXT),
        column("external_id", TEXT),
        column("name", TEXT),
        column("handle", TEXT),
        column("base_url", TEXT),
        column("token_ref", TEXT),
        column("mode", TEXT),
        column("paused", TRUTH),
        column("district_owned", TRUTH),
        column("government_use", TEXT),
        column("registered_by", TEXT),
        column("registered_at", TIME),
    )


def _service() -> None:
    op.create_table(
        "service",
        column("id", WHOLE, primary_key=True),
        optional("ticked_at", TIME),
        column("config_sha256", TEXT),
        column("config_error", TEXT),
    )


def _comment() -> None:
    op.create_table(
        "comment",
        column("id", WHOLE, primary_key=True),
        column("page_id", TEXT, sa.ForeignKey("page.id")),
        column("platform", TEXT),
        column("comment_id", TEXT),
        column("post_id", TEXT),
        optional("parent_id", TEXT),
        optional("author_id", TEXT),
        optional("author_name", TEXT),
        optional("permalink", TEXT),
        column("created_at", TIME),
        column("first_seen_at", TIME),
        optional("gone_at", TIME),
        optional("hidden", TRUTH),
        column("versions", WHOLE),
        column("by_page", TRUTH),
    )
    op.create_index("comment_by_post", "comment", ["page_id", "post_id", "created_at"])
    op.create_index("comment_by_time", "comment", ["page_id", "created_at"])
    op.create_index("comment_by_vendor_id", "comment", ["page_id", "comment_id"], unique=True)


def _page_state() -> None:
    op.create_table(
        "page_state",
        column("page_id", TEXT, sa.ForeignKey("page.id"), primary_key=True),
        optional("cursor", TEXT),
        optional("last_poll_at", TIME),
        optional("last_success_at", TIME),
        optional("newest_post_at", TIME),
        optional("newest_comment_at", TIME),
        optional("rechecked_at", TIME),
        optional("not_before", TIME),
        optional("writes_not_before", TIME),
        column("failures", WHOLE),
        column("needs_login", TRUTH),
        column("last_error", TEXT),
        optional("usage", REAL),
    )


def _post() -> None:
    op.create_table(
        "post",
        column("page_id", TEXT, sa.ForeignKey("page.id"), primary_key=True),
        column("post_id", TEXT, primary_key=True),
        column("text", TEXT),
        column("created_at", TIME),
    )


def _version() -> None:
    op.create_table(
        "version",
        column("id", WHOLE, primary_key=True),
        column("comment_row", WHOLE, sa.ForeignKey("comment.id")),
        column("number", WHOLE),
        column("text", TEXT),
        column("escaped", TRUTH),
        column("text_sha256", TEXT),
        column("raw", BYTES),
        column("raw_sha256", TEXT),
        column("seen_at", TIME),
    )
    op.create_index("version_of_comment", "version", ["comment_row", "number"], unique=True)


def _decision() -> None:
    op.create_table(
        "decision",
        column("id", WHOLE, primary_key=True),
        column("key", TEXT, unique=True),
        column("version_id", WHOLE, sa.ForeignKey("version.id")),
        column("comment_row", WHOLE, sa.ForeignKey("comment.id")),
        column("page_id", TEXT, sa.ForeignKey("page.id")),
        column("verdict", TEXT),
        column("hide", TRUTH),
        column("categories", JSON),
        column("signals", JSON),
        column("clause", TEXT),
        column("thresholds", JSON),
        column("degraded", JSON),
        column("reason", TEXT),
        column("mode", TEXT),
        column("models", JSON),
        column("config_sha256", TEXT),
        column("actor_kind", TEXT),
        column("actor", TEXT),
        column("decided_at", TIME),
    )
    op.create_index("decision_by_page", "decision", ["page_id", "id"])
    op.create_index("decision_by_page_verdict", "decision", ["page_id", "verdict", "id"])
    op.create_index("decision_by_time", "decision", ["decided_at", "page_id", "verdict"])
    op.create_index("decision_by_verdict", "decision", ["verdict", "id"])
    op.create_index("decision_of_version", "decision", ["version_id"])
    op.create_index("ix_decision_comment_row", "decision", ["comment_row"])


def _action() -> None:
    op.create_table(
        "action",
        column("id", WHOLE, primary_key=True),
        column("key", TEXT, unique=True),
        column("decision_id", WHOLE, sa.ForeignKey("decision.id")),
        column("version_id", WHOLE, sa.ForeignKey("version.id")),
        column("comment_row", WHOLE, sa.ForeignKey("comment.id")),
        column("page_id", TEXT, sa.ForeignKey("page.id")),
        column("kind", TEXT),
        column("state", TEXT),
        column("attempts", WHOLE),
        column("requested_at", TIME),
        column("next_try_at", TIME),
        optional("finished_at", TIME),
        column("answer", TEXT),
    )
    op.create_index("action_by_page", "action", ["page_id", "kind", "requested_at"])
    op.create_index("action_of_comment", "action", ["comment_row"])
    op.create_index(
        "action_open",
        "action",
        ["state", "next_try_at"],
        sqlite_where=sa.text("state = 'requested'"),
    )
    op.create_index("ix_action_decision_id", "action", ["decision_id"])


def _decision_category() -> None:
    op.create_table(
        "decision_category",
        column("decision_id", WHOLE, sa.ForeignKey("decision.id"), primary_key=True),
        column("category", TEXT, primary_key=True),
        column("page_id", TEXT),
        column("verdict", TEXT),
    )
    op.create_index("category_by_page", "decision_category", ["category", "page_id", "decision_id"])
    op.create_index(
        "category_by_page_verdict",
        "decision_category",
        ["category", "page_id", "verdict", "decision_id"],
    )
    op.create_index(
        "category_by_verdict", "decision_category", ["category", "verdict", "decision_id"]
    )
    op.create_index("category_newest", "decision_category", ["category", "decision_id"])


def _triggers() -> None:
    for table in ("audit", "version", "decision"):
        _refuse(f"{table}_update", f"UPDATE ON {table}", f"{table} rows never change")
    for table in ("audit", "version", "decision", "comment", "action"):
        _refuse(f"{table}_delete", f"DELETE ON {table}", f"{table} rows are never deleted")
    for table, fields in (("comment", COMMENT_IDENTITY), ("action", ACTION_IDENTITY)):
        told = ", ".join(fields)
        _refuse(f"{table}_identity", f"UPDATE OF {told} ON {table}", "told once and for all")
    _refuse(
        "action_final",
        "UPDATE ON action WHEN OLD.state <> 'requested'",
        "an action that ended stays as it ended",
    )
    if is_postgres(op.get_bind()):
        keep_length(op.get_bind())
        return
    # Also stops INSERT OR REPLACE, which deletes without asking the delete trigger.
    _refuse(
        "audit_gap",
        "INSERT ON audit WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit)",
        "the chain grows by one at its end",
    )


def _refuse(name: str, event: str, message: str) -> None:
    on, _, condition = event.partition(" WHEN ")
    refuse(op.get_bind(), name, on, message, when=condition)
