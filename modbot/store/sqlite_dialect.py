"""SQLite as SQLAlchemy speaks it, a statement put into words once a process."""

from __future__ import annotations

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

ADDRESS = "sqlite+modbot://"  # for create_engine()
KEPT_STATEMENTS = 1000  # there are fewer


class OneDialect(SQLiteDialect_pysqlite):
    """Equal to every other one, as all are made with the same module and the same settings: so
    the words found for a reader serve a writer, and those for one database the next."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OneDialect)

    def __hash__(self) -> int:
        return hash(OneDialect)


# Of every SQLite database of the process; safe between threads.
COMPILED: LRUCache[object, object] = LRUCache(KEPT_STATEMENTS)

registry.register("sqlite.modbot", __name__, OneDialect.__name__)
