"""The brake on a whole service, with the rules that ship and a platform over HTTP."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

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


def test_a_rule_gone_wild_is_held_on_its_page_until_it_is_released(tmp_path: Path) -> None:
    clock = ManualClock()
    world, environ = World(clock), dict[str, str]()
    with SandboxServer(world) as server:
        service = build_service(config_on(tmp_path), clock=clock, environ=environ, sinks=())
        try:
            posts, ids = [], []
            for n in range(2):
                account = world.add_page("facebook", f"School {n}")
                posts.append(world.add_post(account, "Homecoming"))
                environ[f"TOKEN_{n}"] = world.issue_token(account)
                new = registry.NewPage(
                    platform="facebook",
                    external_id=account,
                    name=f"School {n}",
                    token_ref=f"env:TOKEN_{n}",
                    district_owned=True,
                    base_url=server.url,
                )
                known, now = service.platforms, clock.now()
                ids.append(registry.add_page(service.database, new, ADA, now, platforms=known).id)
                registry.set_mode(service.database, ids[-1], Mode.ENFORCE, ADA, now)
            for n in range(CLEAN + WILD):
                world.add_comment(posts[0], f"Go team {n}" if n < CLEAN else f"shit {n}")
                clock.advance(1)
            world.add_comment(posts[1], "shit")
            assert [service.poll_page(page_id).error for page_id in ids] == ["", ""]

            with service.database.read() as s:
                decided = s.exec(select(DecisionRow).where(DecisionRow.page_id == ids[0])).all()
                (pulled,) = brakes.pulled(s, ids[0])
                hidden = Counter(s.exec(select(ActionRow.page_id)).all())
            assert pulled.key == "rule profanity_en:shit" and pulled.comments == 20
            # the twentieth comment of the hour is the first that is looked at, and held
            assert hidden == {ids[0]: 20 - CLEAN - 1, ids[1]: 1}
            held = [d for d in decided if d.degraded == [f"{brake.MARK}{pulled.key}"]]
            assert len(held) == WILD - (20 - CLEAN - 1)
            assert {(d.verdict, d.hide) for d in held} == {("review", False)}

            with service.database.write() as s:
                (row,) = brakes.pulled(s, ids[0])
                assert brake.release(s, row, ADA.name, "the list was mended", clock.now())
            world.add_comment(posts[0], "shit again")
            clock.advance(60)
            assert service.poll_page(ids[0]).hides_requested == 1
        finally:
            service.close()
