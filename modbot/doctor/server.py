"""The PostgreSQL server, its database, and what the service's role may do there."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from modbot.doctor.findings import Finding, broken, doubtful, megabytes, well
from modbot.errors import BadConfig, StoreUnreadable
from modbot.settings.sections import DatabaseSection
from modbot.store import Database, open_configured, server_bytes

_ALLOWED = (
    "SELECT pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = "
    "'audit'::regclass), 'MEMBER'), has_table_privilege('audit', 'UPDATE, DELETE, TRUNCATE')"
)
REACH = "is the server up, and are address, role and password right? (docs/operate.md)"


def look(
    section: DatabaseSection, environ: Mapping[str, str]
) -> Generator[Finding, None, Database | None]:
    """The findings; gives the database for reading where it can be read."""
    try:
        opened = open_configured(section, environ, read_only=True)
    except (StoreUnreadable, BadConfig) as error:
        yield broken("database", str(error), REACH)
        return None
    try:
        with opened.read() as session:
            yield _size(opened, session)
            yield _rights(session)
    except DBAPIError as error:
        yield broken("database", f"it cannot be read ({type(error).__name__})", REACH)
        opened.close()
        return None
    return opened


def newest_record(opened: Database | None) -> datetime | None:
    """The time of the newest row of the log; None where there is none to be read."""
    if opened is None:
        return None
    with opened.read() as session:
        found: Any = session.connection().exec_driver_sql(
            "SELECT at FROM audit ORDER BY seq DESC LIMIT 1"
        )
        row = found.first()
    return datetime.fromisoformat(row[0]) if row else None


def _size(opened: Database, session: Session) -> Finding:
    version = session.connection().exec_driver_sql("SHOW server_version").scalar()
    size = megabytes(server_bytes(session) or 0)
    return well("database", f"{opened.name}: {size}, PostgreSQL {version}")


def _rights(session: Session) -> Finding:
    owns, may_change = session.connection().exec_driver_sql(_ALLOWED).one()
    if owns or may_change:
        said = "the service's role may take the guards of the record away"
        advice = "let another role own the tables: modbot db upgrade --owner (docs/operate.md)"
        return doubtful("database role", said, advice)
    return well("database role", "may add to the record, and change or delete nothing of it")
