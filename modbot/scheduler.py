"""Runs the service: one poll job a page, due actions, config reload, and a watchdog.

APScheduler 3 with its memory job store only: its database job stores can kill the scheduler's
thread without a sign. Every job is a one-shot that books its own next run, so a clock set forward
finds one missed run, not a million. A clock set back, a dead thread and a hung job are what the
watchdog looks for.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from modbot import store
from modbot.alerts import Alert
from modbot.ports import calls_within
from modbot.service import Service
from modbot.supervisor import ALIVE, READY, STOPPING, Supervisor
from modbot.tables import PageStateRow

_log = structlog.get_logger("modbot.scheduler")

TICK_SECONDS = 5.0  # real seconds between sign of life, registry look and config look
ACTION_SECONDS = 5.0
CHECKPOINT_SECONDS = 300.0  # between looks; a delivery that failed is tried again at each
ALERT_SECONDS = 2.0  # real seconds between looks at what has to be sent
CLOCK_DRIFT_SECONDS = 5.0
STANDSTILL_SECONDS = 5.0  # that the watchdog is late by, who should look every second
HUNG_SECONDS = 30 * 60  # a job that takes longer has hung: half of it is all it may call platforms
STALE_TICKS = 5
EXIT_WATCHDOG = 70


def poll_wait_seconds(service: Service, page_id: str, state: PageStateRow | None = None) -> float:
    """Service seconds from the end of a page's poll, which left `state`, to its next one."""
    polling = service.config.settings.polling
    try:
        seconds = service.next_poll_seconds(page_id, state)
    except Exception as error:  # the database is away: ask again soon
        _log.exception("interval_unknown", page=page_id, error=type(error).__name__)
        seconds = polling.min_seconds
    return seconds * random.uniform(1 - polling.jitter, 1 + polling.jitter)


def act(service: Service) -> int:
    """What is due every ACTION_SECONDS: actions, and comments to be restored together. Returns how
    many actions were tried."""
    tried = service.carry_out_due()
    service.carry_on_undos()
    return tried


def wall_seconds() -> float:
    """What the machine's clock says, which may be set, in seconds."""
    return time.time()


class PollScheduler:
    """The jobs of one running service. start() returns at once; stop() waits for running jobs."""

    def __init__(
        self,
        service: Service,
        *,
        die: Callable[[int], object] = os._exit,
        tick_seconds: float = TICK_SECONDS,
        hung_seconds: float = HUNG_SECONDS,
        supervisor: Supervisor | None = None,
        wall_clock: Callable[[], float] = wall_seconds,
    ):
        self._service = service
        self._supervisor = supervisor or Supervisor(os.environ)
        self._die = die
        self._wall_clock = wall_clock
        self._tick_seconds = tick_seconds
        self._hung_seconds = hung_seconds
        workers = service.config.settings.polling.workers
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            jobstores={"default": MemoryJobStore()},
            executors={
                "default": ThreadPoolExecutor(workers),
                "own": ThreadPoolExecutor(2),
                "checkpoints": ThreadPoolExecutor(1),
                "alerts": ThreadPoolExecutor(1),
            },
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._running_since: dict[str, float] = {}
        self._active: frozenset[str] = frozenset()  # pages that are to be polled
        self._booked: set[str] = set()  # those of them that have a job
        self._left: dict[str, PageStateRow] = {}  # by page, what the poll before left
        self._ticked = time.monotonic()
        self._patient_until = 0.0  # no job has hung before this
        self._stopping = threading.Event()
        self._booking = threading.Lock()  # no job is being booked once _stopping is set
        self._watchdog = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Starts polling every registered page."""
        self._tick()
        self._scheduler.start()
        self._book("tick", self._tick, self._tick_seconds, executor="own")
        self._book("actions", self._actions, ACTION_SECONDS, executor="own")
        self._book("checkpoints", self._checkpoints, 1.0, executor="checkpoints")
        self._book("alerts", self._alerts, 1.0, executor="alerts")
        self._watchdog.start()
        self._supervisor.tell(READY)

    def stop(self) -> None:
        """Lets running jobs end, then stops."""
        # shutdown() waits for running jobs with the lock in hand that booking a job needs: one
        # that is about to book would wait for ever.
        with self._booking:
            self._stopping.set()
        self._supervisor.tell(STOPPING)
        self._service.stopping.set()
        # shutdown() alone makes a round of the scheduler's thread that is under way fail.
        self._scheduler.pause()
        with self._scheduler._jobstores_lock:
            pass  # that round is over
        while self._running_since:
            time.sleep(0.02)
        self._scheduler.shutdown(wait=True)

    def ticked_seconds_ago(self) -> float:
        """Real seconds since the scheduler last showed life."""
        return time.monotonic() - self._ticked

    @property
    def pages(self) -> frozenset[str]:
        """Ids of the pages that are polled."""
        return self._active

    def _book(
        self, job_id: str, job: Callable[[], None], seconds: float, *, executor: str = "default"
    ) -> None:
        with self._booking:
            if self._stopping.is_set():
                return
            self._scheduler.add_job(
                self._run,
                "date",
                run_date=datetime.now(UTC) + timedelta(seconds=seconds),
                args=(job_id, job, executor),
                id=job_id,
                executor=executor,
                replace_existing=True,
            )

    def _run(self, job_id: str, job: Callable[[], None], executor: str) -> None:
        """Runs a job, which never raises out of here, and books its next run."""
        if self._stopping.is_set():  # it waited for a free thread
            return
        self._running_since[job_id] = time.monotonic()
        try:
            with calls_within(self._hung_seconds / 2):
                job()
        except Exception as error:
            # A locked database takes its time to fail, and again to be told of: still alive.
            self._show_life(job_id)
            _log.exception("job_failed", job=job_id, error=type(error).__name__)
            self._tell_failed(job_id, error)
            self._show_life(job_id)
        else:
            self._service.alerter.over("job_failed", job_id)
        finally:
            self._running_since.pop(job_id, None)
        seconds = self._next_seconds(job_id)
        if seconds is not None:
            self._book(job_id, job, seconds, executor=executor)

    def _show_life(self, job_id: str) -> None:
        if job_id == "tick":
            self._ticked = time.monotonic()

    def _tell_failed(self, job_id: str, error: Exception) -> None:
        """The database is away or the disk full, or there is a bug: nothing goes on by itself."""
        detail = f"{type(error).__name__}: the log names the place"
        self._service.alerter.send(Alert(kind="job_failed", page_id=job_id, detail=detail))

    def _next_seconds(self, job_id: str) -> float | None:
        if job_id == "tick":
            return self._tick_seconds
        if job_id == "actions":
            return ACTION_SECONDS / min(self._service.clock.speed, 25.0)
        if job_id == "checkpoints":
            return CHECKPOINT_SECONDS / self._service.clock.speed
        if job_id == "alerts":
            return ALERT_SECONDS
        page_id = job_id.removeprefix("page ")
        state = self._left.pop(page_id, None)
        if page_id not in self._active:
            self._booked.discard(page_id)
            return None
        return poll_wait_seconds(self._service, page_id, state) / self._service.clock.speed

    def _poll(self, page_id: str) -> None:
        result = self._service.poll_page(page_id)
        if result.state is not None:
            self._left[page_id] = result.state
        if result.new or result.edited or result.gone or result.actions_tried or result.error:
            _log.info(
                "polled",
                page=page_id,
                new=result.new,
                edited=result.edited,
                gone=result.gone,
                hides=result.hides_requested,
                error=result.error.partition(":")[0],
            )

    def _actions(self) -> None:
        act(self._service)

    def _checkpoints(self) -> None:
        self._service.keep_checkpoints()

    def _alerts(self) -> None:
        self._service.send_alerts()

    def _tick(self) -> None:
        """Sign of life; takes up new, changed and paused pages and a changed configuration."""
        self._ticked = time.monotonic()
        self._service.reload()
        self._service.tick()
        with self._service.database.read() as s:
            pages = store.pages(s)
        self._active = frozenset(p.id for p in pages if not p.paused)
        for page_id in self._active - self._booked:
            self._booked.add(page_id)
            self._book(f"page {page_id}", self._page_job(page_id), random.uniform(0, 0.2))

    def _page_job(self, page_id: str) -> Callable[[], None]:
        return lambda: self._poll(page_id)

    def _watch(self) -> None:
        """Ends the process, so that its supervisor starts it again, when it cannot poll."""
        try:
            problem = self._watch_out()
        except Exception as error:  # with the watchdog gone nobody would notice anything
            _log.exception("watchdog_failed", error=type(error).__name__)
            problem = "the watchdog itself failed"
        if problem and not self._stopping.is_set():
            _log.critical("watchdog", problem=problem)
            self._die(EXIT_WATCHDOG)

    def _watch_out(self) -> str:
        """Looks every second; the first problem, or nothing once it is told to stop."""
        wall, mono = self._wall_clock(), time.monotonic()
        while not self._stopping.wait(1.0):
            self._forgive(time.monotonic() - mono)
            drift = (self._wall_clock() - wall) - (time.monotonic() - mono)
            wall, mono = self._wall_clock(), time.monotonic()
            if abs(drift) > CLOCK_DRIFT_SECONDS:
                _log.warning("clock_moved", seconds=round(drift))
                self._run_all_now()
            problem = self._problem()
            if problem:
                return problem
            self._supervisor.tell(ALIVE)
        return ""

    def _run_all_now(self) -> None:
        for job in self._scheduler.get_jobs():
            with suppress(JobLookupError):  # it has begun meanwhile, and books itself anew
                job.modify(next_run_time=datetime.now(UTC))

    def _forgive(self, seconds: float) -> None:
        """A process that stood still (SIGSTOP, a paused container) is no dead scheduler: when the
        watchdog itself comes far too late, ticks and jobs get their time anew."""
        if seconds <= STANDSTILL_SECONDS:
            return
        _log.warning("stood_still", seconds=round(seconds))
        self._ticked = time.monotonic()
        self._patient_until = self._ticked + self._hung_seconds

    def _problem(self) -> str:
        if self.ticked_seconds_ago() > STALE_TICKS * max(self._tick_seconds, 1.0):
            return "the scheduler no longer ticks"
        thread = self._scheduler._thread
        if thread is not None and not thread.is_alive():
            return "the scheduler's thread is dead"
        if self._service.database.superseded:
            return "another instance has taken over the database"
        now = time.monotonic()
        if now < self._patient_until:
            return ""
        hung = [
            j for j, since in self._running_since.copy().items() if now - since > self._hung_seconds
        ]
        return f"hung: {', '.join(hung)}" if hung else ""


@contextmanager
def polling(service: Service) -> Iterator[PollScheduler]:
    """Polls while the `with` block lasts, then lets running jobs end."""
    scheduler = PollScheduler(service)
    scheduler.start()
    _log.info("started", pages=len(scheduler.pages))
    try:
        yield scheduler
    finally:
        scheduler.stop()
        _log.info("stopped")
