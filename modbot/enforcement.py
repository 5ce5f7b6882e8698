"""The only caller of hide, restore and delete: what may be asked of a platform, and the asking."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from modbot import store
from modbot.alerts import Alert, Alerter
from modbot.clocks import LONGEST_WAIT
from modbot.domain import (
    ActionKind,
    ActionState,
    Capability,
    Comment,
    Decision,
    Mode,
    Page,
    Verdict,
)
from modbot.errors import (
    AuthExpired,
    BadAnswer,
    CommentGone,
    MissingScope,
    ModbotError,
    PlatformError,
    QuotaSpent,
    RateLimited,
    WritesBlocked,
)
from modbot.ports import HidesMany, PlatformAdapter
from modbot.store import ActionContext, Database
from modbot.store.actions import any_open

_log = structlog.get_logger("modbot.enforcement")

QUOTA_SPENT = "hide quota spent"
CANNOT_HIDE = "the platform cannot hide this comment"
NOT_THERE = "not on the platform"
OTHERWISE_DECIDED = "a later decision stands against it"
EDITED_AFTER_HIDE = "edited after it was hidden"
NEEDS_LOGIN = "needs_login"  # the kind of alert that a refused token raises
SPENT = "quota_spent"  # the kind of alert: a platform's quota, or a budget of ours
WAITS_FOR_A_PERSON = (NEEDS_LOGIN, SPENT, "writes_blocked")  # what incident() gives

BACKOFF_CAP_SECONDS = 15 * 60
LOGIN_RETRY_SECONDS = 15 * 60
WORK_SECONDS = 60.0  # on one page at a stretch, of real time


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much the bot may do alone."""

    hides_per_hour: int = 30  # a page
    hides_per_day: int = 100  # a page
    max_attempts: int = 8  # for one action, then a person decides


def plan(
    decision: Decision, comment: Comment, page: Page, capabilities: frozenset[Capability], left: int
) -> tuple[Decision, ActionKind | None]:
    """The decision as it can stand on this page, and what to ask of the platform.

    `left` is how many hides the page's quota still allows. A hide that may not be carried out
    becomes a review that says why; it is never dropped.
    """
    if not decision.hide or page.mode is not Mode.ENFORCE:
        return decision, None
    if Capability.HIDE not in capabilities or not comment.can_hide:
        return withheld(decision, CANNOT_HIDE), None
    if left <= 0:
        return withheld(decision, QUOTA_SPENT), None
    return decision, ActionKind.HIDE


def withheld(decision: Decision, *why: str) -> Decision:
    """A decision to hide as one that leaves it to a person, and says why."""
    verdict = Verdict.REVIEW if decision.verdict is Verdict.HIDE else decision.verdict
    return replace(decision, verdict=verdict, hide=False, degraded=(*decision.degraded, *why))


def backoff_seconds(attempts: int, *, first: float = 2.0) -> float:
    """Doubling, with jitter so that pages do not return in step; 15 minutes at most."""
    full = min(BACKOFF_CAP_SECONDS, first * 2.0 ** min(attempts, 12))
    return full * random.uniform(0.5, 1.0)


@contextmanager
def platform_errors_only() -> Iterator[None]:
    """Turns whatever else an adapter's call raises into a BadAnswer, so that a fault in one adapter
    waits, alerts and goes to a person like any other failure, and is not tried again at once."""
    try:
        yield
    except ModbotError:
        raise
    except Exception as error:
        _log.exception("adapter_failed")
        raise BadAnswer(f"the adapter failed ({type(error).__name__}); report this") from error


def carry_out(
    database: Database,
    adapter: PlatformAdapter,
    action: ActionContext,
    *,
    now: datetime,
    limits: Limits,
    alerter: Alerter,
) -> ActionState:
    """Carries out one requested action and records how it ended.

    The platform is asked for the comment first: an action on a text that has changed is refused,
    and one that already took effect (a crash between call and record) is not repeated.
    """
    end = _ends_of(lambda: {action.action_id: _ask(adapter, action)}, [action])[action.action_id]
    return _record(database, action, end, now=now, limits=limits, alerter=alerter)


def carry_out_hides(
    database: Database,
    adapter: PlatformAdapter,
    actions: Sequence[ActionContext],
    *,
    now: datetime,
    limits: Limits,
    alerter: Alerter,
) -> list[ActionState]:
    """carry_out() for hides of different comments, in one call of a platform that HidesMany."""
    ends = _ends_of(lambda: _ask_for_all(adapter, actions), actions)
    return [
        _record(database, a, ends[a.action_id], now=now, limits=limits, alerter=alerter)
        for a in actions
    ]


End = (
    tuple[ActionState, str] | PlatformError
)  # how asking ended: with what answer, or how it failed


def _ends_of(ask: Callable[[], dict[int, End]], actions: Sequence[ActionContext]) -> dict[int, End]:
    """By action id; a failure of the whole is that of each."""
    try:
        with platform_errors_only():
            return ask()
    except PlatformError as error:
        return {action.action_id: error for action in actions}


def _record(
    database: Database,
    action: ActionContext,
    end: End,
    *,
    now: datetime,
    limits: Limits,
    alerter: Alerter,
) -> ActionState:
    if isinstance(end, CommentGone):
        end = (ActionState.GONE, NOT_THERE)
    if isinstance(end, PlatformError):
        return _after_error(database, action, end, now=now, limits=limits, alerter=alerter)
    state, answer = end
    with database.write() as s:
        store.finish_action(s, action.action_id, state, answer, now)
        refused = store.page_state(s, action.page.id).writes_not_before is not None
        if refused:
            store.save_page_state(s, action.page.id, writes_not_before=None, needs_login=False)
    if refused:
        for kind in WAITS_FOR_A_PERSON:
            alerter.over(kind, action.page.id)
    return state


def _ask(adapter: PlatformAdapter, action: ActionContext) -> End:
    if not action.is_latest_wish:
        return ActionState.SUPERSEDED, OTHERWISE_DECIDED
    if settled := _settled(action, adapter.fetch_one(action.comment_id)):
        return settled
    call = {
        ActionKind.HIDE: adapter.hide,
        ActionKind.RESTORE: adapter.restore,
        ActionKind.DELETE: adapter.delete,
    }[action.kind]
    call(action.comment_id)
    return ActionState.CONFIRMED, "done"


def _ask_for_all(adapter: PlatformAdapter, actions: Sequence[ActionContext]) -> dict[int, End]:
    assert isinstance(adapter, HidesMany)
    wished = [a for a in actions if a.is_latest_wish]
    ends: dict[int, End] = {
        a.action_id: (ActionState.SUPERSEDED, OTHERWISE_DECIDED)
        for a in actions
        if not a.is_latest_wish
    }
    found = adapter.fetch_many([a.comment_id for a in wished]) if wished else {}
    for action in wished:
        if settled := _settled(action, found[action.comment_id]):
            ends[action.action_id] = settled
    due = [a for a in wished if a.action_id not in ends]
    answers = adapter.hide_many([a.comment_id for a in due]) if due else {}
    for action in due:
        failed = answers[action.comment_id]
        ends[action.action_id] = failed or (ActionState.CONFIRMED, "done")
    return ends


def _settled(action: ActionContext, current: Comment | None) -> tuple[ActionState, str] | None:
    """How the action ends without a call, as the platform shows the comment now."""
    if current is None:
        return ActionState.GONE, NOT_THERE
    wanted = {ActionKind.HIDE: True, ActionKind.RESTORE: False}.get(action.kind)
    # Before the look at the text: a call may have taken effect, a crash have cut off its record,
    # and the author have edited since. The record has to say that it is hidden.
    if wanted is not None and current.hidden is wanted:
        return ActionState.CONFIRMED, store.ALREADY_SO
    if action.newest_number != action.version_number or current.text_sha256 != action.text_sha256:
        return ActionState.SUPERSEDED, "edited since"
    return None


def _after_error(
    database: Database,
    action: ActionContext,
    error: PlatformError,
    *,
    now: datetime,
    limits: Limits,
    alerter: Alerter,
) -> ActionState:
    """Waits and tries again, or gives up to a person; the page's state learns of it."""
    answer = f"{type(error).__name__}: {error}"[:300]
    kind = incident(error)
    waits = bool(kind) or isinstance(error, RateLimited)
    if not waits and (error.permanent or action.attempts + 1 >= limits.max_attempts):
        return _give_up(database, action, answer, now=now, alerter=alerter)
    until = now + timedelta(seconds=wait_seconds(error, action.attempts))
    with database.write() as s:
        store.retry_action(s, action.action_id, until, answer, now)
        if waits:
            store.save_page_state(s, action.page.id, writes_not_before=until)
        if isinstance(error, RateLimited) and error.every_call:
            store.save_page_state(s, action.page.id, not_before=until)
        if kind == NEEDS_LOGIN:
            store.save_page_state(s, action.page.id, needs_login=True, last_error=answer)
    if kind:
        alerter.send(Alert(kind=kind, page_id=action.page.id, detail=str(error)))
    return ActionState.REQUESTED


def _give_up(
    database: Database, action: ActionContext, answer: str, *, now: datetime, alerter: Alerter
) -> ActionState:
    alert = Alert(
        kind="action_failed",
        page_id=action.page.id,
        decision_id=action.decision_id,
        detail=f"{action.kind} failed; decide by hand",
    )
    with database.write() as s:
        store.finish_action(s, action.action_id, ActionState.FAILED, answer, now)
        store.record_followup(
            s,
            action_id=action.action_id,
            degraded=f"{action.kind} failed",
            reason=f"The platform refused: {answer}",
            now=now,
        )
        noted = alerter.note(s, [alert])
    alerter.tell(noted)
    return ActionState.FAILED


def wait_seconds(error: PlatformError, attempts: int) -> float:
    """How long to leave the platform alone after a failure: as it asks, or longer each time. Of a
    longer wait than LONGEST_WAIT the rate budget knows, which lets no call through until it ends:
    what is tried before costs none and waits again."""
    if isinstance(error, RateLimited | WritesBlocked):
        return min(error.retry_after_seconds, LONGEST_WAIT.total_seconds())
    if isinstance(error, AuthExpired | MissingScope | QuotaSpent):
        return LOGIN_RETRY_SECONDS
    return backoff_seconds(attempts)


def incident(error: PlatformError) -> str:
    """The kind of alert for an error that only a person can end; empty for any other."""
    if isinstance(error, AuthExpired | MissingScope):
        return NEEDS_LOGIN
    if isinstance(error, QuotaSpent):
        return SPENT
    return "writes_blocked" if isinstance(error, WritesBlocked) else ""


def carry_out_due(
    database: Database,
    adapter: PlatformAdapter,
    page_id: str,
    *,
    now: datetime,
    limits: Limits,
    alerter: Alerter,
    work_seconds: float = WORK_SECONDS,
    stopping: threading.Event | None = None,
) -> int:
    """Carries out what is due on a page, oldest first; ends while writes must wait, when the
    service is `stopping`, and after `work_seconds` of a slow platform. Returns how many were tried.
    """
    tried, end = 0, time.monotonic() + work_seconds
    at_once = adapter.hides_a_call if isinstance(adapter, HidesMany) else 1
    while not tried or time.monotonic() < end:
        if stopping is not None and stopping.is_set():
            break
        with database.read() as s:  # anew each time: a person may decide while the platform answers
            due = (
                store.due_actions(s, now, limit=at_once, page_id=page_id)
                if any_open(s, page_id)
                else []
            )
        if not due:
            break
        some = _together(due)
        how = carry_out_hides if len(some) > 1 else _carry_out_first
        states = how(database, adapter, some, now=now, limits=limits, alerter=alerter)
        tried += len(states)
        if ActionState.REQUESTED in states:  # the platform is not itself: not now
            break
    return tried


def _carry_out_first(
    database: Database,
    adapter: PlatformAdapter,
    actions: Sequence[ActionContext],
    *,
    now: datetime,
    limits: Limits,
    alerter: Alerter,
) -> list[ActionState]:
    return [carry_out(database, adapter, actions[0], now=now, limits=limits, alerter=alerter)]


def _together(due: Sequence[ActionContext]) -> list[ActionContext]:
    """The hides at the head of the line, one a comment; or the first action, if it is no hide."""
    hides: dict[str, ActionContext] = {}
    for action in due:
        if action.kind is not ActionKind.HIDE or action.comment_id in hides:
            break
        hides[action.comment_id] = action
    return list(hides.values()) or list(due[:1])
