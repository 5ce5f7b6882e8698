"""Makes revisions that are written in SQLAlchemy's words fit PostgreSQL as well.

What this does for every revision, so that none has to: whole numbers have 64 bits, JSON is kept as
the text that is hashed, partial indexes are partial, a row without a number gets the next one as in
SQLite, and what may not be deleted cannot be truncated either.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from modbot.migrations.guards import REFUSE

# Only the writer's transaction is under way, so that the greatest number is known.
NEXT_ID = """
CREATE FUNCTION modbot_next_id() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'SELECT coalesce(max(id), 0) + 1 FROM '
    || quote_ident(TG_TABLE_SCHEMA) || '.' || quote_ident(TG_TABLE_NAME) INTO NEW.id;
  RETURN NEW;
END $$"""
_WITHOUT_NUMBER = """
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attname = 'id'
  AND a.atttypid = 'bigint'::regtype AND NOT a.atthasdef
  AND NOT EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'next_id')"""
_NOT_TRUNCATED = """
SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = current_schema()::regnamespace AND t.tgname = c.relname || '_delete'
  AND NOT EXISTS (SELECT 1 FROM pg_trigger o
    WHERE o.tgrelid = c.oid AND o.tgname = c.relname || '_truncate')"""


def prepare(connection: sa.Connection) -> None:
    """Before the revisions: what their triggers call. Once a database."""
    there = "SELECT 1 FROM pg_proc WHERE proname = 'modbot_refuse'"
    if connection.exec_driver_sql(there).scalar() is None:
        for function in (REFUSE, NEXT_ID):
            connection.exec_driver_sql(function)


def settle(connection: sa.Connection) -> None:
    """After the revisions: numbers for rows without one, and no TRUNCATE of what is kept."""
    for (table,) in connection.exec_driver_sql(_WITHOUT_NUMBER).all():
        connection.exec_driver_sql(
            f"CREATE TRIGGER next_id BEFORE INSERT ON {table} FOR EACH ROW "
            "WHEN (NEW.id IS NULL) EXECUTE FUNCTION modbot_next_id()"
        )
    for table, _ in connection.exec_driver_sql(_NOT_TRUNCATED).all():
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
            f"EXECUTE FUNCTION modbot_refuse('{table} rows are never deleted')"
        )


@contextmanager
def translated() -> Iterator[None]:
    """Columns and indexes that are defined meanwhile are PostgreSQL's."""
    event.listen(sa.Column, "before_parent_attach", _column)
    event.listen(sa.Index, "before_parent_attach", _index)
    try:
        yield
    finally:
        event.remove(sa.Column, "before_parent_attach", _column)
        event.remove(sa.Index, "before_parent_attach", _index)


def _column(column: sa.Column[Any], table: Any) -> None:
    if isinstance(column.type, sa.JSON):
        column.type = sa.Text()
    if isinstance(column.type, sa.Integer):
        column.type = sa.BigInteger()
        # A number that a deleted row had is given again, unless SQLite was told otherwise too.
        if not table.dialect_options["sqlite"]["autoincrement"]:
            column.autoincrement = False


def _index(index: sa.Index, _table: Any) -> None:
    where = index.dialect_options["postgresql"]
    if where["where"] is None:
        where["where"] = index.dialect_options["sqlite"]["where"]
