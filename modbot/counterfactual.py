"""What would have changed a verdict: one change at a time.

Pure: candidates are made from the signals and the policy, applied, judged again by decide(), and
kept only where the outcome differs. So a change that is told here is one that works.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from modbot.domain import Aspect, Category, Decision, Signal, Verdict
from modbot.policy import NEVER, RULES, CategoryPolicy, Policy, decide

_OF_OFFICIALS = ("model_review_official", "model_hide_official")
_THRESHOLDS = ("review", "hide", "model_review", "model_hide", *_OF_OFFICIALS)
_LOOKED_AT = ("model_review", "model_review_official")
_HOLDING = (Aspect.OFFICIAL, Aspect.QUOTED)
_QUOTABLE = frozenset({Category.PROFANITY, Category.OFFENSIVE, Category.THREAT})
_ABOUT_OFFICE = frozenset({Category.OFFENSIVE, Category.PERSONAL_ISSUE})


class Kind(StrEnum):
    """What is changed."""

    RULE = "rule"  # the rule or model label `subject` had not matched
    CATEGORY = "category"  # nothing had been found in the categories `subject`
    THRESHOLD = "threshold"  # `subject` had been `relation` `limit`
    SWITCH = "switch"  # `subject` had been `value`
    ASPECT = "aspect"  # what was found in the category `subject` had had the aspect `value`
    NOT_ASPECT = "not_aspect"  # ... had not had the aspect `value`
    DEGRADED = "degraded"  # nothing had been broken or withheld


class Relation(StrEnum):
    """How a threshold stands to a score once it is moved past it."""

    ABOVE = "above"
    AT_LEAST = "at least"
    AT_MOST = "at most"
    BELOW = "below"


@dataclass(frozen=True, kw_only=True)
class Case:
    """All that decide() looks at."""

    signals: tuple[Signal, ...]
    policy: Policy
    degraded: tuple[str, ...] = ()

    def decide(self) -> Decision:
        """The decision on this case."""
        return decide(self.signals, self.policy, degraded=self.degraded)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change, and the verdict that it would have brought."""

    kind: Kind
    subject: str
    value: str = ""
    relation: Relation | None = None
    limit: float | None = None  # the score that the threshold is moved past
    verdict: Verdict
    hide: bool


def changes(case: Case) -> tuple[Change, ...]:
    """Each single change that gives another verdict or visibility, the nearest to hand first."""
    before = _outcome(case)
    tried = _Trial(before)
    tried.signals(case)
    for name, value, policy in _switches(case):
        tried.keep(Kind.SWITCH, name, replace(case, policy=policy), value=value)
    tried.thresholds(case)
    tried.aspects(case)
    if case.degraded:
        tried.keep(Kind.DEGRADED, ", ".join(case.degraded), replace(case, degraded=()))
    return tuple(tried.kept)


class Stored(Protocol):
    """What a stored decision of the bot has to tell; store.LogEntry does."""

    @property
    def signals(self) -> tuple[Signal, ...]: ...
    @property
    def thresholds(self) -> Mapping[str, float]: ...
    @property
    def degraded(self) -> tuple[str, ...]: ...
    @property
    def verdict(self) -> Verdict: ...
    @property
    def hide(self) -> bool: ...


def stored_changes(decision: Stored, policy: Policy) -> tuple[Change, ...] | None:
    """changes() of a stored decision: today's policy with the thresholds that were compared then.

    None: the switches of that time, which are not stored, were other ones, so nothing can be said.
    """
    case = stored_case(decision, policy)
    if _outcome(case) != (decision.verdict, decision.hide):
        return None
    return changes(case)


def stored_case(decision: Stored, policy: Policy) -> Case:
    """The case of a stored decision, as far as it can be had back."""
    categories = dict(policy.categories)
    for each, rule in policy.categories.items():  # what was not compared was not set
        plain = replace(rule, model_review_official=None, model_hide_official=NEVER)
        categories[each] = plain
    for name, value in decision.thresholds.items():
        category, _, key = name.partition(".")
        if category in categories and key in _THRESHOLDS:
            categories[Category(category)] = _with(categories[Category(category)], key, value)
    return Case(
        signals=decision.signals,
        policy=replace(policy, categories=categories),
        degraded=decision.degraded,
    )


def sentence(change: Change) -> str:
    """The change in English, for the terminal; the pages have their own wording."""
    return f"{_condition(change)}: {outcome_words(change)}."


def outcome_words(change: Change) -> str:
    """The verdict that a change brings, in English."""
    seen = "hidden" if change.hide else "left up"
    return f"{change.verdict.value} ({seen})"


def _condition(change: Change) -> str:
    subject, value = change.subject, change.value
    match change.kind:
        case Kind.RULE:
            return f"Without {subject}"
        case Kind.CATEGORY:
            return f"With nothing found in {subject}"
        case Kind.THRESHOLD:
            return f"With {subject} {change.relation} {_number(change.limit)}"
        case Kind.SWITCH:
            return f"With {subject} = {value}"
        case Kind.ASPECT:
            return f"If what was found in {subject} were {_aspect_words(value)}"
        case Kind.NOT_ASPECT:
            return f"If what was found in {subject} were not {_aspect_words(value)}"
        case Kind.DEGRADED:
            return f"Without this trouble ({subject})"


def _aspect_words(aspect: str) -> str:
    return "quoted" if aspect == Aspect.QUOTED else "about an official or the running of schools"


def _number(limit: float | None) -> str:
    return f"{0.0 if limit is None else limit:.3f}".rstrip("0").rstrip(".")


def _outcome(case: Case) -> tuple[Verdict, bool]:
    decision = case.decide()
    return decision.verdict, decision.hide


class _Trial:
    """Tries changed cases and keeps those that come out differently."""

    def __init__(self, before: tuple[Verdict, bool]) -> None:
        self.before = before
        self.kept: list[Change] = []

    def keep(
        self,
        kind: Kind,
        subject: str,
        after: Case,
        *,
        value: str = "",
        relation: Relation | None = None,
        limit: float | None = None,
    ) -> bool:
        verdict, hide = _outcome(after)
        if (verdict, hide) == self.before:
            return False
        self.kept.append(
            Change(
                kind=kind,
                subject=subject,
                value=value,
                relation=relation,
                limit=limit,
                verdict=verdict,
                hide=hide,
            )
        )
        return True

    def signals(self, case: Case) -> None:
        """One rule away; else one category away; else as many categories as it takes."""
        rules = dict.fromkeys(rule_name(signal) for signal in case.signals)
        alone = [self.keep(Kind.RULE, rule, _without_rule(case, rule)) for rule in rules]
        if any(alone):
            return
        found = case.decide().categories
        each = [self.keep(Kind.CATEGORY, c.value, _without_categories(case, {c})) for c in found]
        if any(each):
            return
        for number in range(2, len(found) + 1):
            gone = found[:number]
            names = ", ".join(category.value for category in gone)
            if self.keep(Kind.CATEGORY, names, _without_categories(case, set(gone))):
                return

    def thresholds(self, case: Case) -> None:
        """Each threshold of each category at hand, up and down: the shortest way that works."""
        for category in dict.fromkeys(signal.category for signal in case.signals):
            rule = case.policy.categories.get(category)
            if rule is None:
                continue
            for key in _THRESHOLDS:
                scores = _scores(case.signals, category, key)
                now = getattr(rule, key)
                for raised in (True, False) if now is not None else ():
                    moves = _moves(now, scores, key, raised=raised)
                    self._first_move(case, rule, key, moves)

    def _first_move(
        self,
        case: Case,
        rule: CategoryPolicy,
        key: str,
        moves: Iterable[tuple[float, Relation, float]],
    ) -> None:
        for limit, relation, value in moves:
            changed = _pushed(_with(rule, key, value), key)
            if not _in_order(changed):
                continue  # the settings refuse it
            after = replace(case, policy=_in(case.policy, changed))
            subject = f"{rule.category.value}.{key}"
            if self.keep(Kind.THRESHOLD, subject, after, relation=relation, limit=limit):
                return

    def aspects(self, case: Case) -> None:
        """What was found in a category, quoted or about officials, or no longer so."""
        for category in dict.fromkeys(s.category for s in case.signals if s.source == RULES):
            there = {s.aspect for s in case.signals if s.category is category}
            for aspect in _HOLDING:
                fits = category in (_QUOTABLE if aspect is Aspect.QUOTED else _ABOUT_OFFICE)
                if aspect in there:
                    after = with_aspect(case, category, Aspect.NONE, only=aspect)
                    self.keep(Kind.NOT_ASPECT, category.value, after, value=aspect.value)
                elif fits:
                    after = with_aspect(case, category, aspect)
                    self.keep(Kind.ASPECT, category.value, after, value=aspect.value)


def rule_name(signal: Signal) -> str:
    """A rule by its id, a model's label by both names."""
    rule = signal.evidence.rule
    return rule if signal.source == RULES else f"{signal.source}: {rule}"


def with_aspect(
    case: Case, category: Category, aspect: Aspect, *, only: Aspect | None = None
) -> Case:
    """The case with another aspect on the rule hits of a category, or on those with `only`."""

    def meant(signal: Signal) -> bool:
        of_category = signal.category is category and signal.source == RULES
        return of_category and (only is None or signal.aspect is only)

    signals = (replace(s, aspect=aspect) if meant(s) else s for s in case.signals)
    return replace(case, signals=tuple(signals))


def _without_rule(case: Case, rule: str) -> Case:
    return replace(case, signals=tuple(s for s in case.signals if rule_name(s) != rule))


def _without_categories(case: Case, gone: set[Category]) -> Case:
    return replace(case, signals=tuple(s for s in case.signals if s.category not in gone))


def _with(rule: CategoryPolicy, key: str, value: object) -> CategoryPolicy:
    return replace(rule, **{key: value})  # type: ignore[arg-type]


def _pushed(rule: CategoryPolicy, key: str) -> CategoryPolicy:
    """With the thresholds for what is about officials moved along, where this one is past them."""
    if key in _OF_OFFICIALS:
        return rule
    hides = max(rule.model_hide_official, rule.model_hide)
    looks = rule.model_review_official
    if looks is not None:
        looks = max(looks, rule.model_review)
    return replace(rule, model_hide_official=hides, model_review_official=looks)


def _in_order(rule: CategoryPolicy) -> bool:
    """Are the thresholds such as settings/policy_file.py lets through?"""
    looks, hides = rule.model_review_official, rule.model_hide_official
    return (
        rule.review <= rule.hide
        and rule.model_review <= rule.model_hide <= hides
        and (looks is None or rule.model_review <= looks <= hides)
    )


def _in(policy: Policy, rule: CategoryPolicy) -> Policy:
    return replace(policy, categories={**policy.categories, rule.category: rule})


def _switches(case: Case) -> Iterator[tuple[str, str, Policy]]:
    """Each switch of the policy that concerns the case, thrown: name, new value, policy."""
    policy = case.policy
    for category in dict.fromkeys(signal.category for signal in case.signals):
        rule = policy.categories.get(category)
        if rule is None:
            continue
        for key in ("may_hide", "model_lifts"):
            thrown = not getattr(rule, key)
            name = f"{category.value}.{key}"
            yield name, str(thrown).lower(), _in(policy, _with(rule, key, thrown))
    if policy.officials_insult == "hide":
        yield "officials_insult", '"review"', replace(policy, officials_insult="review")
    else:
        yield "officials_insult", '"hide"', replace(policy, officials_insult="hide")


def _scores(signals: Iterable[Signal], category: Category, key: str) -> list[float]:
    """The scores that a threshold is compared with."""
    return sorted(
        {
            signal.score
            for signal in signals
            if signal.category is category
            and (signal.source == RULES) == (key in ("review", "hide"))
        }
    )


def _moves(
    now: float, scores: Sequence[float], key: str, *, raised: bool
) -> Iterator[tuple[float, Relation, float]]:
    """Places past each score in one direction, nearest first: score, relation, value.

    A rule counts from its threshold on, a model's score only above it (policy.decide()).
    """
    for score in scores if raised else reversed(scores):
        if key in _LOOKED_AT:
            relation = Relation.AT_LEAST if raised else Relation.BELOW
        else:
            relation = Relation.ABOVE if raised else Relation.AT_MOST
        value = {
            Relation.ABOVE: math.nextafter(score, math.inf),
            Relation.BELOW: math.nextafter(score, -math.inf),
        }.get(relation, score)
        if 0 <= value <= 1 and (value > now if raised else value < now):
            yield score, relation, value
