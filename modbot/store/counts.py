"""Numbers over the stored data: for the demo, the probes and the log page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col

from modbot.domain import BOT, ActionKind, ActionState, Mode, Verdict
from modbot.tables import ActionRow, CommentRow, DecisionCategoryRow, DecisionRow, VersionRow


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What is stored. Comments of the pages themselves are among `comments` and `versions`."""

    comments: int
    versions: int
    edits: int  # versions after the first
    gone: int
    unjudged: int  # versions of other people's comments without a decision
    judged_twice: int  # versions with more than one first decision by the bot
    hides_requested: int
    hides_confirmed: int


def counts(session: Session) -> Counts:
    """Whole-table figures: reads every version, so not for a page that people wait for."""
    comments, versions = _count(session, CommentRow), _count(session, VersionRow)
    return Counts(
        comments=comments,
        versions=versions,
        edits=versions - comments,
        gone=_count(session, CommentRow, col(CommentRow.gone_at).is_not(None)),
        unjudged=_unjudged(session),
        judged_twice=_judged_twice(session),
        hides_requested=_count(session, ActionRow, col(ActionRow.kind) == ActionKind.HIDE),
        hides_confirmed=_count(
            session,
            ActionRow,
            and_(
                col(ActionRow.kind) == ActionKind.HIDE,
                col(ActionRow.state) == ActionState.CONFIRMED,
            ),
        ),
    )


def decisions_by(session: Session) -> dict[str, dict[str, int]]:
    """All decisions, counted: {"by_verdict": {...}, "by_category": {...}}."""
    return {
        "by_verdict": _grouped(session, DecisionRow, DecisionRow.verdict),
        "by_category": _grouped(session, DecisionCategoryRow, DecisionCategoryRow.category),
    }


def verdicts_since(session: Session, since: datetime) -> dict[tuple[str, str], int]:
    """Decisions made at or after `since`, counted by (page id, verdict)."""
    rows = session.execute(
        select(col(DecisionRow.page_id), col(DecisionRow.verdict), func.count())
        .where(col(DecisionRow.decided_at) >= since)
        .group_by(col(DecisionRow.page_id), col(DecisionRow.verdict))
    )
    return {(page_id, verdict): number for page_id, verdict, number in rows}


def verdicts_after(
    session: Session, decision_id: int, since: datetime
) -> tuple[dict[tuple[str, str], int], int]:
    """verdicts_since() of the decisions after `decision_id` alone, and the newest one's id.

    Decisions are never changed, so counts kept from an earlier call may be added to.
    """
    if decision_id == 0:
        newest = session.scalar(select(func.max(col(DecisionRow.id)))) or 0
        return verdicts_since(session, since), newest
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


def open_reviews(session: Session, page_id: str | None = None) -> int:
    """Comments still there whose newest decision is the bot's and waits for a person."""
    later = aliased(DecisionRow)
    waits = or_(
        col(DecisionRow.verdict).in_([Verdict.REVIEW, Verdict.ESCALATE]),
        and_(col(DecisionRow.verdict) == Verdict.HIDE, col(DecisionRow.mode) == Mode.ASSIST),
    )
    query = (
        select(func.count())
        .select_from(DecisionRow)
        .join(CommentRow, col(CommentRow.id) == col(DecisionRow.comment_row))
        .where(
            waits,
            col(DecisionRow.actor_kind) == BOT.kind,
            col(CommentRow.gone_at).is_(None),
            ~exists().where(
                col(later.comment_row) == col(DecisionRow.comment_row),
                col(later.id) > col(DecisionRow.id),
            ),
        )
    )
    if page_id is not None:
        query = query.where(col(DecisionRow.page_id) == page_id)
    return session.scalar(query) or 0


def _count(session: Session, table: type[SQLModel], *where: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(table)
    for condition in where:
        query = query.where(condition)
    return session.scalar(query) or 0


def _grouped(session: Session, table: type[SQLModel], column: str) -> dict[str, int]:
    query = select(col(column), func.count()).select_from(table).group_by(col(column))
    found: Sequence[tuple[str, int]] = session.execute(query.order_by(col(column))).all()
    return dict(found)


def _unjudged(session: Session) -> int:
    query = (
        select(func.count())
        .select_from(VersionRow)
        .join(CommentRow, col(CommentRow.id) == col(VersionRow.comment_row))
        .where(
            col(CommentRow.by_page).is_(False),
            ~exists().where(col(DecisionRow.version_id) == col(VersionRow.id)),
        )
    )
    return session.scalar(query) or 0


def _judged_twice(session: Session) -> int:
    several = (
        select(col(DecisionRow.version_id))
        .where(
            col(DecisionRow.actor_kind) == BOT.kind,
            col(DecisionRow.key).not_like("%:failed:%"),
        )
        .group_by(col(DecisionRow.version_id))
        .having(func.count() > 1)
    )
    return session.scalar(select(func.count()).select_from(several.subquery())) or 0
