"""What a visitor posts on a Facebook Page goes the whole way of a comment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from modbot import registry, store
from modbot.audit import verify
from modbot.domain import Mode, Page
from modbot.pipeline import PollResult
from modbot.service import Service, build_service
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from tests.fakes import ManualClock
from tests.line import ADA
from tests.running import config_on

RUDE = "you stupid bitch, fuck you"


@dataclass(frozen=True, kw_only=True)
class Town:
    """One Facebook page in enforce, on a stand-in."""

    service: Service
    world: World
    clock: ManualClock
    page: Page

    def visitors_post(self, text: str) -> str:
        post = self.world.add_post(self.page.external_id, text)
        found = self.world.post(post)
        assert found is not None
        found.edge, found.author_id, found.author_name = "visitor_posts", "v7", "Visitor"
        return post

    def poll_an_hour_later(self) -> PollResult:
        self.clock.advance(3700)
        return self.service.poll_page(self.page.id)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    clock = ManualClock()
    world = World(clock)
    account = world.add_page("facebook", "School")
    environ = {"TOKEN": world.issue_token(account)}
    with SandboxServer(world) as server:
        service = build_service(config_on(tmp_path), clock=clock, environ=environ)
        new = registry.NewPage(
            platform="facebook",
            external_id=account,
            name="School",
            token_ref="env:TOKEN",
            district_owned=True,
            base_url=server.url,
        )
        now = clock.now()
        page = registry.add_page(service.database, new, ADA, now, platforms=service.platforms)
        registry.set_mode(service.database, page.id, Mode.ENFORCE, ADA, now)
        try:
            yield Town(service=service, world=world, clock=clock, page=page)
        finally:
            service.close()


def test_a_visitors_rude_post_is_hidden_within_the_hour_and_a_deletion_noticed(town: Town) -> None:
    assert not town.service.poll_page(town.page.id).error
    rude, nice = town.visitors_post(RUDE), town.visitors_post("Thank you all")
    assert town.poll_an_hour_later().new == 2
    hidden = [town.world.post(one).hidden for one in (rude, nice)]  # type: ignore[union-attr]
    assert hidden == [True, False]
    town.world.remove_post(nice)
    assert town.poll_an_hour_later().gone == 1
    with town.service.database.read() as s:
        log = store.decision_log(s, limit=9)
    assert {(e.text, e.hidden, e.gone_at is None) for e in log} == {
        (RUDE, True, True),
        ("Thank you all", False, False),
    }
    assert verify(town.service.database).ok
