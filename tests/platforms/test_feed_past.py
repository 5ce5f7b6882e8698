"""A comment feed's past: what it still shows can be back-filled, and is read after an outage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from modbot import catching_up, registry, store
from modbot.domain import Mode
from modbot.service import Service, build_service
from modbot.tables import ActionRow, CommentRow, DecisionRow, VersionRow
from tests.fakes import ManualClock
from tests.line import ADA
from tests.platforms.blog import Blog
from tests.platforms.loopback import LoopbackServer
from tests.running import config_on

DAY = 24 * 3600.0
SWEARS = "you stupid bitch, fuck you"


@pytest.fixture
def blog(clock: ManualClock) -> Blog:
    return Blog(clock)


@pytest.fixture
def service(blog: Blog, clock: ManualClock, tmp_path: Path) -> Iterator[Service]:
    """Reads the blog's feed, which no comment stood in for longer than ten days."""
    with LoopbackServer(blog.answer) as server:
        made = build_service(config_on(tmp_path), clock=clock, environ={}, sinks=())
        new = registry.NewPage(
            platform="feed",
            external_id="blog",
            name="Blog",
            token_ref="",
            district_owned=True,
            base_url=f"{server.url}/?feed=comments-rss2",
        )
        for text in ("nice", SWEARS):
            blog.write(text)
        clock.advance(10 * DAY)
        blog.write("fresh")
        page = registry.add_page(made.database, new, ADA, clock.now(), platforms=made.platforms)
        registry.set_mode(made.database, page.id, Mode.ENFORCE, ADA, clock.now())
        try:
            yield made
        finally:
            made.close()


def texts(service: Service) -> list[str]:
    with service.database.read() as s:
        return [t.strip() for t in s.exec(select(VersionRow.text).order_by(VersionRow.id))]


def test_what_a_feed_still_shows_is_back_filled_and_nothing_is_asked_of_it(
    service: Service, clock: ManualClock
) -> None:
    with service.database.read() as s:
        page = store.page(s, "feed:blog")
    catching_up.ask(service.database, page, days=30, by="Ada", now=clock.now(), watch_hours=48)
    read = service.read_past(page.id, 5)
    assert read is not None and (read.share, read.kept) == (1.0, 2)
    assert sorted(texts(service)) == sorted(["nice", SWEARS])
    with service.database.read() as s:
        assert {d.mode for d in s.exec(select(DecisionRow))} == {"observe"}
        assert s.exec(select(ActionRow)).all() == []


def test_after_an_outage_all_that_the_feed_shows_is_there_once_and_nothing_is_taken_for_gone(
    service: Service, blog: Blog, clock: ManualClock
) -> None:
    assert service.poll_page("feed:blog").error == ""
    answers = blog.spoilt
    blog.says(503)
    clock.advance(3600)
    blog.write("meanwhile")
    assert service.poll_page("feed:blog").error
    blog.spoilt = answers
    clock.advance(DAY + 6 * 3600)  # past a night
    assert service.poll_page("feed:blog").error == ""
    assert texts(service).count("meanwhile") == 1
    with service.database.read() as s:
        assert all(row.gone_at is None for row in s.exec(select(CommentRow)))
