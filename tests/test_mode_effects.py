"""What each mode would have done with a week of decisions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from modbot.domain import Mode, Verdict
from modbot.enforcement import CANNOT_HIDE, QUOTA_SPENT, Limits
from modbot.mode_effects import Outcome, mode_effects, urgent
from modbot.store import BotDecision
from tests.fakes import SCHOOL_DAY

LIMITS = Limits(hides_per_hour=3, hides_per_day=5)


def decided(
    number: int,
    verdict: Verdict = Verdict.HIDE,
    *,
    hide: bool | None = None,
    minutes: float = 0,
    degraded: tuple[str, ...] = (),
) -> BotDecision:
    return BotDecision(
        id=number,
        decided_at=SCHOOL_DAY + timedelta(minutes=minutes),
        verdict=verdict,
        hide=verdict is Verdict.HIDE if hide is None else hide,
        degraded=degraded,
    )


def counts(decisions: list[BotDecision], **options: bool) -> dict[str, tuple[int, int, int]]:
    effects = mode_effects(decisions, LIMITS, **options)
    return {mode.value: (e.hidden, e.review, e.over_quota) for mode, e in effects.items()}


def test_the_modes_differ_in_what_is_hidden_and_what_waits() -> None:
    decisions = [
        decided(1),
        decided(2, Verdict.REVIEW),
        decided(3, Verdict.ESCALATE, hide=True),
        decided(4, Verdict.ESCALATE),
        decided(5, Verdict.ALLOW),
    ]
    assert counts(decisions) == {"observe": (0, 0, 0), "assist": (0, 4, 0), "enforce": (2, 2, 0)}
    assert urgent(decisions) == 2


def test_what_is_over_the_hourly_or_daily_quota_goes_to_a_person() -> None:
    hourly = [decided(n, minutes=n) for n in range(5)]
    assert counts(hourly)["enforce"] == (3, 2, 2)
    daily = [decided(n, minutes=61 * n) for n in range(7)]
    assert counts(daily)["enforce"] == (5, 2, 2)
    assert counts([*daily, decided(9, minutes=24 * 60 + 1)])["enforce"] == (6, 2, 2)


def test_an_hour_ends_to_the_second() -> None:
    hour = [decided(n) for n in range(3)]
    assert counts([*hour, decided(9, minutes=59.99)])["enforce"] == (3, 1, 1)
    assert counts([*hour, decided(9, minutes=60)])["enforce"] == (4, 0, 0)


@pytest.mark.parametrize(
    ("decision", "options", "enforce"),
    [
        pytest.param(
            decided(1, Verdict.REVIEW, degraded=(QUOTA_SPENT,)),
            {},
            (1, 0, 0),
            id="a hide that the quota withheld then is one again",
        ),
        pytest.param(
            decided(1, Verdict.REVIEW, degraded=(CANNOT_HIDE,)),
            {},
            (0, 1, 0),
            id="what the platform could not hide goes to a person",
        ),
        pytest.param(
            decided(1), {"can_hide": False}, (0, 1, 0), id="nothing is hidden without an API"
        ),
    ],
)
def test_what_was_withheld(
    decision: BotDecision, options: dict[str, bool], enforce: tuple[int, int, int]
) -> None:
    assert counts([decision], **options)["enforce"] == enforce
    assert counts([decision], **options)["assist"] == (0, 1, 0)


def test_the_newest_three_of_each_outcome_are_examples() -> None:
    effect = mode_effects([decided(n, minutes=n) for n in range(1, 6)], LIMITS)[Mode.ENFORCE]
    assert effect.examples == ((Outcome.HIDDEN, (3, 2, 1)), (Outcome.OVER_QUOTA, (5, 4)))
