"""The SQLite file: opening, migrating, transactions, and the lock of the one running instance.

PostgreSQL: modbot/store/postgres.py."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, QueuePool, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlmodel import Session

from modbot import migrations
from modbot.errors import AlreadyRunning, StoreUnreadable
from modbot.store import sqlite_dialect
from modbot.stored_rows import canonical

sqlite_module: ModuleType
try:
    import pysqlite3

    sqlite_module = pysqlite3
except ImportError:  # pragma: no cover - other systems than Linux
    import sqlite3

    sqlite_module = sqlite3

BUSY_TIMEOUT_MS = 5000


def wal_is_safe(version: str) -> bool:
    """Whether this SQLite has the fix of the WAL-reset bug (sqlite.org/wal.html#walresetbug)."""
    v = tuple(int(part) for part in version.split("."))
    return v >= (3, 51, 3) or (v[:2] == (3, 50) and v >= (3, 50, 7)) or (3, 44, 6) <= v < (3, 45)


class Database:
    """One SQLite file: any number of readers, one writer at a time."""

    # Short enough for the scheduler's sign of life to come through when a lock holds up all pages.
    turn_seconds = 10.0

    @property
    def superseded(self) -> bool:
        """Another instance has begun to run on it, which only a server's outage allows."""
        return False

    def __init__(self, path: Path, reader: Engine, writer: Engine | None, name: str = "") -> None:
        self.path = path  # PostgreSQL: a name in the folder of what lies beside the database
        self.name = name or str(path)  # for people
        self._reader = reader
        self._writer = writer
        self._turn = threading.RLock()  # threads queue here: SQLite's own waiting is not fair

    @classmethod
    def open(cls, url: str, *, read_only: bool = False) -> Database:
        """Opens `sqlite:///PATH`, made and brought up to date unless read_only.

        Raises StoreUnreadable. What the settings name is opened by modbot/store/configured.py.
        """
        path = _path_of(url)
        try:
            if read_only:
                return cls(path, _read_only_engine(path), None)
            path.parent.mkdir(parents=True, exist_ok=True)
            # People's words and names: for the service's account alone. -wal and -shm follow it.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            writer = sqlite_engine(str(path), begin="BEGIN IMMEDIATE")
            _migrate(writer, path)
        except (DBAPIError, OSError) as error:
            raise StoreUnreadable(f"{path}: {cause(error)}") from error
        return cls(path, sqlite_engine(str(path), begin="BEGIN"), writer)

    @contextmanager
    def write(self, *, turn_seconds: float | None = None) -> Iterator[Session]:
        """A session in one BEGIN IMMEDIATE transaction: commits at the end, else rolls back.

        Raises StoreUnreadable when another process holds the file for longer than 5 s, or other
        threads for longer than `turn_seconds` (10 s, unless somebody waits for the answer).
        """
        turn = self.turn_seconds if turn_seconds is None else turn_seconds
        if self._writer is None:
            raise StoreUnreadable(f"{self.name}: opened for reading only")
        if not self._turn.acquire(timeout=turn):
            raise StoreUnreadable(f"{self.name}: other writers have waited for too long")
        try:
            with Session(self._writer, expire_on_commit=False) as session, session.begin():
                try:
                    self._begin(session)
                except DBAPIError as error:
                    raise StoreUnreadable(f"{self.name}: {cause(error)}") from error
                yield session
        finally:
            self._turn.release()

    def _begin(self, session: Session) -> None:
        """Waits until no other process writes. Raises DBAPIError."""
        session.connection()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state of the data and cannot change it."""
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    def close(self) -> None:
        """Closes every connection; open sessions must have ended."""
        self._reader.dispose()
        if self._writer is not None:
            self._writer.dispose()


@contextmanager
def lock_data(db_path: Path) -> Iterator[None]:
    """Holds the data for this process. Raises AlreadyRunning while another one holds it."""
    lock_path = Path(f"{os.path.realpath(db_path)}.lock")  # a link leads to the same data
    lock_path.parent.mkdir(parents=True, exist_ok=True)
    with lock_path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read(20).strip() or "unknown"
            raise AlreadyRunning(
                f"another instance (process {holder}) works on {db_path}; stop it first"
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _path_of(url: str) -> Path:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreUnreadable(f"not a database address: {url!r}; use sqlite:///PATH") from error
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        raise StoreUnreadable(
            f"unsupported database address for {parsed.drivername}; use sqlite:///PATH"
        )
    return Path(str(parsed.database))


def sqlite_engine(address: str, *, begin: str, read_only_file: bool = False) -> Engine:
    """Connections to a path, or to a `file:` address where read_only_file is set. `begin` is the
    statement that opens each transaction; with plain BEGIN nothing can be changed."""
    settings = [f"busy_timeout={BUSY_TIMEOUT_MS}", "foreign_keys=ON", "trusted_schema=OFF"]
    if not read_only_file:
        journal = "WAL" if wal_is_safe(sqlite_module.sqlite_version) else "DELETE"
        settings += [f"journal_mode={journal}", "synchronous=FULL", "recursive_triggers=ON"]
    if begin == "BEGIN":
        settings.append("query_only=ON")

    def connect() -> Any:
        connection = sqlite_module.connect(
            address,
            timeout=BUSY_TIMEOUT_MS / 1000,
            isolation_level=None,  # the driver must not begin transactions by itself
            check_same_thread=False,  # the pool hands a connection to one thread at a time
            uri=read_only_file,
        )
        try:
            for setting in settings:
                connection.execute(f"PRAGMA {setting}")
        except sqlite_module.Error:
            connection.close()
            raise
        return connection

    engine = create_engine(
        sqlite_dialect.ADDRESS,
        module=sqlite_module,
        creator=connect,
        poolclass=QueuePool,
        json_serializer=canonical,
        execution_options={"compiled_cache": sqlite_dialect.COMPILED},
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


def read_only_address(path: Path) -> str:
    """The `file:` address under which SQLite opens a file for reading alone."""
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    wal = Path(f"{path}-wal")
    if not (wal.exists() and wal.stat().st_size) and not os.access(path.parent, os.W_OK):
        address += "&immutable=1"  # SQLite opens a WAL file elsewhere only if it may make -shm
    return address


def _read_only_engine(path: Path) -> Engine:
    if not path.is_file():
        raise StoreUnreadable(f"{path}: no such file")
    engine = sqlite_engine(read_only_address(path), begin="BEGIN", read_only_file=True)
    with engine.connect() as connection:
        tables = {r[0] for r in connection.exec_driver_sql("SELECT name FROM sqlite_master")}
    if not {"audit", "version", "decision", "action"} <= tables:
        engine.dispose()
        raise StoreUnreadable(f"{path}: not a modbot database")
    return engine


def _migrate(engine: Engine, path: Path) -> None:
    with engine.begin() as connection:
        tables = {r[0] for r in connection.exec_driver_sql("SELECT name FROM sqlite_master")}
        if tables and "alembic_version" not in tables:
            raise StoreUnreadable(f"{path}: not a modbot database")
        if tables:
            versions = connection.exec_driver_sql("SELECT version_num FROM alembic_version")
            revision = versions.scalar()
            if revision == migrations.HEAD:
                return
            if revision not in migrations.REVISIONS:
                raise StoreUnreadable(f"{path}: made by a newer modbot (revision {revision})")
        migrations.upgrade(connection)


def cause(error: Exception) -> str:
    return str(error.orig) if isinstance(error, DBAPIError) else str(error)
