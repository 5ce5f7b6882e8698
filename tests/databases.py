"""New databases without the wait: the migrations run once a test process."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from modbot.store import Database


def new_database(path: Path) -> Database:
    """An empty database at `path`, brought up to date."""
    path.write_bytes(_empty())
    path.chmod(0o600)
    return Database.open(f"sqlite:///{path}")


@cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        Database.open(f"sqlite:///{path}").close()
        return path.read_bytes()
