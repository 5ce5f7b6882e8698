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
    started_at: datetime | None = None,
    config_sha256: str | None = None,
    config_error: str | None = None,
) -> None:
    """Notes that the scheduler lives, and whatever else is given."""
    row = service_row(session)
    row.ticked_at = now
    if started_at is not None:
        row.started_at = started_at
    if config_sha256 is not None:
        row.config_sha256 = config_sha256
    if config_error is not None:
        row.config_error = config_error
    session.add(row)
    session.flush()
