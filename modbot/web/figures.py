"""The metrics: names, helps and labels. No label holds a text, a name or anything of which there
are many: pages by their ids, else platforms, verdicts, categories, kinds and states."""

from __future__ import annotations

import platform as machine
import shutil
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from sqlmodel import Session

import modbot
from modbot import audit, migrations, store
from modbot.domain import Page
from modbot.measures import Durations, Measured
from modbot.store import DecisionKey
from modbot.tables import PageStateRow
from modbot.web.seam import WebService

# To every metric its help; labels are where the values come from.
HELP = {
    "modbot_build": "Versions of what runs.",
    "modbot_comments_judged": "Texts judged by the bot, an edited comment's anew.",
    "modbot_decisions": "Decisions by the worst category that they name.",
    "modbot_actions": "Hides, restores and deletions by how they stand.",
    "modbot_actions_open": "Actions that are asked for and not ended.",
    "modbot_oldest_open_action_timestamp_seconds": "Since when the longest waiting one waits.",
    "modbot_page_last_poll_success_timestamp_seconds": "Last time a page was read; 0: never.",
    "modbot_page_failures": "Polls of a page that failed in a row.",
    "modbot_page_needs_login": "1 while a page's token is refused.",
    "modbot_page_paused": "1 while a page is paused.",
    "modbot_page_rate_usage_ratio": "Share of the platform's rate budget that is spent.",
    "modbot_page_token_ends_timestamp_seconds": "Start (UTC) of a token's last day, where known.",
    "modbot_polling_max_seconds": "Longest time between polls of a page as configured.",
    "modbot_poll_seconds": "Polls by how long they took, since this process started.",
    "modbot_poll_failures": "Polls that failed, since this process started.",
    "modbot_api_requests": "Calls to platforms by status, since this process started.",
    "modbot_judging_seconds": "Batches by how long judging took, since this process started.",
    "modbot_judging_comments": "Comments in those batches.",
    "modbot_scheduler_last_tick_timestamp_seconds": "Last sign of life of the scheduler; 0: none.",
    "modbot_config_error": "1 while a newer configuration is refused.",
    "modbot_database_bytes": "Size of the database's files.",
    "modbot_disk_free_bytes": "Room on the database's disk.",
    "modbot_audit_rows": "Number of the newest row of the log.",
    "modbot_checkpoint_last_timestamp_seconds": "When the newest checkpoint was made; 0: none.",
    "modbot_checkpoint_undelivered": "Places where the newest checkpoint did not arrive.",
    "modbot_backup_last_timestamp_seconds": "When the newest backup was made; 0: none is known.",
}
FILES = {"database": "", "wal": "-wal"}


class Figures:
    """Reads the metrics of a service; each decision is counted once."""

    def __init__(self, service: WebService) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._decisions: Counter[DecisionKey] = Counter()
        self._newest = 0
        self._size: int | None = None  # of a database on a server

    def collect(self) -> Iterator[Metric]:
        """Every metric. Raises StoreUnreadable or what the database driver raises."""
        with self._lock:
            with self._service.database.read() as s:
                self._size = store.server_bytes(s)
                found = [*self._counted(s), *_pages(s), *_state(s)]
            found += self._files()
        yield from found
        yield from _measured(self._service.measures.now())
        yield _gauge(
            "modbot_polling_max_seconds", self._service.config.settings.polling.longest_seconds
        )
        yield _info()

    def _counted(self, s: Session) -> Iterator[Metric]:
        new, self._newest = store.decisions_after(s, self._newest)
        self._decisions.update(new)
        judged: Counter[str] = Counter()
        family = _counter("modbot_decisions", "platform", "verdict", "category", "actor")
        for key, number in self._decisions.items():
            family.add_metric([key.platform, key.verdict, key.category, key.actor], number)
            judged[key.platform] += number if key.actor == "bot" else 0
        yield family
        texts = _counter("modbot_comments_judged", "platform")
        for platform, number in judged.items():
            texts.add_metric([platform], number)
        yield texts
        actions = _labelled("modbot_actions", "platform", "kind", "state")
        open_ones = 0
        for labels, number in store.actions_by_state(s).items():
            actions.add_metric(list(labels), number)
            open_ones += number if labels[2] == "requested" else 0
        yield actions
        yield _gauge("modbot_actions_open", open_ones)
        yield _time("modbot_oldest_open_action_timestamp_seconds", store.oldest_open_action(s))

    def _files(self) -> Iterator[Metric]:
        path = self._service.database.path
        sizes = _labelled("modbot_database_bytes", "file")
        if self._size is not None:
            sizes.add_metric(["server"], self._size)
        for name, suffix in FILES.items():
            beside = path.with_name(path.name + suffix)
            sizes.add_metric([name], beside.stat().st_size if beside.exists() else 0)
        yield sizes
        yield _gauge("modbot_disk_free_bytes", shutil.disk_usage(path.parent).free)


def _pages(s: Session) -> Iterator[Metric]:
    families = {
        name: _labelled(f"modbot_page_{name}", "page", "platform")
        for name in (
            *("last_poll_success_timestamp_seconds", "failures", "needs_login", "paused"),
            *("rate_usage_ratio", "token_ends_timestamp_seconds"),
        )
    }
    for page, state in store.polled_pages(s):
        for name, value in _page(page, state).items():
            families[name].add_metric([page.id, page.platform], value)
    yield from families.values()


def _page(page: Page, state: PageStateRow) -> Mapping[str, float]:
    success = state.last_success_at
    values = {
        "last_poll_success_timestamp_seconds": success.timestamp() if success else 0.0,
        "failures": float(state.failures),
        "needs_login": float(state.needs_login),
        "paused": float(page.paused),
    }
    if state.usage is not None:
        values["rate_usage_ratio"] = state.usage
    if state.token_ends:
        day = datetime.fromisoformat(state.token_ends).replace(tzinfo=UTC)
        values["token_ends_timestamp_seconds"] = day.timestamp()
    return values


def _state(s: Session) -> Iterator[Metric]:
    row, made, saved = store.service_row(s), store.newest_checkpoint(s), store.newest_backup(s)
    yield _time("modbot_scheduler_last_tick_timestamp_seconds", row.ticked_at)
    yield _gauge("modbot_config_error", bool(row.config_error))
    yield _gauge("modbot_audit_rows", audit.head(s).seq)
    yield _time("modbot_checkpoint_last_timestamp_seconds", made.made_at if made else None)
    failing = [to for to, error in made.outcomes.items() if error] if made else []
    yield _gauge("modbot_checkpoint_undelivered", len(failing))
    yield _time("modbot_backup_last_timestamp_seconds", saved.made_at if saved else None)


def _measured(measured: Measured) -> Iterator[Metric]:
    polls = HistogramMetricFamily(
        "modbot_poll_seconds", HELP["modbot_poll_seconds"], labels=["platform"]
    )
    for platform, durations in measured.polls.items():
        polls.add_metric([platform], _buckets(durations), durations.sum)
    yield polls
    failures = _counter("modbot_poll_failures", "platform", "kind")
    for labels, number in measured.poll_failures.items():
        failures.add_metric(list(labels), number)
    yield failures
    requests = _counter("modbot_api_requests", "platform", "code")
    for labels, number in measured.requests.items():
        requests.add_metric(list(labels), number)
    yield requests
    judging = HistogramMetricFamily("modbot_judging_seconds", HELP["modbot_judging_seconds"])
    judging.add_metric([], _buckets(measured.judging), measured.judging.sum)
    yield judging
    comments = _counter("modbot_judging_comments")
    comments.add_metric([], measured.judged)
    yield comments


def _buckets(durations: Durations) -> list[tuple[str, float]]:
    """Cumulative, as the format wants them."""
    ends = [*(str(bound) for bound in durations.bounds), "+Inf"]
    so_far, buckets = 0, []
    for end, number in zip(ends, durations.counts, strict=True):
        so_far += number
        buckets.append((end, float(so_far)))
    return buckets


def _info() -> Metric:
    family = GaugeMetricFamily(
        "modbot_build_info",
        HELP["modbot_build"],
        labels=["version", "python", "sqlite", "revision"],
    )
    sqlite = store.sqlite_module.sqlite_version
    labels = [modbot.__version__, machine.python_version(), sqlite, migrations.HEAD]
    family.add_metric(labels, 1)
    return family


def _counter(name: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, HELP[name], labels=labels)


def _labelled(name: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, HELP[name], labels=labels)


def _gauge(name: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, HELP[name], value=float(value))


def _time(name: str, at: datetime | None) -> GaugeMetricFamily:
    return _gauge(name, at.timestamp() if at else 0.0)
