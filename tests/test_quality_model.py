"""Groups, calibration and curves of docs/quality.md, on corpora made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from modbot.domain import Category
from modbot.policy import Policy
from modbot.settings import load_config
from tests.quality.calibration import calibration_section, expected_error, reliabilities
from tests.quality.curves import curves, curves_section
from tests.quality.identity import GROUPS, NO_GROUP, by_group, identity_section, mentions
from tests.quality.plots import draw_curves, draw_reliability
from tests.quality_rows import corpus, labelled

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_config(ROOT / "config").policy


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("Proud GAY parent here", "gay, lesbian, bisexual"),
        ("mi hija es autista y feliz", "disabled, autistic"),
        ("¡Arriba las niñas!", "women, girls"),
        ("os brasileiros da escola", "Brazilian, Portuguese"),
        ("black kids deserve this too", "Black"),
        ("orgullo dominicano", "Dominican"),
        ("Ramadán mubarak to all Muslims", "Muslim"),
    ],
)
def test_a_group_is_found_in_all_three_languages(text: str, group: str) -> None:
    assert group in mentions(text)


@pytest.mark.parametrize(
    "text", ["the black shirts for Friday", "gayle is the best", "un pan blanco"]
)
def test_a_colour_or_a_name_is_no_group(text: str) -> None:
    assert mentions(text) == frozenset()


def test_groups_stand_beside_the_comments_that_name_none(tmp_path: Path, policy: Policy) -> None:
    found = corpus(
        tmp_path,
        policy,
        {"comment": "a gay dad offensive"},
        {"comment": "a gay dad"},
        {"comment": "a dad"},
        {"comment": "gay offensive", "labels": ["offensive"], "action": "hide"},
    )
    results = {result.group: result for result in by_group([found], "review")}
    gay, none = results["gay, lesbian, bisexual"], results[NO_GROUP]
    assert (gay.hidden.right, gay.hidden.of, gay.offensive) == (1, 2, pytest.approx(0.5))
    assert (none.hidden.right, none.hidden.of, none.offensive) == (0, 1, pytest.approx(0.1))
    assert len(GROUPS) >= 16
    assert "| gay, lesbian, bisexual | 2 | 50.0 %" in identity_section([found], "review")


def test_the_calibration_error_is_the_mean_distance_weighed_by_the_rows() -> None:
    scores, truth = np.array([0.25, 0.25, 0.95, 0.95]), np.array([0.0, 1.0, 1.0, 1.0])
    error, given, true = expected_error(scores, truth, np.ones(4))
    assert error == pytest.approx(0.5 * 0.25 + 0.5 * 0.05)
    assert (given[2], true[2], given[9], true[9]) == pytest.approx((0.25, 0.5, 0.95, 1.0))
    assert np.isnan(given[0]) and np.isnan(true[0])
    # The harmless row alone counts: 0.25 was said and nothing came true.
    assert expected_error(scores, truth, np.array([1.0, 0, 0, 0]))[0] == pytest.approx(0.25)


def test_probabilities_are_compared_with_labels_as_measured_and_reweighted(
    tmp_path: Path, policy: Policy
) -> None:
    measured = reliabilities([labelled(tmp_path, policy)])
    found = {(each.label, each.language): each for each in measured}
    sales = found["policy.sales", "en"]
    assert (sales.rows, sales.positives, sales.counts[1], sales.counts[9]) == (10, 6, 4, 6)
    assert sales.error == pytest.approx(0.4 * (0.25 - 0.1) + 0.6 * (0.9 - 5 / 6))
    # 54 harmless rows to the 6 others: each of the four counts 13.5.
    assert sales.true_reweighted[9] == pytest.approx(5 / 18.5)
    assert ("insult", "all") in found and ("policy.sales", "es") not in found
    page = calibration_section(measured, "dev.jsonl", drawn=False)
    assert "| policy.sales | en | 10 | 6 | 0.100 |" in page


def test_a_curve_tells_precision_and_recall_at_the_thresholds_in_force(
    tmp_path: Path, policy: Policy
) -> None:
    changed = replace(policy.categories[Category.SALES], model_review=0.5, model_hide=0.95)
    policy = replace(policy, categories={**policy.categories, Category.SALES: changed})
    (sales,) = curves([labelled(tmp_path, policy)], policy)
    assert sales.category is Category.SALES
    review, hide = sales.in_force["model_review"], sales.in_force["model_hide"]
    assert (review.precision.right, review.precision.of) == (5, 6)
    assert (review.recall.right, review.recall.of) == (5, 6)
    assert (hide.precision.of, hide.recall.right) == (0, 0)
    page = curves_section([sales], "dev.jsonl", drawn=False)
    assert "| sales | 0.5 (model_review) | 83.3 % (5 of 6;" in page


def test_pictures_have_the_same_bytes_again(tmp_path: Path, policy: Policy) -> None:
    pytest.importorskip("matplotlib", reason="make quality installs it")
    rows = labelled(tmp_path / "corpus", policy)
    for folder in (tmp_path / "a", tmp_path / "b"):
        draw_reliability(reliabilities([rows]), folder)
        draw_curves(curves([rows], policy), folder)
    for name in ("quality-calibration.svg", "quality-thresholds.svg"):
        one = (tmp_path / "a" / name).read_bytes()
        assert one == (tmp_path / "b" / name).read_bytes()
        assert b"<dc:date>" not in one
