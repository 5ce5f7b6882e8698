"""A session of somebody who takes the guards of tables away, as who administers the machine can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from sqlalchemy import make_url
from sqlalchemy import text as sql
from sqlmodel import Session

from modbot.store import Database
from modbot.store.postgres import open_postgres
from tests import databases, postgres_server


@contextmanager
def past_the_guards(database: Database, tables: Sequence[str]) -> Iterator[Session]:
    """A session in which rows of these tables can be changed and deleted."""
    guards = [(table, f"{table}_{what}") for table in tables for what in ("update", "delete")]
    if not databases.on_postgres:
        with database.write() as s:
            for _, guard in guards:
                s.execute(sql(f"DROP TRIGGER IF EXISTS {guard}"))
            yield s
        return
    url = make_url(databases.address(database)).set(username=postgres_server.OWNER)
    with closing(open_postgres(url, database.path.parent)) as opened, opened.write() as s:
        for how in ("DISABLE", "ENABLE"):  # again, as other tests get this database
            for table, guard in guards:
                s.execute(sql(f"ALTER TABLE {table} {how} TRIGGER {guard}"))
            if how == "DISABLE":
                yield s
