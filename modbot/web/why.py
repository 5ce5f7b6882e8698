"""Why a decision was made, as every screen says it: built from what was stored with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from modbot import counterfactual
from modbot.domain import SPARED, Category, Share, Signal, looks_from
from modbot.pipeline import OWN_WORDS
from modbot.policy import RULES
from modbot.web.marking import Span
from modbot.web.veiling import may_offend

REASONS_A_CATEGORY = 2  # in the log


class Stored(counterfactual.Stored, Protocol):
    """What a decision was made from, wherever it was read."""

    @property
    def person(self) -> bool: ...  # a person decided, not the bot
    @property
    def actor(self) -> str: ...
    @property
    def reason(self) -> str: ...  # as it was written then
    @property
    def categories(self) -> tuple[Category, ...]: ...


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One signal, and whether it reached the limit that makes it count."""

    source: str  # "rules" or the model's name
    category: str
    rule: str  # rule id or model label
    words: str  # the matched words as the person wrote them
    shares: tuple[Share, ...]  # words that moved a model's score, with their part in it
    note: str  # what else the rule has to say about them
    score: float  # 0 to 1
    limit: float | None  # from which it counts; None: it was not compared
    counts: bool
    aspect: str
    held: bool  # its aspect kept it from hiding the comment


@dataclass(frozen=True, kw_only=True)
class ReasonGroup:
    """What counted in one category."""

    category: str
    shown: tuple[Reason, ...]
    more: int  # how many others counted


@dataclass(frozen=True, kw_only=True)
class Why:
    """What a screen says of why; a sentence in the reader's language is made of it."""

    person: bool  # a person decided, not the bot
    actor: str
    reason: str  # a person's own; the bot's sentence as it was stored
    reasons: tuple[ReasonGroup, ...]
    own: bool  # the page itself wrote it, so it was not judged
    weak: bool  # something was found that did not count
    degraded: tuple[str, ...]
    veiled: bool  # what it quotes is blurred until somebody asks for it

    @property
    def first(self) -> tuple[str, Reason] | None:
        """The gravest category of which anything is known, and what counted most there."""
        found = ((group.category, group.shown[0]) for group in self.reasons if group.shown)
        return next(found, None)

    @property
    def untold(self) -> bool:
        """Nothing that was stored says why, but for the bot's own sentence."""
        return bool(self.reasons) and self.first is None and bool(self.reason) and not self.person


def why_of(stored: Stored) -> Why:
    """Why that decision was made."""
    found = reasons(stored)
    return Why(
        person=stored.person,
        actor=stored.actor,
        reason=stored.reason,
        reasons=_grouped(found, stored),
        own=stored.reason == OWN_WORDS.reason,
        weak=bool(found),
        degraded=stored.degraded,
        veiled=may_offend(stored.categories),
    )


def reasons(stored: Stored) -> list[Reason]:
    """Every signal of a decision: those that counted first, in the decision's own order."""
    order = {category: place for place, category in enumerate(stored.categories)}
    found = [_reason(signal, stored) for signal in stored.signals]

    def place(reason: Reason) -> tuple[bool, int, bool, float]:
        rank = order.get(Category(reason.category), len(order))
        return not reason.counts, rank, reason.source != RULES, -reason.score

    return sorted(found, key=place)


def _reason(signal: Signal, stored: Stored) -> Reason:
    model = signal.source != RULES
    limit = stored.thresholds.get(
        looks_from(signal.category, signal.source, signal.aspect, stored.thresholds)
    )
    # policy.decide(): a rule counts from its limit on, a model only above it.
    reached = limit is not None and (signal.score > limit if model else signal.score >= limit)
    return Reason(
        source=signal.source,
        category=signal.category.value,
        rule=signal.evidence.rule,
        words=signal.evidence.text,
        shares=signal.evidence.shares,
        note=signal.evidence.note,
        score=signal.score,
        limit=limit,
        counts=reached and signal.category in stored.categories,
        aspect=signal.aspect.value,
        held=signal.aspect in SPARED and not stored.hide,
    )


def _grouped(found: Iterable[Reason], stored: Stored) -> tuple[ReasonGroup, ...]:
    groups: dict[str, dict[tuple[str, str, str], Reason]] = {c: {} for c in stored.categories}
    for reason in found:
        if reason.counts:
            key = (reason.source, reason.rule, reason.words.casefold())
            groups[reason.category].setdefault(key, reason)
    return tuple(
        ReasonGroup(
            category=category,
            shown=tuple(counted.values())[:REASONS_A_CATEGORY],
            more=max(0, len(counted) - REASONS_A_CATEGORY),
        )
        for category, counted in groups.items()
    )


def counted(stored: Stored) -> list[Signal]:
    """The signals that reached the limit that makes them count."""
    return [signal for signal in stored.signals if _reason(signal, stored).counts]


def spans_of(signals: Iterable[Signal]) -> Iterator[Span]:
    """Where in the text they lie."""
    for signal in signals:
        evidence = signal.evidence
        yield Span(start=evidence.start, end=evidence.end, rule=evidence.rule)
