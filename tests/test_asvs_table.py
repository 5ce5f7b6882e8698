"""The table of docs/operate.md on OWASP's ASVS names every item that is held to, each with tests
that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ITEMS = re.findall(
    r"\S+",
    """
    1.2.1 1.2.3 1.2.10 1.3.6 1.3.12 3.3.1 3.3.2 3.3.3 3.3.4 3.4.1 3.4.3 3.4.4 3.4.5 3.4.6
    3.5.1 3.5.3 6.1.1 6.2.1 6.2.4 6.2.12 6.3.1 6.8.1 6.8.4 7.2.4 7.3.1 7.3.2 7.4.1 7.4.2 7.4.3
    7.4.5 7.5.2 10.2.1 10.5.1 10.5.2 10.5.3 11.4.2 13.2.4 13.2.5 13.3.1 13.3.2 16.2.1 16.2.2
    16.2.5 16.3.1 16.3.2 16.4.1 16.4.2 16.4.3 16.5.1 16.5.2 16.5.3
    """,
)


def rows() -> list[tuple[str, str]]:
    """Of each row of the table, the items and the tests."""
    text = (TESTS.parent / "docs" / "operate.md").read_text("utf-8")
    table = text[text.index("## ASVS 5.0") :].split("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")][1:]
    return [(cells[1].strip(), cells[4].strip()) for line in lines if (cells := line.split("|"))]


def numbers(items: str) -> Iterator[str]:
    """Every item of a cell; "6.2.5 to 6.2.8" are four."""
    for first, last in re.findall(r"(\d+\.\d+\.\d+)(?: to \d+\.\d+\.(\d+))?", items):
        chapter, _, number = first.rpartition(".")
        yield from (f"{chapter}.{n}" for n in range(int(number), int(last or number) + 1))


def test_every_item_that_is_asked_for_stands_in_the_table() -> None:
    named = [number for items, _ in rows() for number in numbers(items)]
    assert set(ITEMS) - set(named) == set()
    assert sorted(named) == sorted(set(named)), "each stands in one row"


@pytest.mark.parametrize(("items", "tests"), rows(), ids=[items[:40] for items, _ in rows()])
def test_the_tests_that_show_it_are_there(items: str, tests: str) -> None:
    files = re.findall(r"`([\w/]+\.py)`([^`]*)", tests)
    assert files, "no test is named"
    for name, told in files:
        source = (TESTS / name.removeprefix("tests/")).read_text("utf-8")
        known = re.findall(r"^def test_(\w+)", source, re.MULTILINE)
        assert known, name
        for wanted in re.findall(r"\b\w+_\w+\b", re.sub(r"\([^)]*\)", "", told)):
            assert sum(wanted in test for test in known) == 1, (name, wanted)
