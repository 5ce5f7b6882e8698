"""Debian's PostgreSQL, started by the tests: one server a process.

As root it runs as the user `postgres`, as it refuses to be root's. Nothing is flushed to the disk.
"""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url

from tests.prerequisites import need, postgres_programs

OWNER, SERVICE, PASSWORD = "modbot_owner", "modbot", "only-for-tests-5c1d"
_FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300"


@dataclass(frozen=True)
class PostgresServer:
    """A running server."""

    folder: Path
    port: int

    def url(self, database: str, role: str = SERVICE) -> URL:
        """The address of a database, with the password."""
        return make_url(f"postgresql+psycopg://{role}:{PASSWORD}@127.0.0.1:{self.port}/{database}")

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Runs a statement as the server's administrator; its rows, if it gives any."""
        with self.administrator(database) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []

    def administrator(self, database: str = "postgres") -> Any:
        """A connection of the server's administrator, for psycopg."""
        import psycopg

        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname=database, autocommit=True
        )

    def stop(self, mode: str = "fast") -> None:
        """Ends the server: "immediate" is how a crash ends it."""
        _run(self.folder, [str(_program("pg_ctl")), *self._data(), "stop", "-m", mode])

    def start(self) -> None:
        """Starts the server, again on the same port."""
        options = f"-p {self.port} -h 127.0.0.1 -k {self.folder} {_FAST}"
        log = ["-l", str(self.folder / "log"), "-o", options]
        _run(self.folder, [str(_program("pg_ctl")), *self._data(), "-w", *log, "start"])

    def _data(self) -> list[str]:
        return ["-D", str(self.folder / "data")]


@cache
def server() -> PostgresServer:
    """The server of this process, with the two roles and a database at the newest revision, from
    which every other is copied."""
    started = start_server()
    started.sql(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{PASSWORD}'")
    started.sql(f"CREATE ROLE {SERVICE} LOGIN PASSWORD '{PASSWORD}'")
    make_empty(started, "empty")
    from modbot.store.postgres import upgrade

    upgrade(started.url("empty", OWNER), SERVICE)
    return started


def start_server() -> PostgresServer:
    """A server of its own, which ends with this process."""
    need("postgres", "psycopg")
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="modbot-postgres-", dir=memory))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    made = ["-D", str(folder / "data"), "-A", "trust", "-U", "postgres", "-E", "UTF8"]
    _run(folder, [str(_program("initdb")), *made, "--no-locale", "--no-sync"])
    started = PostgresServer(folder, _free_port())
    started.start()
    atexit.register(_end, started, os.getpid())
    return started


def make_empty(server: PostgresServer, name: str) -> None:
    """A database without tables that belongs to the owner."""
    server.sql(
        f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"
    )


_numbers = itertools.count(1)
_used: list[str] = []  # by tests that may be over


def own_url(role: str = SERVICE) -> URL:
    """The address of a fresh database at the newest revision, for this test alone."""
    return server().url(_copied(), role)


def new_url() -> URL:
    """The address of an empty database at the newest revision, for the service's role. One whose
    test is over is emptied and taken again: copying one takes 300 files."""
    found = _asking().execute("SELECT datname FROM pg_stat_activity WHERE datname IS NOT NULL")
    open_ones = {name for (name,) in found}
    for name in _used:
        if name not in open_ones:
            server().sql(_emptied(), name)
            return server().url(name)
    _used.append(_copied())
    return server().url(_used[-1])


@cache
def _asking() -> Any:
    return server().administrator()


def _copied() -> str:
    name = f"t{next(_numbers)}"
    server().sql(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE empty")
    return name


@cache
def _emptied() -> str:
    """Deletes every row: the service's role could change no table or trigger."""
    tables = server().sql(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
        "AND relkind = 'r' AND relname NOT IN ('alembic_version', 'audit_length')",
        "empty",
    )
    return "; ".join(
        (
            "SET session_replication_role = replica",
            *(f'DELETE FROM "{name}"' for (name,) in tables),
            "UPDATE audit_length SET seq = 0",
            "ALTER SEQUENCE brake_count_id_seq RESTART",
        )
    )


def _end(server: PostgresServer, process: int) -> None:
    if os.getpid() == process:  # not in a fork of it
        subprocess.run(
            _as_postgres([str(_program("pg_ctl")), *server._data(), "stop", "-m", "immediate"]),
            cwd=server.folder, check=False, capture_output=True,
        )  # fmt: skip
        shutil.rmtree(server.folder, ignore_errors=True)


def _program(name: str) -> Path:
    folder = postgres_programs()
    assert folder is not None
    return folder / name


def _run(folder: Path, command: Sequence[str]) -> None:
    done = subprocess.run(
        _as_postgres(command), cwd=folder, check=False, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def _as_postgres(command: Sequence[str]) -> list[str]:
    if os.geteuid() != 0:
        return list(command)
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]


def _free_port() -> int:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
