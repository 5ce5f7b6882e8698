"""`modbot tune`: the plot, the table and the lines for policy.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from modbot import review, store
from modbot.cli.drawing import PLOT_HEIGHT, bar, plot
from modbot.domain import Actor, Category, Decision, Evidence, Signal, Verdict
from modbot.store import Database, Judged
from tests.cli.conftest import Run
from tests.fakes import SCHOOL_DAY, make_comment, make_page

ADA = Actor(kind="person", name="Ada")


def reviewed(database: Database, page: str, scores: list[tuple[float, Verdict, int]]) -> None:
    """So many comments with a rule's and a model's score, each decided by a person."""
    said = Evidence(rule="insult")
    number = 0
    for score, verdict, times in scores:
        for _ in range(times):
            number += 1
            signals = tuple(
                Signal(source=source, category=Category.OFFENSIVE, score=each, evidence=said)
                for source, each in (("rules", 0.8), ("embedded", score))
            )
            item = Judged(
                comment=make_comment("these are words", page=make_page(), id=f"c{number}"),
                decision=Decision(
                    verdict=Verdict.REVIEW,
                    hide=False,
                    categories=(Category.OFFENSIVE,),
                    signals=signals,
                ),
            )
            with database.write() as s:
                (made,) = store.record_judged(s, store.page(s, page), [item], SCHOOL_DAY)
            assert made.decision_id is not None
            review.resolve(database, made.decision_id, verdict, ADA, "", SCHOOL_DAY)


@pytest.fixture
def enough(database: Database, page: str) -> None:
    reviewed(database, page, [(0.95, Verdict.HIDE, 40), (0.7, Verdict.ALLOW, 20)])


def test_a_threshold_is_proposed_with_its_interval(run: Run, enough: None, folder: Path) -> None:
    before = (folder / "policy.toml").read_bytes()
    answer = run("tune", "offensive", "--precision", "0.9", "--json")
    assert (answer.code, answer.err) == (0, "")
    assert (answer.json["reviewed"], answer.json["undecided"]) == (60, 0)
    rules, model, hide = answer.json["advice"]
    assert (rules["key"], rules["outcome"]) == ("offensive.hide", "not_reached")
    assert (model["key"], model["precision_wanted"]) == ("offensive.model_review", 0.5)
    assert (hide["key"], hide["outcome"]) == ("offensive.model_hide", "proposed")
    proposed = hide["proposed"]
    assert proposed["threshold"] == 0.95
    assert proposed["precision"]["of"] == 40
    assert proposed["precision"]["low"] == pytest.approx(0.9124, abs=1e-4)
    assert hide["toml"][0] == "[categories.offensive]"
    assert (folder / "policy.toml").read_bytes() == before


def test_a_person_sees_the_plot_the_table_and_what_is_not_seen(run: Run, enough: None) -> None:
    out = run("tune", "--precision", "0.9").out
    assert "● precision   ○ recall" in out and "100 % ┤" in out
    assert "Thresholds" in out and "█" in out
    assert "[categories.offensive]" in out and "model_hide = " in out
    assert "40 of 40 right (91.2% to 100.0%)" in out
    assert "Only comments that a person reviewed are counted" in out


def test_too_few_decisions_propose_nothing(run: Run, enough: None) -> None:
    out = run("tune", "offensive", "--review-precision", "0.97").out
    assert "Too few reviewed decisions to propose any: 60;" in out and "125 past" in out
    assert "Likely, but not proven" in out
    assert "[categories.offensive]" not in out


def test_nothing_reviewed_is_told_as_such(run: Run, page: str) -> None:
    assert "Too few reviewed decisions: nothing" in run("tune").out
    assert run("tune", "sales", "--json").json["advice"] == []


@pytest.mark.parametrize("wrong", [("cats",), ("--precision", "1.5"), ("--since", "x")])
def test_wrong_input_is_refused(run: Run, page: str, wrong: tuple[str, ...]) -> None:
    assert run("tune", *wrong).code == 2


def test_a_plot_puts_its_marks_where_the_numbers_are() -> None:
    lines = plot({"●": [(0.0, 1.0), (1.0, 0.0)], "○": [(1.0, 0.0), (0.5, 0.5)]})
    assert lines[0] == " 100 % ┤●"
    assert lines[PLOT_HEIGHT - 1].endswith("*") and "○" in lines[PLOT_HEIGHT // 2]
    assert lines[-1].split() == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]


@pytest.mark.parametrize(
    ("value", "drawn"), [(0, ""), (10, "██████████"), (5, "█████"), (0.001, "▏"), (99, "█" * 10)]
)
def test_a_bar_is_as_long_as_its_number(value: float, drawn: str) -> None:
    assert bar(value, 10, width=10) == drawn
