"""Sets the stage: stand-in platforms, a fresh database, twelve registered pages, the service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from modbot import registry
from modbot.demo.district import REGISTERED
from modbot.domain import Actor, Mode
from modbot.ports import Clock
from modbot.service import Service, build_service
from modbot.settings import Config
from platforms.sandbox.feed import FeedEvent, load_feed
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World

DEMO_STAFF = Actor(kind="person", name="demo")
BEFORE_THE_DAY = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A service whose platforms are stand-ins on loopback."""

    service: Service
    world: World
    feed: tuple[FeedEvent, ...]
    page_ids: dict[str, str]  # the feed's page id -> ours


def day_begins(feed: tuple[FeedEvent, ...]) -> datetime:
    """Shortly before the first post: the accounts exist, nothing is published."""
    return next(e.at for e in feed if e.kind == "post") - BEFORE_THE_DAY


def demo_feed() -> tuple[FeedEvent, ...]:
    """One school day, in order of time."""
    return tuple(load_feed())


@contextmanager
def set_stage(
    config: Config, feed: tuple[FeedEvent, ...], clock: Clock, data_dir: Path
) -> Iterator[Stage]:
    """The stage while the `with` block lasts. The database in `data_dir` is made anew."""
    data_dir.mkdir(parents=True, exist_ok=True)
    database = data_dir / "demo.db"
    for left in data_dir.glob("demo.db*"):
        left.unlink()
    world = World(clock, feed)
    world.advance()
    environ: dict[str, str] = {}
    with SandboxServer(world) as server:
        service = build_service(
            # No log lines between those of the demo, which shows what is escalated itself.
            _on_database(config, database),
            clock=clock,
            environ=environ,
            sinks=(),
        )
        try:
            page_ids = _register(service, world, server.url, environ)
            yield Stage(service=service, world=world, feed=feed, page_ids=page_ids)
        finally:
            service.close()


def paced(config: Config, *, least_seconds: float) -> Config:
    """The configuration with pages polled no oftener than this; a day is long, a demo short."""
    polling = config.settings.polling
    least = max(polling.min_seconds, least_seconds)
    polling = polling.model_copy(
        update={"min_seconds": least, "max_seconds": max(polling.max_seconds, least)}
    )
    return replace(config, settings=config.settings.model_copy(update={"polling": polling}))


def _on_database(config: Config, path: Path) -> Config:
    section = config.settings.database.model_copy(update={"url": f"sqlite:///{path}"})
    return replace(config, settings=config.settings.model_copy(update={"database": section}))


def _said_of(feed_id: str) -> dict[str, str]:
    known = REGISTERED.get(feed_id)
    return asdict(known) if known else {}


def _register(
    service: Service, world: World, base_url: str, environ: dict[str, str]
) -> dict[str, str]:
    page_ids = {}
    for page in world.pages():
        variable = f"DEMO_TOKEN_{page.id}"
        environ[variable] = world.issue_token(page.id)
        new = registry.NewPage(
            platform=page.platform,
            external_id=page.id,
            name=page.name,
            token_ref=f"env:{variable}",
            district_owned=True,
            handle=page.handle if page.platform == "x" else "",
            base_url=base_url,
            government_use="a stand-in, not the vendor" if page.platform == "x" else "",
            **_said_of(world.feed_id(page.id)),
        )
        now = service.clock.now()
        added = registry.add_page(
            service.database, new, DEMO_STAFF, now, platforms=service.platforms
        )
        registry.set_mode(service.database, added.id, Mode.ENFORCE, DEMO_STAFF, now)
        page_ids[world.feed_id(page.id)] = added.id
    return page_ids
