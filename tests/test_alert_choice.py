"""Of which decisions a person is told at once, and which wait first in the queue."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from modbot.alerts.decided import urgent_category
from modbot.domain import Category, Signal
from modbot.errors import BadConfig
from modbot.policy import Policy, decide
from modbot.settings import load_config
from tests.test_policy import changed, hit, model

SHIPPED = Path(__file__).parents[1] / "config"
THREAT, CRISIS, RUDE = Category.THREAT, Category.CRISIS, Category.OFFENSIVE
UNSURE = changed(THREAT, model_review=0.05, model_alert=0.2)


def told(signals: Sequence[Signal], policy: Policy) -> tuple[str, str]:
    """The verdict, and the category a person is told of."""
    decision = decide(signals, policy)
    return decision.verdict.value, urgent_category(policy, decision)


@pytest.mark.parametrize(
    ("score", "kind"), [(0.06, ""), (0.19, ""), (0.2, "threat"), (0.9, "threat")]
)
def test_a_model_rings_from_its_threshold_on_and_escalates_before(score: float, kind: str) -> None:
    assert told([model(THREAT, score)], UNSURE) == ("escalate", kind)


def test_a_rule_always_rings() -> None:
    assert told([hit(THREAT), model(THREAT, 0.06)], UNSURE) == ("escalate", "threat")


def test_without_a_threshold_all_that_escalates_rings() -> None:
    assert told([model(THREAT, 0.06)], changed(THREAT, model_review=0.05)) == ("escalate", "threat")


def test_an_insult_however_sure_does_not_ring_for_an_unsure_threat() -> None:
    signals = [model(THREAT, 0.06), hit(RUDE), model(RUDE, 0.99)]
    assert told(signals, UNSURE) == ("escalate", "")


def test_an_unsure_threat_does_not_silence_what_is_hidden_and_urgent() -> None:
    urgent = replace(UNSURE.categories[RUDE], urgent=True)
    policy = replace(UNSURE, categories={**UNSURE.categories, RUDE: urgent})
    assert told([model(THREAT, 0.06), hit(RUDE)], policy) == ("escalate", "offensive")
    assert told([hit(RUDE)], policy) == ("hide", "offensive")


def test_a_threshold_above_that_of_hiding_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    shutil.copytree(SHIPPED, folder)
    file = folder / "policy.toml"
    shipped = file.read_text("utf-8")
    file.write_text(re.sub("model_alert = 0.15", "model_alert = 0.95", shipped), "utf-8")
    with pytest.raises(BadConfig, match=r"model_alert must not be more than model_hide"):
        load_config(folder)


def test_a_sure_cry_for_help_rings_beside_an_unsure_threat() -> None:
    assert told([model(THREAT, 0.06), hit(CRISIS)], UNSURE) == ("escalate", "crisis")


def test_the_shipped_policy_rings_for_less_than_it_would_hide_and_more_than_it_shows() -> None:
    policy = load_config(SHIPPED).policy
    for category in (THREAT, CRISIS):
        rule = policy.categories[category]
        assert rule.model_review < rule.model_alert < rule.model_hide
