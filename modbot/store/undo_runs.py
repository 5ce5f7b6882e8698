"""Runs that take back many decisions: their rows, their items, and what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, select
from sqlmodel import Session, SQLModel, col

from modbot.domain import ActionKind, ActionState, Category
from modbot.errors import UnknownRun
from modbot.room_tables import UndoItemRow, UndoRunRow
from modbot.stored_rows import insert_stored
from modbot.tables import ActionRow, CommentRow, DecisionRow, PageRow, VersionRow

_ITEM = SQLModel.metadata.tables[str(UndoItemRow.__tablename__)]
TEXT_SHOWN = 160  # characters of a comment in a receipt


@dataclass(frozen=True, kw_only=True)
class NewItem:
    """A comment that a run is to look at."""

    comment_row: int
    decision_id: int
    page_id: str
    calls: bool


@dataclass(frozen=True, kw_only=True)
class LoggedItem:
    """A comment of a run, and what became of it so far."""

    id: int
    decision_id: int  # whose effect is taken back
    made_decision: int | None
    page_id: str
    page_name: str
    platform: str
    comment_id: str  # the vendor's
    author_name: str | None
    text: str  # the beginning of the newest
    categories: tuple[Category, ...]  # that it was found to be in
    outcome: str
    action_kind: str  # empty: nothing was asked of the platform
    action_state: str
    answer: str  # the platform's
    ended_at: datetime | None  # of the action, else of the item


def undo_run(session: Session, run_id: int) -> UndoRunRow:
    """Raises UnknownRun."""
    row = session.get(UndoRunRow, run_id)
    if row is None:
        raise UnknownRun(f"there is no undo run {run_id}; see `modbot undo status`")
    return row


def undo_runs(
    session: Session,
    *,
    limit: int | None = None,
    state: str | None = None,
    before: int | None = None,
    of: tuple[str, str] | None = None,
) -> list[UndoRunRow]:
    """Runs, newest first. `before`: only older ones than this; `of`: the kind and the subject."""
    query = select(UndoRunRow).order_by(col(UndoRunRow.id).desc()).limit(limit)
    if of is not None:
        query = query.where(col(UndoRunRow.kind) == of[0], col(UndoRunRow.subject) == of[1])
    if before is not None:
        query = query.where(col(UndoRunRow.id) < before)
    if state is not None:
        query = query.where(col(UndoRunRow.state) == state)
    return list(session.scalars(query))


def add_items(session: Session, run_id: int, items: Iterable[NewItem]) -> None:
    """Puts the comments of a new run down."""
    rows = [
        {
            "run_id": run_id,
            "comment_row": item.comment_row,
            "decision_id": item.decision_id,
            "page_id": item.page_id,
            "calls": int(item.calls),
            "outcome": "",
            "made_decision": None,
            "ended_at": None,
        }
        for item in items
    ]
    insert_stored(session, _ITEM, rows)


def pages_left(session: Session, run_id: int) -> list[PageRow]:
    """The pages on which comments of a run have not had their turn."""
    left = select(col(UndoItemRow.page_id)).where(*_left(run_id)).distinct()
    query = select(PageRow).where(col(PageRow.id).in_(left)).order_by(col(PageRow.id))
    return list(session.scalars(query))


def items_left(
    session: Session, run_id: int, page_id: str, *, calls: bool, limit: int
) -> list[UndoItemRow]:
    """The next comments of a run on a page, of those that call the platform or the others."""
    query = (
        select(UndoItemRow)
        .where(
            *_left(run_id),
            col(UndoItemRow.page_id) == page_id,
            col(UndoItemRow.calls).is_(calls),
        )
        .order_by(col(UndoItemRow.id))
        .limit(limit)
    )
    return list(session.scalars(query))


def all_items_left(session: Session, run_id: int) -> list[UndoItemRow]:
    """Every comment of a run that has not had its turn."""
    return list(session.scalars(select(UndoItemRow).where(*_left(run_id))))


def _left(run_id: int) -> Sequence[ColumnElement[bool]]:
    return (col(UndoItemRow.run_id) == run_id, col(UndoItemRow.outcome) == "")


def count_items(session: Session, run_id: int) -> Counter[tuple[str, str, str]]:
    """The comments of a run by page, outcome and state of the action (empty: none)."""
    row = UndoItemRow
    state = func.coalesce(col(ActionRow.state), "")
    query = (
        select(col(row.page_id), col(row.outcome), state, func.count())
        .outerjoin(ActionRow, col(ActionRow.decision_id) == col(row.made_decision))
        .where(col(row.run_id) == run_id)
        .group_by(col(row.page_id), col(row.outcome), state)
    )
    return Counter({(page, what, how): n for page, what, how, n in session.execute(query)})


def logged_items(
    session: Session,
    run_id: int,
    *,
    outcomes: Sequence[tuple[Sequence[str], Sequence[str]]] | None = None,
    after: int = 0,
    limit: int = 50,
) -> list[LoggedItem]:
    """Comments of a run in order. `outcomes`: only these pairs of outcomes and states."""
    row = UndoItemRow
    query: Select[Any] = (
        select(row, CommentRow, col(PageRow.name), ActionRow)
        .add_columns(
            func.substr(col(VersionRow.text), 1, TEXT_SHOWN + 1), col(DecisionRow.categories)
        )
        .join(CommentRow, col(CommentRow.id) == col(row.comment_row))
        .join(PageRow, col(PageRow.id) == col(row.page_id))
        .join(VersionRow, col(VersionRow.comment_row) == col(CommentRow.id))
        .join(DecisionRow, col(DecisionRow.id) == col(row.decision_id))
        .outerjoin(ActionRow, col(ActionRow.decision_id) == col(row.made_decision))
        .where(
            col(row.run_id) == run_id,
            col(row.id) > after,
            col(VersionRow.number) == col(CommentRow.versions),
        )
        .order_by(col(row.id))
        .limit(limit)
    )
    if outcomes is not None:
        query = query.where(_any_of(outcomes))
    return [_logged(*found) for found in session.execute(query)]


def _any_of(pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> ColumnElement[bool]:
    state = func.coalesce(col(ActionRow.state), "")
    found: ColumnElement[bool] = false()
    for number, (outcomes, states) in enumerate(pairs):
        fits = col(UndoItemRow.outcome).in_(outcomes) & state.in_(states)
        found = fits if number == 0 else found | fits
    return found


def _logged(
    item: UndoItemRow,
    comment: CommentRow,
    page_name: str,
    action: ActionRow | None,
    text: str,
    categories: list[str],
) -> LoggedItem:
    assert item.id is not None
    return LoggedItem(
        id=item.id,
        decision_id=item.decision_id,
        made_decision=item.made_decision,
        page_id=item.page_id,
        page_name=page_name,
        platform=comment.platform,
        comment_id=comment.comment_id,
        author_name=comment.author_name,
        text=text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN]}…",
        categories=tuple(map(Category, categories)),
        outcome=item.outcome,
        action_kind=action.kind if action else "",
        action_state=action.state if action else "",
        answer=action.answer if action else "",
        ended_at=action.finished_at if action else item.ended_at,
    )


def runs_of_comment(
    session: Session, comment_row: int, pages: Collection[str] | None = None
) -> list[int]:
    """The runs that a comment is in and that are on none but these pages; newest first, at most
    20."""
    query = (
        select(col(UndoRunRow.id), col(UndoRunRow.pages))
        .join(UndoItemRow, col(UndoItemRow.run_id) == col(UndoRunRow.id))
        .where(col(UndoItemRow.comment_row) == comment_row)
        .order_by(col(UndoRunRow.id).desc())
    )
    found = [
        run_id
        for run_id, touched in session.execute(query)
        if pages is None or set(pages).issuperset(touched)
    ]
    return found[:20]


def restores_open(
    session: Session, *, page_id: str | None = None, platform: str | None = None
) -> int:
    """Restores that are asked for and not answered, of a page or of a platform's pages."""
    return _restores(
        session, col(ActionRow.state) == ActionState.REQUESTED, page_id=page_id, platform=platform
    )


def restores_within(
    session: Session,
    now: datetime,
    span: timedelta,
    *,
    page_id: str | None = None,
    platform: str | None = None,
) -> int:
    """Restores asked for in the last `span`; a wrong clock as in actions.hides_requested_within."""
    lately = col(ActionRow.requested_at).between(now - span, now + span)
    return _restores(session, lately, page_id=page_id, platform=platform)


def _restores(
    session: Session, which: ColumnElement[bool], *, page_id: str | None, platform: str | None
) -> int:
    if page_id is not None:
        pages = [page_id]
    else:
        mine = select(col(PageRow.id)).where(col(PageRow.platform) == platform)
        pages = list(session.scalars(mine))
    query = (
        select(func.count())
        .select_from(ActionRow)
        .where(col(ActionRow.page_id).in_(pages), col(ActionRow.kind) == ActionKind.RESTORE, which)
    )
    return session.scalar(query) or 0
