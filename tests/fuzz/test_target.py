"""The fuzz target, on bytes that hypothesis makes, so that it stays runnable without atheris."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.rules import RuleSet
from tests.fuzz.target import RULES, Target

PIECES = [
    "sh1t",
    "f🅾️ck",
    "🇫🇺🇨🇰",
    "\u202e",
    "mier da",
    "c o ñ o",
    "\ufdfa",
    "a.b",
    "💩",
    " ",
    "ʇ",
    "é\u0301",
]


@pytest.fixture(scope="module")
def target() -> Target:
    return Target(RuleSet.load(RULES))


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_any_bytes_are_folded_and_judged(target: Target, data: bytes | str) -> None:
    target(data if isinstance(data, bytes) else data.encode())


def test_a_single_flag_letter_beside_a_digit_is_folded_at_once(target: Target) -> None:
    target("p3pins0🇸y0todavia".encode())


def test_the_fuzzer_runs_or_fails_and_says_what_it_needs() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.fuzz_normalise", "-runs=50"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    there = importlib.util.find_spec("atheris") is not None
    assert run.returncode == (0 if there else 1), run.stderr
    assert (
        "Done 50 runs" if there else "nothing was tried, atheris is not installed"
    ) in run.stderr
