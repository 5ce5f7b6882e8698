"""The database that the settings name, whichever it is: opened, held, brought up to date."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, make_url

from modbot.settings.secret import read_secret
from modbot.settings.sections import DatabaseSection
from modbot.store import postgres
from modbot.store.database import Database, lock_data


def open_configured(
    section: DatabaseSection,
    environ: Mapping[str, str] = os.environ,
    *,
    read_only: bool = False,
    hold: postgres.Hold | None = None,
) -> Database:
    """The configured database. A SQLite file is made and brought up to date unless read_only; on a
    server `modbot db upgrade` does that. `hold`: from hold_configured(), of who runs the service.

    Raises StoreUnreadable, BadConfig where the password cannot be read.
    """
    if not section.on_server:
        return Database.open(f"sqlite:///{section.path}", read_only=read_only)
    opened = postgres.open_postgres(
        server_address(section, environ), Path(section.folder), read_only=read_only
    )
    opened.hold = hold
    return opened


@contextmanager
def hold_configured(
    section: DatabaseSection, environ: Mapping[str, str] = os.environ
) -> Iterator[postgres.Hold | None]:
    """Holds the data for this process: on this machine, and on the server where it is on one.

    Raises AlreadyRunning while another process holds it, StoreUnreadable, BadConfig.
    """
    with lock_data(section.path):
        if not section.on_server:
            yield None
            return
        with postgres.hold_postgres(server_address(section, environ)) as hold:
            yield hold


def server_address(
    section: DatabaseSection,
    environ: Mapping[str, str],
    *,
    role: str | None = None,
    password: str | None = None,
) -> URL:
    """The address with the password in it, for the service's role or another one's: `password`
    says where that is. SQLAlchemy shows the password of such an address as stars."""
    url = make_url(section.url)
    if role is not None:
        url = url.set(username=role)
    place = section.password if password is None else password
    return url.set(password=read_secret(place, environ)["token"]) if place else url
