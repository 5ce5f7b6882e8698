"""Shares and their intervals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbot.intervals import Share, needed_without_fault, wilson


@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [
        pytest.param(0, 0, 0.0, 1.0, id="nothing known"),
        pytest.param(10, 10, 0.7225, 1.0, id="ten of ten"),
        pytest.param(0, 10, 0.0, 0.2775, id="none of ten"),
        pytest.param(
            81,
            263,
            0.2553,
            0.3662,
            id="R. G. Newcombe, Statistics in Medicine 17 (1998) 857, table I",
        ),
    ],
)
def test_the_interval_is_wilsons(right: int, of: int, low: float, high: float) -> None:
    assert wilson(right, of) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 5000), st.data())
def test_the_interval_holds_the_share_and_lies_in_the_unit_interval(
    of: int, data: st.DataObject
) -> None:
    right = data.draw(st.integers(0, of))
    low, high = wilson(right, of)
    assert 0 <= low <= right / of + 1e-12 and right / of - 1e-12 <= high <= 1


@pytest.mark.parametrize("wanted", [0.9, 0.97, 0.99])
def test_so_many_without_a_fault_prove_a_precision_and_one_fewer_does_not(wanted: float) -> None:
    needed = needed_without_fault(wanted)
    assert wilson(needed, needed)[0] >= wanted > wilson(needed - 1, needed - 1)[0]


def test_a_share_says_its_interval_and_has_no_value_without_rows() -> None:
    share = Share(right=10, of=10)
    assert (share.value, share.between) == (1.0, "72.2% to 100.0%")
    assert Share(right=0, of=0).value is None
