"""PostgreSQL: opening, the lock that makes writers take turns, and who is the one that runs.

Writers: READ COMMITTED behind one advisory lock, taken first. So each statement sees all that was
committed before, nobody else changes anything meanwhile, and there is nothing to run again: no
serialisation failures, no deadlocks. Readers: REPEATABLE READ, READ ONLY: one state of the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    ExceptionContext,
    Integer,
    NullPool,
    create_engine,
    event,
)
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from modbot import migrations
from modbot.errors import AlreadyRunning, StoreUnreadable
from modbot.store.database import BUSY_TIMEOUT_MS, Database, cause

# Advisory locks are counted by database, so that these are ours alone.
WRITING, RUNNING = 0x6D6F6462, 0x6D6F6463
CONNECT_SECONDS = 5
# A server that is gone without a word is noticed within seconds, not hours.
_NETWORK = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
_ORDERED_BY_BYTES = ("C", "POSIX", "C.UTF-8", "C.utf8")
INSTALL = "in the checkout: pip install --require-hashes -r requirements-postgres.lock"


class _WholeNumber(Integer):
    """Bound as it is: SQLAlchemy's own cast refuses what has more than 32 bits."""


class PostgresDatabase(Database):
    """One database of a PostgreSQL server: any number of readers, one writer at a time."""

    hold: Hold | None = None  # of the process that runs the service

    @property
    def superseded(self) -> bool:
        """Another instance has begun to run on this database."""
        return self.hold is not None and self.hold.lost

    def _begin(self, session: Session) -> None:
        connection = session.connection()
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITING})")
        if self.hold is not None:
            self.hold.check(connection)


class Hold:
    """The lock of the one instance that runs: a connection that does nothing else."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine, self._name = engine, name
        self._connection: Connection | None = None
        self._process = 0  # of the server's, that has the lock
        self.lost = False

    def take(self) -> bool:
        """Whether this process has the lock now. Raises DBAPIError."""
        self.release()
        self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        asked = f"SELECT pg_try_advisory_lock({RUNNING}), pg_backend_pid()"
        taken, self._process = self._connection.exec_driver_sql(asked).one()
        if not taken:
            self.release()
        return bool(taken)

    def check(self, writing: Connection) -> None:
        """Takes the lock again where the server had let go of it: it was away. Raises
        AlreadyRunning where another instance was faster; this one then writes nothing more."""
        if not self.lost:
            held = (
                "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 "
                f"AND objsubid = 1 AND objid = {RUNNING} AND pid = {self._process} AND database = "
                "(SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            if writing.exec_driver_sql(held).scalar() is not None:
                return
            self.lost = not self.take()
        if self.lost:
            raise AlreadyRunning(f"another instance has taken over {self._name}")

    def release(self) -> None:
        """Lets go of the lock, if it is there."""
        if self._connection is not None:
            with suppress(DBAPIError):  # it is gone already, and the lock with it
                self._connection.close()
            self._connection = None


def open_postgres(url: URL, folder: Path, *, read_only: bool = False) -> PostgresDatabase:
    """The database at an address that holds the password; `folder` is for what lies beside it.

    Raises StoreUnreadable: it cannot be reached, or is not at this version's revision.
    """
    name = told(url)
    folder.mkdir(parents=True, exist_ok=True)
    reader = postgres_engine(url, read_only=True)
    try:
        with reader.connect() as connection:
            _check_revision(connection, name)
    except DBAPIError as error:
        reader.dispose()
        raise StoreUnreadable(f"{name}: {cause(error).strip()}") from None
    except StoreUnreadable:
        reader.dispose()
        raise
    writer = None if read_only else postgres_engine(url)
    return PostgresDatabase(folder / str(url.database), reader, writer, name)


@contextmanager
def hold_postgres(url: URL) -> Iterator[Hold]:
    """Holds the database for this process. Raises AlreadyRunning, StoreUnreadable."""
    name = told(url)
    engine = postgres_engine(url, pooled=False)
    hold = Hold(engine, name)
    try:
        taken = hold.take()
    except DBAPIError as error:
        raise StoreUnreadable(f"{name}: {cause(error).strip()}") from None
    if not taken:
        raise AlreadyRunning(f"another instance works on {name}; stop it first")
    try:
        yield hold
    finally:
        hold.release()
        engine.dispose()


def upgrade(url: URL, role: str) -> str:
    """Brings the database to this version's revision, as its owner, and gives `role`, the
    service's, the rights that it needs and no more; the revision it was at.

    Raises StoreUnreadable.
    """
    from modbot.store.postgres_rights import grant

    name, engine = told(url), postgres_engine(url, pooled=False)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITING})")
            _check_order(connection, name)
            before = _revision(connection)
            if before not in ("", *migrations.REVISIONS):
                raise StoreUnreadable(f"{name}: made by a newer modbot (revision {before})")
            migrations.upgrade(connection)
            grant(connection, role)
    except DBAPIError as error:
        raise StoreUnreadable(f"{name}: {cause(error).strip()}") from None
    finally:
        engine.dispose()
    return before


def told(url: URL) -> str:
    """The database for people and logs, without the password."""
    return f"{url.username or ''}@{url.host or 'localhost'}/{url.database}".lstrip("@")


def postgres_engine(url: URL, *, read_only: bool = False, pooled: bool = True) -> Engine:
    """Connections of a reader or a writer. Raises StoreUnreadable without the driver."""
    settings = [f"lock_timeout={BUSY_TIMEOUT_MS}", "idle_in_transaction_session_timeout=600000"]
    # A commit is on the server's disk before an act on it, whatever the server is set to.
    settings.append("default_transaction_read_only=on" if read_only else "synchronous_commit=on")
    options = " ".join(f"-c {setting}" for setting in settings)
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args={**_NETWORK, "options": options, "application_name": "modbot"},
            isolation_level="REPEATABLE READ" if read_only else "READ COMMITTED",
            hide_parameters=True,
            use_native_hstore=False,
            **({"pool_pre_ping": True} if pooled else {"poolclass": NullPool}),
        )
    except ImportError:
        raise StoreUnreadable(f"PostgreSQL's driver is missing: {INSTALL}") from None
    engine.dialect.colspecs = {**engine.dialect.colspecs, Integer: _WholeNumber}
    event.listen(engine, "before_cursor_execute", _as_psycopg_marks, retval=True)
    event.listen(engine, "handle_error", _without_values)
    return engine


def _as_psycopg_marks(
    _connection: Connection,
    _cursor: Any,
    statement: str,
    parameters: Any,
    context: Any,
    _many: bool,
) -> tuple[str, Any]:
    """`?` for a value in SQL that was given as text, as for SQLite."""
    if context is not None and context.compiled is None and parameters:
        statement = statement.replace("?", "%s")
    return statement, parameters


def _without_values(context: ExceptionContext) -> None:
    """What the server says of an error beside its first line quotes rows, and with them people."""
    error, told = context.original_exception, context.sqlalchemy_exception
    line = getattr(getattr(error, "diag", None), "message_primary", None)
    if line:
        error.args = (line,)
        if told is not None:
            told.args = (f"({type(error).__name__}) {line}",)


def _revision(connection: Connection) -> str:
    there = "SELECT to_regclass('alembic_version') IS NOT NULL"
    if not connection.exec_driver_sql(there).scalar():
        return ""
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return str(found or "")


def _check_revision(connection: Connection, name: str) -> None:
    revision = _revision(connection)
    if revision == migrations.HEAD:
        return
    if revision and revision not in migrations.REVISIONS:
        raise StoreUnreadable(f"{name}: made by a newer modbot (revision {revision})")
    state = f"is at revision {revision}" if revision else "has no tables of modbot"
    raise StoreUnreadable(f"{name}: {state}; run `modbot db upgrade` as its owner")


def _check_order(connection: Connection, name: str) -> None:
    """Text is ordered by its bytes, as in SQLite; that also outlives the system's C library."""
    asked = (
        "SELECT datcollate, pg_encoding_to_char(encoding) FROM pg_database "
        "WHERE datname = current_database()"
    )
    collation, encoding = connection.exec_driver_sql(asked).one()
    if collation not in _ORDERED_BY_BYTES or encoding != "UTF8":
        raise StoreUnreadable(
            f"{name}: made with collation {collation} and encoding {encoding}; make it with "
            "CREATE DATABASE ... TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"
        )
