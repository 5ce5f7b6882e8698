"""poll_page(): nothing is lost, nothing is judged twice, nothing is done before it is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from modbot import store
from modbot.domain import Capability, Category, Mode
from modbot.enforcement import Limits
from modbot.errors import (
    AuthExpired,
    BadAnswer,
    QuotaSpent,
    RateLimited,
    StoreUnreadable,
    Unreachable,
)
from modbot.store import Database
from tests.fakes import EVERYTHING, FakeAdapter, ManualClock
from tests.line import Line, line_on, make_policy


@pytest.fixture
def line(tmp_path: Path, adapter: FakeAdapter, clock: ManualClock) -> Iterator[Line]:
    with line_on(tmp_path, adapter, clock) as line:
        yield line


def test_a_bad_comment_is_stored_hidden_and_recorded(line: Line) -> None:
    line.adapter.add("BAD word")
    result = line.poll()
    assert (result.new, result.hides_requested) == (1, 1)
    assert line.adapter.hidden_ids() == {"c1"}
    [decision], [action] = line.decisions(), line.actions()
    assert (decision.verdict, decision.hide, action.state) == ("hide", True, "confirmed")
    assert [a.kind for a in line.audit()][-4:] == [
        "decision.made",
        "action.requested",
        "action.confirmed",
        "comment.visibility",
    ]


def test_the_action_is_written_before_the_platform_is_asked(line: Line) -> None:
    line.adapter.add("BAD word")
    line.adapter.fail_next("fetch_one", Unreachable())
    line.poll()
    assert line.adapter.effects == []
    assert [a.state for a in line.actions()] == ["requested"]


def test_a_comment_is_judged_once_however_often_it_is_listed(line: Line) -> None:
    line.adapter.add("fine")
    for _ in range(3):
        line.poll()
    assert len(line.decisions()) == 1


def test_an_edit_is_a_new_version_and_is_judged_again(line: Line) -> None:
    line.adapter.add("fine")
    line.poll()
    line.adapter.edit("c1", "BAD now")
    result = line.poll()
    assert result.edited == 1
    assert [v.number for v in line.versions()] == [1, 2]
    assert [d.verdict for d in line.decisions()] == ["allow", "hide"]
    assert line.adapter.hidden_ids() == {"c1"}


def test_an_edit_that_makes_a_hidden_comment_harmless_goes_to_a_person(line: Line) -> None:
    line.adapter.add("BAD word")
    line.poll()
    line.adapter.edit("c1", "sorry")
    line.poll()
    last = line.decisions()[-1]
    assert (last.verdict, last.hide) == ("review", False)
    assert last.degraded == ["edited after it was hidden"]
    assert line.adapter.hidden_ids() == {"c1"}


def test_a_deleted_comment_stays_in_the_record_and_is_marked_gone(line: Line) -> None:
    line.adapter.add("fine")
    line.poll()
    line.adapter.remove("c1")
    assert line.poll().gone == 1
    assert line.comments()[0].gone_at == line.clock.now()
    assert line.versions()[0].text == "fine"


def test_without_listed_edits_deletions_are_found_by_looking_ids_up(
    tmp_path: Path, clock: ManualClock
) -> None:
    adapter = FakeAdapter(now=clock.now, capabilities=EVERYTHING - {Capability.LISTS_EDITS})
    with line_on(tmp_path, adapter, clock) as line:
        adapter.add("fine")
        line.poll()
        adapter.remove("c1")
        assert line.poll().gone == 0  # not due yet
        clock.advance(61 * 60)
        assert line.poll().gone == 1


def test_a_listing_that_forgets_a_comment_does_not_make_it_gone(line: Line) -> None:
    comment = line.adapter.add("fine")
    line.poll()
    # Not listed, but the platform still knows it by id.
    line.adapter._list = lambda seen: replace(  # type: ignore[method-assign]
        FakeAdapter._list(line.adapter, seen), comments=()
    )
    assert line.poll().gone == 0
    assert line.comments()[0].gone_at is None
    assert ("fetch_many", comment.id) in line.adapter.calls


def test_a_failed_fetch_does_not_move_the_cursor(line: Line) -> None:
    line.adapter.add("one")
    line.poll()
    with line.database.read() as s:
        before = store.page_state(s, line.page.id).cursor
    line.adapter.add("two")
    line.adapter.fail_next("fetch_since", BadAnswer("HTML"))
    assert line.poll().error.startswith("BadAnswer")
    with line.database.read() as s:
        state = store.page_state(s, line.page.id)
        assert (state.cursor, state.failures) == (before, 1)
    line.clock.advance(60)
    assert line.poll().new == 1


@pytest.mark.sqlite
def test_when_storing_fails_nothing_is_hidden_and_the_cursor_stays(line: Line) -> None:
    line.adapter.add("BAD word")
    with line.database.write() as s:
        s.connection().exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON decision BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(Exception, match="full"):
        line.poll()
    assert line.adapter.effects == [] and line.comments() == []
    with line.database.write() as s:
        s.connection().exec_driver_sql("DROP TRIGGER full")
    assert line.poll().new == 1
    assert line.adapter.hidden_ids() == {"c1"}


@pytest.mark.sqlite
def test_a_database_that_stays_locked_is_an_error_and_loses_nothing(line: Line) -> None:
    line.adapter.add("fine")
    other = Database.open(f"sqlite:///{line.database.path}")
    try:
        with other.write(), pytest.raises(StoreUnreadable):
            line.poll()
    finally:
        other.close()
    assert line.poll().new == 1


def test_observe_decides_and_does_nothing(line: Line) -> None:
    line.set_page(mode=Mode.OBSERVE)
    line.adapter.add("BAD word")
    line.poll()
    assert line.decisions()[0].verdict == "hide"
    assert line.actions() == [] and line.adapter.effects == []


def test_assist_leaves_a_hide_to_a_person(line: Line) -> None:
    line.set_page(mode=Mode.ASSIST)
    line.adapter.add("BAD word")
    line.poll()
    assert line.decisions()[0].verdict == "hide" and line.actions() == []


def test_a_paused_page_is_not_called(line: Line) -> None:
    line.set_page(paused=True)
    assert line.poll().skipped == "paused"
    assert line.adapter.calls == []


def test_a_spent_quota_turns_hides_into_reviews_and_tells_a_person_once(
    tmp_path: Path, adapter: FakeAdapter, clock: ManualClock
) -> None:
    with line_on(tmp_path, adapter, clock, limits=Limits(hides_per_hour=2)) as line:
        for _ in range(4):
            adapter.add("BAD word")
        line.poll()
        assert [d.verdict for d in line.decisions()] == ["hide", "hide", "review", "review"]
        assert line.decisions()[3].degraded == ["hide quota spent"]
        assert len(adapter.hidden_ids()) == 2
        assert [a.kind for a in line.alerts] == ["hide_quota"]
        clock.advance(3601)
        adapter.add("BAD again")
        line.poll()
        assert line.decisions()[-1].verdict == "hide"


def test_the_daily_quota_holds_beside_the_hourly_one(
    tmp_path: Path, adapter: FakeAdapter, clock: ManualClock
) -> None:
    with line_on(tmp_path, adapter, clock, limits=Limits(hides_per_day=3)) as line:
        for _ in range(3):
            adapter.add("BAD word")
            line.poll()
            clock.advance(3601)
        adapter.add("BAD word")
        line.poll()
        assert line.decisions()[-1].verdict == "review"


def test_a_platform_that_cannot_hide_gives_reviews(tmp_path: Path, clock: ManualClock) -> None:
    adapter = FakeAdapter(now=clock.now, capabilities=EVERYTHING - {Capability.HIDE})
    with line_on(tmp_path, adapter, clock) as line:
        adapter.add("BAD word")
        line.poll()
        assert line.decisions()[0].verdict == "review"
        assert line.decisions()[0].degraded == ["the platform cannot hide this comment"]


def test_a_threat_escalates_is_hidden_and_tells_a_person(line: Line) -> None:
    line.adapter.add("KILL you")
    line.poll()
    assert (line.decisions()[0].verdict, line.decisions()[0].hide) == ("escalate", True)
    assert line.adapter.hidden_ids() == {"c1"}
    assert [a.kind for a in line.alerts] == ["threat"]


def test_a_cry_for_help_escalates_and_stays_up(line: Line) -> None:
    line.adapter.add("HELPME BAD")
    line.poll()
    assert (line.decisions()[0].verdict, line.decisions()[0].hide) == ("escalate", False)
    assert line.adapter.effects == []
    assert [a.kind for a in line.alerts] == ["crisis"]


def test_a_classifier_that_breaks_on_one_text_sends_that_one_to_review(line: Line) -> None:
    line.adapter.add("fine")
    line.adapter.add("BOOM BAD")
    line.adapter.add("BAD word")
    line.poll()
    assert [d.verdict for d in line.decisions()] == ["allow", "review", "hide"]
    assert line.decisions()[1].degraded == ["rules failed"]
    assert line.adapter.hidden_ids() == {"c3"}


def test_what_the_page_itself_writes_is_kept_and_left_up(line: Line) -> None:
    line.adapter.add("BAD word", by_page=True)
    line.poll()
    assert [d.verdict for d in line.decisions()] == ["allow"]
    assert line.decisions()[0].reason == "Written by the page itself."


def test_a_rate_limit_puts_off_every_call_until_its_end(line: Line) -> None:
    line.adapter.fail_next("fetch_since", RateLimited(retry_after_seconds=120))
    line.poll()
    calls = len(line.adapter.calls)
    line.clock.advance(119)
    assert line.poll().skipped == "waiting"
    assert len(line.adapter.calls) == calls
    line.clock.advance(2)
    assert line.poll().error == ""


def test_an_expired_token_marks_the_page_and_is_told_once(line: Line) -> None:
    line.adapter.add("fine")
    line.adapter.fail_next("fetch_since", AuthExpired("190"), AuthExpired("190"))
    line.poll()
    line.clock.advance(16 * 60)
    line.poll()
    assert [a.kind for a in line.alerts] == ["needs_login"]
    with line.database.read() as s:
        assert store.page_state(s, line.page.id).needs_login
    line.clock.advance(16 * 60)
    assert line.poll().new == 1  # caught up once the token is renewed
    with line.database.read() as s:
        assert not store.page_state(s, line.page.id).needs_login


def test_a_long_burst_is_read_whole(line: Line) -> None:
    line.adapter.batch_size = 10
    for n in range(95):
        line.adapter.add(f"comment {n}")
    assert line.poll().new == 95


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a\x00b", id="NUL"),
        pytest.param("a\ud800b", id="lone surrogate"),
        pytest.param("‮evil", id="right to left"),
        pytest.param("x" * 100_000, id="100 kB"),
        pytest.param("", id="empty"),
    ],
)
def test_a_hostile_text_is_stored_once_and_never_again(line: Line, text: str) -> None:
    line.adapter.add(text)
    line.poll()
    line.poll()
    assert len(line.versions()) == 1 and len(line.decisions()) == 1


def test_a_comment_hidden_on_the_platform_by_staff_is_noted(line: Line) -> None:
    line.adapter.add("fine")
    line.poll()
    line.adapter.hide("c1")
    line.poll()
    assert line.comments()[0].hidden is True


def test_a_quota_that_runs_out_within_one_poll_is_told_once(
    tmp_path: Path, adapter: FakeAdapter, clock: ManualClock
) -> None:
    with line_on(tmp_path, adapter, clock, limits=Limits(hides_per_hour=1)) as line:
        for _ in range(3):
            adapter.add("BAD word")
            adapter.add("BAD word")
            line.poll()
        assert [a.kind for a in line.alerts] == ["hide_quota"]
        clock.advance(3601)  # hides go through again, until the next time
        adapter.add("BAD word")
        line.poll()
        adapter.add("BAD word")
        line.poll()
        assert [a.kind for a in line.alerts] == ["hide_quota"] * 2


@pytest.mark.parametrize(
    ("spent", "kind"), [(True, "quota_spent"), (False, "poll_late")], ids=["spent", "throttled"]
)
@pytest.mark.parametrize("reads_only", [True, False], ids=["reads", "every call"])
def test_a_page_that_has_to_wait_for_hours_is_told_at_once(
    line: Line, reads_only: bool, spent: bool, kind: str
) -> None:
    short, day = 15 * 60.0, 24 * 3600.0
    for seconds, told in ((short, []), (day, [kind])):
        error = RateLimited(
            "no call before tomorrow",
            retry_after_seconds=seconds,
            reads_only=reads_only,
            every_call=not reads_only,
            spent=spent,
        )
        line.adapter.fail_next("fetch_since", error)
        line.poll()
        assert [a.kind for a in line.alerts] == told
        line.clock.advance(seconds)


def test_spent_credits_that_stop_reading_are_told_at_the_first_poll_and_over_at_the_next(
    line: Line,
) -> None:
    line.adapter.fail_next("fetch_since", QuotaSpent("no credits left"), times=3)
    for _ in range(3):
        line.poll()
        line.clock.advance(3600)
    assert [(a.kind, a.page_id, a.detail) for a in line.alerts] == [
        ("quota_spent", line.page.id, "no credits left")
    ]
    line.poll()  # topped up, until the next time
    line.adapter.fail_next("fetch_since", QuotaSpent("no credits left"))
    line.poll()
    assert [a.kind for a in line.alerts] == ["quota_spent"] * 2


def test_a_page_that_fails_again_and_again_is_told_once_until_it_is_read(line: Line) -> None:
    line.adapter.fail_next("fetch_since", Unreachable(), times=7)
    for _ in range(8):
        line.poll()
        line.clock.advance(3600)
    assert [a.kind for a in line.alerts] == ["poll_late"]
    line.adapter.fail_next("fetch_since", Unreachable(), times=5)
    for _ in range(5):
        line.poll()
        line.clock.advance(3600)
    assert [a.kind for a in line.alerts] == ["poll_late"] * 2


def test_what_is_hidden_in_a_category_that_policy_calls_urgent_tells_a_person(line: Line) -> None:
    policy = make_policy()
    for category in (Category.PROFANITY, Category.OFFENSIVE):
        urgent = replace(policy.categories[category], urgent=True)
        policy = replace(policy, categories={**policy.categories, category: urgent})
    line.adapter.add("BAD word")
    line.adapter.add("RUDE word")  # a review waits in the queue
    line.poll(judge=replace(line.context.judge, policy=policy))
    assert [(a.kind, a.decision_id) for a in line.alerts] == [("profanity", 1)]


def test_the_alert_names_the_category_that_escalates(line: Line) -> None:
    line.adapter.add("HELPME KILL")
    line.adapter.add("HELPME RUDE")
    line.poll()
    assert [a.kind for a in line.alerts] == ["threat", "crisis"]
