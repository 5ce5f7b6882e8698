"""The brake on a whole service, with the rules that ship and a platform over HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from modbot import brake, registry
from modbot.domain import Mode
from modbot.service import build_service
from modbot.store import brakes
from modbot.tables import ActionRow, DecisionRow
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from tests.fakes import ManualClock
from tests.line import ADA
from tests.running import config_on

CLEAN, WILD = 5, 30


class District:
    """Two pages in enforce mode, and a service that polls them."""

    def __init__(self, folder: Path, url: str, world: World, clock: ManualClock) -> None:
        self.world, self.clock, environ = world, clock, dict[str, str]()
        self.posts, self.ids = list[str](), list[str]()
        self.service = build_service(config_on(folder), clock=clock, environ=environ, sinks=())
        for n in range(2):
            account = world.add_page("facebook", f"School {n}")
            self.posts.append(world.add_post(account, "Homecoming"))
            environ[f"TOKEN_{n}"] = world.issue_token(account)
            new = registry.NewPage(
                platform="facebook",
                external_id=account,
                name=f"School {n}",
                token_ref=f"env:TOKEN_{n}",
                district_owned=True,
                base_url=url,
            )
            database, known, now = self.service.database, self.service.platforms, clock.now()
            page = registry.add_page(database, new, ADA, now, platforms=known)
            registry.set_mode(database, page.id, Mode.ENFORCE, ADA, now)
            self.ids.append(page.id)

    def say(self, page: int, text: str) -> None:
        self.world.add_comment(self.posts[page], text)
        self.clock.advance(1)


@pytest.fixture
def district(tmp_path: Path) -> Iterator[District]:
    clock = ManualClock()
    world = World(clock)
    with SandboxServer(world) as server:
        district = District(tmp_path, server.url, world, clock)
        yield district
        district.service.close()


def test_a_rule_gone_wild_is_held_on_its_page_until_it_is_released(district: District) -> None:
    service, (one, two) = district.service, district.ids
    for n in range(CLEAN + WILD):
        district.say(0, f"Go team {n}" if n < CLEAN else f"shit {n}")
    district.say(1, "shit")
    assert [service.poll_page(page_id).error for page_id in (one, two)] == ["", ""]

    with service.database.read() as s:
        decided = s.exec(select(DecisionRow).where(DecisionRow.page_id == one)).all()
        (pulled,) = brakes.pulled(s, one)
        hidden = Counter(s.exec(select(ActionRow.page_id)).all())
    assert pulled.key == "rule profanity_en:shit" and pulled.comments == 20
    # The twentieth comment of the hour is the first that is looked at, and held.
    assert hidden == {one: 20 - CLEAN - 1, two: 1}
    held = [d for d in decided if d.degraded == [f"{brake.MARK}{pulled.key}"]]
    assert len(held) == WILD - (20 - CLEAN - 1)
    assert {(d.verdict, d.hide) for d in held} == {("review", False)}

    with service.database.write() as s:
        (row,) = brakes.pulled(s, one)
        assert brake.release(s, row, ADA.name, "the list was mended", district.clock.now())
    district.say(0, "shit again")
    assert service.poll_page(one).hides_requested == 1
