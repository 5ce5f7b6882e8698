"""What watching costs when nothing happens: one call a page, whatever the platform, and few
statements, however many posts there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from modbot import registry
from modbot.service import build_service
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from tests.fakes import ManualClock
from tests.line import ADA
from tests.running import config_on


@pytest.mark.parametrize(
    ("platform", "pages"),
    [
        *(("facebook", 10), ("instagram", 10), ("x", 10)),
        pytest.param("facebook", 200, marks=pytest.mark.campaigns),
    ],
)
def test_one_poll_of_quiet_pages_costs_one_call_a_page(
    tmp_path: Path, platform: str, pages: int
) -> None:
    clock = ManualClock()
    world = World(clock)
    environ = {}
    with SandboxServer(world) as server:
        service = build_service(config_on(tmp_path), clock=clock, environ=environ)
        try:
            ids = []
            for n in range(pages):
                page = world.add_page(platform, f"School {n}")
                for post in ("Welcome back!", "Lunch menu"):
                    world.add_comment(world.add_post(page, post), "Thank you")
                environ[f"TOKEN_{n}"] = world.issue_token(page)
                new = registry.NewPage(
                    platform=platform,
                    external_id=page,
                    name=f"School {n}",
                    token_ref=f"env:TOKEN_{n}",
                    district_owned=True,
                    handle=f"School{n}" if platform == "x" else "",
                    base_url=server.url,
                    government_use="asked and answered" if platform == "x" else "",
                )
                page_id = registry.add_page(
                    service.database, new, ADA, clock.now(), platforms=service.platforms
                ).id
                assert service.poll_page(page_id).new == 2
                ids.append(page_id)
            clock.advance(120)
            before = world.calls[platform]
            results = [service.poll_page(page_id) for page_id in ids]
            assert not [r for r in results if r.error or r.skipped or r.new]
            assert world.calls[platform] - before == pages
        finally:
            service.close()


@contextmanager
def statements() -> Iterator[Counter[str]]:
    """What the database is asked in the block, by the first word."""
    asked: Counter[str] = Counter()

    def count(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        asked[statement.split()[0]] += 1

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", count)


def test_a_quiet_poll_asks_the_database_little_and_no_more_for_many_posts(tmp_path: Path) -> None:
    clock = ManualClock()
    world = World(clock)
    environ = {}
    asked = []
    with SandboxServer(world) as server:
        service = build_service(config_on(tmp_path), clock=clock, environ=environ)
        try:
            for posts in (1, 25):
                account = world.add_page("facebook", f"School {posts}")
                for n in range(posts):
                    world.add_comment(world.add_post(account, f"news {n}"), "Thank you")
                environ[f"TOKEN_{posts}"] = world.issue_token(account)
                new = registry.NewPage(
                    platform="facebook",
                    external_id=account,
                    name=f"School {posts}",
                    token_ref=f"env:TOKEN_{posts}",
                    district_owned=True,
                    base_url=server.url,
                )
                page = registry.add_page(
                    service.database, new, ADA, clock.now(), platforms=service.platforms
                ).id
                for _ in range(2):
                    assert not service.poll_page(page).error
                    clock.advance(60)
                with statements() as one:
                    result = service.poll_page(page)
                    service.next_poll_seconds(page, result.state)
                assert result.new == 0
                asked.append(one)
        finally:
            service.close()
    few, many = asked
    assert many == few
    assert many.total() <= 17
    assert many["BEGIN"] <= 7
