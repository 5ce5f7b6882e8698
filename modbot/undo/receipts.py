"""What became of each comment of a run: exactly one of these at any time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from sqlmodel import Session

from modbot import store
from modbot.domain import ActionState
from modbot.undo.plan import CALLS, Plan

STOPPED = "stopped"  # what an item ends as when its run is stopped


class Outcome(StrEnum):
    """A receipt. Only the first two are not final."""

    WAITING = "waiting"  # its turn has not come
    ASKED = "asked"  # the platform is asked and has not confirmed
    RESTORED = "restored"  # the platform confirms that people see it
    STANDS = "stands"  # it was visible; now it is on record that it stands
    REVIEW = "review"  # it stays as it is and waits for a person
    ALREADY = "already"
    DECIDED = "decided"
    EDITED = "edited"
    GONE = "gone"
    OTHERS = "others"
    ELSEWHERE = "elsewhere"
    CANNOT = "cannot"
    AGREED = "agreed"
    CHANGED = "changed"  # edited or decided anew before the platform could restore it
    FAILED = "failed"  # the platform refused
    STOPPED = "stopped"


OPEN = (Outcome.WAITING, Outcome.ASKED)
DONE = (Outcome.RESTORED, Outcome.STANDS, Outcome.REVIEW)
BAD = (Outcome.FAILED, Outcome.CHANGED, Outcome.CANNOT)

_STATES = tuple(state.value for state in ActionState)
_NONE = ("", *_STATES)
_CALLS = tuple(plan.value for plan in CALLS)
# Which outcome of an item with which state of its action is which receipt.
_PAIRS: dict[Outcome, list[tuple[Sequence[str], Sequence[str]]]] = {
    Outcome.WAITING: [(("",), _NONE)],
    Outcome.ASKED: [(_CALLS, (ActionState.REQUESTED.value,))],
    Outcome.RESTORED: [(_CALLS, (ActionState.CONFIRMED.value,))],
    Outcome.STANDS: [((Plan.ALLOW.value,), _NONE)],
    Outcome.REVIEW: [((Plan.REVIEW.value,), _NONE)],
    Outcome.GONE: [((Plan.GONE.value,), _NONE), (_CALLS, (ActionState.GONE.value,))],
    Outcome.CHANGED: [(_CALLS, (ActionState.SUPERSEDED.value,))],
    Outcome.FAILED: [(_CALLS, (ActionState.FAILED.value, ""))],
    **{
        Outcome(plan.value): [((plan.value,), _NONE)]
        for plan in (
            *(Plan.ALREADY, Plan.DECIDED, Plan.EDITED, Plan.OTHERS),
            *(Plan.ELSEWHERE, Plan.CANNOT, Plan.AGREED),
        )
    },
    Outcome.STOPPED: [((STOPPED,), _NONE)],
}
_BY_PAIR = {
    (what, state): outcome
    for outcome, pairs in _PAIRS.items()
    for outcomes, states in pairs
    for what in outcomes
    for state in states
}


def outcome_of(item_outcome: str, action_state: str) -> Outcome:
    """The receipt of an item whose action is in this state; empty: it has none."""
    return _BY_PAIR[item_outcome, action_state]


def totals(session: Session, run_id: int) -> dict[str, Counter[Outcome]]:
    """How many comments of a run have which receipt, by page."""
    counted: dict[str, Counter[Outcome]] = {}
    for (page_id, what, state), number in store.count_items(session, run_id).items():
        counted.setdefault(page_id, Counter())[outcome_of(what, state)] += number
    return counted


def items(
    session: Session,
    run_id: int,
    outcome: Outcome | None = None,
    *,
    after: int = 0,
    limit: int = 50,
) -> list[store.LoggedItem]:
    """The comments of a run in order, or those with one receipt."""
    wanted = None if outcome is None else _PAIRS[outcome]
    return store.logged_items(session, run_id, outcomes=wanted, after=after, limit=limit)
