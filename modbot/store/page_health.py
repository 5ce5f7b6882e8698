"""What a page's screen tells: what waits for a person, what was decided lately, what failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from modbot.domain import ActionKind, Verdict
from modbot.store.log_queries import LoggedAudit
from modbot.tables import ActionRow, AuditRow, CommentRow, DecisionRow

WAITING_COUNTED = 100  # a page; more are not counted one by one
_WAITS = (Verdict.REVIEW.value, Verdict.ESCALATE.value)


@dataclass(frozen=True, kw_only=True)
class BotDecision:
    """What the bot decided of one text, as far as a page's mode changes what comes of it."""

    id: int
    decided_at: datetime
    verdict: Verdict
    hide: bool
    degraded: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FailedAction:
    """Something that a platform refused for good."""

    decision_id: int
    kind: str
    finished_at: datetime | None
    answer: str


def waiting_count(session: Session, page_id: str, mode: str) -> int:
    """Comments of a page that wait for a person: the bot's newest word on them is a review or an
    escalation, or in assist a hide. Counts up to WAITING_COUNTED."""
    d, later = DecisionRow, aliased(DecisionRow)
    verdicts = (*_WAITS, Verdict.HIDE.value) if mode == "assist" else _WAITS
    newer = (
        select(col(later.id))
        .where(col(later.comment_row) == col(d.comment_row), col(later.id) > col(d.id))
        .exists()
    )
    open_ones = (
        select(col(d.id))
        .join(CommentRow, col(CommentRow.id) == col(d.comment_row))
        .where(
            col(d.page_id) == page_id,
            col(d.verdict).in_(verdicts),
            col(d.actor_kind) == "bot",
            col(CommentRow.gone_at).is_(None),
            ~newer,
        )
        .limit(WAITING_COUNTED)
    )
    return session.scalar(select(func.count()).select_from(open_ones.subquery())) or 0


def bot_decisions(
    session: Session, page_id: str, since: datetime, *, limit: int
) -> list[BotDecision]:
    """The bot's first word on each text since a time, oldest first; the newest `limit` of them.
    What followed a failed action is left out."""
    d = DecisionRow
    rows = session.execute(
        select(col(d.id), col(d.decided_at), col(d.verdict), col(d.hide), col(d.degraded))
        .where(
            col(d.page_id) == page_id,
            col(d.decided_at) >= since,
            col(d.actor_kind) == "bot",
            col(d.verdict) != Verdict.ALLOW.value,
            col(d.key).not_like("%:failed:%"),
        )
        .order_by(col(d.decided_at).desc())  # along the index by time, which ends with `since`
        .limit(limit)
    )
    found = [
        BotDecision(
            id=number, decided_at=at, verdict=Verdict(verdict), hide=hide, degraded=tuple(degraded)
        )
        for number, at, verdict, hide, degraded in rows
    ]
    return sorted(found, key=lambda decision: (decision.decided_at, decision.id))


def failed_actions(
    session: Session, page_id: str, since: datetime, *, limit: int = 5
) -> list[FailedAction]:
    """What the platform refused for good since a time, newest first."""
    a = ActionRow
    rows = session.scalars(
        select(a)
        .where(
            col(a.page_id) == page_id,
            col(a.kind).in_(list(ActionKind)),
            col(a.state) == "failed",
            col(a.requested_at) >= since,
        )
        .order_by(col(a.requested_at).desc())
        .limit(limit)
    )
    return [
        FailedAction(
            decision_id=row.decision_id,
            kind=row.kind,
            finished_at=row.finished_at,
            answer=row.answer,
        )
        for row in rows
    ]


def audit_of_rows(
    session: Session, rows: Sequence[tuple[str, str]], *, limit: int = 20
) -> list[LoggedAudit]:
    """The newest audit rows about rows named as (table, id), newest first."""
    links: list[AuditRow] = []
    for table, row_id in rows:
        links += session.scalars(
            select(AuditRow)
            .where(col(AuditRow.row_table) == table, col(AuditRow.row_id) == row_id)
            .order_by(col(AuditRow.seq).desc())
            .limit(limit)
        )
    found = (LoggedAudit(**link.model_dump(exclude={"prev"})) for link in links)
    return sorted(found, key=lambda link: link.seq, reverse=True)[:limit]
