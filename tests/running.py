"""A whole service on pages in memory: real database, rules, model and policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

from modbot.alerts import Alert, Alerter
from modbot.domain import Mode
from modbot.judging import Judge
from modbot.service import Service, build_judge
from modbot.settings import Config, load_config
from tests.databases import new_database
from tests.fakes import FakeAdapter, FakePlatform, ManualClock, make_page
from tests.hook_server import HookServer
from tests.line import register


@cache
def shipped_judge() -> Judge:
    """The rules and the model that ship; loading them takes longer than most tests."""
    return build_judge(load_config(environ={}))


def config_on(folder: Path, **budget: float) -> Config:
    """The shipped configuration on a database in `folder`; `budget`: caps in place of its own."""
    config = load_config(environ={})
    section = config.settings.database.model_copy(
        update={"url": f"sqlite:///{folder / 'modbot.db'}"}
    )
    caps = config.settings.budget.model_copy(update=budget)
    changed = config.settings.model_copy(update={"database": section, "budget": caps})
    return replace(config, settings=changed)


class Running:
    """A service and the pages in memory that it polls."""

    def __init__(
        self, service: Service, platform: FakePlatform, clock: ManualClock, alerts: list[Alert]
    ):
        self.service, self.clock, self.alerts = service, clock, alerts
        self.platform = platform
        self.secured: HookServer  # where a test has one

    def add_page(
        self, number: int, *, mode: Mode = Mode.ENFORCE, token_ref: str = "env:TOKEN"
    ) -> FakeAdapter:
        """Registers a page; what comes back is where a test plays its public."""
        page = replace(make_page(number, mode=mode), token_ref=token_ref)
        adapter = FakeAdapter(page, now=self.clock.now)
        self.platform.adapters[page.id] = adapter
        with self.service.database.write() as s:
            register(s, page, self.clock)
        return adapter


@contextmanager
def running_service(
    folder: Path,
    clock: ManualClock,
    *,
    config: Config | None = None,
    environ: Mapping[str, str] | None = None,
    judge: Judge | None = None,
    keeps_alerts: bool = False,
) -> Iterator[Running]:
    """A whole service whose only platform, "facebook", is in memory. Its alerts stay in `alerts`
    alone, unless it keeps them in the database as the real one does."""
    platform, alerts = FakePlatform(), list[Alert]()
    service = Service(
        config or config_on(folder),
        new_database(folder / "modbot.db"),
        judge or shipped_judge(),
        clock=clock,
        environ={"TOKEN": "t"} if environ is None else environ,
        alerter=None if keeps_alerts else Alerter((alerts.append,)),
        adapters={"facebook": platform},
        sinks=(alerts.append,),
    )
    try:
        yield Running(service, platform, clock, alerts)
    finally:
        service.close()
