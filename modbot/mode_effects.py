"""What each mode of a page would have done with what was decided there. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from modbot.domain import Mode, Verdict
from modbot.enforcement import CANNOT_HIDE, QUOTA_SPENT, Limits
from modbot.store import BotDecision

EXAMPLES = 3  # of each outcome


class Outcome(StrEnum):
    """What comes of one text in one mode."""

    HIDDEN = "hidden"
    OVER_QUOTA = "over_quota"  # would be hidden, but for the page's hide quota: a person decides
    REVIEW = "review"  # waits for a person
    NOTED = "noted"  # decided and logged, nothing more


@dataclass(frozen=True, kw_only=True)
class ModeEffect:
    """What one mode would have done."""

    mode: Mode
    hidden: int
    review: int  # OVER_QUOTA among them
    over_quota: int
    examples: tuple[tuple[Outcome, tuple[int, ...]], ...]  # newest decisions of each outcome


def mode_effects(
    decisions: Sequence[BotDecision], limits: Limits, *, can_hide: bool = True
) -> dict[Mode, ModeEffect]:
    """By mode, for decisions in order of time. `can_hide`: whether the platform can at all."""
    return {
        mode: _effect(mode, list(_outcomes(decisions, mode, limits, can_hide=can_hide)))
        for mode in Mode
    }


def urgent(decisions: Sequence[BotDecision]) -> int:
    """How many go to a person first, which happens in every mode."""
    return sum(decision.verdict is Verdict.ESCALATE for decision in decisions)


def _outcomes(
    decisions: Sequence[BotDecision], mode: Mode, limits: Limits, *, can_hide: bool
) -> Iterator[tuple[Outcome, int]]:
    hides: deque[datetime] = deque()  # of the last day
    for decision in decisions:
        outcome = _outcome(decision, mode, can_hide=can_hide)
        if outcome is Outcome.HIDDEN:
            outcome = _within_quota(hides, decision.decided_at, limits)
        yield outcome, decision.id


def _outcome(decision: BotDecision, mode: Mode, *, can_hide: bool) -> Outcome:
    if mode is Mode.OBSERVE or decision.verdict is Verdict.ALLOW:
        return Outcome.NOTED
    wished = decision.hide or QUOTA_SPENT in decision.degraded
    able = can_hide and CANNOT_HIDE not in decision.degraded
    return Outcome.HIDDEN if wished and able and mode is Mode.ENFORCE else Outcome.REVIEW


def _within_quota(hides: deque[datetime], at: datetime, limits: Limits) -> Outcome:
    while hides and hides[0] <= at - timedelta(days=1):
        hides.popleft()
    last_hour = sum(1 for hide in hides if hide > at - timedelta(hours=1))
    if len(hides) >= limits.hides_per_day or last_hour >= limits.hides_per_hour:
        return Outcome.OVER_QUOTA
    hides.append(at)
    return Outcome.HIDDEN


def _effect(mode: Mode, outcomes: Sequence[tuple[Outcome, int]]) -> ModeEffect:
    of: dict[Outcome, list[int]] = {outcome: [] for outcome in Outcome}
    for outcome, number in outcomes:
        of[outcome].append(number)
    shown = (Outcome.HIDDEN, Outcome.OVER_QUOTA, Outcome.REVIEW)
    return ModeEffect(
        mode=mode,
        hidden=len(of[Outcome.HIDDEN]),
        review=len(of[Outcome.REVIEW]) + len(of[Outcome.OVER_QUOTA]),
        over_quota=len(of[Outcome.OVER_QUOTA]),
        examples=tuple(
            (outcome, tuple(of[outcome][: -EXAMPLES - 1 : -1])) for outcome in shown if of[outcome]
        ),
    )
