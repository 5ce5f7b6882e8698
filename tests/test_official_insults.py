"""What the model takes for an insult in a comment about officials: who looks, what is hidden."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from modbot.counterfactual import Case, changes, sentence, stored_changes
from modbot.domain import Aspect, Category, Signal
from modbot.errors import BadConfig
from modbot.policy import Policy, decide
from modbot.settings import load_config
from tests.test_policy import changed, hit, model, outcome

SHIPPED = Path(__file__).parents[1] / "config"
RUDE = Category.OFFENSIVE


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
    told = stored_changes(then, policy())
    assert told is not None and all(change.kind for change in told)


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
