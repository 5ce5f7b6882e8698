"""What waits for a person, kept beside the decisions in the transactions that write them.

A comment waits when it is on the platform, its newest decision is about its newest text, and that
decision is one of these:

- by the bot: REVIEW or ESCALATE, whatever the page's mode; HIDE on a page in assist, where a hide
  waits for a person. A hide that a quota, a platform or a failed action withheld is such a REVIEW.
  HIDE on a page in observe does not wait: there the bot only notes what it would do;
- by a person: ESCALATE, which hands it on to the administrators, or REVIEW, which is what taking a
  verdict back leaves.

Worst first means: by category, a sure case before a doubtful one, by the score in tenths; among
equals whatever has waited longest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlmodel import Session, SQLModel, col

from modbot.domain import BOT, Category, Mode, Verdict
from modbot.room_tables import WaitingRow
from modbot.store.id_lists import in_list
from modbot.stored_rows import StoredRow, insert_stored, iso_time
from modbot.tables import CommentRow, DecisionRow, VersionRow

FOR_REVIEWERS, FOR_ADMINISTRATORS = 0, 1  # levels

_TABLE = SQLModel.metadata.tables[str(WaitingRow.__tablename__)]
# The order of harm to somebody. What nothing was found in was not judged, or was edited after it
# had been hidden: it may be anything, and stands in the middle.
_RANK = {
    Category.THREAT: 0,
    Category.CRISIS: 1,
    Category.PRIVACY: 2,
    Category.OFFENSIVE: 3,
    Category.PROFANITY: 4,
    "": 5,
    Category.PERSONAL_ISSUE: 6,
    Category.SALES: 7,
    Category.OFF_TOPIC: 8,
}
WORST_FIRST = tuple(map(str, _RANK))  # categories; empty: none
_STEPS = 10  # of a score
_SURE = (Verdict.HIDE, Verdict.ESCALATE)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a waiting comment stands in the queue."""

    level: int
    rank: int  # 0 is the worst
    category: str


def place(decision: Mapping[str, Any]) -> Place | None:
    """The place that a decision row (JSON columns as text or as values) gives its comment; None:
    it does not wait. Whether the comment is there and unedited is not looked at."""
    verdict, by_bot = Verdict(decision["verdict"]), decision["actor_kind"] == BOT.kind
    if verdict is Verdict.ALLOW or (verdict is Verdict.HIDE and not by_bot):
        return None
    if verdict is Verdict.HIDE and decision["mode"] != Mode.ASSIST:
        return None
    categories = _parsed(decision["categories"])
    category = categories[0] if categories else ""
    scores = [s["score"] for s in _parsed(decision["signals"]) if s["category"] == category]
    step = min(_STEPS - 1, int(max(scores, default=0.0) * _STEPS))
    doubtful = verdict not in _SURE
    handed_on = verdict is Verdict.ESCALATE and not by_bot
    return Place(
        level=FOR_ADMINISTRATORS if handed_on else FOR_REVIEWERS,
        rank=(_RANK[category] * 2 + doubtful) * _STEPS + _STEPS - 1 - step,
        category=category,
    )


def waiting_row(decision: Mapping[str, Any]) -> StoredRow | None:
    """The row of `waiting` for a decision row in stored form; None: it does not wait."""
    found = place(decision)
    if found is None:
        return None
    return {
        "comment_row": decision["comment_row"],
        "decision_id": decision["id"],
        "page_id": decision["page_id"],
        "category": found.category,
        "level": found.level,
        "rank": found.rank,
        "since": decision["decided_at"],
    }


def replace_waiting(
    session: Session, rows: Sequence[StoredRow], *, instead_of: Iterable[int] = ()
) -> None:
    """Puts comments into the queue; those of `instead_of` (comment rows) are taken out first."""
    gone = list(instead_of)
    if gone:
        session.execute(delete(_TABLE).where(in_list(_TABLE.c.comment_row, gone)))
    insert_stored(session, _TABLE, rows)


def refresh_waiting(session: Session, comment_row: int) -> None:
    """Makes a comment wait, or no longer, as its newest decision and its state say."""
    session.flush()
    newest = session.scalar(
        select(DecisionRow)
        .join(CommentRow, col(CommentRow.id) == col(DecisionRow.comment_row))
        .join(VersionRow, col(VersionRow.id) == col(DecisionRow.version_id))
        .where(
            col(DecisionRow.id)
            == select(func.max(col(DecisionRow.id)))
            .where(col(DecisionRow.comment_row) == comment_row)
            .scalar_subquery(),
            col(CommentRow.gone_at).is_(None),
            col(VersionRow.number) == col(CommentRow.versions),
        )
    )
    row = None
    if newest is not None:
        values = newest.model_dump()
        row = waiting_row({**values, "decided_at": iso_time(newest.decided_at)})
    replace_waiting(session, [row] if row else [], instead_of=[comment_row])


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
