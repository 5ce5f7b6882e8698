"""What commands share: their common options, and opening configuration, database and service."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from modbot.cli.answers import CommandFailed

if TYPE_CHECKING:
    from sqlmodel import Session

    from modbot.domain import Actor, Page
    from modbot.service import Service
    from modbot.settings import Config
    from modbot.store import Database
    from modbot.store.postgres import Hold

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="DIR",
        help="Configuration folder; else MODBOT_CONFIG, else the one that came with modbot.",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Answer with one JSON object on standard output.")
]
ByOption = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who does this; else your login name.")
]


def load(
    ctx: typer.Context,
    folder: Path | None,
    *,
    level: Literal["warning", "configured"] = "warning",
) -> Config:
    """The configuration that the command line asks for; from here on logs go where it says."""
    from modbot import logs
    from modbot.settings import load_config

    logs.configure(level="warning", format="console")
    config = load_config(folder or ctx.find_root().obj)
    if level == "configured":
        logs.configure(level=config.settings.log.level, format=config.settings.log.format)
    return config


@contextmanager
def open_database(config: Config) -> Iterator[Database]:
    """The configured database; a SQLite file is made and brought up to date."""
    from modbot.store import open_configured

    database = open_configured(config.settings.database)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def open_service(config: Config, hold: Hold | None = None) -> Iterator[Service]:
    """A service on the configured database; nothing runs yet. `hold`: what holds the data."""
    from modbot.service import build_service

    service = build_service(config, hold=hold)
    try:
        yield service
    finally:
        service.close()


def registered(session: Session, page_id: str) -> Page:
    """The page with this id, as it was typed. Raises UnknownPage."""
    from modbot import store
    from modbot.stored_text import shown

    return store.page(session, shown(page_id))


def person(name: str | None) -> Actor:
    """Who types, by the name given or the login name. Raises CommandFailed for a name that the
    record keeps for people who sign in."""
    from modbot.domain import Actor, is_numbered
    from modbot.stored_text import shown

    named = shown(_login_name() if name is None else name)
    if is_numbered(named):
        raise CommandFailed(
            f"{named!r}: a name with a number is somebody's who signed in; leave the number out"
        )
    return Actor(kind="person", name=named)


def _login_name() -> str:
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in some containers
        return ""


def utc_now() -> datetime:
    """The time at which a person gives a command."""
    return datetime.now(UTC)


def parse_day(text: str | None) -> datetime | None:
    """The start of a day (UTC) as typed in an option; None stays None. Raises CommandFailed."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise CommandFailed("a day must be written like 2026-09-08") from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
