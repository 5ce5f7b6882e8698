"""Taking back what one version of a model did, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from modbot import store
from modbot.domain import Category, Comment, Evidence, Mode, Signal
from modbot.judging import Judge
from modbot.policy import Policy
from modbot.store import Doer, DoerKind
from modbot.undo import Plan, Rights
from tests.fakes import EVERYTHING, FakeAdapter, ManualClock
from tests.line import Line, MarkClassifier, line_on, make_policy
from tests.test_undo import GENEROUS, begin, carry_on, preview, receipts, state_of

OLD, NEW = "1.0", "1.1"
MODEL = "embedded"


def policy() -> Policy:
    """One under which a model's word alone hides."""
    known = make_policy().categories
    profanity = replace(known[Category.PROFANITY], model_review=0.7, model_hide=0.9)
    return replace(make_policy(), categories={**known, Category.PROFANITY: profanity})


RIGHTS = Rights(policy=policy(), capabilities=lambda platform: EVERYTHING)


class FoulModel:
    """A model that takes every FOUL for profanity, and doubts every DUBIOUS."""

    name = MODEL

    def __init__(self, version: str):
        self.version = version

    def classify(self, comments: Sequence[Comment]) -> list[list[Signal]]:
        return [self._signals(comment.text) for comment in comments]

    def _signals(self, text: str) -> list[Signal]:
        scores = {"FOUL": 0.95, "DUBIOUS": 0.8, "MILD": 0.3}
        return [
            Signal(
                source=MODEL,
                category=Category.PROFANITY,
                score=score,
                evidence=Evidence(rule="profanity"),
            )
            for word, score in scores.items()
            if word in text
        ]


def by(version: str, subject: str = "") -> Doer:
    return Doer(kind=DoerKind.MODEL, subject=subject or f"{MODEL} {version}")


@pytest.fixture
def line(tmp_path: Path, adapter: FakeAdapter, clock: ManualClock) -> Iterator[Line]:
    """A page in enforce, on which the old version judged four comments and the new one three."""
    with line_on(tmp_path, adapter, clock, mode=Mode.ENFORCE, limits=GENEROUS) as line:
        for version, texts in (
            (OLD, ("FOUL 1", "FOUL and BAD", "DUBIOUS", "MILD")),
            (NEW, ("FOUL 2", "FOUL 3, BAD", "BAD alone")),
        ):
            for text in texts:
                adapter.add(text)
            both = (MarkClassifier(), FoulModel(version))
            line.poll(judge=Judge(classifiers=both, policy=policy(), config_sha256="c" * 64))
            line.clock.advance(60)
        assert line.adapter.hidden_ids() == {"c1", "c2", "c5", "c6", "c7"}
        yield line


def test_what_a_version_hid_alone_comes_back_and_nothing_else(line: Line) -> None:
    seen = preview(line, by(OLD), rights=RIGHTS)
    assert seen.plans == {Plan.RESTORE: 1, Plan.OTHERS: 1, Plan.ALLOW: 1}
    run_id = begin(line, by(OLD))
    carry_on(line)
    assert receipts(line, run_id) == {"restored": 1, "others": 1, "stands": 1}
    assert state_of(line, run_id) == "done"
    # c2 a rule hides too, c5 and c6 the other version hid, c7 is a rule's alone.
    assert line.adapter.hidden_ids() == {"c2", "c5", "c6", "c7"}
    assert line.decisions()[-1].reason.startswith(f"Undo of model {MODEL} {OLD} since ")


def test_the_other_version_is_taken_back_by_itself(line: Line) -> None:
    begin(line, by(NEW))
    carry_on(line)
    assert line.adapter.hidden_ids() == {"c1", "c2", "c6", "c7"}


def test_without_a_version_all_of_a_model_is_taken_back(line: Line) -> None:
    assert preview(line, by("", MODEL), rights=RIGHTS).plans == {
        Plan.RESTORE: 2,
        Plan.OTHERS: 2,
        Plan.ALLOW: 1,
    }


def test_what_a_rule_also_hid_comes_back_where_that_is_wanted(line: Line) -> None:
    begin(line, by(OLD), others_too=True)
    carry_on(line)
    assert line.adapter.hidden_ids() == {"c5", "c6", "c7"}


@pytest.mark.parametrize("subject", [f"{MODEL} 9", "other 1.0", "rules marks-1", "rules"])
def test_what_no_such_model_did_is_nothing(line: Line, subject: str) -> None:
    assert preview(line, by("", subject), rights=RIGHTS).items == ()


def test_the_versions_are_told_apart_among_those_busy_lately(line: Line) -> None:
    with line.database.read() as s:
        busy = store.doers_lately(s, None)
    assert (busy[by(OLD)], busy[by(NEW)]) == (3, 2)
