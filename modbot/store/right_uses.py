"""When a page's token last wrote to its platform, and what it can write again without effect."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from modbot.audit import Entry, append, evidence_sha256
from modbot.domain import BOT, ActionState
from modbot.store.actions import ALREADY_SO
from modbot.tables import ActionRow, AuditRow, CommentRow, PageRow

TRIED, CONFIRMED, REFUSED = "page.write_tried", "page.write_confirmed", "page.write_refused"


def written_at(session: Session, page_id: str) -> datetime:
    """When the platform last did what was asked of it, or else when the page was registered."""
    acted = session.scalars(
        select(ActionRow.finished_at)  # type: ignore[call-overload]
        .where(
            col(ActionRow.page_id) == page_id,
            col(ActionRow.state) == ActionState.CONFIRMED,
            col(ActionRow.answer) != ALREADY_SO,
            col(ActionRow.finished_at).is_not(None),
        )
        .order_by(col(ActionRow.finished_at).desc())
        .limit(1)
    ).first()
    tried = session.scalars(
        select(AuditRow.at)  # type: ignore[call-overload]
        .where(
            col(AuditRow.row_table) == "page",
            col(AuditRow.row_id) == page_id,
            col(AuditRow.kind) == CONFIRMED,
        )
        .order_by(col(AuditRow.seq).desc())
        .limit(1)
    ).first()
    registered: datetime = session.get_one(PageRow, page_id).registered_at
    return max(time for time in (acted, tried, registered) if time is not None)


def settled_comments(session: Session, page_id: str, before: datetime, limit: int) -> list[str]:
    """Ids of comments of others from before then that nothing is asked for, newest first."""
    asked = (
        select(col(ActionRow.id))
        .where(
            col(ActionRow.comment_row) == col(CommentRow.id),
            col(ActionRow.state) == ActionState.REQUESTED,
        )
        .exists()
    )
    return list(
        session.scalars(
            select(col(CommentRow.comment_id))
            .where(
                col(CommentRow.page_id) == page_id,
                col(CommentRow.created_at) < before,
                col(CommentRow.gone_at).is_(None),
                col(CommentRow.by_page).is_(False),
                ~asked,
            )
            .order_by(col(CommentRow.created_at).desc(), col(CommentRow.id).desc())
            .limit(limit)
        )
    )


def note_write(session: Session, page_id: str, kind: str, now: datetime, **told: object) -> None:
    """An audit row of the page: what was asked of the platform, and what it said."""
    entry = Entry(
        kind=kind,
        actor=BOT.name,
        row_table="page",
        row_id=page_id,
        row_sha256=evidence_sha256(session.get_one(PageRow, page_id)),
        detail={"page": page_id, **told},
    )
    append(session, [entry], now)
