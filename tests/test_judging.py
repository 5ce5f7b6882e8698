"""The classifiers and the policy together: every comment gets its decision, whatever breaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from modbot.domain import Category, Comment, Evidence, Signal
from modbot.errors import ClassifierFailed
from modbot.judging import Judge
from tests.fakes import make_comment
from tests.line import MarkClassifier, make_policy

COMMENTS = [make_comment(text, id=f"c{n}") for n, text in enumerate(["fine", "BAD", "RUDE"])]


class Odd:
    """A classifier that answers as a test says."""

    name = "odd"

    def __init__(self, answer: Callable[[Sequence[Comment]], list[list[Signal]]]):
        self.classify = answer
        self.version = "7"


def judge(*classifiers: Odd | MarkClassifier) -> Judge:
    return Judge(classifiers=classifiers, policy=make_policy(), config_sha256="c" * 64)


def insulted(comments: Sequence[Comment]) -> list[list[Signal]]:
    found = Signal(
        source="odd", category=Category.OFFENSIVE, score=0.6, evidence=Evidence(rule="insult")
    )
    return [[found] for _ in comments]


def test_each_comment_gets_its_own_decision_in_order() -> None:
    decisions = judge(MarkClassifier()).judge(COMMENTS)
    assert [d.verdict for d in decisions] == ["allow", "hide", "review"]


def test_a_decision_holds_the_signals_of_every_classifier() -> None:
    both = judge(MarkClassifier(), Odd(insulted))
    assert [[s.source for s in d.signals] for d in both.judge(COMMENTS)] == [
        ["odd"],
        ["rules", "odd"],
        ["rules", "odd"],
    ]
    assert both.models == {"rules": "marks-1", "odd": "7"}


def raises(_: Sequence[Comment]) -> list[list[Signal]]:
    raise ClassifierFailed("no weights")


def answers_too_little(comments: Sequence[Comment]) -> list[list[Signal]]:
    return [[] for _ in comments][1:]


@pytest.mark.parametrize("answer", [raises, answers_too_little])
def test_a_classifier_that_fails_sends_all_to_review_and_hides_nothing(
    answer: Callable[[Sequence[Comment]], list[list[Signal]]],
) -> None:
    decisions = judge(MarkClassifier(), Odd(answer)).judge(COMMENTS)
    assert [(d.verdict, d.hide, d.degraded) for d in decisions] == [
        ("review", False, ("odd failed",))
    ] * 3
    assert decisions[1].signals  # what the other one found is kept


def test_one_odd_text_costs_only_its_own_comment() -> None:
    def stumbles(comments: Sequence[Comment]) -> list[list[Signal]]:
        if any(c.text == "RUDE" for c in comments):
            raise RuntimeError("RUDE")
        return [[] for _ in comments]

    decisions = judge(MarkClassifier(), Odd(stumbles)).judge(COMMENTS)
    assert [d.degraded for d in decisions] == [(), (), ("odd failed",)]
    assert decisions[1].hide


def test_nothing_to_judge_is_nothing_judged() -> None:
    assert judge(MarkClassifier()).judge([]) == []
