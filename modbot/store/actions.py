"""Actions asked of the platforms: which are due, and how they ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    bindparam,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from modbot.audit import Entry, append, evidence_sha256
from modbot.clocks import LONGEST_WAIT
from modbot.domain import BOT, ActionKind, ActionState, Page
from modbot.store.comments import state_entry
from modbot.store.pages import page_of
from modbot.store.waiting import refresh_waiting
from modbot.stored_text import shown
from modbot.tables import (
    ActionRow,
    CommentRow,
    DecisionRow,
    PageRow,
    PageStateRow,
    UtcTime,
    VersionRow,
)

ALREADY_SO = "already so"  # the answer of a platform on which nothing had to be done


@dataclass(frozen=True, kw_only=True)
class ActionContext:
    """An action with all that must hold before it is carried out."""

    action_id: int
    kind: ActionKind
    attempts: int
    page: Page
    comment_id: str  # the vendor's
    version_number: int
    newest_number: int
    text_sha256: str  # of the version that was judged
    decision_id: int
    is_latest_wish: bool  # no person has since decided the contrary


_ANY_OPEN = text("SELECT 1 FROM action WHERE state = 'requested' AND page_id = :page_id LIMIT 1")


def any_open(session: Session, page_id: str) -> bool:
    """Is any action of the page still to be carried out? Costs a quiet poll next to nothing."""
    return session.connection().execute(_ANY_OPEN, {"page_id": page_id}).first() is not None


def due_actions(
    session: Session, now: datetime, limit: int = 50, *, page_id: str | None = None
) -> list[ActionContext]:
    """Open actions whose time has come, of one page or of all: hides first, so that many restores
    asked for together hold none up, then the longest waiting.

    Those of a page that must not be called (paused, rate limit, blocked writes) are left out.
    """
    query = (
        _contexts()
        .outerjoin(PageStateRow, col(PageStateRow.page_id) == col(ActionRow.page_id))
        .where(
            col(ActionRow.state) == ActionState.REQUESTED,
            _over(col(ActionRow.next_try_at), now),
            col(PageRow.paused).is_(False),
            *(
                or_(col(blocked).is_(None), _over(col(blocked), now))
                for blocked in (PageStateRow.not_before, PageStateRow.writes_not_before)
            ),
        )
        .order_by(
            col(ActionRow.kind) != ActionKind.HIDE, col(ActionRow.next_try_at), col(ActionRow.id)
        )
        .limit(limit)
    )
    if page_id is not None:
        query = query.where(col(ActionRow.page_id) == page_id)
    return [_context(row) for row in session.execute(query)]


def _over(until: SQLColumnExpression[Any], now: datetime) -> ColumnElement[bool]:
    """As clocks.is_to_come(), the other way round."""
    return or_(until <= now, until > now + LONGEST_WAIT)


@cache  # building its aliases costs more than running it
def _contexts() -> Select[Any]:
    persons = aliased(DecisionRow)
    wished = (
        select(col(persons.hide))
        .where(
            col(persons.comment_row) == col(ActionRow.comment_row),
            col(persons.id) > col(ActionRow.decision_id),
            col(persons.actor_kind) != BOT.kind,
        )
        .order_by(col(persons.id).desc())
        .limit(1)
        .correlate(ActionRow)
        .scalar_subquery()
    )
    return (
        select(ActionRow, CommentRow, VersionRow, PageRow, wished)
        .join(CommentRow, col(CommentRow.id) == col(ActionRow.comment_row))
        .join(VersionRow, col(VersionRow.id) == col(ActionRow.version_id))
        .join(PageRow, col(PageRow.id) == col(ActionRow.page_id))
    )


def _context(row: Any) -> ActionContext:
    action, comment, version, page, wished = row
    kind = ActionKind(action.kind)
    return ActionContext(
        action_id=action.id,
        kind=kind,
        attempts=action.attempts,
        page=page_of(page),
        comment_id=comment.comment_id,
        version_number=version.number,
        newest_number=comment.versions,
        text_sha256=version.text_sha256,
        decision_id=action.decision_id,
        is_latest_wish=wished is None or bool(wished) == (kind != ActionKind.RESTORE),
    )


def finish_action(
    session: Session, action_id: int, state: ActionState, answer: str, now: datetime
) -> bool:
    """Ends an open action and notes what it did to the comment; False when it had ended."""
    action = session.get_one(ActionRow, action_id)
    if state is ActionState.REQUESTED:
        raise ValueError("an action ends in a final state")
    if action.state != ActionState.REQUESTED:
        return False
    action.state, action.answer, action.finished_at = state.value, shown(answer), now
    comment = session.get_one(CommentRow, action.comment_row)
    changed = ""
    if state is ActionState.CONFIRMED and action.kind != ActionKind.DELETE:
        hidden = action.kind == ActionKind.HIDE
        changed = "comment.visibility" if comment.hidden != hidden else ""
        comment.hidden = hidden
    elif state in (ActionState.CONFIRMED, ActionState.GONE) and comment.gone_at is None:
        comment.gone_at, changed = now, "comment.gone"
    session.flush()
    entries = [_ended(action)]
    if changed:
        entries.append(state_entry(session, changed, comment))
    append(session, entries, now)
    if changed == "comment.gone":
        refresh_waiting(session, action.comment_row)
    return True


def retry_action(
    session: Session, action_id: int, next_try_at: datetime, answer: str, now: datetime
) -> None:
    """Counts a try that did not end an open action. No audit row: its state is as before."""
    action = session.get_one(ActionRow, action_id)
    if action.state == ActionState.REQUESTED:
        action.attempts += 1
        action.next_try_at, action.answer = max(next_try_at, now), shown(answer)
        session.flush()


def asked_to_hide(session: Session, comment_row: int) -> bool:
    """Whether the newest hide or restore that is open or done is a hide."""
    newest: str | None = session.scalar(_newest_wish(), {"row": comment_row})
    return newest == ActionKind.HIDE


@cache
def _newest_wish() -> Select[Any]:
    kinds, states = (ActionKind.HIDE, ActionKind.RESTORE), ("requested", "confirmed")
    return (
        select(col(ActionRow.kind))
        .where(
            col(ActionRow.comment_row) == bindparam("row"),
            col(ActionRow.kind).in_(kinds),
            col(ActionRow.state).in_(states),
        )
        .order_by(col(ActionRow.id).desc())
        .limit(1)
    )


def wished_hidden_before(session: Session, comment_row: int, decision_id: int) -> bool:
    """asked_to_hide() as it was before a decision: hides that it made void count as asked for."""
    newest = session.scalar(
        select(col(ActionRow.kind))
        .where(
            col(ActionRow.comment_row) == comment_row,
            col(ActionRow.decision_id) < decision_id,
            col(ActionRow.kind).in_((ActionKind.HIDE, ActionKind.RESTORE)),
            col(ActionRow.state).not_in((ActionState.FAILED, ActionState.GONE)),
        )
        .order_by(col(ActionRow.id).desc())
        .limit(1)
    )
    return newest == ActionKind.HIDE


def missed_hide(session: Session, comment_row: int) -> int | None:
    """The comment's newest action, if it is a hide that found the comment gone and that no later
    decision has replaced."""
    newest = session.scalar(
        select(ActionRow)
        .where(col(ActionRow.comment_row) == comment_row)
        .order_by(col(ActionRow.id).desc())
        .limit(1)
    )
    if newest is None or (newest.kind, newest.state) != (ActionKind.HIDE, ActionState.GONE):
        return None
    of_comment = col(DecisionRow.comment_row) == comment_row
    decided = session.scalar(select(func.max(col(DecisionRow.id))).where(of_comment))
    return newest.id if decided == newest.decision_id else None


def hides_requested_within(session: Session, page_id: str, now: datetime, span: timedelta) -> int:
    """Hides that the bot has asked for on a page in the last `span`: what a quota counts. One that
    found the comment hidden does not count: else edits of a hidden comment would spend it all.

    Those just ahead count too: a clock that is set back gives no new quota. What lies further ahead
    was written while the clock was wrong, and would else spend every quota until then."""
    asked = {"page": page_id, "since": now - span, "until": now + span}
    return session.scalar(_hides_requested(), asked) or 0


@cache
def _hides_requested() -> Select[int]:
    since, until = (bindparam(name, type_=UtcTime()) for name in ("since", "until"))
    return (
        select(func.count())
        .select_from(ActionRow)
        .join(DecisionRow, col(DecisionRow.id) == col(ActionRow.decision_id))
        .where(
            col(ActionRow.page_id) == bindparam("page"),
            col(ActionRow.kind) == ActionKind.HIDE,
            col(ActionRow.requested_at).between(since, until),
            col(ActionRow.answer) != ALREADY_SO,
            col(DecisionRow.actor_kind) == BOT.kind,
        )
    )


def _ended(action: ActionRow) -> Entry:
    return Entry(
        kind=f"action.{action.state}",
        actor=BOT.name,
        row_table="action",
        row_id=str(action.id),
        row_sha256=evidence_sha256(action),
        detail={"kind": action.kind, "attempts": action.attempts},
    )
