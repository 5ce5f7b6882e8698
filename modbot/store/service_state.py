"""Signs of life of the running service, for the probes."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from modbot.tables import ServiceRow


def service_row(session: Session) -> ServiceRow:
    """The one row; an empty one before the first start."""
    return session.get(ServiceRow, 1) or ServiceRow(id=1)


def tick(
    session: Session,
    now: datetime,
    *,
    config_sha256: str,
    config_error: str,
) -> None:
    """Notes that the scheduler lives, which configuration is in force, and what is wrong with a
    newer one."""
    row = service_row(session)
    row.ticked_at = now
    row.config_sha256 = config_sha256
    row.config_error = config_error
    session.add(row)
    session.flush()
