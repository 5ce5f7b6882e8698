"""A missing program is a skip on a laptop and a failure in CI, and says what to install."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.prerequisites import REQUIREMENTS, Requirement, need


@pytest.fixture
def absent() -> Iterator[str]:
    name = "no-such-program"
    REQUIREMENTS[name] = Requirement(program=name, install="apt-get install nothing")
    yield name
    del REQUIREMENTS[name]


def test_on_a_laptop_a_missing_program_skips_the_test(absent: str) -> None:
    with pytest.raises(pytest.skip.Exception, match="apt-get install nothing"):
        need(absent, environ={})


def test_in_ci_a_missing_program_fails_the_test(absent: str) -> None:
    with pytest.raises(pytest.fail.Exception, match="apt-get install nothing"):
        need(absent, environ={"CI": "true"})


def test_what_is_there_is_no_news() -> None:
    need(environ={"CI": "true"})
