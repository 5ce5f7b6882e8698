"""The table of what is read of a page's past. Not evidence: audit rows tell who asked for it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import String
from sqlmodel import Field, SQLModel

from modbot.tables import UtcTime


def _time(**kwargs: Any) -> Any:
    return Field(sa_type=UtcTime, **kwargs)


class BackfillState(StrEnum):
    """Where a back-fill stands."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"  # by a person, or by a newer one


class BackfillRow(SQLModel, table=True):
    """Comments of a page from before it was registered, read a piece at a time."""

    __tablename__ = "backfill"
    id: int | None = Field(default=None, primary_key=True)
    page_id: str = Field(foreign_key="page.id", index=True)
    since: datetime = _time()  # comments from here on ...
    until: datetime = _time()  # ... and from before this: what is younger is the polls'
    state: BackfillState = Field(default=BackfillState.RUNNING, sa_type=String)
    cursor: str | None = None  # where the listing stands
    reached: datetime | None = _time(default=None)  # the oldest comment that was shown
    kept: int = 0
    new: int = 0
    not_before: datetime | None = _time(default=None)
    last_error: str = ""
    asked_by: str = ""
    asked_at: datetime = _time()
    ended_at: datetime | None = _time(default=None)
