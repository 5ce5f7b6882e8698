"""The database's revisions (Alembic), usable from an installed package."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
)  # oldest first
HEAD = REVISIONS[-1]


def upgrade(connection: Connection) -> None:
    """Brings the database to HEAD within the caller's transaction."""
    from alembic import command  # imported late: a database at HEAD needs none of it
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
