"""carry_out(): asks first, acts once, and gives up to a person rather than for ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from modbot import review, store
from modbot.audit import verify
from modbot.domain import ActionKind, Capability, Verdict
from modbot.enforcement import Limits, backoff_seconds, carry_out_due
from modbot.errors import (
    AuthExpired,
    BadAnswer,
    BadRequest,
    CommentGone,
    ModbotError,
    QuotaSpent,
    RateLimited,
    Unreachable,
    WritesBlocked,
)
from tests.fakes import EVERYTHING, FakeAdapter, ManualClock
from tests.line import ADA, Line, line_on


@pytest.fixture
def line(tmp_path: Path, adapter: FakeAdapter, clock: ManualClock) -> Iterator[Line]:
    """A page on which one BAD comment waits to be hidden: the first try found no platform."""
    with line_on(tmp_path, adapter, clock) as line:
        adapter.add("BAD word")
        adapter.fail_next("fetch_one", Unreachable())
        line.poll()
        clock.advance(60)
        yield line


def carry_out(line: Line, work_seconds: float = 60) -> int:
    return carry_out_due(
        line.database,
        line.adapter,
        line.page.id,
        now=line.clock.now(),
        limits=line.context.limits,
        alerter=line.context.alerter,
        work_seconds=work_seconds,
    )


def state(line: Line) -> str:
    return line.actions()[0].state


def test_an_open_action_is_tried_again_and_confirmed(line: Line) -> None:
    assert state(line) == "requested"
    carry_out(line)
    assert state(line) == "confirmed"
    assert line.adapter.effects == [("c1", True)]


def test_a_hide_whose_answer_was_lost_is_not_repeated(line: Line) -> None:
    line.adapter.fail_next("hide", Unreachable(), after=True)
    carry_out(line)
    assert state(line) == "requested"
    line.clock.advance(600)
    carry_out(line)
    assert state(line) == "confirmed"
    assert [m for m, _ in line.adapter.calls].count("hide") == 1


def test_an_action_on_a_text_that_changed_meanwhile_is_refused(line: Line) -> None:
    line.adapter.edit("c1", "harmless")
    carry_out(line)
    assert state(line) == "superseded"
    assert line.adapter.effects == []


def test_a_hide_that_took_effect_before_a_crash_and_an_edit_is_in_the_record(line: Line) -> None:
    line.adapter.fail_next("hide", Unreachable(), after=True)
    carry_out(line)
    line.adapter.edit("c1", "harmless")
    line.clock.advance(600)
    line.poll()
    assert state(line) == "confirmed"
    assert line.comments()[0].hidden is True
    last = line.decisions()[-1]
    assert (last.verdict, last.degraded) == ("review", ["edited after it was hidden"])


def test_an_action_on_a_stored_older_version_is_refused(line: Line) -> None:
    line.adapter.edit("c1", "harmless")
    line.poll()
    assert state(line) == "superseded"
    assert line.adapter.effects == []


def test_a_comment_that_is_gone_ends_the_action(line: Line) -> None:
    line.adapter.remove("c1")
    carry_out(line)
    assert state(line) == "gone"
    assert line.comments()[0].gone_at is not None


def test_a_comment_that_hides_from_the_hide_is_hidden_when_it_comes_back(line: Line) -> None:
    comment = line.adapter.comments["c1"]
    line.adapter.remove("c1")
    carry_out(line)
    line.adapter.put_back(comment)
    line.clock.advance(60)
    line.poll()
    assert [a.state for a in line.actions()] == ["gone", "confirmed"]
    assert line.adapter.hidden_ids() == {"c1"}
    assert (len(line.versions()), line.comments()[0].gone_at) == (1, None)
    assert {p.table for p in verify(line.database).problems} == {"page"}  # put in by the fixture


def test_where_no_listing_shows_it_again_a_comment_that_was_missed_is_looked_up(
    tmp_path: Path, clock: ManualClock
) -> None:
    adapter = FakeAdapter(now=clock.now, capabilities=EVERYTHING - {Capability.LISTS_EDITS})
    with line_on(tmp_path, adapter, clock) as line:
        comment = adapter.add("BAD word")
        adapter.fail_next("fetch_one", Unreachable())
        line.poll()
        adapter.remove("c1")
        clock.advance(60)
        carry_out(line)
        adapter.comments["c1"] = comment
        clock.advance(3700)
        line.poll()
        assert adapter.hidden_ids() == {"c1"}


def test_a_person_who_allowed_a_comment_while_it_was_gone_is_heeded(line: Line) -> None:
    comment = line.adapter.comments["c1"]
    line.adapter.remove("c1")
    carry_out(line)
    review.resolve(line.database, 1, Verdict.ALLOW, ADA, "fine", line.clock.now())
    line.adapter.put_back(comment)
    line.clock.advance(60)
    line.poll()
    assert line.adapter.hidden_ids() == set()
    assert [d.verdict for d in line.decisions()] == ["hide", "allow"]


def test_a_comment_that_goes_between_look_and_call_ends_the_action(line: Line) -> None:
    line.adapter.fail_next("hide", CommentGone())
    carry_out(line)
    assert state(line) == "gone"


def test_a_persons_allow_beats_a_late_hide(line: Line) -> None:
    review.resolve(
        line.database, line.decisions()[0].id or 0, Verdict.ALLOW, ADA, "fine", line.clock.now()
    )
    carry_out(line)
    assert line.adapter.hidden_ids() == set()
    assert [a.state for a in line.actions()] == ["superseded", "confirmed"]


def test_a_persons_allow_restores_a_hidden_comment(line: Line) -> None:
    carry_out(line)
    review.resolve(
        line.database, line.decisions()[0].id or 0, Verdict.ALLOW, ADA, "fine", line.clock.now()
    )
    carry_out(line)
    assert line.adapter.effects == [("c1", True), ("c1", False)]
    assert line.actions()[-1].kind == ActionKind.RESTORE


def test_an_allow_given_while_other_actions_run_comes_in_time(line: Line) -> None:
    line.adapter.add("BAD too")
    line.adapter.fail_next("fetch_one", Unreachable())
    line.poll()
    line.clock.advance(3600)
    hide = line.adapter.hide

    def hide_one_and_allow_the_other(comment_id: str) -> None:
        hide(comment_id)
        other = {"c1": 2, "c2": 1}[comment_id]
        review.resolve(line.database, other, Verdict.ALLOW, ADA, "fine", line.clock.now())

    line.adapter.hide = hide_one_and_allow_the_other  # type: ignore[method-assign]
    carry_out(line)
    assert len(line.adapter.effects) == 1


def test_a_verdict_on_a_text_that_was_edited_since_is_refused(line: Line) -> None:
    carry_out(line)
    line.adapter.edit("c1", "BAD in another way")
    line.poll()
    with pytest.raises(ModbotError, match="answer decision 2"):
        review.resolve(line.database, 1, Verdict.ALLOW, ADA, "fine", line.clock.now())
    review.resolve(line.database, 2, Verdict.ALLOW, ADA, "fine", line.clock.now())
    carry_out(line)
    assert line.adapter.hidden_ids() == set()


def test_edits_of_a_hidden_comment_do_not_spend_the_pages_quota(line: Line) -> None:
    carry_out(line)
    for number in range(40):
        line.adapter.edit("c1", f"BAD {number}")
        line.poll()
    another = line.adapter.add("BAD from another")
    line.poll()
    assert line.adapter.hidden_ids() == {"c1", another.id}


def test_a_slow_platform_holds_the_work_no_longer_than_it_may(line: Line) -> None:
    line.adapter.add("BAD too")
    line.adapter.fail_next("fetch_one", Unreachable())
    line.poll()
    line.clock.advance(3600)
    assert carry_out(line, work_seconds=0) == 1
    assert sorted(a.state for a in line.actions()) == ["confirmed", "requested"]
    assert carry_out(line) == 1


def test_a_verdict_needs_a_persons_name(line: Line) -> None:
    nobody = ADA.__class__(kind="person", name=" ")
    with pytest.raises(ModbotError, match="name"):
        review.resolve(line.database, 1, Verdict.ALLOW, nobody, "", line.clock.now())


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        pytest.param(RateLimited(retry_after_seconds=300), 300, id="rate limit"),
        pytest.param(WritesBlocked(), 6 * 3600, id="blocked as abusive"),
        pytest.param(AuthExpired(), 15 * 60, id="token expired"),
        pytest.param(QuotaSpent(), 15 * 60, id="credits spent"),
    ],
)
def test_writes_wait_as_long_as_the_platform_asks(
    line: Line, error: Exception, seconds: float
) -> None:
    line.adapter.fail_next("hide", error)
    carry_out(line)
    calls = len(line.adapter.calls)
    line.clock.advance(seconds - 1)
    carry_out(line)
    assert len(line.adapter.calls) == calls
    line.clock.advance(2)
    carry_out(line)
    assert state(line) == "confirmed"


@pytest.mark.parametrize(
    ("every_call", "polled"), [pytest.param(True, "waiting", id="all"), (False, "")]
)
def test_a_limit_that_a_hide_meets_holds_for_polls_where_it_is_on_every_call(
    line: Line, every_call: bool, polled: str
) -> None:
    limited = RateLimited(retry_after_seconds=300, every_call=every_call)
    line.adapter.fail_next("hide", limited)
    carry_out(line)
    line.clock.advance(299)
    assert line.poll().skipped == polled
    line.clock.advance(2)
    line.poll()
    assert state(line) == "confirmed"


def test_waiting_is_not_counted_as_failing(line: Line) -> None:
    for _ in range(line.context.limits.max_attempts + 3):
        line.adapter.fail_next("hide", RateLimited(retry_after_seconds=60))
        carry_out(line)
        line.clock.advance(61)
    assert state(line) == "requested"


def test_a_refusal_for_good_goes_to_a_person(line: Line) -> None:
    line.adapter.fail_next("hide", BadRequest("code 100"))
    carry_out(line)
    assert state(line) == "failed"
    last = line.decisions()[-1]
    assert (last.verdict, last.hide, last.degraded) == ("review", False, ["hide failed"])
    assert "action_failed" in [a.kind for a in line.alerts]


def test_a_fault_in_an_adapter_waits_and_then_goes_to_a_person(line: Line) -> None:
    line.adapter.fail_next("hide", OverflowError("date value out of range"), times=20)
    with capture_logs():  # drawing the twenty tracebacks takes longer than the tries
        for _ in range(line.context.limits.max_attempts):
            carry_out(line)
            carry_out(line)  # at once: it waits
            line.clock.advance(3600)
    assert state(line) == "failed"
    tries = [m for m, _ in line.adapter.calls].count("hide")
    assert tries == line.context.limits.max_attempts - 1  # the first found no platform


def test_an_action_is_given_up_after_the_set_number_of_tries(
    tmp_path: Path, adapter: FakeAdapter, clock: ManualClock
) -> None:
    with line_on(tmp_path, adapter, clock, limits=Limits(max_attempts=3)) as line:
        adapter.add("BAD word")
        adapter.fail_next("hide", BadAnswer("HTML"), times=10)
        line.poll()
        for _ in range(3):
            clock.advance(3600)
            carry_out(line)
        assert [a.state for a in line.actions()] == ["failed"]
        assert [m for m, _ in adapter.calls].count("hide") == 3


def test_where_visibility_cannot_be_read_a_hide_is_sent_and_believed(
    tmp_path: Path, clock: ManualClock
) -> None:
    adapter = FakeAdapter(now=clock.now, capabilities=EVERYTHING - {Capability.READ_HIDDEN})
    with line_on(tmp_path, adapter, clock) as line:
        adapter.add("BAD word")
        line.poll()
        assert [a.state for a in line.actions()] == ["confirmed"]
        assert line.comments()[0].hidden is True


def test_backoff_grows_to_fifteen_minutes_at_most() -> None:
    waits = [max(backoff_seconds(n) for _ in range(50)) for n in range(20)]
    assert waits[0] <= 2 < waits[3] and max(waits) <= 15 * 60
    assert min(backoff_seconds(30) for _ in range(50)) >= 7.5 * 60


def test_due_actions_of_other_pages_are_left_alone(line: Line) -> None:
    with line.database.read() as s:
        assert store.due_actions(s, line.clock.now(), page_id="facebook:other") == []


def test_blocked_writes_are_told_once_and_again_after_a_hide_went_through(line: Line) -> None:
    for _ in range(2):
        line.adapter.fail_next("hide", WritesBlocked(), WritesBlocked())
        line.adapter.add("BAD again")
        for _ in range(3):
            line.poll()
            line.clock.advance(7 * 3600)
    assert state(line) == "confirmed"
    assert [a.kind for a in line.alerts] == ["writes_blocked"] * 2
