"""What Alembic runs: the revisions, on the connection that upgrade() hands over."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from modbot import tables  # noqa: F401  (fills the metadata)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
