"""How many decisions there are, for the log page."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from modbot.tables import DecisionRow


def verdicts_after(
    session: Session, decision_id: int, since: datetime
) -> tuple[dict[tuple[str, str], int], int]:
    """Decisions made at or after `since` and after `decision_id`, counted by page id and verdict;
    and the newest one's id.

    Decisions are never changed, so counts kept from an earlier call may be added to.
    """
    if decision_id == 0:
        newest = session.scalar(select(func.max(col(DecisionRow.id)))) or 0
        return _verdicts_since(session, since), newest
    row = DecisionRow
    rows = session.execute(
        select(row.id, row.page_id, row.verdict, row.decided_at)  # type: ignore[call-overload]
        .where(col(row.id) > decision_id)
        .order_by(col(row.id))
    ).all()
    counted: dict[tuple[str, str], int] = {}
    for _, page_id, verdict, decided_at in rows:
        if decided_at >= since:
            counted[page_id, verdict] = counted.get((page_id, verdict), 0) + 1
    return counted, rows[-1][0] if rows else decision_id


def _verdicts_since(session: Session, since: datetime) -> dict[tuple[str, str], int]:
    """Counted here: told to group by page, SQLite walks the index of pages, with every decision
    in it, unless somebody has had the tables analysed."""
    rows = session.execute(
        select(col(DecisionRow.page_id), col(DecisionRow.verdict)).where(
            col(DecisionRow.decided_at) >= since
        )
    )
    return dict(Counter((page_id, verdict) for page_id, verdict in rows))
