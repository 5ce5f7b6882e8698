"""Thresholds from what people upheld and overruled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbot import review
from modbot.domain import Actor, Category, Decision, Evidence, Signal, Verdict
from modbot.policy import decide
from modbot.store import Database
from modbot.tuning import (
    BIAS,
    Outcome,
    Reviewed,
    Source,
    Threshold,
    Verdicts,
    advise,
    curve,
    read_verdicts,
    toml_lines,
)
from tests.records import NOON, judged, later, open_database, record
from tests.test_policy import category_policy, changed

ADA = Actor(kind="person", name="Ada")
OFFENSIVE = Category.OFFENSIVE
RULE = category_policy(OFFENSIVE)


def cases(
    scores: Sequence[tuple[float, int, int]],
    source: Source = Source.MODEL,
    language: str = "en",
) -> list[Reviewed]:
    """Score, how many were breaches, how many were not."""
    return [
        Reviewed(category=OFFENSIVE, source=source, score=score, breach=breach, language=language)
        for score, right, wrong in scores
        for breach, number in ((True, right), (False, wrong))
        for _ in range(number)
    ]


def test_the_lowest_threshold_that_is_proven_is_proposed() -> None:
    verdicts = Verdicts(reviewed=cases([(0.99, 150, 0), (0.95, 150, 2), (0.8, 50, 40)]))
    advice = advise(verdicts, OFFENSIVE, Threshold.MODEL_REVIEW, RULE, 0.97)
    assert advice.outcome is Outcome.PROPOSED and advice.chosen is not None
    assert 0.8 <= advice.chosen.threshold < 0.95
    assert (advice.chosen.precision.right, advice.chosen.precision.of) == (300, 302)
    assert advice.chosen.recall.value == pytest.approx(300 / 350)
    line = toml_lines(advice, RULE)
    assert line == ["[categories.offensive]", f"model_review = {advice.chosen.threshold}"]


def test_too_few_reviewed_decisions_propose_nothing_and_say_how_many_it_takes() -> None:
    verdicts = Verdicts(reviewed=cases([(0.99, 40, 0)]))
    advice = advise(verdicts, OFFENSIVE, Threshold.MODEL_REVIEW, RULE, 0.97)
    assert (advice.outcome, advice.chosen, advice.needed) == (Outcome.TOO_FEW, None, 125)
    assert advice.likely is not None, "what is likely is told, though not proposed"
    assert toml_lines(advice, RULE) == []


def test_a_precision_that_no_threshold_reaches_is_told_as_such() -> None:
    verdicts = Verdicts(reviewed=cases([(0.99, 100, 60), (0.9, 50, 50)]))
    advice = advise(verdicts, OFFENSIVE, Threshold.MODEL_REVIEW, RULE, 0.97)
    assert (advice.outcome, advice.chosen, advice.likely) == (Outcome.NOT_REACHED, None, None)


def test_a_rules_score_counts_from_its_threshold_on() -> None:
    reviewed = cases([(1.0, 200, 0), (0.8, 100, 1), (0.3, 0, 50)], Source.RULES)
    advice = advise(Verdicts(reviewed=reviewed), OFFENSIVE, Threshold.HIDE, RULE, 0.97)
    assert advice.chosen is not None and advice.chosen.threshold == 0.8
    assert toml_lines(advice, RULE) == ["[categories.offensive]", "hide = 0.8"]
    strict = category_policy(OFFENSIVE, review=0.9)
    assert toml_lines(advice, strict)[-1] == "review = 0.8  # must not be above hide"


def test_a_models_threshold_for_hiding_is_its_own_and_keeps_to_that_for_review() -> None:
    verdicts = Verdicts(reviewed=cases([(0.9, 200, 1), (0.6, 30, 20), (0.2, 5, 100)]))
    hide = advise(verdicts, OFFENSIVE, Threshold.MODEL_HIDE, RULE, 0.97)
    look = advise(verdicts, OFFENSIVE, Threshold.MODEL_REVIEW, RULE, 0.5)
    assert hide.chosen is not None and hide.chosen.threshold == 0.9, "it hides from there on"
    assert look.chosen is not None and look.chosen.threshold < 0.6, "above it a person looks"
    late = category_policy(OFFENSIVE, model_review=0.95, model_hide=1.0)
    assert toml_lines(hide, late) == [
        "[categories.offensive]",
        "model_hide = 0.9",
        "model_review = 0.9  # must not be above model_hide",
    ]
    early = category_policy(OFFENSIVE, model_review=0.1, model_hide=0.15)
    assert toml_lines(look, early)[-1].startswith("model_hide = ")


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40),
    st.sampled_from(list(Threshold)),
)
def test_a_point_counts_as_the_policy_would_with_that_threshold(
    scored: list[tuple[float, bool]], threshold: Threshold
) -> None:
    reviewed = [
        Reviewed(category=OFFENSIVE, source=threshold.source, score=s, breach=b, language="en")
        for s, b in scored
    ]
    for point in curve(reviewed, threshold):
        if not 0 <= point.threshold <= 1:
            continue
        policy = changed(OFFENSIVE, **_only(threshold, point.threshold))
        name = "rules" if threshold.source is Source.RULES else "embedded"
        decisions = [
            decide(
                [Signal(source=name, category=OFFENSIVE, score=s, evidence=Evidence(rule="x"))],
                policy,
            )
            for s, _ in scored
        ]
        found = sum(
            d.hide if threshold.hides else d.verdict is not Verdict.ALLOW for d in decisions
        )
        assert found == point.precision.of


def _only(threshold: Threshold, value: float) -> dict[str, float]:
    """Settings in which nothing but this threshold decides."""
    if threshold is Threshold.HIDE:
        return {"review": 0.0, "hide": value}
    if threshold is Threshold.MODEL_HIDE:
        return {"model_review": -1.0, "model_hide": value}
    return {"model_review": value}


def test_precision_is_told_by_language() -> None:
    reviewed = cases([(0.9, 30, 1)]) + cases([(0.9, 10, 9)], language="es")
    advice = advise(Verdicts(reviewed=reviewed), OFFENSIVE, Threshold.MODEL_REVIEW, RULE, 0.7)
    assert {k: (v.right, v.of) for k, v in advice.by_language.items()} == {
        "en": (30, 31),
        "es": (10, 19),
    }


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path)
    yield opened
    opened.close()


def signal(score: float, category: Category = OFFENSIVE, source: str = "rules") -> Signal:
    return Signal(
        source=source, category=category, score=score, evidence=Evidence(rule=f"{category}")
    )


def decision(*signals: Signal, categories: tuple[Category, ...] = (OFFENSIVE,)) -> Decision:
    return Decision(
        verdict=Verdict.REVIEW, hide=False, categories=categories, signals=signals, reason="r"
    )


def answer(database: Database, number: int, verdict: Verdict, minutes: float = 1) -> None:
    review.resolve(database, number, verdict, ADA, "", later(minutes))


def test_what_people_decided_becomes_a_score_and_a_truth(database: Database) -> None:
    both = decision(signal(0.8), signal(0.6), signal(0.93, source="embedded"))
    record(
        database,
        judged("a", "el comité miente siempre", both),
        judged("b", "you are so bad", decision(signal(1.0))),
        judged("c", "left in review", decision(signal(1.0))),
        judged("d", "nobody looked", decision(signal(1.0))),
    )
    answer(database, 1, Verdict.ALLOW)
    answer(database, 2, Verdict.HIDE)
    answer(database, 3, Verdict.REVIEW)
    verdicts = read_verdicts(database)
    assert (verdicts.comments, verdicts.undecided) == (3, 1)
    assert [(r.source.value, r.score, r.breach, r.language) for r in verdicts.reviewed] == [
        ("rules", 0.8, False, "es"),
        ("model", 0.93, False, "es"),
        ("rules", 1.0, True, "en"),
    ]


def test_a_persons_last_word_counts(database: Database) -> None:
    record(database, judged("a", "x", decision(signal(1.0))))
    answer(database, 1, Verdict.HIDE)
    answer(database, 1, Verdict.ALLOW, minutes=2)
    assert [r.breach for r in read_verdicts(database).reviewed] == [False]


def test_a_breach_of_another_category_says_nothing_of_this_one(database: Database) -> None:
    mixed = decision(signal(1.0, Category.PROFANITY), signal(0.3), categories=(Category.PROFANITY,))
    unclear = decision(signal(0.3, Category.PROFANITY), signal(0.3), categories=())
    record(database, judged("a", "x", mixed), judged("b", "y", unclear), judged("c", "z"))
    for number in (1, 2, 3):
        answer(database, number, Verdict.HIDE)
    verdicts = read_verdicts(database)
    assert [r.category for r in verdicts.reviewed] == [Category.PROFANITY]
    assert verdicts.other_reason[OFFENSIVE] == 2
    assert verdicts.without_signal == 1


def test_only_decisions_since_a_day_are_read(database: Database) -> None:
    record(database, judged("a", "x", decision(signal(1.0))))
    answer(database, 1, Verdict.HIDE)
    assert read_verdicts(database, since=later(5)).comments == 0
    assert read_verdicts(database, since=NOON).comments == 1


def test_the_note_says_what_is_not_seen() -> None:
    assert "Only comments that a person reviewed" in BIAS and "nobody looked at" in BIAS
