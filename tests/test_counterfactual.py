"""What would have changed a verdict: each change that is named, made by hand here, changes it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbot.counterfactual import (
    Case,
    Change,
    Kind,
    Relation,
    changes,
    rule_name,
    sentence,
    stored_changes,
)
from modbot.domain import Aspect, Category, Signal, Verdict
from modbot.policy import RULES, Policy
from tests.test_policy import POLICY, SIGNALS, changed, hit, model


def case(*signals: Signal, policy: Policy = POLICY, degraded: tuple[str, ...] = ()) -> Case:
    return Case(signals=signals, policy=policy, degraded=degraded)


def told(asked: Case) -> list[str]:
    return [sentence(change) for change in changes(asked)]


PROFANITY, OFFENSIVE = Category.PROFANITY, Category.OFFENSIVE
TABLE = [
    pytest.param(
        case(hit(PROFANITY)),
        [
            "Without rules:profanity: allow (left up).",
            "With profanity.may_hide = false: review (left up).",
            "If what was found in profanity were quoted: review (left up).",
        ],
        id="a hidden swear word",
    ),
    pytest.param(
        case(hit(PROFANITY, 0.8)),
        [
            "Without rules:profanity: allow (left up).",
            "With profanity.review above 0.8: allow (left up).",
            "With profanity.hide at most 0.8: hide (hidden).",
        ],
        id="a weak word that a person looks at",
    ),
    pytest.param(
        case(hit(PROFANITY, 0.3)),
        ["With profanity.review at most 0.3: review (left up)."],
        id="a mild word that stays",
    ),
    pytest.param(
        case(hit(OFFENSIVE, aspect=Aspect.OFFICIAL)),
        [
            "Without rules:offensive: allow (left up).",
            'With officials_insult = "hide": hide (hidden).',
            "If what was found in offensive were not about an official or the running of schools:"
            " hide (hidden).",
        ],
        id="an insult to an official",
    ),
    pytest.param(
        case(model(OFFENSIVE, 0.95)),
        [
            "Without embedded: embedded:offensive: allow (left up).",
            "With offensive.model_review at least 0.95: allow (left up).",
            "With offensive.model_hide at most 0.95: hide (hidden).",
        ],
        id="a model's score",
    ),
    pytest.param(
        case(hit(OFFENSIVE, 0.8), model(OFFENSIVE, 0.95)),
        [
            "With nothing found in offensive: allow (left up).",
            "With offensive.model_lifts = true: hide (hidden).",
            "With offensive.hide at most 0.8: hide (hidden).",
        ],
        id="a rule and a model that each suffice",
    ),
    pytest.param(
        case(hit(PROFANITY), hit(Category.SALES)),
        ["With nothing found in profanity, sales: allow (left up)."],
        id="two categories that each suffice",
    ),
    pytest.param(
        case(hit(PROFANITY), degraded=("quota spent",)),
        ["Without this trouble (quota spent): hide (hidden)."],
        id="a hide that was withheld",
    ),
    pytest.param(
        case(hit(Category.CRISIS)), ["Without rules:crisis: allow (left up)."], id="a cry for help"
    ),
    pytest.param(case(), [], id="nothing found"),
]


@pytest.mark.parametrize(("asked", "sentences"), TABLE)
def test_each_change_is_told_in_a_short_sentence(asked: Case, sentences: list[str]) -> None:
    assert told(asked) == sentences


def made(change: Change, asked: Case) -> Case:
    """The change as a person would make it from its words alone."""
    subject, policy = change.subject, asked.policy
    match change.kind:
        case Kind.RULE:
            return replace(
                asked, signals=tuple(s for s in asked.signals if rule_name(s) != subject)
            )
        case Kind.CATEGORY:
            gone = subject.split(", ")
            return replace(asked, signals=tuple(s for s in asked.signals if s.category not in gone))
        case Kind.DEGRADED:
            return replace(asked, degraded=())
        case Kind.ASPECT:
            return replace(asked, signals=_aspects(asked.signals, subject, Aspect(change.value)))
        case Kind.NOT_ASPECT:
            rid = Aspect(change.value)
            return replace(asked, signals=_aspects(asked.signals, subject, Aspect.NONE, only=rid))
        case Kind.SWITCH if subject == "officials_insult":
            insult = change.value.strip('"')
            return replace(asked, policy=replace(policy, officials_insult=insult))  # type: ignore[arg-type]
        case Kind.SWITCH:
            return _set(asked, subject, change.value == "true")
        case Kind.THRESHOLD:
            assert change.limit is not None and change.relation is not None
            step = {Relation.ABOVE: math.inf, Relation.BELOW: -math.inf}.get(change.relation)
            value = change.limit if step is None else math.nextafter(change.limit, step)
            return _set(asked, subject, value)


def _set(asked: Case, subject: str, value: object) -> Case:
    name, _, key = subject.partition(".")
    rule = asked.policy.categories[Category(name)]
    categories = {**asked.policy.categories, rule.category: replace(rule, **{key: value})}  # type: ignore[arg-type]
    return replace(asked, policy=replace(asked.policy, categories=categories))


def _aspects(
    signals: Sequence[Signal], category: str, aspect: Aspect, only: Aspect | None = None
) -> tuple[Signal, ...]:
    return tuple(
        replace(s, aspect=aspect)
        if s.category == category and s.source == RULES and only in (None, s.aspect)
        else s
        for s in signals
    )


POLICIES = st.sampled_from(
    [
        POLICY,
        replace(POLICY, officials_insult="hide"),
        changed(OFFENSIVE, model_lifts=True),
        changed(Category.PERSONAL_ISSUE, may_hide=False, hide=0.7),
        changed(Category.THREAT, may_hide=False, model_review=0.0),
    ]
)


@given(SIGNALS, POLICIES, st.sampled_from([(), ("quota spent",)]))
def test_a_change_that_is_named_changes_the_verdict_as_it_says(
    signals: list[Signal], policy: Policy, degraded: tuple[str, ...]
) -> None:
    asked = Case(signals=tuple(signals), policy=policy, degraded=degraded)
    before = asked.decide()
    for change in changes(asked):
        after = made(change, asked)
        decision = after.decide()
        assert (decision.verdict, decision.hide) == (change.verdict, change.hide)
        assert (decision.verdict, decision.hide) != (before.verdict, before.hide)
        rules = after.policy.categories.values()
        assert all(0 <= rule.review <= rule.hide <= 1 for rule in rules)


@given(SIGNALS, POLICIES)
def test_whatever_is_found_there_is_a_way_back_to_allow(
    signals: list[Signal], policy: Policy
) -> None:
    asked = Case(signals=tuple(signals), policy=policy)
    named = {change.kind for change in changes(asked)}
    breach = asked.decide().verdict is not Verdict.ALLOW
    assert not breach or named & {Kind.RULE, Kind.CATEGORY}


def stored(asked: Case, thresholds: dict[str, float]) -> SimpleNamespace:
    decision = asked.decide()
    return SimpleNamespace(
        signals=decision.signals,
        thresholds=thresholds,
        degraded=(),
        verdict=decision.verdict,
        hide=decision.hide,
    )


def test_a_stored_decision_is_explained_by_its_own_thresholds() -> None:
    then = changed(PROFANITY, hide=0.8)
    decision = stored(case(hit(PROFANITY, 0.8), policy=then), {"profanity.hide": 0.8})
    named = [sentence(change) for change in stored_changes(decision, POLICY) or ()]
    assert "With profanity.hide above 0.8: review (left up)." in named


def test_nothing_is_said_of_a_decision_made_under_other_switches() -> None:
    decision = stored(case(hit(PROFANITY), policy=changed(PROFANITY, may_hide=False)), {})
    assert stored_changes(decision, POLICY) is None
