"""The whole examination, in the order in which a person mends things."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from modbot import migrations, store
from modbot.doctor import database, judgement, machine, pages, secret_files, server, witnesses
from modbot.doctor.findings import Findings, broken, well
from modbot.domain import Page
from modbot.errors import BadConfig, StoreUnreadable
from modbot.settings import Config, load_config
from modbot.store import Database, sendings


def examine(
    folder: Path | None, environ: Mapping[str, str], now: datetime, *, online: bool = False
) -> Findings:
    """Every finding, one after the other. Only with `online` is anything beyond this machine
    asked: the platforms for the time of day, the mail server whether it lets us in."""
    try:
        config = load_config(folder, environ)
    except BadConfig as error:
        yield broken("configuration", str(error), "mend it; `modbot config check` looks again")
        return
    yield well("configuration", f"{config.folder}, SHA-256 {config.sha256[:12]}")
    section = config.settings.database
    if section.on_server:
        opened = yield from server.look(section, environ)
        newest = server.newest_record(opened)
    else:
        opened, newest = _opened(section.path), database.newest_record(section.path)
    yield from machine.clock(newest)
    yield machine.time_zone(config.settings.web.time_zone)
    yield machine.disk(section.path)
    registered: list[Page] = []
    failing: dict[str, str] = {}
    if not section.on_server:
        yield database.library()
        yield from database.file(section.path)
    if opened is not None:
        with closing(opened):
            with opened.read() as s:
                registered = store.pages(s)
            yield from _recorded(config, opened, environ, now)
            failing = _failing(opened)
    if online:
        yield from machine.platform_clocks(registered)
    yield judgement.model(config)
    yield from secret_files.secrets(config, [page.token_ref for page in registered], environ)
    yield witnesses.mail(config.settings.checkpoints, environ, online=online)
    yield witnesses.alerts(config.settings, failing)


def _opened(path: Path) -> Database | None:
    """The database for reading; None where `database.file` has said what is wrong with it."""
    if database.revision(path) != migrations.HEAD:
        return None
    try:
        return Database.open(f"sqlite:///{path}", read_only=True)
    except (StoreUnreadable, DBAPIError):
        return None


def _failing(opened: Database) -> dict[str, str]:
    """Where alerts do not get to, and why."""
    try:
        with opened.read() as s:
            return {name: why for name, _, why in sendings.failing_destinations(s)}
    except (StoreUnreadable, DBAPIError):  # which _recorded has told
        return {}


def _recorded(
    config: Config, opened: Database, environ: Mapping[str, str], now: datetime
) -> Findings:
    settings = config.settings
    try:
        yield from database.service(opened, now)
        yield from pages.pages(opened, environ, now, max_seconds=settings.polling.longest_seconds)
        yield witnesses.checkpoints(opened, settings.checkpoints, environ, now)
        yield witnesses.backups(opened, now)
    except (StoreUnreadable, DBAPIError) as error:
        yield broken("database", f"it cannot be read ({type(error).__name__})", database.MEND)
