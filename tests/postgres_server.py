"""Debian's PostgreSQL, started by the tests: one server a process.

As root it runs as the user `postgres`, as it refuses to be root's. Nothing is flushed to the disk.
"""

from __future__ import annotations

import atexit
import itertools
import json
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

from modbot.settings import Config, init_config, load_config
from modbot.store.postgres import upgrade
from tests.prerequisites import need, postgres_programs

OWNER, SERVICE, PASSWORD = "modbot_owner", "modbot", "only-for-tests-5c1d"
MEMORY, ROOM_BYTES = Path("/dev/shm"), 3_000_000_000  # a folder in memory, where there is one
_FAST = "-c fsync=off -c full_page_writes=off -c max_connections=300"


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
            host=str(self.folder), port=self.port, user="postgres", dbname=database, autocommit=True
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
    make_ready(started, "empty")
    return started


def start_server() -> PostgresServer:
    """A server of its own, which ends with this process."""
    need("postgres", "psycopg")
    memory = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES else None
    folder = Path(tempfile.mkdtemp(prefix="modbot-postgres-", dir=memory))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    (folder / "password").write_text(PASSWORD, "ascii")
    made = ["-D", str(folder / "data"), "-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync"]
    asks = ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={folder / 'password'}"]
    _run(folder, [str(_program("initdb")), *made, *asks])
    started = PostgresServer(folder, _free_port())
    started.start()
    atexit.register(_end, started, os.getpid())
    return started


def make_ready(server: PostgresServer, name: str) -> None:
    """The two roles, and a database at the newest revision."""
    for role in (OWNER, SERVICE):
        server.sql(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
    make_empty(server, name)
    upgrade(server.url(name, OWNER), SERVICE)


def make_empty(server: PostgresServer, name: str) -> None:
    """A database without tables that belongs to the owner."""
    server.sql(
        f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"
    )


def configured(folder: Path, url: URL, address: str = "") -> Config:
    """A configuration that names the database, its password in a file; `address`: another one."""
    config, secret = folder / "config", folder / "password"
    if not config.exists():
        folder.mkdir(parents=True, exist_ok=True)
        init_config(config)
        secret.write_text(PASSWORD, "utf-8")
        secret.chmod(0o600)
    address = address or f"postgresql+psycopg://{SERVICE}@{url.host}:{url.port}/{url.database}"
    named = {"url": address, "password": f"file:{secret}", "folder": str(folder)}
    lines = [f"{key} = {json.dumps(value)}" for key, value in named.items()]
    text = "\n".join(("[database]", *lines, "[web]", "enabled = false", ""))
    (config / "modbot.toml").write_text(text, "utf-8")
    return load_config(config)


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
