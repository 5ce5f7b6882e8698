"""Pages without an API: people bring comments, modbot judges them, people remove them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from modbot import manual, review
from modbot.app_steps import removal_steps
from modbot.audit import verify
from modbot.domain import BOT, Comment, Mode, Page, Signal, Verdict
from modbot.enforcement import carry_out_due
from modbot.errors import ModbotError, UnknownDecision
from modbot.ports import Connection
from modbot.seen_list import Seen
from modbot.store import LogEntry
from modbot.tables import AuditRow
from platforms.manual import ManualAdapter
from tests.fakes import ManualClock
from tests.line import ADA, Line, line_on

ZONE = ZoneInfo("America/New_York")
PAGE = Page(id="manual:snapchat-lps", platform="manual", external_id="snapchat-lps", name="LPS")


@pytest.fixture(params=[Mode.OBSERVE, Mode.ASSIST, Mode.ENFORCE])
def line(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Iterator[Line]:
    """A Snapchat account, in each mode: nothing happens there without a person anyway."""
    adapter = ManualAdapter(PAGE, Connection(secrets={}, now=clock.now))
    with line_on(tmp_path, adapter, clock, mode=request.param) as made:  # type: ignore[arg-type]
        yield made


def bring(line: Line, *seen: Seen) -> manual.Taken:
    return manual.take_in(line.context, PAGE, seen, ADA, ZONE)


class DiesAtTheThird:
    """Stands for a process that is killed while it judges the third part of a list."""

    name, version = "mortal", "1"

    def __init__(self) -> None:
        self.parts = 0

    def classify(self, comments: Sequence[Comment]) -> list[list[Signal]]:
        self.parts += 1
        if self.parts == 3:
            raise KeyboardInterrupt
        return [[] for _ in comments]


def task_of(line: Line, one: Seen) -> LogEntry:
    bring(line, one)
    (task,) = manual.tasks(line.database)
    return task


def test_what_is_brought_is_judged_and_recorded_as_it_was_written(line: Line) -> None:
    one = Seen(text="BAD word", author="kid7", post="Homecoming", time="2026-09-08 20:00")
    taken = bring(line, one, Seen(text="go team"))
    assert (taken.new, taken.known) == (2, 0)
    (task,) = manual.tasks(line.database)
    assert (task.text, task.author_name, task.post_text) == ("BAD word", "kid7", "Homecoming")
    assert task.created_at.isoformat() == "2026-09-09T00:00:00+00:00"
    assert {v.text for v in line.versions()} == {"BAD word", "go team"}
    assert {p.table for p in verify(line.database).problems} == {"page"}  # put in by the fixture


def test_the_same_list_again_adds_nothing(line: Line) -> None:
    seen = [Seen(text="BAD word"), Seen(text="BAD word"), Seen(text="go team")]
    assert bring(line, *seen).new == 3
    line.clock.advance(3600)
    again = bring(line, *seen)
    assert (again.new, again.known, len(manual.tasks(line.database))) == (0, 3, 2)


def test_who_brought_a_list_is_in_the_log(line: Line) -> None:
    bring(line, Seen(text="go team"), Seen(text="hi"))
    with line.database.read() as s:
        (row,) = s.scalars(select(AuditRow).where(col(AuditRow.kind) == "list.brought"))
    assert row.actor == "Ada"
    assert '"rows":2' in row.detail and '"page":"manual:snapchat-lps"' in row.detail


def test_a_list_that_a_crash_cut_off_is_brought_once_more_and_nothing_is_there_twice(
    line: Line,
) -> None:
    seen = [Seen(text=f"go team {n}") for n in range(5)]
    judge = line.context.judge
    dying = replace(line.context, judge=replace(judge, classifiers=(DiesAtTheThird(),)))
    with pytest.raises(KeyboardInterrupt):
        manual.take_in(dying, PAGE, seen, ADA, ZONE, rows_at_once=2)
    assert len(line.versions()) == 4
    again = bring(line, *seen)
    assert (again.new, again.known) == (1, 4)
    assert len(line.versions()) == 5


def test_of_many_tasks_the_oldest_are_given_first(line: Line) -> None:
    bring(line, *(Seen(text=f"BAD {n}") for n in range(5)))
    every = manual.tasks(line.database)
    assert len(every) == 5
    assert manual.tasks(line.database, limit=2) == every[:2]
    assert manual.tasks(line.database, "manual:another") == []


@pytest.mark.parametrize(
    ("told", "step"),
    [
        (("manual:snapchat-lps",), "Snapchat: tap your picture"),
        (("manual:lps", "LPS on MySpace"), "Myspace: sign in on a computer"),
        (("https://www.flickr.com/photos/1", "manual:snapchat-lps"), "Flickr: open the photo"),
        ((None, "manual:lps", "LPS Shows"), "Hold or swipe the comment"),
    ],
)
def test_the_steps_are_those_of_the_app(told: tuple[str | None, ...], step: str) -> None:
    steps = removal_steps(*told)
    assert steps[0].startswith("Take a picture") and steps[-1].startswith("Look at the post")
    assert any(one.startswith(step) for one in steps)


def test_a_task_says_step_by_step_what_to_do(line: Line) -> None:
    task = task_of(line, Seen(text="BAD word"))
    steps = manual.guidance(task)
    assert "picture" in steps[0] and steps[-1] == f"Confirm: modbot manual done {task.id}"


def test_a_confirmed_removal_is_recorded_with_its_person_and_no_task_any_more(line: Line) -> None:
    task = task_of(line, Seen(text="BAD word"))
    made = manual.confirm_removed(line.database, task.id, ADA, "", line.clock.now())
    assert (made.actor, made.verdict, made.hidden) == ("Ada", Verdict.HIDE, True)
    assert (made.action_state, made.action_answer) == ("confirmed", "removed by hand: Ada")
    assert manual.tasks(line.database) == []
    bring(line, Seen(text="BAD word"))  # the same list, brought once more
    assert manual.tasks(line.database) == []
    assert {p.table for p in verify(line.database).problems} == {"page"}


def test_a_person_who_lets_it_stand_ends_the_task(line: Line) -> None:
    task = task_of(line, Seen(text="BAD word"))
    review.resolve(line.database, task.id, Verdict.ALLOW, ADA, "a quote", line.clock.now())
    assert manual.tasks(line.database) == []


def test_a_hide_asked_for_in_the_log_becomes_a_task_too(line: Line) -> None:
    bring(line, Seen(text="go team"))
    decision = line.decisions()[0].id or 0
    review.resolve(line.database, decision, Verdict.HIDE, ADA, "names a child", line.clock.now())
    carry_out_due(
        line.database,
        line.adapter,
        PAGE.id,
        now=line.clock.now(),
        limits=line.context.limits,
        alerter=line.context.alerter,
    )
    (task,) = manual.tasks(line.database)
    assert "remove it in the app" in task.reason
    manual.confirm_removed(line.database, task.id, ADA, "", line.clock.now())
    assert manual.tasks(line.database) == []


def test_a_crisis_is_told_at_once_and_is_no_task(line: Line) -> None:
    bring(line, Seen(text="HELPME"))
    assert manual.tasks(line.database) == []
    assert [alert.kind for alert in line.alerts] == ["crisis"]


def test_polling_such_a_page_calls_and_finds_nothing(line: Line) -> None:
    bring(line, Seen(text="go team"))
    line.clock.advance(7200)
    result = line.poll()
    assert (result.error, result.seen, result.gone) == ("", 0, 0)


def test_only_a_named_person_confirms_and_only_once(line: Line) -> None:
    task = task_of(line, Seen(text="BAD word"))
    now = line.clock.now()
    with pytest.raises(ModbotError, match="--by"):
        manual.confirm_removed(line.database, task.id, BOT, "", now)
    with pytest.raises(UnknownDecision):
        manual.confirm_removed(line.database, 999, ADA, "", now)
    manual.confirm_removed(line.database, task.id, ADA, "", now)
    with pytest.raises(ModbotError, match="recorded as removed"):
        manual.confirm_removed(line.database, task.id, ADA, "", now)


def test_a_list_for_a_page_that_modbot_reads_is_refused(line: Line) -> None:
    with pytest.raises(ModbotError, match="read by modbot itself"):
        manual.take_in(line.context, replace(PAGE, platform="x"), [Seen(text="hi")], ADA, ZONE)
