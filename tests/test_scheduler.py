"""The scheduler polls, takes up new pages, ends cleanly, and knows when it is dead."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from modbot.alerts import Alert, Alerter
from modbot.errors import Unreachable
from modbot.ports import seconds_for_calls
from modbot.scheduler import EXIT_WATCHDOG, PollScheduler
from modbot.settings.sections import CheckpointsSection
from modbot.supervisor import Supervisor
from modbot.tables import PageRow
from tests.fakes import FakeAdapter, ManualClock, make_page
from tests.running import Running, running_service


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    clock = ManualClock(speed=600.0)  # a minute of service time in a tenth of a second
    with running_service(tmp_path, clock) as running:
        yield running


def wait_for(what: Callable[[], object], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.02)


def polls(adapter: FakeAdapter) -> int:
    return [m for m, _ in adapter.calls].count("fetch_since")


def test_every_registered_page_is_polled_again_and_again(running: Running) -> None:
    adapters = [running.add_page(n) for n in (1, 2)]
    scheduler = PollScheduler(running.service)
    scheduler.start()
    try:
        wait_for(lambda: all(polls(a) >= 3 for a in adapters))
    finally:
        scheduler.stop()


def test_checkpoints_are_looked_after_while_pages_are_polled(
    tmp_path: Path, running: Running
) -> None:
    section = CheckpointsSection(key="env:NOT_SET")
    settings = running.service.config.settings.model_copy(update={"checkpoints": section})
    running.service.config = replace(running.service.config, settings=settings)
    scheduler = PollScheduler(running.service)
    scheduler.start()
    try:
        wait_for(lambda: [a.kind for a in running.alerts] == ["checkpoint_failed"])
    finally:
        scheduler.stop()


def test_a_stopped_scheduler_polls_no_more(running: Running) -> None:
    adapter = running.add_page(1)
    scheduler = PollScheduler(running.service)
    scheduler.start()
    wait_for(lambda: polls(adapter))
    scheduler.stop()
    before = polls(adapter)
    time.sleep(0.3)
    assert polls(adapter) == before


def test_a_page_registered_later_is_taken_up(running: Running) -> None:
    scheduler = PollScheduler(running.service, tick_seconds=0.1)
    scheduler.start()
    try:
        adapter = running.add_page(1)
        wait_for(lambda: polls(adapter))
    finally:
        scheduler.stop()


def test_a_poll_that_raises_does_not_end_the_polling(running: Running) -> None:
    adapter = running.add_page(1)
    adapter.fail_next("fetch_since", RuntimeError("a bug"))
    scheduler = PollScheduler(running.service)
    scheduler.start()
    try:
        # What failed waits a little, so time has to pass.
        wait_for(lambda: running.clock.advance(60) and polls(adapter) >= 2)
    finally:
        scheduler.stop()


def test_a_stop_amid_many_jobs_leaves_no_thread_in_trouble(running: Running) -> None:
    running.clock.speed = 60_000.0
    for number in range(12):
        running.add_page(number + 1)
    for round_ in range(25):  # an exception in a thread fails the test
        running.service.stopping.clear()
        scheduler = PollScheduler(running.service, tick_seconds=0.05)
        scheduler.start()
        time.sleep(0.03 + 0.002 * round_)
        scheduler.stop()


def test_a_job_that_fails_outside_of_a_platform_is_told_once_until_it_works(
    running: Running,
) -> None:
    adapter = running.add_page(1)
    listing = adapter._list
    broken = threading.Event()
    broken.set()
    adapter._list = lambda seen: None if broken.is_set() else listing(seen)
    told: list[Alert] = []
    running.service.alerter = Alerter((told.append,))
    scheduler = PollScheduler(running.service)
    scheduler.start()
    try:
        wait_for(lambda: polls(adapter) >= 3)
        assert [(a.kind, a.page_id) for a in told] == [("job_failed", f"page {make_page(1).id}")]
        broken.clear()
        wait_for(lambda: polls(adapter) >= 6)
        broken.set()
        wait_for(lambda: len(told) == 2)
    finally:
        scheduler.stop()


def test_a_stop_does_not_wait_for_the_end_of_a_flood(running: Running) -> None:
    adapter = running.add_page(1)
    adapter.batch_size = 1
    for number in range(50):
        adapter.add(f"fine {number}")
    listing = adapter._list
    adapter._list = lambda seen: (time.sleep(0.2), listing(seen))[1]
    scheduler = PollScheduler(running.service)
    scheduler.start()
    wait_for(lambda: polls(adapter))
    began = time.monotonic()
    scheduler.stop()
    assert time.monotonic() - began < 3  # a whole poll takes 4 s


def test_the_watchdog_ends_the_process_when_the_scheduler_thread_is_dead(
    running: Running,
) -> None:
    ended: list[int] = []
    scheduler = PollScheduler(running.service, die=ended.append)
    scheduler.start()
    try:
        scheduler._scheduler._thread = threading.Thread()  # one that never lived
        wait_for(lambda: ended == [EXIT_WATCHDOG])
    finally:
        scheduler._scheduler._thread = None
        scheduler._stopping.set()


def test_the_watchdog_ends_the_process_when_a_poll_hangs(running: Running) -> None:
    ended: list[int] = []
    adapter = running.add_page(1)
    release = threading.Event()
    adapter._list = lambda seen: release.wait(20)
    scheduler = PollScheduler(running.service, die=ended.append, hung_seconds=0.5)
    scheduler.start()
    try:
        wait_for(lambda: ended == [EXIT_WATCHDOG])
    finally:
        release.set()
        scheduler.stop()


def test_a_poll_stops_calling_long_before_it_would_be_taken_for_hung(running: Running) -> None:
    adapter = running.add_page(1)
    left: list[float] = []
    listing = adapter._list
    adapter._list = lambda seen: (left.append(seconds_for_calls()), listing(seen))[1]
    scheduler = PollScheduler(running.service, hung_seconds=600)
    scheduler.start()
    try:
        wait_for(lambda: len(left) >= 2)
    finally:
        scheduler.stop()
    assert all(200 < seconds <= 300 for seconds in left), "each poll has its own time"
    assert seconds_for_calls() == float("inf"), "what a person asks for is not cut"


@pytest.mark.parametrize("seconds", [3600.0, -3600.0])
def test_all_jobs_run_at_once_when_the_wall_clock_jumps(running: Running, seconds: float) -> None:
    ahead, ran = [0.0], threading.Event()
    scheduler = PollScheduler(running.service, wall_clock=lambda: time.time() + ahead[0])
    scheduler.start()
    try:
        scheduler._book("waiting", ran.set, 3600)
        ahead[0] = seconds / 1000  # as a clock is corrected all the time
        assert not ran.wait(2.5), "the watchdog looked twice and saw no jump"
        ahead[0] = seconds
        wait_for(ran.is_set)
    finally:
        scheduler.stop()


def test_the_watchdog_outlives_a_job_that_has_begun_since_the_clock_was_moved(
    running: Running,
) -> None:
    scheduler, ran = PollScheduler(running.service), threading.Event()
    scheduler.start()
    try:
        scheduler._book("begun", lambda: None, 3600)
        scheduler._book("waiting", ran.set, 3600)
        jobs = [scheduler._scheduler.get_job(name) for name in ("begun", "waiting")]
        scheduler._scheduler.get_jobs = lambda: jobs  # as they were a moment ago
        scheduler._scheduler.remove_job("begun")
        scheduler._run_all_now()
        wait_for(ran.is_set)
    finally:
        scheduler.stop()


def test_a_watchdog_that_fails_itself_ends_the_process(running: Running) -> None:
    ended: list[int] = []
    scheduler = PollScheduler(running.service, die=ended.append, tick_seconds=60)
    scheduler.start()
    try:
        scheduler._ticked = None  # type: ignore[assignment]  # as if memory had gone bad
        wait_for(lambda: ended == [EXIT_WATCHDOG])
    finally:
        scheduler.stop()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket on which systemd listens to a service."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(8)
        yield listening


def started_by(systemd: socket.socket, running: Running) -> tuple[PollScheduler, list[int]]:
    """A scheduler that tells systemd, and the exit codes that it would have ended with."""
    supervisor = Supervisor({"NOTIFY_SOCKET": systemd.getsockname()})
    ended: list[int] = []
    scheduler = PollScheduler(running.service, die=ended.append, supervisor=supervisor)
    scheduler.start()
    return scheduler, ended


def test_systemd_hears_that_it_polls_and_every_second_that_it_still_does(
    running: Running, systemd: socket.socket
) -> None:
    scheduler, ended = started_by(systemd, running)
    try:
        assert [systemd.recv(100) for _ in range(2)] == [b"READY=1", b"WATCHDOG=1"]
    finally:
        scheduler.stop()
    while (said := systemd.recv(100)) == b"WATCHDOG=1":
        pass
    assert said == b"STOPPING=1" and ended == []


def test_systemd_hears_nothing_more_of_a_service_that_cannot_poll(
    running: Running, systemd: socket.socket
) -> None:
    scheduler, ended = started_by(systemd, running)
    scheduler._scheduler._thread = threading.Thread()  # one that never lived
    wait_for(lambda: ended == [EXIT_WATCHDOG])
    scheduler._scheduler._thread = None
    scheduler._stopping.set()
    systemd.settimeout(1.5)
    with pytest.raises(TimeoutError):
        while True:
            systemd.recv(100)


def test_a_supervisor_that_is_gone_or_never_was_disturbs_nothing(
    running: Running, systemd: socket.socket
) -> None:
    with capture_logs() as logs:
        for environ in ({}, {"NOTIFY_SOCKET": systemd.getsockname() + ".gone"}):
            told = Supervisor(environ)
            told.tell(b"READY=1")
            told.tell(b"WATCHDOG=1")
    assert [one["event"] for one in logs] == ["supervisor_not_told"]


def test_a_process_that_stood_still_is_not_ended_when_it_goes_on(running: Running) -> None:
    ended: list[int] = []
    scheduler = PollScheduler(running.service, die=ended.append, hung_seconds=60)
    scheduler.start()
    try:
        scheduler._ticked -= 3600  # as after an hour of SIGSTOP
        scheduler._running_since["page x:1"] = scheduler._ticked
        scheduler._forgive(3600)
        assert scheduler._problem() == ""
        scheduler._forgive(1.0)  # the watchdog is in time: no excuse
        scheduler._ticked -= 3600
        assert scheduler._problem() == "the scheduler no longer ticks"
    finally:
        scheduler._running_since.clear()
        scheduler.stop()


def test_a_page_that_hangs_holds_up_no_other(running: Running) -> None:
    hanging, other = running.add_page(1), running.add_page(2)
    release = threading.Event()
    hanging._list = lambda seen: release.wait(20)
    scheduler = PollScheduler(running.service)
    scheduler.start()
    try:
        wait_for(lambda: polls(hanging) and polls(other) >= 5)
        assert polls(hanging) == 1
    finally:
        release.set()
        scheduler.stop()


def test_a_page_polled_by_hand_is_not_polled_twice_at_the_same_time(running: Running) -> None:
    adapter = running.add_page(1)
    inside, release = threading.Event(), threading.Event()
    listing = adapter._list

    def slow(seen: int) -> object:
        inside.set()
        release.wait(5)
        return listing(seen)

    adapter._list = slow
    first = threading.Thread(target=running.service.poll_page, args=(make_page(1).id,))
    first.start()
    inside.wait(5)
    assert running.service.poll_page(make_page(1).id).skipped == "busy"
    release.set()
    first.join()


def test_a_paused_page_is_left_alone_and_taken_up_again_when_resumed(running: Running) -> None:
    adapter = running.add_page(1)

    def pause(paused: bool) -> None:
        with running.service.database.write() as s:
            s.get_one(PageRow, adapter.page.id).paused = paused

    pause(True)
    scheduler = PollScheduler(running.service, tick_seconds=0.1)
    scheduler.start()
    try:
        ticked = scheduler.ticked_seconds_ago
        wait_for(lambda: ticked() < 0.1 and scheduler.pages == frozenset())
        assert polls(adapter) == 0
        pause(False)
        wait_for(lambda: polls(adapter) >= 2)
    finally:
        scheduler.stop()


def test_a_page_that_is_paused_amid_its_poll_leaves_nothing_to_the_poll_after_the_pause(
    running: Running,
) -> None:
    page = running.add_page(1).page.id
    scheduler = PollScheduler(running.service)
    scheduler._poll(page)  # it is not polled any more by now
    assert scheduler._next_seconds(f"page {page}") is None
    assert not scheduler._left


def test_an_open_action_is_carried_out_without_a_poll(running: Running) -> None:
    adapter = running.add_page(1)
    adapter.add("what the fuck")
    adapter.fail_next("fetch_one", Unreachable())
    running.service.poll_page(adapter.page.id)
    running.clock.advance(3600)
    scheduler = PollScheduler(running.service)
    scheduler._actions()
    assert adapter.hidden_ids() == {"c1"}
    assert polls(adapter) == 1


def test_stopping_while_a_job_books_its_next_run_comes_to_an_end(running: Running) -> None:
    scheduler = PollScheduler(running.service, tick_seconds=0.0)
    booking, add_job = threading.Event(), scheduler._scheduler.add_job

    def slowly(*args: object, **kwargs: object) -> object:
        booking.set()
        time.sleep(0.3)
        return add_job(*args, **kwargs)

    scheduler.start()
    scheduler._scheduler.add_job = slowly
    assert booking.wait(8)
    stop = threading.Thread(target=scheduler.stop, daemon=True)
    stop.start()
    stop.join(8)
    assert not stop.is_alive(), "stop() hangs"
