"""The stored history under another configuration: what is told, and that nothing is touched."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from modbot import registry, review, store
from modbot.domain import Category, Comment, Decision, Page, Verdict
from modbot.enforcement import Limits
from modbot.judging import Judge
from modbot.policy import CategoryPolicy, Policy
from modbot.replay import AT_ONCE, Judging, Report, Shift, replay
from modbot.store import Database
from tests.fakes import FakeAdapter, ManualClock
from tests.line import ADA, Line, MarkClassifier, line_on, make_policy


@pytest.fixture
def line(tmp_path: Path, adapter: FakeAdapter, clock: ManualClock) -> Iterator[Line]:
    with line_on(tmp_path, adapter, clock) as line:
        yield line


def judging(policy: Policy | None = None) -> Judging:
    return Judge(classifiers=(MarkClassifier(),), policy=policy or make_policy()).judge


def with_category(category: Category, **changes: object) -> Policy:
    policy = make_policy()
    rule: CategoryPolicy = replace(policy.categories[category], **changes)  # type: ignore[arg-type]
    return replace(policy, categories={**policy.categories, category: rule})


# RUDE is found with a score of 0.75, BAD with 0.95.
STRICTER = with_category(Category.OFFENSIVE, hide=0.75)
MILDER = with_category(Category.PROFANITY, review=0.96, hide=0.96)


def totals(report: Report) -> dict[str, int]:
    return {shift.value: c.total for shift, c in report.shifts.items() if c.total}


def test_the_same_configuration_changes_nothing(line: Line) -> None:
    for text in ("BAD word", "RUDE one", "KILL them", "HELPME", "fine"):
        line.adapter.add(text)
    line.poll()
    report = replay(line.database, judging())
    assert (report.judged, report.unchanged, totals(report)) == (5, 5, {})


def test_a_stricter_configuration_newly_hides_and_tells_where_and_why(line: Line) -> None:
    line.adapter.add("esa maestra es muy RUDE con los niños")
    line.adapter.add("the RUDE one over there")
    line.poll()
    report = replay(line.database, judging(STRICTER), examples=1)
    hidden = report.shifts[Shift.HIDDEN]
    assert (hidden.total, dict(hidden.by_category)) == (2, {"offensive": 2})
    assert dict(hidden.by_language) == {"es": 1, "en": 1}
    assert dict(hidden.by_page) == {line.page.id: 2}
    (example,) = report.examples[Shift.HIDDEN]
    assert (example.comment_id, example.words) == ("c1", ("RUDE",))
    assert example.old_reason == "A person should look for offensive: rule RUDE, score 0.75."
    assert example.new_reason == "Hidden for offensive: rule RUDE, score 0.75."
    assert report.verdicts == {("review", "hide"): 2}


def test_a_milder_configuration_newly_shows(line: Line) -> None:
    line.adapter.add("BAD word")
    line.poll()
    report = replay(line.database, judging(MILDER))
    assert totals(report) == {"newly_shown": 1, "newly_allowed": 1, "changed_verdict": 1}
    assert dict(report.shifts[Shift.SHOWN].by_category) == {"profanity": 1}
    assert report.examples[Shift.SHOWN][0].words == ("BAD",)


def test_a_newly_found_breach_counts_as_reviewed_or_escalated(line: Line) -> None:
    line.adapter.add("they KILL me")
    line.adapter.add("so RUDE")
    lenient = replace(
        make_policy(),
        categories={
            c: replace(rule, review=1.0, hide=1.0) for c, rule in make_policy().categories.items()
        },
    )
    line.poll(judge=Judge(classifiers=(MarkClassifier(),), policy=lenient))
    report = replay(line.database, judging())
    assert totals(report) == {
        "newly_hidden": 1,
        "newly_reviewed": 1,
        "newly_escalated": 1,
        "changed_verdict": 2,
    }


def test_what_a_reviewer_left_up_is_listed_apart_when_it_would_be_hidden(line: Line) -> None:
    line.adapter.add("RUDE but left up")
    line.adapter.add("RUDE and nobody looked")
    line.adapter.add("BAD and brought back")
    line.poll()
    for decision in (1, 3):
        review.resolve(line.database, decision, Verdict.ALLOW, ADA, "criticism", line.clock.now())
    report = replay(line.database, judging(STRICTER))
    assert report.guarded_total == 1
    assert [example.comment_id for example in report.guarded] == ["c1"]
    assert report.still_hidden == 1  # hidden before as well: no news, but told


def test_a_hide_that_was_withheld_then_counts_as_withheld_again(line: Line) -> None:
    line.context = replace(line.context, limits=Limits(hides_per_hour=0, hides_per_day=0))
    line.adapter.add("BAD word")
    line.poll()
    report = replay(line.database, judging())
    assert (report.withheld, report.unchanged, totals(report)) == (1, 1, {})


def test_every_text_of_an_edited_comment_is_judged(line: Line) -> None:
    line.adapter.add("fine")
    line.poll()
    line.adapter.edit("c1", "RUDE now")
    line.poll()
    assert replay(line.database, judging(STRICTER)).judged == 2


class Watching:
    """Judges everything harmless and keeps what it was given."""

    def __init__(self) -> None:
        self.seen: list[Comment] = []
        self.parts: list[int] = []

    def __call__(self, comments: Sequence[Comment]) -> list[Decision]:
        self.seen += comments
        self.parts.append(len(comments))
        return [Decision(verdict=Verdict.ALLOW, hide=False) for _ in comments]


def test_texts_are_judged_with_what_they_stood_under(line: Line) -> None:
    line.adapter.add_post("p1", "Bake sale on Friday")
    line.adapter.add("first words \x00 \ud800")
    line.poll()
    approved = registry.add_fundraiser(
        line.database, name="Band car wash", approved_by="R", actor=ADA, now=line.clock.now()
    )
    line.clock.advance(60)
    line.adapter.add("an answer", parent_id="c1")
    line.poll()
    line.clock.advance(60)
    line.adapter.edit("c1", "other words")
    registry.end_fundraiser(line.database, approved.id, ADA, line.clock.now())
    line.poll()
    watching = Watching()
    replay(line.database, watching)
    first, answer, edited = watching.seen
    assert first.text == "first words \x00 \ud800"
    assert {c.post_text for c in watching.seen} == {"Bake sale on Friday"}
    assert answer.parent_text == first.text, "the parent as it was then"
    assert [f.name for f in answer.fundraisers] == ["Band car wash"]
    assert edited.approved_fundraisers == ()


def test_what_the_page_itself_wrote_is_not_judged(line: Line) -> None:
    line.adapter.add("BAD but ours", by_page=True)
    line.poll()
    assert replay(line.database, judging()).judged == 0


def test_a_page_and_a_day_can_be_chosen(line: Line) -> None:
    line.adapter.add("old")
    line.poll()
    line.clock.advance(24 * 3600)
    line.adapter.add("new")
    line.poll()
    since = line.clock.now() - timedelta(hours=1)
    with line.database.read() as s:
        assert store.count_past(s, since=since) == 1
        assert store.count_past(s, page="facebook:9") == 0
    assert replay(line.database, judging(), since=since).judged == 1
    assert replay(line.database, judging(), page="facebook:9").judged == 0
    assert replay(line.database, judging(), page=line.page.id).judged == 2


def test_a_long_history_is_read_in_parts(line: Line) -> None:
    for number in range(AT_ONCE + 10):
        line.adapter.add(f"text {number}")
    while line.poll().new:
        pass
    watching, done = Watching(), list[int]()
    report = replay(line.database, watching, progress=done.append)
    assert watching.parts == done == [AT_ONCE, 10]
    assert report.judged == AT_ONCE + 10


def stored(line: Line) -> list[str]:
    """The bytes of the database, those that wait in its journal included."""
    files = (line.database.path, Path(f"{line.database.path}-wal"))
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.exists()]


def test_a_replay_leaves_the_file_as_it_is_and_works_read_only(line: Line, page: Page) -> None:
    line.adapter.add("RUDE one")
    line.poll()
    before = stored(line)
    opened = Database.open(f"sqlite:///{line.database.path}", read_only=True)
    try:
        assert replay(opened, judging(STRICTER)).judged == 1
        assert stored(line) == before
        line.adapter.add("while it runs")
        line.poll()  # a writer is not held up
        assert replay(opened, judging(STRICTER)).judged == 2
    finally:
        opened.close()
    assert line.adapter.effects == []


def test_a_classifier_that_fails_is_counted(line: Line) -> None:
    line.adapter.add("BOOM")
    line.poll()
    assert replay(line.database, judging()).failed == 1
