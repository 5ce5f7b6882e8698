"""Figures for those who watch the service: counts by labels of which there are few."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, cast, func, select
from sqlmodel import Session, col

from modbot.dialects import is_postgres
from modbot.domain import ActionState, Page
from modbot.store.pages import page_of
from modbot.tables import ActionRow, DecisionRow, PageRow, PageStateRow

NO_CATEGORY = "none"


@dataclass(frozen=True, kw_only=True)
class DecisionKey:
    """What decisions are counted by."""

    platform: str
    verdict: str
    category: str  # the worst; NO_CATEGORY
    actor: str  # "bot", "person"


def decisions_after(session: Session, decision_id: int) -> tuple[Counter[DecisionKey], int]:
    """Decisions with a greater id, counted, and the newest id. Decisions are never changed, so
    counts kept from an earlier call may be added to."""
    newest = session.scalar(select(func.max(col(DecisionRow.id)))) or 0
    if newest == decision_id:
        return Counter(), newest
    categories = cast(col(DecisionRow.categories), Text)
    columns = (col(DecisionRow.page_id), col(DecisionRow.verdict), categories)
    rows = session.execute(
        select(*columns, col(DecisionRow.actor_kind), func.count())
        .where(col(DecisionRow.id) > decision_id, col(DecisionRow.id) <= newest)
        .group_by(*columns, col(DecisionRow.actor_kind))
    )
    counted: Counter[DecisionKey] = Counter()
    for page_id, verdict, found, actor, number in rows:
        worst = next(iter(json.loads(found)), NO_CATEGORY)
        key = DecisionKey(
            platform=platform_of(page_id), verdict=verdict, category=worst, actor=actor
        )
        counted[key] += number
    return counted, newest


def actions_by_state(session: Session) -> Counter[tuple[str, str, str]]:
    """Actions by platform, kind and state."""
    columns = (col(ActionRow.page_id), col(ActionRow.kind), col(ActionRow.state))
    counted: Counter[tuple[str, str, str]] = Counter()
    for page_id, kind, state, number in session.execute(
        select(*columns, func.count()).group_by(*columns)
    ):
        counted[platform_of(page_id), kind, state] += number
    return counted


def oldest_open_action(session: Session) -> datetime | None:
    """When the action that has waited longest was asked for; None: none is open."""
    open_ones = select(func.min(col(ActionRow.requested_at))).where(
        col(ActionRow.state) == ActionState.REQUESTED.value
    )
    return session.scalar(open_ones)


def polled_pages(session: Session) -> Sequence[tuple[Page, PageStateRow]]:
    """Every registered page with where its polling stands."""
    rows = session.execute(
        select(PageRow, PageStateRow)
        .outerjoin(PageStateRow, col(PageStateRow.page_id) == col(PageRow.id))
        .order_by(col(PageRow.id))
    )
    return [(page_of(page), state or PageStateRow(page_id=page.id)) for page, state in rows]


def server_bytes(session: Session) -> int | None:
    """The size of a database on a server; None for a file."""
    if not is_postgres(session.connection()):
        return None
    return session.scalar(select(func.pg_database_size(func.current_database())))


def platform_of(page_id: str) -> str:
    """The platform that a page's id begins with."""
    return page_id.partition(":")[0]
