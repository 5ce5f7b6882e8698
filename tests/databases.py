"""New databases without the wait: the migrations run once a test process.

`pytest --postgres` makes them on PostgreSQL: the same tests, on the same functions.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import make_url

from modbot.store import Database
from modbot.store.postgres import open_postgres
from tests import postgres_server

on_postgres = False  # set by tests/conftest.py


def new_database(path: Path) -> Database:
    """An empty database at `path`, brought up to date; on a server it has the file's folder."""
    if on_postgres:
        return open_postgres(postgres_server.new_url(), path.parent)
    put_empty(path)
    return Database.open(f"sqlite:///{path}")


def put_empty(path: Path) -> None:
    """A SQLite file at `path` as modbot makes it."""
    path.write_bytes(_empty())
    path.chmod(0o600)


def address(database: Database) -> str:
    """Where open_at() finds it, in another process."""
    if on_postgres:
        url = postgres_server.server().url(database.path.name)
        return url.render_as_string(hide_password=False)
    return f"sqlite:///{database.path}"


def open_at(address: str, folder: Path) -> Database:
    """The database at an address that address() gave; `folder`: for what lies beside it."""
    if address.startswith("sqlite:"):
        return Database.open(address)
    return open_postgres(make_url(address), folder)


@cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        Database.open(f"sqlite:///{path}").close()
        return path.read_bytes()
