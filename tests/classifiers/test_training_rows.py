"""What a public row teaches, and what stands in for a label that it lacks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.embedded.pieces import MAX_WORDS
from classifiers.labels import LABELS
from classifiers.training.metrics import by_group, ranking
from classifiers.training.rows import Row, row_weight, training_row
from classifiers.training.weak_labels import weak_labels
from modbot.evaluation import auc, average_precision


def line(text: str = "hello", **changes: Any) -> dict[str, Any]:
    return {"text": text, "lang": "en", "labels": {"toxicity": 0.0}, "set": "s", **changes}


def taught(row: Row) -> dict[str, tuple[float, float]]:
    """Target and weight of the labels that count."""
    each = zip(LABELS, row.targets, row.weights, strict=True)
    return {label: (target, weight) for label, target, weight in each if weight}


def test_an_absent_label_teaches_nothing() -> None:
    row = training_row(line(labels={"insult": 1}), str.lower)
    assert taught(row) == {"insult": (1.0, 1.0)}


def test_soft_labels_stay_soft() -> None:
    row = training_row(line(labels={"toxicity": 0.333}), str.lower)
    assert taught(row)["toxicity"] == (0.333, 1.0)


@pytest.mark.parametrize(
    ("changes", "weight"),
    [
        pytest.param({}, 1.0, id="plain"),
        pytest.param({"lang": "es"}, 2.0, id="spanish"),
        pytest.param({"lang": "pt"}, 0.35, id="portuguese"),
        pytest.param({"weak": True}, 0.4, id="weak"),
        pytest.param({"set": "implicit_hate_en"}, 0.6, id="doubtful-set"),
        pytest.param({"set": "hatecheck_es", "lang": "es"}, 1.0, id="spanish-templates"),
    ],
)
def test_rows_weigh_by_set_and_language(changes: dict[str, Any], weight: float) -> None:
    assert row_weight(line(**changes)) == weight


def test_a_known_label_is_never_replaced_by_a_guess() -> None:
    row = training_row(line("oh shit", labels={"toxicity": 1, "obscene": 0}), str.lower)
    assert taught(row)["obscene"] == (0.0, 1.0)


def test_a_row_is_cut_to_what_the_model_reads() -> None:
    assert len(training_row(line("word " * 500), str.lower).words) == MAX_WORDS


@pytest.mark.parametrize(
    ("text", "toxicity", "label", "target"),
    [
        pytest.param("what the fuck", None, "obscene", 1.0, id="swearing-of-unknown-tone"),
        pytest.param("que mierda de escuela", 1, "obscene", 1.0, id="spanish-swearing"),
        pytest.param("great game", 0, "obscene", 0.0, id="clean"),
        pytest.param("you vermin", 1, "obscene", 0.0, id="toxic-without-swearing"),
        pytest.param("show me your boobs", 1, "sexual", 1.0, id="sexual"),
        pytest.param("coach dick johnson", 0, "sexual", 0.0, id="a-name"),
        pytest.param("great tits and woodcocks", 0, "sexual", 0.0, id="birds"),
        pytest.param("i will kill you", 1, "threat", 1.0, id="threat"),
        pytest.param("te voy a matar", 1, "threat", 1.0, id="spanish-threat"),
        pytest.param("i could kill for that lasagna", 0, "threat", 0.0, id="idiom"),
    ],
)
def test_words_stand_in_for_labels_that_a_set_lacks(
    text: str, toxicity: float | None, label: str, target: float
) -> None:
    known = {} if toxicity is None else {"toxicity": toxicity}
    guess, trust = weak_labels(text, known, hate_only=False)[label]
    assert guess == target
    assert 0 < trust <= 0.5


@pytest.mark.parametrize(
    ("text", "toxicity", "label"),
    [
        pytest.param("you vermin", 1, "threat", id="toxic-without-threat"),
        pytest.param("great game", None, "obscene", id="unknown-tone"),
        pytest.param("great game", None, "sexual", id="unknown-tone-sexual"),
    ],
)
def test_doubtful_labels_stay_unknown(text: str, toxicity: float | None, label: str) -> None:
    known = {} if toxicity is None else {"toxicity": toxicity}
    assert label not in weak_labels(text, known, hate_only=False)


@pytest.mark.parametrize(
    ("text", "known", "hate_only", "guess"),
    [
        pytest.param("nice \U0001f525", {"identity_attack": 0}, True, (0.0, 0.25), id="harmless"),
        pytest.param("what a moron", {"identity_attack": 0}, True, None, id="rude"),
        pytest.param("oh shit", {"identity_attack": 0}, True, None, id="swearing"),
        pytest.param("they are lesser", {"identity_attack": 1}, True, None, id="hate"),
        pytest.param("nice", {"identity_attack": 0}, False, None, id="other-set"),
    ],
)
def test_a_set_that_marks_hate_alone_still_shows_harmless_rows(
    text: str, known: dict[str, float], hate_only: bool, guess: tuple[float, float] | None
) -> None:
    assert weak_labels(text, known, hate_only=hate_only).get("toxicity") == guess


RANKED = st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=40).filter(
    lambda cases: len({positive for _, positive in cases}) == 2
)


@given(RANKED)
def test_ranking_agrees_with_what_evaluate_reports(cases: list[tuple[int, bool]]) -> None:
    scores = np.array([float(score) for score, _ in cases])
    area, precision = ranking(scores, np.array([positive for _, positive in cases]))
    same = [(float(score), positive) for score, positive in cases]
    assert area == pytest.approx(auc(same))
    assert precision == pytest.approx(average_precision(same))


def test_metrics_count_known_labels_only() -> None:
    lines = [line(labels={"toxicity": 1}), line(), line(labels={}), line(set="t")]
    scores = [dict.fromkeys(LABELS, value) for value in (0.9, 0.1, 0.5, 0.5)]
    found = by_group(lines, scores, "set")
    assert found["s"]["toxicity"] == {
        "rows": 2,
        "positives": 1,
        "auc": 1.0,
        "average_precision": 1.0,
    }
    assert found["t"]["toxicity"]["auc"] is None
    assert set(found["s"]) == {"toxicity"}
