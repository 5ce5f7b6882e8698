"""Debian's PostgreSQL, started by the tests: one server a process, a database a test.

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

    def sql(self, statement: str, database: str = "postgres") -> None:
        """Runs a statement as the server's administrator."""
        import psycopg

        with psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname=database, autocommit=True
        ) as connection:
            connection.execute(statement)

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
    folder = Path(tempfile.mkdtemp(prefix="modbot-postgres-"))
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


def new_url(role: str = SERVICE) -> URL:
    """The address of a fresh database at the newest revision."""
    name = f"t{next(_numbers)}"
    server().sql(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE empty STRATEGY file_copy")
    return server().url(name, role)


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
