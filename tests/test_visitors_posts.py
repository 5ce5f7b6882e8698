"""What a visitor posts on a Facebook Page goes the whole way of a comment."""

from __future__ import annotations

from pathlib import Path

from modbot import registry, store
from modbot.audit import verify
from modbot.domain import Mode
from modbot.service import build_service
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from tests.fakes import ManualClock
from tests.line import ADA
from tests.running import config_on

RUDE = "you stupid bitch, fuck you"


def test_a_visitors_rude_post_is_hidden_within_the_hour_and_its_deletion_noticed(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    world = World(clock)
    account = world.add_page("facebook", "School")
    environ = {"TOKEN": world.issue_token(account)}
    with SandboxServer(world) as server:
        service = build_service(config_on(tmp_path), clock=clock, environ=environ)
        try:
            new = registry.NewPage(
                platform="facebook",
                external_id=account,
                name="School",
                token_ref="env:TOKEN",
                district_owned=True,
                base_url=server.url,
            )
            database, now = service.database, clock.now()
            page = registry.add_page(database, new, ADA, now, platforms=service.platforms)
            registry.set_mode(database, page.id, Mode.ENFORCE, ADA, now)
            assert not service.poll_page(page.id).error
            posts = {}
            for text in (RUDE, "Thank you all"):
                posts[text] = world.add_post(account, text)
                found = world.post(posts[text])
                assert found is not None
                found.edge, found.author_id, found.author_name = "visitor_posts", "v7", "Visitor"
            clock.advance(3700)
            assert service.poll_page(page.id).new == 2
            assert {t: world.post(p).hidden for t, p in posts.items()} == {  # type: ignore[union-attr]
                RUDE: True,
                "Thank you all": False,
            }
            world.remove_post(posts["Thank you all"])
            clock.advance(3700)
            assert service.poll_page(page.id).gone == 1
            with database.read() as s:
                log = store.decision_log(s, limit=9)
            assert {(e.text, e.hidden, e.gone_at is None) for e in log} == {
                (RUDE, True, True),
                ("Thank you all", False, False),
            }
            assert verify(database).ok
        finally:
            service.close()
