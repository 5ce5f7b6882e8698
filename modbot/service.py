"""The one place where adapters, classifiers, database and clock meet."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

import structlog

import classifiers
import platforms
from classifiers.fundraisers import speaks_of
from classifiers.links import look_alikes
from classifiers.rule_book import RuleBook, WrittenRule, written_rules
from modbot import audit, manual, store, undo
from modbot.adapters import Adapters
from modbot.alerts import Alert, Alerter, IncidentBook, log_alert
from modbot.alerts.sender import Sender
from modbot.brake import BrakeLimits
from modbot.budget import Budgets
from modbot.catching_up import Backfill, PastReader
from modbot.checkpoints import Checkpoints
from modbot.clocks import SystemClock
from modbot.domain import Actor, Capability, Comment, Decision, Page
from modbot.enforcement import WORK_SECONDS, Limits, carry_out_due
from modbot.errors import BadConfig, ModbotError, PlatformError
from modbot.judging import Judge
from modbot.measures import Measures
from modbot.past_judge import keep_judge
from modbot.pipeline import PollContext, PollResult, page_and_state, poll_page
from modbot.poll_interval import Sharing, next_poll_seconds
from modbot.poll_notes import note_failure
from modbot.ports import AdapterFactory, Budgeted, Clock, PlatformAdapter
from modbot.seen_list import Seen
from modbot.settings import Config, ConfigWatcher
from modbot.store import Database, open_configured
from modbot.store.postgres import Hold
from modbot.tables import PageStateRow
from modbot.unused_rights import UnusedRights

_log = structlog.get_logger("modbot.service")


def build_judge(config: Config) -> Judge:
    """The classifiers and the policy of a configuration. Raises BadConfig or ClassifierFailed."""
    wanted, models = config.settings.classifier, config.settings.models_folder
    choice = classifiers.Choice(name=wanted.name, variant=wanted.variant, models=models)
    built = classifiers.build(choice, config.rules_dir)
    return Judge(classifiers=built, policy=config.policy, config_sha256=config.sha256)


def build_rule_book(config: Config) -> RuleBook:
    """The rules of a configuration one by one, to be checked. Raises BadConfig."""
    return RuleBook(config.rules_dir)


def capabilities_of(platform: str) -> frozenset[Capability]:
    """What modbot can do on a platform; nothing where there is no adapter."""
    known = platform in platforms.ADAPTERS
    return platforms.capabilities(platform) if known else frozenset()


class Service:
    """A running modbot: its database, judgement and pages."""

    def __init__(
        self,
        config: Config,
        database: Database,
        judge: Judge,
        *,
        clock: Clock,
        environ: Mapping[str, str],
        alerter: Alerter | None = None,
        adapters: Mapping[str, AdapterFactory],
        sinks: tuple[Callable[[Alert], None], ...] = (log_alert,),
    ):
        self.config = config
        self.database = database
        self.clock = clock
        self.incidents = IncidentBook(database, clock, lambda: self.config.settings.alerts)
        self.alerter = alerter or Alerter(sinks, self.incidents)
        self.sender = Sender(database, clock, lambda: self.config.settings, environ)
        self.config_error = ""
        self.stopping = threading.Event()  # set by the scheduler: polls and actions end soon
        self.measures = Measures()
        self.budgets = Budgets(clock.now, store.StoreLedger(database))
        self._judge = replace(judge, measures=self.measures)
        self._kept: Judge | None = None  # which is noted as what judges
        self._environ = environ
        self._watcher = ConfigWatcher(config)
        self._adapters = Adapters(
            adapters,
            lambda: self.config.settings,
            clock=clock,
            environ=environ,
            budgets=self.budgets,
            answered=self.measures.answered,
        )
        self._past = PastReader(database, clock, lambda: self.config.settings, self._looking_back)
        self._rights = UnusedRights(database, clock, self.alerter)
        self._sharing = Sharing()
        self._page_locks: dict[str, threading.Lock] = {}
        self._lock, self._keeping, self._bringing = (threading.Lock() for _ in range(3))
        self._written: tuple[str, dict[str, list[WrittenRule]]] = ("", {})

    @property
    def classifiers(self) -> tuple[object, ...]:
        """The classifiers in force, in the order they run."""
        return self._judge.classifiers

    @property
    def platforms(self) -> frozenset[str]:
        """Names of the platforms that there is an adapter for."""
        return frozenset(self._adapters.factories)

    def capabilities(self, platform: str) -> frozenset[Capability]:
        """What modbot can do on a platform; nothing where it has no adapter."""
        return platforms.capabilities(platform) if platform in self.platforms else frozenset()

    def rule_entries(self, rule: str) -> Sequence[WrittenRule]:
        """Where a rule is written in the configuration in force; empty: nowhere (any more)."""
        sha256, found = self._written
        if sha256 != self.config.sha256:
            found = {}
            for entry in written_rules(self.config.rules_dir):
                found.setdefault(entry.rule, []).append(entry)
            self._written = (self.config.sha256, found)
        return found.get(rule, ())

    def judge(self, comments: Sequence[Comment]) -> list[Decision]:
        """Decisions under the configuration in force; nothing is stored."""
        return self._judge.judge(comments)

    def speaks_of(self, text: str, fundraiser: str) -> bool:
        """Whether a text names a fundraiser; only such a text can be let through for it."""
        return speaks_of(text, fundraiser)

    def look_alikes(self, links: Sequence[str], known: Sequence[str]) -> list[tuple[str, str]]:
        """Links that pass themselves off as a known one, each with the known one."""
        return look_alikes(links, known)

    def adapter(self, page: Page) -> PlatformAdapter:
        """The adapter of a page. Raises AuthExpired when its token cannot be read."""
        return self._adapters.of(page)

    @contextmanager
    def _one_at_a_time(self, page_id: str) -> Iterator[bool]:
        """True when nobody else polls or acts on the page right now."""
        with self._lock:
            lock = self._page_locks.setdefault(page_id, threading.Lock())
        got = lock.acquire(blocking=False)
        try:
            yield got
        finally:
            if got:
                lock.release()

    def context(self, page: Page) -> PollContext:
        """What judging and storing comments of a page needs. Raises a PlatformError."""
        return self._context(self.adapter(page))

    def take_in(self, page: Page, seen: Sequence[Seen], actor: Actor, zone: tzinfo) -> manual.Taken:
        """Judges and stores what people saw on a page without an API; see manual.take_in()."""
        with self._bringing:  # of two who bring the same list at once the second adds nothing
            return manual.take_in(self.context(page), page, seen, actor, zone)

    def read_past(self, page_id: str, seconds: float) -> Backfill | None:
        """Reads on in a page's back-fill; see catching_up.carry_on(). None where nothing was to be
        done, or somebody else reads the page."""
        with self._one_at_a_time(page_id) as mine:
            return self._past.backfill(page_id, seconds) if mine else None

    def _looking_back(self, page: Page, since: datetime) -> PollContext:
        return self._context(self._adapters.looking_back(page, since))

    def _context(self, adapter: PlatformAdapter) -> PollContext:
        settings = self.config.settings
        judge = self._kept_judge()
        return PollContext(
            database=self.database,
            adapter=adapter,
            judge=judge,
            clock=self.clock,
            limits=self.limits,
            alerter=self.alerter,
            watch_hours=settings.polling.watch_hours,
            recheck_minutes=settings.polling.recheck_minutes,
            brake=BrakeLimits(
                share=settings.brake.share,
                min_comments=settings.brake.min_comments,
                window=timedelta(minutes=settings.brake.window_minutes),
            ),
            stopping=self.stopping,
        )

    def _kept_judge(self) -> Judge:
        """The judgement in force, after it was kept: no decision is made by what is not."""
        with self._keeping:
            judge, config = self._judge, self.config
            if self._kept is not judge and judge.config_sha256 == config.sha256:
                keep_judge(self.database, config, judge, self.clock.now())
                self._kept = judge
            return judge

    @property
    def limits(self) -> Limits:
        """How much the bot may do alone, a page."""
        enforcement = self.config.settings.enforcement
        return Limits(
            hides_per_hour=enforcement.hides_per_hour,
            hides_per_day=enforcement.hides_per_day,
            max_attempts=enforcement.max_attempts,
        )

    def poll_page(self, page_id: str) -> PollResult:
        """Polls one page now and carries out what is due on it."""
        began, platform = time.monotonic(), page_id.partition(":")[0]
        try:
            result = self._poll_page(page_id)
        except Exception as error:
            self.measures.polled(platform, time.monotonic() - began, type(error).__name__)
            raise
        if not result.skipped:
            failure = result.error.partition(":")[0]
            self.measures.polled(platform, time.monotonic() - began, failure)
        return result

    def _poll_page(self, page_id: str) -> PollResult:
        with self._one_at_a_time(page_id) as mine:
            if not mine:
                return PollResult(page_id=page_id, skipped="busy")
            page, state = page_and_state(self.database, page_id)
            try:
                adapter = self.adapter(page)
            except PlatformError as error:
                note_failure(self.database, self.alerter, page_id, error, self.clock.now())
                return PollResult(page_id=page_id, error=f"{type(error).__name__}: {error}")
            result = poll_page(self._context(adapter), page_id, (page, state))
            if not (result.error or result.skipped):
                state = self._past.turn(page, result.state)
                self._use_rights(page, adapter, state)
            if isinstance(adapter, Budgeted):
                store.keep_budget(self.database, page_id, adapter.budget, state)
            if result.error or result.actions_tried:
                self._read_refused_token_again(page_id)
            return result

    def _use_rights(self, page: Page, adapter: PlatformAdapter, state: PageStateRow) -> None:
        if self._rights.is_due(page, adapter, state):
            if state.needs_login:  # the token may have been mended since
                self._adapters.forget(page.id)
            with suppress(PlatformError):  # as the next poll says
                self._rights.use(page, self.adapter(page))

    def carry_out_due(self) -> int:
        """Carries out due actions on every page that has some. Returns how many were tried."""
        now, tried, end = self.clock.now(), 0, time.monotonic() + 5 * WORK_SECONDS
        with self.database.read() as s:
            waiting = {a.page.id: a.page for a in store.due_actions(s, now, limit=200)}
        for page in waiting.values():
            if time.monotonic() > end:  # slow platforms; the polls of the others go on meanwhile
                break
            with self._one_at_a_time(page.id) as mine:
                if not mine:
                    continue
                try:
                    adapter = self.adapter(page)
                except PlatformError:
                    continue  # the next poll of this page says so, once
                tried += carry_out_due(
                    self.database,
                    adapter,
                    page.id,
                    now=now,
                    limits=self.limits,
                    alerter=self.alerter,
                    stopping=self.stopping,
                )
                if isinstance(adapter, Budgeted):
                    store.keep_budget(self.database, page.id, adapter.budget)
                self._read_refused_token_again(page.id)
        return tried

    def carry_on_undos(self) -> int:
        """Gives comments that are to be restored together their turn. Returns how many."""
        rights = undo.Rights(policy=self.config.policy, capabilities=self.capabilities)
        return undo.carry_on(self.database, rights, self.clock.now(), stopping=self.stopping)

    def _read_refused_token_again(self, page_id: str) -> None:
        """A person mends a refused token in its file or variable, which only a new adapter reads;
        refused may be a poll or, where the token may read but not hide, an action."""
        with self.database.read() as s:
            refused = store.page_state(s, page_id).needs_login
        if refused:
            self._adapters.forget(page_id)

    def reload(self) -> None:
        """Takes a changed configuration into force; a broken one leaves the old one as it is."""
        changed = self._watcher.reload()
        if changed is None:
            return
        try:
            if isinstance(changed, BadConfig):
                raise changed
            judge = build_judge(changed)
        except ModbotError as error:
            known, self.config_error = self.config_error, str(error)
            if str(error) != known:
                _log.error("config_refused", error=str(error))
                self._note_config("config.refused", str(error))
            return
        if changed.settings.database != self.config.settings.database:
            _log.warning("restart_needed", key="database.url")  # the open one stays in use
        with self._keeping:
            self._judge = replace(judge, measures=self.measures)
            self.config, self.config_error = changed, ""
        self._adapters.forget_all()
        self._note_config("config.loaded", changed.sha256)
        _log.info("config_loaded", sha256=changed.sha256)

    def _note_config(self, kind: str, what: str) -> None:
        entry = audit.Entry(kind=kind, actor="modbot", detail={"what": what})
        with self.database.write() as s:
            audit.append(s, [entry], self.clock.now())

    def keep_checkpoints(self) -> None:
        """Makes a signed checkpoint when it is due, and brings it to the configured places."""
        Checkpoints(
            self.database,
            self.config.settings.checkpoints,
            clock=self.clock,
            environ=self._environ,
            alerter=self.alerter,
        ).keep()

    def send_alerts(self) -> None:
        """Begins to send what is due of stored alerts; returns at once."""
        self.incidents.refresh()
        self.sender.round()

    def tick(self) -> None:
        """Leaves a sign of life for the probes."""
        with self.database.write() as s:
            store.tick(
                s,
                self.clock.now(),
                config_sha256=self.config.sha256,
                config_error=self.config_error,
            )

    def next_poll_seconds(self, page_id: str, state: PageStateRow | None = None) -> float:
        """Without jitter (modbot.poll_interval). `state`: as a poll left it just now."""
        polling, now = self.config.settings.polling, self.clock.now()
        with self.database.read() as s:
            state = state or store.page_state(s, page_id)
            intervals = self._sharing.intervals(s, polling, state.budget_key, now)
        adapter = self._adapters.made(page_id)
        budget = adapter.budget if isinstance(adapter, Budgeted) else None
        return next_poll_seconds(polling, state, intervals, budget, now)

    def close(self) -> None:
        """Ends what is being sent, gives back what budgets took ahead, lets go of the database."""
        self.sender.close()
        self.budgets.close()
        self.database.close()


def build_service(
    config: Config,
    *,
    clock: Clock | None = None,
    environ: Mapping[str, str] | None = None,
    alerter: Alerter | None = None,
    adapters: Mapping[str, AdapterFactory] = platforms.ADAPTERS,
    sinks: tuple[Callable[[Alert], None], ...] = (log_alert,),
    hold: Hold | None = None,
) -> Service:
    """A service on the configured database; a SQLite file is brought up to date first. Alerts are
    kept there and go to `sinks`, unless an alerter is given. `hold`: of the process that runs it.

    Raises BadConfig, ClassifierFailed or StoreUnreadable.
    """
    judge = build_judge(config)
    found = os.environ if environ is None else environ
    return Service(
        config,
        open_configured(config.settings.database, found, hold=hold),
        judge,
        clock=clock or SystemClock(),
        environ=found,
        alerter=alerter,
        adapters=adapters,
        sinks=sinks,
    )
