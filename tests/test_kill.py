"""A service that is killed at any line loses nothing and repeats nothing that shows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.campaigns.kill_campaign import FIRST_POLL_SECONDS, KILLS, run_campaign

pytestmark = pytest.mark.campaigns

KILLINGS = 10
COMMENTS = 300


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("kills")
    return run_campaign(folder, kills=KILLINGS, comments=COMMENTS, seed=7)


def test_every_comment_is_stored_with_one_decision_for_each_text(result: dict[str, Any]) -> None:
    assert result["comments"] == COMMENTS
    assert (result["lost"], result["judged_twice"], result["unjudged"]) == (0, 0, 0)


def test_what_is_hidden_is_what_the_record_says_and_was_hidden_once(
    result: dict[str, Any],
) -> None:
    assert result["hidden"] > 0
    assert result["double_effects"] == 0
    assert (result["hidden_without_record"], result["recorded_but_not_hidden"]) == (0, 0)
    assert result["unrecorded_writes"] == 0
    assert result["hidden_but_allowed"] == 0
    assert set(result["hides"]) <= {"confirmed", "superseded"}


def test_every_request_is_one_that_the_vendor_takes(result: dict[str, Any]) -> None:
    assert result["requests_checked"] > KILLINGS
    assert result["deviations"] == []


def test_the_chain_and_the_database_are_sound(result: dict[str, Any]) -> None:
    assert result["audit"]["ok"]
    assert result["audit"]["rows"] > COMMENTS
    assert result["integrity"] == "ok"


def test_the_first_poll_follows_soon_after_each_restart(result: dict[str, Any]) -> None:
    assert result["first_poll_seconds"]["measured"] >= KILLINGS / 2
    assert result["first_poll_seconds"]["slowest"] < FIRST_POLL_SECONDS


def test_it_was_killed_in_every_way_and_ended_cleanly_when_asked(result: dict[str, Any]) -> None:
    assert sum(result["killed_at"].values()) == KILLINGS
    assert set(result["killed_at"]) == set(KILLS)
    assert result["exit_code"] == 0
