"""What Alembic runs: the revisions, on the connection that upgrade() hands over."""

from __future__ import annotations

from contextlib import nullcontext

from alembic import context
from sqlmodel import SQLModel

from modbot import tables  # noqa: F401  (fills the metadata)
from modbot.dialects import is_postgres
from modbot.migrations import postgres

connection = context.config.attributes["connection"]
postgres_too = is_postgres(connection)
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    if postgres_too:
        postgres.prepare(connection)
    with postgres.translated() if postgres_too else nullcontext():
        context.run_migrations()
    if postgres_too:
        postgres.settle(connection)
