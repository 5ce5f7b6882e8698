"""Random tampering is found, every time, and what is no tampering is not reported."""

from __future__ import annotations

from typing import Any

import pytest

from tests.campaigns.tamper_campaign import run_campaign
from tests.campaigns.tampering import KINDS, TABLES
from tests.campaigns.tampering_judgement import COVERED

TAMPERINGS = 400


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    return run_campaign(TAMPERINGS, seed=11)


def test_every_tampering_is_found_with_a_checkpoint_taken_after_the_row(
    result: dict[str, Any],
) -> None:
    assert result["missed"] == []
    assert result["found"] == TAMPERINGS


def test_nothing_is_reported_that_is_no_tampering(result: dict[str, Any]) -> None:
    assert result["harmless"] == TAMPERINGS // 10
    assert result["falsely reported"] == 0


def test_half_were_covered_up_and_many_so_well_that_only_the_checkpoint_tells(
    result: dict[str, Any],
) -> None:
    assert result["covered up"] == TAMPERINGS // 2
    assert result["sound alone"] > TAMPERINGS // 8
    assert all(result["sound alone, of each"][table] for table in (*COVERED, "comment", "version"))


def test_what_was_not_covered_up_is_named(result: dict[str, Any]) -> None:
    assert result["named"] == result["direct"] == TAMPERINGS // 2


def test_every_table_was_tampered_with_in_every_way(result: dict[str, Any]) -> None:
    assert len(result["of each"]) == len(TABLES) * len(KINDS)
    assert all(result["of each"].values())
