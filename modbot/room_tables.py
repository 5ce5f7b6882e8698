"""The tables of the review room: what waits for a person, who looks at it, what is taken back.

Derived, or for a while: the decisions are the evidence."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from modbot.dialects import StoredJson
from modbot.tables import UtcTime


def _time(**kwargs: Any) -> Any:
    return Field(sa_type=UtcTime, **kwargs)


def _json(default: Any) -> Any:
    return Field(default_factory=default, sa_column=Column(StoredJson, nullable=False))


class WaitingRow(SQLModel, table=True):
    """A comment that waits for a person, at its place in the queue. Derived from its newest
    decision (store/waiting.py says how), not evidence."""

    __tablename__ = "waiting"
    __table_args__ = (
        Index("waiting_worst_first", "level", "rank", "since", "comment_row", "page_id"),
        Index("waiting_by_category", "level", "category", "page_id"),
    )
    comment_row: int = Field(primary_key=True, foreign_key="comment.id")
    decision_id: int = Field(foreign_key="decision.id", unique=True)
    page_id: str
    category: str = ""  # the worst that was found; empty: none
    level: int = 0  # 0: for whoever reviews, 1: handed on to the administrators
    rank: int  # 0 is the worst
    since: datetime = _time()


class ClaimRow(SQLModel, table=True):
    """Who looks at a waiting comment right now, so that nobody else does. Not evidence."""

    __tablename__ = "claim"
    __table_args__ = (Index("claim_of_person", "person_id"),)
    comment_row: int = Field(primary_key=True, foreign_key="comment.id")
    person_id: int
    name: str
    until: datetime = _time()


class UndoRunRow(SQLModel, table=True):
    """What somebody takes back together: all that a rule, a model version or a person did."""

    __tablename__ = "undo_run"
    id: int | None = Field(default=None, primary_key=True)
    kind: str  # rule, model, person, bulk
    subject: str  # the rule's id, "model version", the person's name in the record, the bulk's id
    since: datetime = _time()
    until: datetime = _time()
    through: int  # the newest decision that was there when it was looked at beforehand
    pages: list[str] = _json(list)  # ids: only comments on these
    others_too: bool = False  # also where something else would have hidden the comment
    reason: str
    set_sha256: str  # over the decisions, in order
    state: str = "running"  # running, paused, stopped, done
    made_by: str
    made_at: datetime = _time()
    ended_at: datetime | None = _time(default=None)


class UndoItemRow(SQLModel, table=True):
    """One comment of a run. Its receipt is `outcome`, and the action of `made_decision`."""

    __tablename__ = "undo_item"
    __table_args__ = (
        Index("undo_item_of_run", "run_id", "comment_row", unique=True),
        Index("undo_item_open", "run_id", "outcome", "page_id", "calls", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="undo_run.id")
    comment_row: int = Field(foreign_key="comment.id", index=True)
    decision_id: int = Field(foreign_key="decision.id")  # whose effect is taken back
    page_id: str
    calls: bool  # the platform has to be asked, as far as could be told beforehand
    outcome: str = ""  # empty: its turn has not come
    made_decision: int | None = Field(default=None, foreign_key="decision.id")
    ended_at: datetime | None = _time(default=None)
