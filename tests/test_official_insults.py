"""What the model takes for an insult in a comment about officials: who looks, what is hidden."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest

from classifiers import embedded_beside
from classifiers.rules import RulesClassifier
from modbot.counterfactual import Case, changes, sentence, stored_changes
from modbot.domain import Aspect, Category, Comment, Signal, looks_from
from modbot.errors import BadConfig
from modbot.policy import Policy, decide
from modbot.settings import load_config
from tests.test_policy import changed, hit, model, outcome

SHIPPED = Path(__file__).parents[1] / "config"
RUDE = Category.OFFENSIVE
TIME = datetime(2026, 11, 2, tzinfo=UTC)


def of_officials(score: float) -> Signal:
    return replace(model(RUDE, score), aspect=Aspect.OFFICIAL)


def policy(insults: Literal["hide", "review"] = "hide", **thresholds: float) -> Policy:
    own = {"model_review_official": 0.3, "model_hide_official": 0.9, **thresholds}
    made = changed(RUDE, model_review=0.15, model_hide=0.6, model_lifts=True, **own)
    return replace(made, officials_insult=insults)


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (0.2, ("allow", False)),
        (0.3, ("allow", False)),
        (0.31, ("review", False)),
        (0.89, ("review", False)),
        (0.9, ("hide", True)),
    ],
)
def test_what_is_about_officials_has_thresholds_of_its_own(
    score: float, expected: tuple[str, bool]
) -> None:
    assert outcome([of_officials(score)], policy()) == expected


def test_nothing_about_officials_is_hidden_where_insults_to_them_are_to_be_looked_at() -> None:
    assert outcome([of_officials(0.99)], policy("review")) == ("review", False)
    assert outcome([hit(RUDE, 0.8), of_officials(0.99)], policy("review")) == ("review", False)


def at_officials(score: float) -> Signal:
    return replace(model(RUDE, score), aspect=Aspect.AT_OFFICIAL)


@pytest.mark.parametrize(
    ("score", "hiding", "reviewing"),
    [
        (0.3, ("allow", False), ("allow", False)),
        (0.31, ("review", False), ("review", False)),
        (0.59, ("review", False), ("review", False)),
        (0.6, ("hide", True), ("review", False)),
        (0.99, ("hide", True), ("review", False)),
    ],
)
def test_an_insult_perhaps_to_an_official_is_hidden_like_any_other_only_where_those_are(
    score: float, hiding: tuple[str, bool], reviewing: tuple[str, bool]
) -> None:
    assert outcome([at_officials(score)], policy("hide")) == hiding
    assert outcome([at_officials(score)], policy("review")) == reviewing


def test_a_weak_rule_and_the_model_hide_it_by_the_same_limit() -> None:
    assert outcome([hit(RUDE, 0.8), at_officials(0.2)], policy("hide")) == ("hide", True)
    both = [hit(RUDE, 0.8), at_officials(0.99)]
    assert outcome(both, policy("review")) == ("review", False)


def test_of_equal_scores_the_one_that_is_surely_about_officials_decides() -> None:
    signals = [at_officials(0.7), of_officials(0.7)]
    assert outcome(signals, policy("hide")) == ("review", False)
    assert outcome(signals[::-1], policy("hide")) == ("review", False)


def test_a_weak_rule_beside_it_does_not_keep_up_what_the_model_alone_would_hide() -> None:
    assert outcome([hit(RUDE, 0.8), of_officials(0.9)], policy()) == ("hide", True)
    assert outcome([hit(RUDE, 0.8), of_officials(0.89)], policy()) == ("review", False)


def test_without_thresholds_of_their_own_a_person_looks_as_before_and_nothing_is_hidden() -> None:
    plain = changed(RUDE, model_review=0.15, model_hide=0.6)
    plain = replace(plain, officials_insult="hide")
    assert outcome([of_officials(0.59)], plain) == ("allow", False)
    assert outcome([of_officials(0.99)], plain) == ("review", False)


def test_only_thresholds_that_are_set_are_told_as_compared() -> None:
    plain = changed(RUDE, model_review=0.15, model_hide=0.6)
    compared = decide([of_officials(0.5)], plain).thresholds
    assert not any(name.endswith("_official") for name in compared)
    compared = decide([of_officials(0.5)], policy()).thresholds
    assert compared["offensive.model_review_official"] == 0.3
    assert compared["offensive.model_hide_official"] == 0.9


def test_a_decision_says_that_the_model_was_not_certain() -> None:
    reason = decide([of_officials(0.8)], policy()).reason
    assert "about an official" in reason and "not certain" in reason


def test_what_would_have_changed_the_verdict_names_them() -> None:
    told = [sentence(c) for c in changes(Case(signals=(of_officials(0.8),), policy=policy()))]
    assert "With offensive.model_hide_official at most 0.8: hide (hidden)." in told
    assert "With offensive.model_review_official at least 0.8: allow (left up)." in told


def test_a_decision_from_before_they_were_set_is_explained_by_what_held_then() -> None:
    plain = replace(
        changed(RUDE, model_review=0.15, model_hide=0.6, model_lifts=True), officials_insult="hide"
    )
    then = decide([of_officials(0.95)], plain)
    told = stored_changes(then, policy(model_hide_official=0.95))
    assert told is not None
    assert "With offensive.model_hide above 0.95: allow (left up)." in map(sentence, told)


def told_of(signals: tuple[Signal, ...], rules: Policy) -> list[str]:
    return [sentence(change) for change in changes(Case(signals=signals, policy=rules))]


def test_a_threshold_for_all_is_told_of_though_it_passes_that_for_officials() -> None:
    told = told_of((model(RUDE, 0.4),), policy())
    assert "With offensive.model_review at least 0.4: allow (left up)." in told
    told = told_of((model(RUDE, 0.95),), policy())
    assert "With offensive.model_hide above 0.95: review (left up)." in told


def test_words_that_are_passed_on_are_never_hidden_by_the_model_alone() -> None:
    quoted = replace(model(RUDE, 0.99), aspect=Aspect.QUOTED)
    decision = decide([quoted], policy())
    assert (decision.verdict.value, decision.hide) == ("review", False)
    assert "told as said by somebody else" in decision.reason
    assert outcome([hit(RUDE, 0.8), quoted], policy()) == ("review", False)


@pytest.mark.parametrize("category", [RUDE, Category.THREAT, Category.SALES])
def test_few_words_are_never_hidden_by_the_model_alone_nor_with_a_weak_rule(
    category: Category,
) -> None:
    short = replace(model(category, 0.99), aspect=Aspect.SHORT)
    rules = load_config(SHIPPED).policy
    for policy_of in (rules, replace(rules, officials_insult="hide")):
        decision = decide([short], policy_of)
        assert not decision.hide and decision.verdict.value != "allow"
        assert "so few words" in decision.reason
        assert not decide([hit(category, 0.8), short], policy_of).hide
        assert decide([hit(category, 1.0), short], policy_of).hide


@pytest.mark.parametrize(
    ("category", "score", "verdict"),
    [
        (Category.CRISIS, 0.04, "review"),
        (Category.CRISIS, 0.09, "escalate"),
        (Category.THREAT, 0.1, "review"),
        (Category.THREAT, 0.2, "escalate"),
        (Category.PRIVACY, 0.06, "review"),
        (RUDE, 0.15, "allow"),
        (RUDE, 0.25, "review"),
    ],
)
def test_a_cry_for_help_in_few_words_reaches_a_person(
    category: Category, score: float, verdict: str
) -> None:
    short = replace(model(category, score), aspect=Aspect.SHORT)
    assert outcome([short], load_config(SHIPPED).policy) == (verdict, False)


def test_the_model_takes_an_insult_to_an_official_that_is_told_of_for_a_quote() -> None:
    text = "He said the mayor is a fat ugly pig and a worthless idiot. Shame on him for that."
    [found] = insults_in(text)
    assert found.aspect is Aspect.QUOTED
    [found] = insults_in("The mayor is a fat ugly pig and a worthless idiot.")
    assert found.aspect is Aspect.AT_OFFICIAL


def insults_in(text: str) -> list[Signal]:
    rules = RulesClassifier.load(SHIPPED / "rules")
    comment = Comment(
        page_id="p", platform="facebook", id="1", post_id="1", text=text, created_at=TIME
    )
    [signals] = embedded_beside(rules).classify([comment])
    return [signal for signal in signals if signal.category is RUDE]


@pytest.mark.parametrize(
    ("aspect", "compared", "expected"),
    [
        ("", {"offensive.model_review_official": 0.3}, "offensive.model_review"),
        ("official", {"offensive.model_review_official": 0.3}, "offensive.model_review_official"),
        (
            "at_official",
            {"offensive.model_review_official": 0.3},
            "offensive.model_review_official",
        ),
        ("quoted", {"offensive.model_review_official": 0.3}, "offensive.model_review_official"),
        ("short", {"offensive.model_review_official": 0.3}, "offensive.model_review_official"),
        ("official", {"offensive.model_review": 0.1}, "offensive.model_review"),
    ],
)
def test_the_log_names_the_threshold_that_counted(
    aspect: str, compared: dict[str, float], expected: str
) -> None:
    assert looks_from("offensive", "embedded", aspect, compared) == expected
    assert looks_from("offensive", "rules", aspect, compared) == "offensive.review"


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("model_hide_official = 0.1", "model_hide_official must not be less than model_hide"),
        ("model_review_official = 0.05", "model_review_official must lie between"),
        (
            "model_hide_official = 0.9\nmodel_review_official = 0.95",
            "model_review_official must lie between",
        ),
    ],
)
def test_thresholds_out_of_order_are_refused(tmp_path: Path, lines: str, problem: str) -> None:
    with pytest.raises(BadConfig, match=problem):
        load_config(with_lines(tmp_path, "offensive", lines))


def test_no_other_category_has_them(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="model_hide_official"):
        load_config(with_lines(tmp_path, "privacy", "model_hide_official = 0.9"))


def with_lines(tmp_path: Path, category: str, lines: str) -> Path:
    """A copy of the shipped configuration, with these lines instead of its own of the kind."""
    folder = tmp_path / "config"
    shutil.copytree(SHIPPED, folder)
    file = folder / "policy.toml"
    kept = [line for line in file.read_text("utf-8").splitlines() if "_official =" not in line]
    place = kept.index(f"[categories.{category}]") + 1
    file.write_text("\n".join([*kept[:place], lines, *kept[place:]]), "utf-8")
    return folder
