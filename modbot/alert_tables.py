"""The tables of alerts and brakes. Not evidence themselves: audit rows tell each of their steps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from modbot.tables import UtcTime


def _time(**kwargs: Any) -> Any:
    return Field(sa_type=UtcTime, **kwargs)


class AlertRow(SQLModel, table=True):
    """An incident that a person has to know of: open until it is over, told until somebody
    acknowledges it."""

    __tablename__ = "alert"
    __table_args__ = (
        Index(
            *("alert_open", "kind", "page_id", "subject", "decision_id"),
            unique=True,
            sqlite_where=text("over_at IS NULL"),
        ),
        Index("alert_next", "next_step_at", sqlite_where=text("next_step_at IS NOT NULL")),
        Index(
            *("alert_urgent", "page_id"),
            sqlite_where=text("urgent = 1 AND over_at IS NULL AND acknowledged_at IS NULL"),
        ),
        Index("alert_of", "kind", "page_id", "subject"),
    )
    id: int | None = Field(default=None, primary_key=True)
    kind: str  # "threat", "crisis", "needs_login", "brake", ...
    page_id: str  # or a job's or a checkpoint place's name
    subject: str = ""  # what of the page: the rule or model of a brake
    decision_id: int = 0  # 0: about no comment
    detail: str = ""  # never sent anywhere
    urgent: bool = False
    opened_at: datetime = _time()
    step: int = 0  # how many steps of the order have begun
    next_step_at: datetime | None = _time(default=None)  # None: nobody else is to be told
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = _time(default=None)
    over_at: datetime | None = _time(default=None)


class AlertSendingRow(SQLModel, table=True):
    """One alert on its way to one destination, written before it is sent."""

    __tablename__ = "alert_sending"
    __table_args__ = (
        Index("sending_once", "alert_id", "step", "destination", unique=True),
        Index(
            *("sending_due", "destination", "next_try_at"), sqlite_where=text("state = 'waiting'")
        ),
        Index("sending_last", "destination", "sent_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    alert_id: int = Field(foreign_key="alert.id")
    step: int  # 1, 2, ...
    destination: str  # its name in modbot.toml
    state: str = (
        "waiting"  # waiting, sent, failed (given up), dropped (nobody has to know any more)
    )
    attempts: int = 0
    next_try_at: datetime = _time()
    sent_at: datetime | None = _time(default=None)
    error: str = ""


class BrakeRow(SQLModel, table=True):
    """A rule or model version that may only ask for review on a page, until it is released."""

    __tablename__ = "brake"
    __table_args__ = (
        Index(
            *("brake_pulled", "page_id", "key"),
            unique=True,
            sqlite_where=text("released_at IS NULL"),
        ),
        Index("brake_of_page", "page_id", "released_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    page_id: str = Field(foreign_key="page.id")
    key: str  # "rule profanity_en:x" or "model embedded 3"
    pulled_at: datetime = _time()
    hides: int  # what it would have hidden
    comments: int  # of so many
    share: float  # the limit then
    window_minutes: float
    released_at: datetime | None = _time(default=None)
    released_by: str = ""
    reason: str = ""
    counted_from: int = 0  # brake_count rows up to this one no longer count against it


class BrakeCountRow(SQLModel, table=True):
    """How many comments of a batch were judged, and hidden by what. Deleted after the window.

    AUTOINCREMENT: `counted_from` names rows that may be gone."""

    __tablename__ = "brake_count"
    __table_args__ = (
        Index("brake_count_of_page", "page_id", "at"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, primary_key=True)
    page_id: str
    at: datetime = _time()
    key: str  # as in brake; empty: all comments
    number: int
