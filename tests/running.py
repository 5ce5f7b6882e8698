"""A whole service on pages in memory: real database, rules, model and policy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from modbot.domain import Mode
from modbot.service import Service, build_service
from modbot.settings import Config, load_config
from tests.fakes import FakeAdapter, FakePlatform, ManualClock, make_page
from tests.line import register


def config_on(folder: Path) -> Config:
    """The shipped configuration, on a database in `folder`."""
    config = load_config(environ={})
    section = config.settings.database.model_copy(
        update={"url": f"sqlite:///{folder / 'modbot.db'}"}
    )
    return replace(config, settings=config.settings.model_copy(update={"database": section}))


class Running:
    """A service and the pages in memory that it polls."""

    def __init__(self, service: Service, platform: FakePlatform, clock: ManualClock):
        self.service, self.clock = service, clock
        self._platform = platform

    def add_page(self, number: int, *, mode: Mode = Mode.ENFORCE) -> FakeAdapter:
        """Registers a page; what comes back is where a test plays its public."""
        page = replace(make_page(number, mode=mode), token_ref="env:TOKEN")
        adapter = FakeAdapter(page, now=self.clock.now)
        self._platform.adapters[page.id] = adapter
        with self.service.database.write() as s:
            register(s, page, self.clock)
        return adapter


@contextmanager
def running_service(folder: Path, clock: ManualClock) -> Iterator[Running]:
    """A whole service whose only platform, "facebook", is in memory."""
    platform = FakePlatform()
    service = build_service(
        config_on(folder),
        clock=clock,
        environ={"TOKEN": "t"},
        adapters={"facebook": platform},
    )
    try:
        yield Running(service, platform, clock)
    finally:
        service.close()
