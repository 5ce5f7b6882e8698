"""Precision and recall against the threshold, from what people upheld and overruled.

Only reviewed comments are seen here, and people mostly review what the bot picked out. So precision
is that of the reviewed, and recall is a share of the breaches that were seen, never of all there
are. Nothing is changed: a proposal is lines of TOML for a person to put into policy.toml.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from modbot import store
from modbot.domain import Category, Signal, Verdict, looks_from
from modbot.intervals import Share, needed_without_fault
from modbot.policy import NEVER, RULES, CategoryPolicy
from modbot.spoken_language import guess_language
from modbot.store import Database, PastDecision

AT_ONCE = 500

BIAS = (
    "Only comments that a person reviewed are counted, and people mostly review what the bot "
    "picked out. Precision holds for comments like those; recall is a share of the breaches that "
    "were seen, and says nothing of those that nobody looked at."
)
# A verdict that was taken back, or handed on to the administrators, says nothing yet.
_UNDECIDED = frozenset({Verdict.REVIEW, Verdict.ESCALATE})


class Source(StrEnum):
    """Whose scores a threshold is compared with."""

    RULES = "rules"
    MODEL = "model"


class Threshold(StrEnum):
    """The keys of a category in policy.toml that are proposed."""

    HIDE = "hide"
    MODEL_REVIEW = "model_review"
    MODEL_HIDE = "model_hide"

    @property
    def source(self) -> Source:
        """Whose scores are compared with it."""
        return Source.RULES if self is Threshold.HIDE else Source.MODEL

    @property
    def hides(self) -> bool:
        """Is a comment hidden from it on, or only looked at?"""
        return self is not Threshold.MODEL_REVIEW

    def counts(self, score: float, value: float) -> bool:
        """As policy.decide() compares: what hides counts from its threshold on, what only calls a
        person above it."""
        if self is Threshold.MODEL_HIDE and value >= NEVER:
            return False
        return score >= value if self.hides else score > value


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """The best score that a reviewed comment has in a category, and what the person made of it."""

    category: Category
    source: Source
    score: float
    breach: bool
    language: str


@dataclass(kw_only=True)
class Verdicts:
    """All that people decided, as far as it says something of a category."""

    reviewed: list[Reviewed] = field(default_factory=list)
    comments: int = 0
    undecided: int = 0  # a person took their verdict back, or handed it on
    other_reason: Counter[Category] = field(default_factory=Counter)  # a breach, of something else
    without_signal: int = 0  # a breach in which nothing had been found at all


@dataclass(frozen=True, kw_only=True)
class Point:
    """What one threshold would do with the reviewed comments of a category."""

    threshold: float
    precision: Share  # of those at or past the threshold, how many were breaches
    recall: Share  # of the breaches seen, how many are at or past it


class Outcome(StrEnum):
    """How a search for a threshold ended."""

    PROPOSED = "proposed"  # even the lower bound of the interval reaches the wanted precision
    TOO_FEW = "too_few"  # so few were reviewed that no threshold could prove it
    NOT_REACHED = "not_reached"  # enough were reviewed, and none reaches it


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What the reviewed comments of one category say of one threshold."""

    category: Category
    threshold: Threshold
    wanted: float
    outcome: Outcome
    points: tuple[Point, ...]  # highest threshold first
    chosen: Point | None  # the proposal
    likely: Point | None  # the lowest that reaches `wanted` itself, though not with its bound
    now: Point  # the threshold in force
    by_language: Mapping[str, Share]  # precision past the chosen, the likely or the present one
    reviewed: int
    needed: int  # how many without a fault would prove `wanted`


def read_verdicts(database: Database, *, since: datetime | None = None) -> Verdicts:
    """What people decided on or after `since`."""
    found = Verdicts()
    after = 0
    while True:
        with database.read() as s:
            part = store.reviewed_texts(s, after=after, limit=AT_ONCE, since=since)
        if not part:
            return found
        after = part[-1][0].version_id
        for person, bot, text in part:
            _add(found, person, bot, text)


def _add(found: Verdicts, person: PastDecision, bot: PastDecision | None, text: str) -> None:
    found.comments += 1
    if person.verdict in _UNDECIDED:
        found.undecided += 1
        return
    breach = person.verdict is Verdict.HIDE
    signals = (bot or person).signals
    if breach and not signals:
        found.without_signal += 1
    named = {Category(name) for name in person.categories} or {s.category for s in signals}
    language = guess_language(text)
    compared = (bot or person).thresholds
    for (category, source), score in _best(signals, compared).items():
        if breach and category not in named:
            found.other_reason[category] += 1
        elif breach and not person.categories and len(named) > 1:
            found.other_reason[category] += 1  # nobody said which of them it was
        else:
            found.reviewed.append(
                Reviewed(
                    category=category, source=source, score=score, breach=breach, language=language
                )
            )


def _best(
    signals: Iterable[Signal], compared: Mapping[str, float]
) -> dict[tuple[Category, Source], float]:
    best: dict[tuple[Category, Source], float] = {}
    for signal in signals:
        key = looks_from(signal.category, signal.source, signal.aspect, compared)
        if key.endswith("_official"):  # no threshold that is tuned here
            continue
        source = Source.RULES if signal.source == RULES else Source.MODEL
        kind = signal.category, source
        best[kind] = max(best.get(kind, 0.0), signal.score)
    return best


def advise(
    verdicts: Verdicts,
    category: Category,
    threshold: Threshold,
    rule: CategoryPolicy,
    wanted: float,
) -> Advice:
    """The lowest value of a threshold that is proven to reach the wanted precision."""
    source = threshold.source
    cases = [r for r in verdicts.reviewed if r.category is category and r.source is source]
    points = curve(cases, threshold)
    now = _point(cases, threshold, getattr(rule, threshold.value))
    chosen = _lowest(p for p in points if p.precision.interval[0] >= wanted)
    likely = _lowest(p for p in points if (p.precision.value or 0) >= wanted)
    needed = needed_without_fault(wanted)
    outcome = Outcome.PROPOSED if chosen else Outcome.NOT_REACHED
    if chosen is None and (wanted >= 1 or len(cases) < needed):
        outcome = Outcome.TOO_FEW
    shown = chosen or likely or now
    return Advice(
        category=category,
        threshold=threshold,
        wanted=wanted,
        outcome=outcome,
        points=points,
        chosen=chosen,
        likely=likely,
        now=now,
        by_language=_by_language(cases, threshold, shown.threshold),
        reviewed=len(cases),
        needed=needed,
    )


def curve(cases: Sequence[Reviewed], threshold: Threshold) -> tuple[Point, ...]:
    """A point for each distinct score, highest first, at a threshold that just takes it in."""
    scores = sorted({case.score for case in cases}, reverse=True)
    values = [
        _just_taking_in(score, below, threshold)
        for score, below in zip(scores, [*scores[1:], 0.0], strict=False)
    ]
    return tuple(_point(cases, threshold, value) for value in values)


def _just_taking_in(score: float, below: float, threshold: Threshold) -> float:
    """The score itself where it counts from there on, else a value between it and the next."""
    if threshold.hides:
        return score
    short = math.ceil(score * 1000 - 1) / 1000
    return short if below <= short < score else below


def _point(cases: Sequence[Reviewed], threshold: Threshold, value: float) -> Point:
    past = [case.breach for case in cases if threshold.counts(case.score, value)]
    breaches = sum(case.breach for case in cases)
    return Point(
        threshold=value,
        precision=Share(right=sum(past), of=len(past)),
        recall=Share(right=sum(past), of=breaches),
    )


def _lowest(points: Iterable[Point]) -> Point | None:
    return min(points, key=lambda point: point.threshold, default=None)


def _by_language(cases: Sequence[Reviewed], threshold: Threshold, value: float) -> dict[str, Share]:
    past = [case for case in cases if threshold.counts(case.score, value)]
    total = Counter(case.language for case in past)
    right = Counter(case.language for case in past if case.breach)
    return {language: Share(right=right[language], of=total[language]) for language in total}


def toml_lines(advice: Advice, rule: CategoryPolicy) -> list[str]:
    """What to put into policy.toml; empty where nothing is proposed."""
    if advice.chosen is None:
        return []
    value = advice.chosen.threshold
    lines = [f"[categories.{advice.category.value}]", f"{advice.threshold} = {value!r}"]
    lowers, uppers = _BESIDE[advice.threshold]
    for key in lowers:
        if value < getattr(rule, key):
            lines.append(f"{key} = {value!r}  # must not be above {advice.threshold}")
    for key in uppers:
        set_to = getattr(rule, key)
        if set_to is not None and value > set_to:
            lines.append(f"{key} = {value!r}  # must not be below {advice.threshold}")
    return lines


# The keys that must not be above a threshold, and those that must not be below it.
_BESIDE: dict[Threshold, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Threshold.HIDE: (("review",), ()),
    Threshold.MODEL_HIDE: (("model_review",), ("model_hide_official",)),
    Threshold.MODEL_REVIEW: ((), ("model_hide", "model_review_official", "model_hide_official")),
}
