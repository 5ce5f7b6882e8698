"""decide(): from signals to a verdict, with hand-made policies and signals."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modbot.domain import Aspect, Category, Decision, Evidence, Signal, Verdict
from modbot.policy import NEVER, CategoryPolicy, Policy, decide

SHIPPED = Path(__file__).parents[1] / "config" / "policy.toml"


def category_policy(category: Category, **changes: object) -> CategoryPolicy:
    values: dict[str, object] = {
        "category": category,
        "review": 0.7,
        "hide": 0.9,
        "may_hide": True,
        "urgent": False,
        "clause": f"clause of {category}",
        "clause_text": "",
        "model_review": 0.9,
    }
    return CategoryPolicy(**(values | changes))  # type: ignore[arg-type]


POLICY = Policy(categories={category: category_policy(category) for category in Category})


def changed(category: Category, **changes: object) -> Policy:
    return replace(
        POLICY,
        categories={**POLICY.categories, category: category_policy(category, **changes)},
    )


def hit(
    category: Category, score: float = 1.0, aspect: Aspect = Aspect.NONE, source: str = "rules"
) -> Signal:
    return Signal(
        source=source,
        category=category,
        score=score,
        evidence=Evidence(rule=f"{source}:{category}"),
        aspect=aspect,
    )


def model(category: Category, score: float) -> Signal:
    return hit(category, score, source="embedded")


def outcome(signals: Sequence[Signal], policy: Policy = POLICY) -> tuple[str, bool]:
    decision = decide(signals, policy)
    return decision.verdict.value, decision.hide


STRONG_HITS = [
    (Category.PROFANITY, "hide", True),
    (Category.OFFENSIVE, "hide", True),
    (Category.SALES, "hide", True),
    (Category.PRIVACY, "hide", True),
    (Category.THREAT, "escalate", True),
    (Category.CRISIS, "escalate", False),
    (Category.OFF_TOPIC, "review", False),
]


@pytest.mark.parametrize(("category", "verdict", "hide"), STRONG_HITS, ids=lambda v: str(v))
def test_a_strong_rule_hit_does_what_its_category_allows(
    category: Category, verdict: str, hide: bool
) -> None:
    assert outcome([hit(category)]) == (verdict, hide)


def test_no_signal_allows() -> None:
    assert outcome([]) == ("allow", False)


def test_a_weak_hit_goes_to_a_person_and_a_mild_one_stays() -> None:
    assert outcome([hit(Category.PROFANITY, 0.8)]) == ("review", False)
    assert outcome([hit(Category.PROFANITY, 0.3)]) == ("allow", False)


URGENT = (Category.THREAT, Category.CRISIS)


@pytest.mark.parametrize("category", list(Category))
def test_without_model_hide_a_model_score_alone_never_hides(category: Category) -> None:
    told = "escalate" if category in URGENT else "review"
    assert outcome([model(category, 1.0)]) == (told, False)
    assert outcome([model(category, 0.9)]) == ("allow", False)


@pytest.mark.parametrize(
    ("category", "verdict", "hide"),
    [
        (Category.OFFENSIVE, "hide", True),
        (Category.SALES, "hide", True),
        (Category.THREAT, "escalate", True),
        (Category.CRISIS, "escalate", False),
        (Category.OFF_TOPIC, "review", False),
    ],
    ids=str,
)
def test_from_model_hide_on_a_model_score_does_what_its_category_allows(
    category: Category, verdict: str, hide: bool
) -> None:
    may_hide = category is not Category.CRISIS
    policy = changed(category, model_review=0.4, model_hide=0.7, may_hide=may_hide)
    told = "escalate" if category in URGENT else "review"
    assert outcome([model(category, 0.7)], policy) == (verdict, hide)
    assert outcome([model(category, 0.69)], policy) == (told, False)
    assert outcome([model(category, 0.4)], policy) == ("allow", False)


def test_about_officials_a_models_word_alone_hides_nothing_whatever_counsel_said() -> None:
    policy = changed(Category.OFFENSIVE, model_hide=0.9)
    insult = Signal(
        source="embedded",
        category=Category.OFFENSIVE,
        score=1.0,
        aspect=Aspect.OFFICIAL,
        evidence=Evidence(rule="offensive"),
    )
    for setting in ("review", "hide"):
        asked = replace(policy, officials_insult=setting)  # type: ignore[arg-type]
        assert outcome([insult], asked) == ("review", False)
        assert "officials" in decide([insult], asked).reason


def test_a_model_that_is_not_calibrated_sends_to_a_person_at_most() -> None:
    policy = changed(Category.THREAT, model_hide=0.9)
    assert outcome([hit(Category.THREAT, 1.0, source="detoxify")], policy) == ("review", False)


def test_a_model_that_is_not_calibrated_neither_outweighs_nor_lifts() -> None:
    policy = changed(Category.THREAT, model_review=0.4, model_hide=0.8)
    other = hit(Category.THREAT, 0.99, source="detoxify")
    assert outcome([model(Category.THREAT, 0.85), other], policy) == ("escalate", True)
    lifting = changed(Category.OFFENSIVE, model_lifts=True)
    weak = hit(Category.OFFENSIVE, 0.8)
    assert outcome([weak, hit(Category.OFFENSIVE, 0.99, source="detoxify")], lifting) == (
        "review",
        False,
    )
    official = replace(model(Category.OFFENSIVE, 0.99), aspect=Aspect.OFFICIAL)
    assert outcome([weak, official], lifting) == ("review", False)


def test_a_model_score_lifts_a_weak_hit_only_where_the_policy_says_so() -> None:
    signals = [hit(Category.OFFENSIVE, 0.8), model(Category.OFFENSIVE, 0.95)]
    assert outcome(signals) == ("review", False)
    assert outcome(signals, changed(Category.OFFENSIVE, model_lifts=True)) == ("hide", True)
    doubtful = [hit(Category.OFFENSIVE, 0.8), model(Category.OFFENSIVE, 0.9)]
    assert outcome(doubtful, changed(Category.OFFENSIVE, model_lifts=True)) == ("review", False)


def test_a_model_score_of_another_category_lifts_nothing() -> None:
    lifting = changed(Category.OFFENSIVE, model_lifts=True)
    signals = [hit(Category.OFFENSIVE, 0.8), model(Category.PROFANITY, 1.0)]
    assert outcome(signals, lifting) == ("review", False)


def test_a_crisis_stays_up_whatever_else_it_is_but_a_threat() -> None:
    crisis = hit(Category.CRISIS)
    assert outcome([crisis, hit(Category.PROFANITY)]) == ("escalate", False)
    assert outcome([crisis, hit(Category.PRIVACY)]) == ("escalate", False)
    assert outcome([crisis, hit(Category.THREAT)]) == ("escalate", True)


def test_a_threat_in_doubt_by_a_rule_does_not_keep_down_what_the_model_is_certain_of() -> None:
    policy = changed(Category.THREAT, model_review=0.04, model_hide=0.55, model_lifts=True)
    weak = hit(Category.THREAT, 0.8)
    certain = replace(model(Category.THREAT, 0.6), aspect=Aspect.OFFICIAL)
    unsure = replace(model(Category.THREAT, 0.5), aspect=Aspect.OFFICIAL)
    assert outcome([certain], policy) == ("escalate", False)
    assert outcome([weak, certain], policy) == ("escalate", False)
    assert outcome([weak, unsure], policy) == ("review", False)
    quoted = replace(weak, aspect=Aspect.QUOTED)
    assert outcome([quoted, model(Category.THREAT, 0.6)], policy) == ("review", False)


@pytest.mark.parametrize(
    ("score", "expected"),
    [(0.05, ("escalate", False)), (0.79, ("escalate", False)), (0.8, ("escalate", True))],
)
def test_a_threat_that_may_be_criticism_calls_a_person_at_once_and_is_hidden_later(
    score: float, expected: tuple[str, bool]
) -> None:
    limits = {"model_review": 0.04, "model_hide": 0.55, "model_lifts": True}
    policy = changed(Category.THREAT, model_hide_official=0.8, **limits)
    threat = replace(model(Category.THREAT, score), aspect=Aspect.AT_OFFICIAL)
    assert outcome([threat], policy) == expected
    assert outcome([hit(Category.THREAT, 0.8), threat], policy) == ("escalate", True)
    assert outcome([threat], changed(Category.THREAT, **limits)) == ("escalate", False)


def test_a_threat_may_be_left_up_by_the_policy_but_a_person_still_comes() -> None:
    assert outcome([hit(Category.THREAT)], changed(Category.THREAT, may_hide=False)) == (
        "escalate",
        False,
    )


def test_an_insult_to_an_official_hides_only_where_counsel_said_so() -> None:
    insult = hit(Category.OFFENSIVE, aspect=Aspect.OFFICIAL)
    assert outcome([insult]) == ("review", False)
    assert outcome([insult], replace(POLICY, officials_insult="hide")) == ("hide", True)


def test_a_swear_word_or_slur_beside_an_insult_to_an_official_still_hides() -> None:
    insult = hit(Category.OFFENSIVE, aspect=Aspect.OFFICIAL)
    assert outcome([insult, hit(Category.PROFANITY)]) == ("hide", True)
    assert outcome([insult, hit(Category.OFFENSIVE)]) == ("hide", True)


def test_a_private_case_hides_only_where_the_policy_says_so() -> None:
    private = hit(Category.PERSONAL_ISSUE, aspect=Aspect.PRIVATE)
    keeping = changed(Category.PERSONAL_ISSUE, may_hide=False)
    assert outcome([private], keeping) == ("review", False)
    assert outcome([private]) == ("hide", True)


def test_a_personal_issue_about_officials_is_never_hidden() -> None:
    official = hit(Category.PERSONAL_ISSUE, aspect=Aspect.OFFICIAL)
    private = hit(Category.PERSONAL_ISSUE, aspect=Aspect.PRIVATE)
    assert outcome([official]) == ("review", False)
    assert outcome([private, official]) == ("review", False)


@pytest.mark.parametrize("category", [Category.PROFANITY, Category.OFFENSIVE, Category.THREAT])
def test_quoted_words_go_to_a_person_at_most(category: Category) -> None:
    assert outcome([hit(category, aspect=Aspect.QUOTED)]) == ("review", False)
    assert outcome([hit(category, aspect=Aspect.QUOTED), hit(category)])[1] is True


def test_a_mild_free_hit_does_not_shadow_a_held_one() -> None:
    signals = [hit(Category.PROFANITY, 0.3), hit(Category.PROFANITY, 1.0, Aspect.QUOTED)]
    assert outcome(signals) == ("review", False)


@pytest.mark.parametrize("category", list(Category))
def test_a_broken_classifier_means_a_person_looks_and_nothing_is_hidden(
    category: Category,
) -> None:
    for signals in ([], [hit(category)]):
        decision = decide(signals, POLICY, degraded=("embedded failed",))
        assert decision.hide is False
        assert decision.verdict in (Verdict.REVIEW, Verdict.ESCALATE)
        assert decision.degraded == ("embedded failed",)
        assert "embedded failed" in decision.reason


def test_a_decision_explains_itself_worst_category_first() -> None:
    signals = [hit(Category.OFF_TOPIC), hit(Category.SALES, 0.8), hit(Category.PROFANITY)]
    decision = decide(signals, POLICY)
    assert decision.categories == (Category.PROFANITY, Category.SALES, Category.OFF_TOPIC)
    assert decision.clause == "clause of profanity"
    assert decision.signals == tuple(signals)
    assert decision.thresholds["profanity.hide"] == 0.9
    assert decision.thresholds["sales.review"] == 0.7
    assert decision.reason == "Hidden for profanity: rule rules:profanity, score 1.00."


def test_the_reason_says_why_an_insult_stays() -> None:
    reason = decide([hit(Category.OFFENSIVE, aspect=Aspect.OFFICIAL)], POLICY).reason
    assert "not hidden because it is about an official" in reason


SIGNALS = st.lists(
    st.builds(
        hit,
        st.sampled_from(list(Category)),
        st.floats(0, 1),
        st.sampled_from(list(Aspect)),
        st.sampled_from(["rules", "embedded"]),
    ),
    max_size=6,
)


@given(SIGNALS, st.sampled_from([(), ("quota spent",)]))
def test_whatever_comes_the_lines_that_must_not_be_crossed_hold(
    signals: list[Signal], degraded: tuple[str, ...]
) -> None:
    decision = decide(signals, POLICY, degraded=degraded)
    strong = {s.category for s in signals if s.source == "rules" and s.score >= 0.9}
    assert not (decision.hide and degraded)
    assert not decision.hide or strong - {Category.CRISIS, Category.OFF_TOPIC}
    assert not decision.hide or decision.verdict in (Verdict.HIDE, Verdict.ESCALATE)
    assert (decision.verdict is not Verdict.HIDE) or decision.hide
    if not any(s.source == "rules" for s in signals):
        assert decision.verdict is not Verdict.HIDE, "no model may hide under this policy"


@given(SIGNALS)
@example([hit(Category.CRISIS, 1.0, aspect, "embedded") for aspect in (Aspect.NONE, Aspect.QUOTED)])
@example([hit(Category.THREAT, 0.6, aspect, "embedded") for aspect in Aspect])
def test_the_order_of_signals_changes_nothing_that_happens(signals: list[Signal]) -> None:
    def essence(decision: Decision) -> tuple[object, ...]:
        return decision.verdict, decision.hide, decision.categories, decision.clause

    assert essence(decide(signals, POLICY)) == essence(decide(signals[::-1], POLICY))


def shipped() -> Policy:
    read = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    return Policy(
        categories={
            Category(name): CategoryPolicy(category=Category(name), **values)
            for name, values in read["categories"].items()
        },
        officials_insult=read["officials_insult"],
    )


def test_the_shipped_policy_is_cautious() -> None:
    policy = shipped()
    assert set(policy.categories) == set(Category)
    assert policy.officials_insult == "review"
    never = {c for c, rule in policy.categories.items() if not rule.may_hide}
    assert never == {Category.CRISIS, Category.PERSONAL_ISSUE, Category.OFF_TOPIC}
    urgent = {c for c, rule in policy.categories.items() if rule.urgent}
    assert urgent == {Category.THREAT, Category.CRISIS}
    assert all(rule.clause and rule.clause_text for rule in policy.categories.values())
    alone = {c for c, rule in policy.categories.items() if rule.model_hide < NEVER}
    assert alone == {Category.OFFENSIVE, Category.THREAT, Category.SALES, Category.PRIVACY}
    assert all(rule.model_review < rule.model_hide for rule in policy.categories.values())
    about_officials = [replace(model(c, 1.0), aspect=Aspect.OFFICIAL) for c in Category]
    assert outcome(about_officials, policy)[1] is False
