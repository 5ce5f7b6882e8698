"""What the embedded model takes a comment to be about: a private case, officials, a quote,
or too little to tell."""

from __future__ import annotations

import pytest

from classifiers import embedded_beside
from classifiers.embedded import EmbeddedClassifier
from classifiers.embedded.classifier import (
    HINTS_AT_OFFICIALS,
    MOCKS_OFFICIALS,
    NEARS_OFFICIALS,
    SPEAKS_OF_OFFICIALS,
)
from classifiers.labels import CRITICISM, policy_score
from classifiers.rules import RulesClassifier
from modbot.domain import Aspect, Category
from modbot.settings import load_config
from tests.classifiers.embedded.test_classifier import POST, ROOT, found


@pytest.fixture(scope="module")
def model() -> EmbeddedClassifier:
    return EmbeddedClassifier()


def test_a_grievance_with_criticism_of_officials_is_marked_as_such(
    model: EmbeddedClassifier,
) -> None:
    private = found(model, "my daughter's teacher lost her homework and gave her a zero")
    official = found(
        model,
        "this superintendent and the school committee cut the buses, shame on them, my kid walks",
    )
    assert private[Category.PERSONAL_ISSUE].aspect is Aspect.PRIVATE
    assert all(s.aspect is not Aspect.PRIVATE for s in official.values())


@pytest.mark.parametrize(
    ("text", "least", "most", "aspect"),
    [
        ("you look like a wet dog", 0.0, HINTS_AT_OFFICIALS, Aspect.NONE),
        ("she got that job on her back", HINTS_AT_OFFICIALS, MOCKS_OFFICIALS, Aspect.AT_OFFICIAL),
        ("only a blind mole would sign that contract", MOCKS_OFFICIALS, 0.2, Aspect.OFFICIAL),
        ("puro vago cobrando en esa oficina", MOCKS_OFFICIALS, 0.2, Aspect.OFFICIAL),
        ("whoever hired that clown should be ashamed", 0.2, 1.0, Aspect.OFFICIAL),
    ],
)
def test_the_less_an_insult_reads_as_criticism_the_less_it_is_one_of_officials(
    model: EmbeddedClassifier, text: str, least: float, most: float, aspect: Aspect
) -> None:
    (scores,) = model.scores([text], [POST])
    assert least <= scores[policy_score(CRITICISM)] < most
    assert found(model, text)[Category.OFFENSIVE].aspect is aspect


@pytest.mark.parametrize("post", [POST, "VIDEO: School Committee, part 2"])
def test_what_is_said_in_three_words_is_for_a_person_to_judge(
    model: EmbeddedClassifier, post: str
) -> None:
    assert found(model, "ugly fat teachers", post)[Category.OFFENSIVE].aspect is Aspect.SHORT
    four = found(model, "the ugly fat teachers", post)[Category.OFFENSIVE]
    assert four.aspect is not Aspect.SHORT
    assert found(model, "ugly teachers", post) == {}
    assert found(model, "pathetic losers 😂", post) == {}  # two words and a sign


def test_what_insults_somebody_under_a_post_about_officials_counts_as_about_officials() -> None:
    model = embedded_beside(RulesClassifier.load(load_config(ROOT / "config").rules_dir))
    text = "wax dolls, all of them, not a brain in the row"
    elsewhere = found(model, text, "Our chess club won in Haverhill")[Category.OFFENSIVE]
    there = found(model, text, "VIDEO: School Committee, part 2")[Category.OFFENSIVE]
    assert elsewhere.aspect is Aspect.NONE
    assert there.aspect is Aspect.AT_OFFICIAL


def test_what_sounds_like_a_threat_and_a_little_like_criticism_may_be_aimed_at_officials(
    model: EmbeddedClassifier,
) -> None:
    text = "Methuen called it at 7pm. We find out at 5:40 in the morning. Every storm. Do better."
    post = "SNOW DAY! All Lawrence Public Schools are closed Wednesday."
    (scores,) = model.scores([text], [post])
    assert NEARS_OFFICIALS <= scores[policy_score(CRITICISM)] < SPEAKS_OF_OFFICIALS
    assert found(model, text, post)[Category.THREAT].aspect is Aspect.AT_OFFICIAL
    plain = "I will shoot you and your kids tonight"
    assert found(model, plain)[Category.THREAT].aspect is Aspect.NONE
