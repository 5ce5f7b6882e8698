"""Whether the service lives and whether it does its work, for supervisors and health checks."""

from __future__ import annotations

import shutil
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.responses import JSONResponse

from modbot import migrations, store
from modbot.errors import AlreadyRunning, StoreUnreadable
from modbot.store import Database
from modbot.web.routes import Routes
from modbot.web.seam import WebService

STALE_TICK_SECONDS = 15.0  # three ticks of the scheduler, in real seconds
TURN_SECONDS = 0.5  # with the 5 s of SQLite's own waiting, a probe is answered within 6 s
ROOM_BYTES = 20_000_000  # on the database's disk; below that a burst of comments may not fit


def probe_routes(service: WebService) -> Routes:
    """/livez and /readyz."""
    routes = Routes()

    @routes.api_route("/livez", methods=["GET", "HEAD"])
    def livez() -> JSONResponse:
        return JSONResponse({"status": "alive"})

    @routes.api_route("/readyz", methods=["GET", "HEAD"])
    def readyz() -> JSONResponse:
        reasons, config_error = readiness(
            service.database, now=service.clock.now(), speed=service.clock.speed
        )
        answer = {"ready": not reasons, "reasons": reasons, "config_error": config_error}
        return JSONResponse(answer, status_code=503 if reasons else 200)

    return routes


def readiness(
    database: Database, *, now: datetime, speed: float, room_bytes: int = ROOM_BYTES
) -> tuple[list[str], str]:
    """Why the service is not ready, and why the newest configuration was refused.

    `speed` is how many service seconds pass in a real one. A refused configuration is no reason:
    the one before it is in force.
    """
    try:
        with database.read() as session:
            revision = session.connection().execute(text("SELECT version_num FROM alembic_version"))
            migrated = revision.scalar() == migrations.HEAD
            row = store.service_row(session)
    except (DBAPIError, StoreUnreadable) as error:
        return [f"the database cannot be read ({type(error).__name__})"], ""
    reasons = []
    if not migrated:
        reasons.append("the database was migrated by another version of modbot")
    if row.ticked_at is None:
        reasons.append("the scheduler has not started")
    elif (age := (now - row.ticked_at).total_seconds() / speed) > STALE_TICK_SECONDS:
        reasons.append(f"the scheduler gave no sign of life for {age:.0f} s")
    try:
        with database.write(turn_seconds=TURN_SECONDS):
            pass
    except (DBAPIError, StoreUnreadable, AlreadyRunning) as error:
        reasons.append(f"the database cannot be written ({type(error).__name__})")
    if (room := shutil.disk_usage(database.path.parent).free) < room_bytes:
        reasons.append(f"the disk is full: {room // 1_000_000} MB left")
    return reasons, row.config_error
