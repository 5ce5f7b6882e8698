"""The whole life of a comment, a part at a time: its texts, decisions, actions and audit rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, case, func, select, text
from sqlmodel import Session, col

from modbot.domain import ActionKind, ActionState, Category, Signal, Verdict
from modbot.store.id_lists import in_list
from modbot.store.log_queries import LoggedAudit, LoggedVersion, signals_of
from modbot.tables import ActionRow, AuditRow, DecisionRow, VersionRow


@dataclass(frozen=True, kw_only=True)
class LoggedDecision:
    """A decision in short."""

    id: int
    version_number: int
    verdict: Verdict
    hide: bool
    person: bool  # a person decided, not the bot
    actor: str
    reason: str
    decided_at: datetime
    categories: tuple[Category, ...]
    signals: tuple[Signal, ...]  # their offsets lie in the text as sent
    thresholds: Mapping[str, float]
    degraded: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LoggedAction:
    """Something asked of the platform, and how that went."""

    id: int
    decision_id: int
    kind: ActionKind
    state: ActionState
    attempts: int  # tries that did not end it
    requested_at: datetime
    next_try_at: datetime
    finished_at: datetime | None
    answer: str


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """Where a decision stands among those on the same comment."""

    earlier: int | None
    later: int | None
    newest: int
    whole: int  # how many there are


def versions_before(
    session: Session, comment_row: int, number: int, limit: int
) -> list[LoggedVersion]:
    """Texts of a comment older than version `number`, newest first, with what they were found to
    be."""
    v = VersionRow
    columns = (v.id, v.number, v.text, v.escaped, v.text_sha256, v.raw_sha256, v.seen_at)
    categories = (
        select(col(DecisionRow.categories))
        .where(col(DecisionRow.version_id) == col(v.id))
        .order_by(col(DecisionRow.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(
        select(*columns, categories.label("categories"))  # type: ignore[call-overload]
        .where(col(v.comment_row) == comment_row, col(v.number) < number)
        .order_by(col(v.number).desc())
        .limit(limit)
    )
    return [
        LoggedVersion(**{**row, "categories": tuple(map(Category, row["categories"] or ()))})
        for row in rows.mappings()
    ]


def decisions_before(
    session: Session, comment_row: int, decision_id: int, limit: int
) -> list[LoggedDecision]:
    """Decisions on a comment older than one, newest first."""
    d = DecisionRow
    columns = (d.id, VersionRow.number, d.verdict, d.hide, d.actor_kind, d.actor, d.reason)
    found = (d.categories, d.signals, d.thresholds, d.degraded)
    rows = session.execute(
        select(*columns, *found, d.decided_at)  # type: ignore[call-overload]
        .join(VersionRow, col(VersionRow.id) == col(d.version_id))
        .where(col(d.comment_row) == comment_row, col(d.id) < decision_id)
        .order_by(col(d.id).desc())
        .limit(limit)
    )
    return [_decision(row) for row in rows]


def _decision(row: Any) -> LoggedDecision:
    return LoggedDecision(
        id=row.id,
        version_number=row.number,
        verdict=Verdict(row.verdict),
        hide=bool(row.hide),
        person=row.actor_kind != "bot",
        actor=row.actor,
        reason=row.reason,
        decided_at=row.decided_at,
        categories=tuple(map(Category, row.categories)),
        signals=signals_of(row.signals),
        thresholds=row.thresholds,
        degraded=tuple(row.degraded),
    )


def neighbours(session: Session, comment_row: int, decision_id: int) -> Neighbours:
    """The decisions before and after one, and the newest."""
    values = {"row": comment_row, "decision": decision_id}
    earlier, later, newest, whole = session.connection().execute(_beside(), values).one()
    return Neighbours(earlier=earlier, later=later, newest=newest, whole=whole)


@cache  # building it costs more than running it
def _beside() -> Any:
    number = col(DecisionRow.id)
    here: Any = bindparam("decision")
    earlier, later = case((number < here, number)), case((number > here, number))
    return select(func.max(earlier), func.min(later), func.max(number), func.count(number)).where(
        col(DecisionRow.comment_row) == bindparam("row")
    )


def actions_on(session: Session, comment_row: int, limit: int) -> list[LoggedAction]:
    """The newest actions on a comment, newest first."""
    rows = session.scalars(
        select(ActionRow)
        .where(col(ActionRow.comment_row) == comment_row)
        .order_by(col(ActionRow.id).desc())
        .limit(limit)
    )
    names = ("id", "decision_id", "attempts", "requested_at", "next_try_at", "finished_at")
    return [
        LoggedAction(
            **{name: getattr(row, name) for name in (*names, "answer")},
            kind=ActionKind(row.kind),
            state=ActionState(row.state),
        )
        for row in rows
    ]


# A CROSS JOIN is carried out in the order in which it is written.
_LINKS = text("""
    SELECT seq FROM audit WHERE row_table = 'comment' AND row_id = CAST(:row AS TEXT)
    UNION ALL SELECT audit.seq FROM version v CROSS JOIN audit
        WHERE v.comment_row = :row
        AND audit.row_table = 'version' AND audit.row_id = CAST(v.id AS TEXT)
    UNION ALL SELECT audit.seq FROM decision d CROSS JOIN audit
        WHERE d.comment_row = :row
        AND audit.row_table = 'decision' AND audit.row_id = CAST(d.id AS TEXT)
    UNION ALL SELECT audit.seq FROM action a CROSS JOIN audit
        WHERE a.comment_row = :row
        AND audit.row_table = 'action' AND audit.row_id = CAST(a.id AS TEXT)
""")


def audit_of_comment(session: Session, comment_row: int) -> list[int]:
    """The numbers of all links that vouch for a comment, its texts, decisions and actions, oldest
    first."""
    found = session.connection().execute(_LINKS, {"row": comment_row})
    return sorted(row[0] for row in found)


def audit_links(session: Session, numbers: list[int]) -> list[LoggedAudit]:
    """Links of the chain by their numbers, oldest first."""
    rows = session.scalars(
        select(AuditRow).where(in_list(col(AuditRow.seq), numbers)).order_by(col(AuditRow.seq))
    )
    return [LoggedAudit(**row.model_dump(exclude={"prev"})) for row in rows]
