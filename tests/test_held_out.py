"""The whole judgement on comments that nothing was tuned or trained on: it may not get worse.

docs/quality.md has the same figures with their intervals beside what they should be.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from modbot.service import build_judge
from modbot.settings import load_config
from tests.quality.bars import BARS, Bar
from tests.quality.cases import MODES, Corpus, Mode, joined, read_corpora
from tests.quality.cases import held_out as unseen

ROOT = Path(__file__).parents[1]
CORPORA = ROOT / "tests" / "corpus"
COMMENTS = ROOT / "classifiers" / "training" / "comments"
# What was reached, rounded down (or up, where less is better). A floor is raised when more is.
FLOORS = {
    "harmless: hidden": 0.01,
    "harmless: sent to review or escalated": 0.08,
    "to hide: hidden": 0.885,
    "to hide: hidden or before a person": 0.97,
    "hidden by the bot: rightly": 0.975,
    "threat and crisis: escalated": 0.93,
    "disguised profanity: hidden": 0.965,
    "personal issues: before a person or hidden": 0.9,
    "sales: hidden": 0.94,
}


@pytest.fixture(scope="module")
def held_out() -> Corpus:
    config = load_config(ROOT / "config")
    policy = replace(config.policy, officials_insult="hide")
    judge = build_judge(replace(config, policy=policy))
    corpora = read_corpora(CORPORA, judge.judge, policy, None)
    return joined(unseen(corpora), "held out")


@pytest.mark.parametrize("bar", [bar for bar in BARS if bar.name in FLOORS], ids=lambda b: b.name)
def test_no_figure_gets_worse(held_out: Corpus, bar: Bar) -> None:
    share = bar.measure(held_out.cases("hide"))
    assert share.value is not None
    floor = FLOORS[bar.name]
    assert share.value <= floor if bar.at_most else share.value >= floor


@pytest.mark.parametrize("mode", MODES)
def test_no_criticism_of_officials_is_hidden(held_out: Corpus, mode: Mode) -> None:
    cases = held_out.cases(mode)
    harmless = [case for case in cases if case.row.speech and case.row.action == "allow"]
    for language in ("en", "es"):
        assert sum(case.row.lang == language for case in harmless) >= 200
    assert [case.row.comment.id for case in harmless if case.decision.hide] == []


def test_every_category_has_150_comments_in_each_language(held_out: Corpus) -> None:
    for language in ("en", "es"):
        rows = [row for row in held_out.rows if row.lang == language]
        counts = {category: 0 for row in rows for category in row.categories}
        for row in rows:
            for category in row.categories:
                counts[category] += 1
        assert len(counts) == 8
        assert min(counts.values()) >= 150


def test_no_comment_that_measures_was_trained_on(held_out: Corpus) -> None:
    from classifiers.training.written import written_comments

    def plain(text: str) -> str:
        return "".join(filter(str.isalnum, text.casefold()))

    taught = {plain(comment.text) for comment in written_comments(COMMENTS)} - {""}
    assert len(taught) >= 6_000
    assert [row.comment.id for row in held_out.rows if plain(row.comment.text) in taught] == []
