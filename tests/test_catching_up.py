"""A page's past: back-fills in observe, and the nightly sweep for what polls miss."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlmodel import col

from modbot import catching_up
from modbot.audit import verify
from modbot.catching_up import last_slot, sweep_is_due
from modbot.domain import Mode
from modbot.errors import RateLimited
from modbot.past_tables import BackfillState
from modbot.tables import AuditRow, CommentRow, DecisionRow, VersionRow
from tests.fakes import FakeAdapter, ManualClock, make_page
from tests.running import Running, running_service

PAGE = make_page(1).id
DAY = 86_400.0
SWEARS = "what the fuck is this"
BOSTON = ZoneInfo("America/New_York")
HALF_PAST_ONE = time(1, 30)


@pytest.fixture
def running(tmp_path: Path, clock: ManualClock) -> Iterator[Running]:
    with running_service(tmp_path, clock) as running:
        yield running


def ago(clock: ManualClock, days: float) -> datetime:
    return clock.now() - timedelta(days=days)


def kept(running: Running) -> dict[str, CommentRow]:
    with running.service.database.read() as s:
        return {row.comment_id: row for row in s.scalars(select(CommentRow))}


def modes(running: Running) -> list[str]:
    with running.service.database.read() as s:
        return list(s.scalars(select(col(DecisionRow.mode)).order_by(col(DecisionRow.id))))


def audited(running: Running, prefix: str) -> list[str]:
    with running.service.database.read() as s:
        kinds = s.scalars(select(col(AuditRow.kind)).order_by(col(AuditRow.seq)))
        return [kind for kind in kinds if kind.startswith(prefix)]


def poll(running: Running) -> None:
    result = running.service.poll_page(PAGE)
    assert result.error == ""


def ask(running: Running, days: int) -> None:
    page = make_page(1)
    watch = running.service.config.settings.polling.watch_hours
    catching_up.ask(
        running.service.database,
        page,
        days=days,
        by="Ada",
        now=running.clock.now(),
        watch_hours=watch,
    )


# Back-fills


def old_page(running: Running, *, days: int = 20) -> FakeAdapter:
    """A page with a swear word for each of the last `days` days, polled once."""
    adapter = running.add_page(1)
    adapter.add_post("p1", "Bake sale")
    for day in range(days, 0, -1):
        adapter.add(SWEARS, id=f"old{day}", created_at=ago(running.clock, day))
    return adapter


def test_a_backfill_judges_the_past_and_nothing_comes_of_it(running: Running) -> None:
    adapter = old_page(running)
    ask(running, 10)
    read = running.service.read_past(PAGE, 5)
    assert read is not None and read.state is BackfillState.DONE
    assert set(kept(running)) == {f"old{day}" for day in range(3, 11)}  # younger: the polls'
    assert (read.kept, read.new, read.share) == (8, 8, 1.0)
    assert modes(running) == ["observe"] * 8
    assert adapter.effects == [] and running.alerts == []
    assert audited(running, "backfill.") == ["backfill.asked", "backfill.done"]
    assert all(p.table == "page" for p in verify(running.service.database).problems)


def test_what_polls_can_see_is_left_to_them_and_hidden(running: Running) -> None:
    adapter = old_page(running, days=4)
    ask(running, 30)
    running.service.read_past(PAGE, 5)
    poll(running)
    assert {"old1"} <= adapter.hidden_ids()


def test_a_backfill_goes_on_where_it_was_cut_off(
    tmp_path: Path, running: Running, clock: ManualClock
) -> None:
    adapter = old_page(running, days=20)
    adapter.batch_size = 3
    ask(running, 30)
    first = running.service.read_past(PAGE, 0)  # one piece
    assert first is not None and first.state is BackfillState.RUNNING
    assert (first.kept, 0 < first.share < 1) == (3, True)
    while (more := running.service.read_past(PAGE, 0)) is not None:
        last = more
    assert (last.state, last.kept, last.new) == (BackfillState.DONE, 18, 18)
    cursors = [about for call, about in adapter.calls if call == "fetch_since"]
    assert cursors[0] == "" and len(set(cursors)) == len(cursors)  # nothing was asked for twice


def test_a_backfill_waits_as_long_as_the_platform_asks(
    running: Running, clock: ManualClock
) -> None:
    adapter = old_page(running)
    ask(running, 30)
    adapter.fail_next("fetch_since", RateLimited("too many", retry_after_seconds=600))
    told = running.service.read_past(PAGE, 5)
    assert told is not None and told.not_before == clock.now() + timedelta(seconds=600)
    assert "RateLimited" in told.last_error
    calls = len(adapter.calls)
    assert running.service.read_past(PAGE, 5) is None
    assert len(adapter.calls) == calls
    clock.advance(601)
    done = running.service.read_past(PAGE, 5)
    assert done is not None and (done.state, done.last_error) == (BackfillState.DONE, "")


def test_a_backfill_that_was_put_off_in_the_wrong_year_goes_on_once_the_clock_is_right(
    running: Running, clock: ManualClock
) -> None:
    adapter = old_page(running)
    ask(running, 30)
    clock.advance(365 * 24 * 3600)
    adapter.fail_next("fetch_since", RateLimited("too many", retry_after_seconds=600))
    running.service.read_past(PAGE, 5)
    clock.advance(-365 * 24 * 3600)
    done = running.service.read_past(PAGE, 5)
    assert done is not None and done.state is BackfillState.DONE


def test_a_running_service_reads_on_after_each_poll(running: Running) -> None:
    old_page(running)
    poll(running)
    ask(running, 30)
    poll(running)
    found = catching_up.backfill_of(running.service.database, PAGE)
    assert found is not None and found.state is BackfillState.DONE


def test_a_backfill_that_was_stopped_reads_no_more(running: Running, clock: ManualClock) -> None:
    old_page(running)
    ask(running, 30)
    assert catching_up.stop(running.service.database, PAGE, by="Ada", now=clock.now())
    assert running.service.read_past(PAGE, 5) is None
    assert kept(running) == {}
    assert audited(running, "backfill.") == ["backfill.asked", "backfill.stopped"]


def test_a_new_backfill_takes_the_place_of_one_that_runs(running: Running) -> None:
    old_page(running)
    ask(running, 30)
    ask(running, 5)
    assert audited(running, "backfill.") == ["backfill.asked", "backfill.stopped", "backfill.asked"]
    running.service.read_past(PAGE, 5)
    assert set(kept(running)) == {"old3", "old4", "old5"}


@pytest.mark.parametrize("days", [0, -1, 366])
def test_days_that_are_none_are_refused(running: Running, days: int) -> None:
    old_page(running)
    with pytest.raises(ValueError, match="days must be 1 to 365"):
        ask(running, days)


# The nightly sweep


def night(running: Running, clock: ManualClock) -> None:
    """Past the next slot of the page, and polled then."""
    clock.advance(DAY)
    poll(running)


def week_old(running: Running, clock: ManualClock, *, mode: Mode = Mode.ENFORCE) -> FakeAdapter:
    """A page whose comments c1 and c2 are eight days old, read since then."""
    adapter = running.add_page(1, mode=mode)
    adapter.add_post("p1", "Bake sale")
    for text in ("lovely", "see you there"):
        adapter.add(text)
    poll(running)  # the first one: what is older is a back-fill's
    for _ in range(8):
        clock.advance(DAY)
        poll(running)
    return adapter


def test_an_edit_without_a_date_under_an_old_post_is_found_at_night(
    running: Running, clock: ManualClock
) -> None:
    adapter = week_old(running, clock)
    number = adapter._changed["c1"]
    adapter.edit("c1", SWEARS)
    adapter._changed["c1"] = number  # the platform lists it no higher for that
    clock.advance(60)
    poll(running)
    assert adapter.hidden_ids() == set()
    night(running, clock)
    poll(running)
    assert adapter.hidden_ids() == {"c1"}
    with running.service.database.read() as s:
        assert s.scalar(select(col(VersionRow.id)).where(col(VersionRow.number) == 2)) is not None


def test_a_deletion_past_the_watch_window_is_found_at_night(
    running: Running, clock: ManualClock
) -> None:
    adapter = week_old(running, clock)
    adapter.remove("c2")
    clock.advance(60)
    poll(running)
    assert kept(running)["c2"].gone_at is None
    night(running, clock)
    assert kept(running)["c2"].gone_at == clock.now()
    assert kept(running)["c1"].gone_at is None
    assert audited(running, "comment.gone") == ["comment.gone"]


def test_a_sweep_comes_once_a_night(running: Running, clock: ManualClock) -> None:
    adapter = week_old(running, clock)
    adapter.calls.clear()
    poll(running)
    assert [call for call, about in adapter.calls if about == ""] == []
    night(running, clock)
    clock.advance(60)
    poll(running)
    assert [call for call, about in adapter.calls if about == ""] == ["fetch_since"]


def test_a_sweep_that_is_refused_is_tried_after_the_next_poll(
    running: Running, clock: ManualClock
) -> None:
    adapter = week_old(running, clock)
    adapter.remove("c2")
    clock.advance(DAY)
    adapter.fail_next("fetch_many", RateLimited("too many", retry_after_seconds=60))
    poll(running)
    assert kept(running)["c2"].gone_at is None
    clock.advance(300)
    poll(running)
    assert kept(running)["c2"].gone_at == clock.now()


def test_little_budget_is_left_to_polls_and_hides(running: Running, clock: ManualClock) -> None:
    adapter = week_old(running, clock)
    adapter.remove("c2")
    adapter.usage = 0.6
    night(running, clock)
    assert kept(running)["c2"].gone_at is None
    adapter.usage = 0.1
    clock.advance(300)
    poll(running)
    assert kept(running)["c2"].gone_at is not None


def test_after_an_outage_of_days_nothing_is_missing(running: Running, clock: ManualClock) -> None:
    adapter = week_old(running, clock)
    for day in range(5):  # nobody polls
        clock.advance(DAY)
        adapter.add("hello", id=f"meanwhile{day}", created_at=clock.now())
    adapter.remove("c1")
    poll(running)
    assert {f"meanwhile{day}" for day in range(5)} <= set(kept(running))
    assert kept(running)["c1"].gone_at == clock.now()


@pytest.mark.parametrize("noon_before", ["2026-03-07T17:00Z", "2026-10-31T16:00Z"])
def test_in_the_nights_in_which_clocks_are_changed_each_page_is_swept_once(
    noon_before: str,
) -> None:
    began = datetime.fromisoformat(noon_before)
    for number in range(40):
        sweeps, swept_at = 0, began
        for minute in range(24 * 60):
            now = began + timedelta(minutes=minute)
            if sweep_is_due(f"facebook:{number}", swept_at, now, at=HALF_PAST_ONE, zone=BOSTON):
                sweeps, swept_at = sweeps + 1, now
        assert sweeps == 1, number


def test_each_page_has_its_own_minute_of_the_night() -> None:
    now = datetime(2026, 9, 9, 16, 0, tzinfo=UTC)
    slots = [
        last_slot(f"facebook:{n}", now, at=HALF_PAST_ONE, zone=BOSTON).astimezone(BOSTON)
        for n in range(50)
    ]
    assert all(time(1, 30) <= slot.time() <= time(4, 30) for slot in slots)
    assert len({slot.replace(microsecond=0) for slot in slots}) > 45
    early = datetime(2026, 9, 9, 5, 0, tzinfo=UTC)  # one in the morning in Boston
    assert last_slot(PAGE, early, at=HALF_PAST_ONE, zone=BOSTON).astimezone(BOSTON).day == 8
