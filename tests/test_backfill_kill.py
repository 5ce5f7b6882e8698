"""The real service is killed while pages back-fill: their past is kept whole, and judged once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.campaigns.backfill_kills import DEATHS, run_backfill_kills

pytestmark = pytest.mark.campaigns


SOME = DEATHS[::2]  # `make faults` takes them all


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run_backfill_kills(tmp_path_factory.mktemp("past"), seed=1, deaths=SOME)


def test_it_was_killed_at_every_moment_and_each_time_amid_the_back_fills(
    result: dict[str, Any],
) -> None:
    assert [life["death"] for life in result["lives"] if life["met"]] == list(SOME)
    assert all(life["running"] for life in result["lives"])
    assert 0 < result["lives"][-1]["kept"] < result["past"]


def test_the_whole_past_is_kept_and_each_text_of_it_judged_once(result: dict[str, Any]) -> None:
    assert (result["not_done"], result["unread"]) == (0, [])
    assert result["kept"] == result["past"]
    assert (result["lost"], result["judged_twice"], result["unjudged"]) == (0, 0, 0)


def test_nothing_comes_of_the_past_and_todays_comments_are_hidden_meanwhile(
    result: dict[str, Any],
) -> None:
    assert result["past_acted_on"] == 0
    assert result["hidden"] > 0
    assert (result["double_effects"], result["unrecorded_writes"]) == (0, 0)
    assert (result["hidden_without_record"], result["recorded_but_not_hidden"]) == (0, 0)


def test_the_chain_and_the_database_are_sound(result: dict[str, Any]) -> None:
    assert result["audit"]["ok"] and result["integrity"] == "ok"
    assert (result["deviations"], result["exit_code"]) == ([], 0)
    assert result["sound"]
