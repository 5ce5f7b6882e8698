"""What modbot has to reach on labelled comments, and whether it does."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from classifiers.labels import CRITICISM
from modbot.domain import Category, Verdict
from modbot.intervals import Share
from tests.quality.cases import Case, to_hide

Condition = Callable[[Case], bool]
GAP = 0.03  # how far Spanish may fall short of English in hide recall


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A share of some rows that has to be at least `wanted`, or at most."""

    name: str
    of: Condition
    hit: Condition
    wanted: float
    at_most: bool = False

    @property
    def says(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {100 * self.wanted:g} %"

    def measure(self, cases: Sequence[Case]) -> Share:
        counted = [case for case in cases if self.of(case)]
        return Share(right=sum(map(self.hit, counted)), of=len(counted))

    def met(self, share: Share) -> bool | None:
        """None: there was no row to measure it on."""
        if share.value is None:
            return None
        return share.value <= self.wanted if self.at_most else share.value >= self.wanted


@dataclass(frozen=True, kw_only=True)
class LanguageGap:
    """Hide recall in Spanish less that in English, with the interval of the difference."""

    difference: float
    interval: tuple[float, float]

    @property
    def met(self) -> bool:
        return round(self.difference, 9) >= -GAP  # 97 of 100 less 1 is a hair below


def harmless(case: Case) -> bool:
    return case.row.action is Verdict.ALLOW


def hidden(case: Case) -> bool:
    return case.decision.hide


def noticed(case: Case) -> bool:
    """Hidden, or a person sees it."""
    return case.decision.hide or case.decision.verdict is not Verdict.ALLOW


def escalated(case: Case) -> bool:
    return case.decision.verdict is Verdict.ESCALATE


def should_go(case: Case) -> bool:
    return to_hide(case.row)


def _carries(category: Category) -> Condition:
    return lambda case: category in case.row.categories


def _urgent(case: Case) -> bool:
    return bool(case.row.categories & {Category.THREAT, Category.CRISIS})


def _disguised_profanity(case: Case) -> bool:
    disguised = case.row.evasion or "evasion" in case.row.tags
    return disguised and Category.PROFANITY in case.row.categories and should_go(case)


def _criticism_to_stay(case: Case) -> bool:
    spoken = case.row.speech == CRITICISM or CRITICISM in case.row.tags
    return spoken and not should_go(case)


HIDE_RECALL = Bar(name="to hide: hidden", of=should_go, hit=hidden, wanted=0.90)
CAUGHT = Bar(name="to hide: hidden or before a person", of=should_go, hit=noticed, wanted=0.97)
PRECISION = Bar(name="hidden by the bot: rightly", of=hidden, hit=should_go, wanted=0.97)
ESCALATION = Bar(name="threat and crisis: escalated", of=_urgent, hit=escalated, wanted=0.92)

BARS = (
    Bar(name="harmless: hidden", of=harmless, hit=hidden, wanted=0.01, at_most=True),
    Bar(
        name="harmless: sent to review or escalated",
        of=harmless,
        hit=lambda case: case.decision.verdict in (Verdict.REVIEW, Verdict.ESCALATE),
        wanted=0.08,
        at_most=True,
    ),
    HIDE_RECALL,
    CAUGHT,
    PRECISION,
    ESCALATION,
    Bar(name="disguised profanity: hidden", of=_disguised_profanity, hit=hidden, wanted=0.95),
    Bar(
        name="personal issues: before a person or hidden",
        of=_carries(Category.PERSONAL_ISSUE),
        hit=noticed,
        wanted=0.80,
    ),
    Bar(
        name="sales: hidden",
        of=lambda case: Category.SALES in case.row.categories and should_go(case),
        hit=hidden,
        wanted=0.90,
    ),
    Bar(
        name="criticism of officials without a breach to hide: hidden",
        of=_criticism_to_stay,
        hit=hidden,
        wanted=0.0,
        at_most=True,
    ),
)
# What is asked of each category on the rows that carry it.
CATEGORY_BARS = (HIDE_RECALL, CAUGHT, ESCALATION)


def language_gap(cases: Sequence[Case]) -> LanguageGap | None:
    """None where one of the two languages has no comment to hide.

    The interval is R. G. Newcombe's from two of Wilson's (Statistics in Medicine 17 (1998)
    873-890, method 10).
    """
    spanish, english = (
        HIDE_RECALL.measure([case for case in cases if case.row.lang == lang])
        for lang in ("es", "en")
    )
    if spanish.value is None or english.value is None:
        return None
    difference = spanish.value - english.value
    (low, high), (other_low, other_high) = spanish.interval, english.interval
    below = math.hypot(spanish.value - low, other_high - english.value)
    above = math.hypot(high - spanish.value, english.value - other_low)
    return LanguageGap(difference=difference, interval=(difference - below, difference + above))
