"""The words for what becomes of comments that are taken back together; to be translated where they
are shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from modbot.undo import Outcome, Plan
from modbot.undo.receipts import BAD, DONE, OPEN
from modbot.web.notices import N_

KINDS = {
    "rule": N_("A rule"),
    "model": N_("A model"),
    "person": N_("A person"),
}
# Name, and what it means.
PLANS: Mapping[Plan, tuple[str, str]] = {
    Plan.RESTORE: (N_("Comes back"), N_("The platform is asked to show it again.")),
    Plan.RESTORE_REVIEW: (
        N_("Comes back and waits for a person"),
        N_("The platform is asked to show it; somebody looks at what else was said of it."),
    ),
    Plan.ALLOW: (N_("Stands"), N_("It is visible. It goes on record that it stands.")),
    Plan.REVIEW: (
        N_("Waits for a person"),
        N_("It stays as it is until somebody decides; nothing is hidden unseen."),
    ),
    Plan.ALREADY: (N_("Already let stand"), N_("Somebody has let it stand since.")),
    Plan.DECIDED: (
        N_("A person decided otherwise"),
        N_("A later decision by a person is never overruled."),
    ),
    Plan.EDITED: (N_("Edited since"), N_("Another text stands there, which was judged by itself.")),
    Plan.GONE: (N_("Gone"), N_("It is no longer on the platform.")),
    Plan.OTHERS: (
        N_("Something else speaks against it"),
        N_("Without this it would have been decided in the same way."),
    ),
    Plan.ELSEWHERE: (
        N_("Hidden by somebody else"),
        N_("It was hidden before modbot asked for it, or without its asking."),
    ),
    Plan.CANNOT: (N_("Cannot be restored"), N_("No program can restore it on this platform.")),
    Plan.AGREED: (N_("Nothing to take back"), N_("The bot had said the same.")),
}
OUTCOMES: Mapping[Outcome, str] = {
    Outcome.WAITING: N_("Its turn has not come"),
    Outcome.ASKED: N_("The platform is asked"),
    Outcome.RESTORED: N_("Restored, confirmed by the platform"),
    Outcome.STANDS: N_("Was visible, and stands"),
    Outcome.REVIEW: N_("Waits for a person"),
    Outcome.FAILED: N_("The platform refused"),
    Outcome.CHANGED: N_("Edited or decided anew meanwhile"),
    Outcome.STOPPED: N_("The run was stopped before its turn"),
    **{
        Outcome(plan.value): PLANS[plan][0]
        for plan in (
            *(Plan.ALREADY, Plan.DECIDED, Plan.EDITED, Plan.GONE, Plan.OTHERS),
            *(Plan.ELSEWHERE, Plan.CANNOT, Plan.AGREED),
        )
    },
}
STATES = {
    "running": N_("Going on"),
    "paused": N_("Paused"),
    "stopped": N_("Stopped"),
    "done": N_("Done"),
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A piece of a bar: how it is drawn, where it begins and how long it is, of 1,000."""

    look: str  # done, left, bad, open
    start: float
    length: float


def look_of(outcome: Outcome) -> str:
    """How a receipt is drawn."""
    if outcome in DONE:
        return "done"
    if outcome in BAD:
        return "bad"
    return "open" if outcome in OPEN else "left"


def look_of_plan(plan: Plan) -> str:
    """How a plan is drawn."""
    if plan in (Plan.RESTORE, Plan.RESTORE_REVIEW):
        return "done"
    if plan in (Plan.ALLOW, Plan.REVIEW):
        return "quiet"
    return "bad" if plan is Plan.CANNOT else "left"


def parts(counted: Mapping[str, int], order: tuple[str, ...]) -> tuple[Part, ...]:
    """A bar of counts by look, in order."""
    whole, at, found = sum(counted.values()), 0.0, []
    for look in order:
        length = 1000 * counted.get(look, 0) / whole if whole else 0.0
        if length:
            found.append(Part(look=look, start=round(at, 2), length=round(length, 2)))
        at += length
    return tuple(found)


def plan_parts(plans: Counter[Plan]) -> tuple[Part, ...]:
    """The bar of a preview."""
    counted: Counter[str] = Counter()
    for plan, number in plans.items():
        counted[look_of_plan(plan)] += number
    return parts(counted, ("done", "quiet", "left", "bad"))


def outcome_parts(outcomes: Counter[Outcome]) -> tuple[Part, ...]:
    """The bar of a run."""
    counted: Counter[str] = Counter()
    for outcome, number in outcomes.items():
        counted[look_of(outcome)] += number
    return parts(counted, ("done", "left", "bad", "open"))
