"""One YouTube channel on the stand-in, and what a test does with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from modbot.budget import Budgets, RateBudget
from modbot.domain import Comment, Page
from modbot.ports import Connection
from platforms.sandbox.faults import Fault, Request
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from platforms.sandbox.youtube import YouTubeApi
from platforms.youtube import YouTubeAdapter
from tests.fakes import ManualClock

CANARY = "CANARYrefresh0123456789"


class Channel:
    """A channel with one video, and adapters on it that share one Google project."""

    def __init__(self, clock: ManualClock, server: SandboxServer, api: YouTubeApi):
        self.clock, self.server, self.api = clock, server, api
        self.world = server.world
        self.id = self.world.add_page("youtube", "Lawrence Public Schools")
        self.video = self.world.add_post(self.id, "Spring concert")
        self.token = self.world.issue_token(self.id, token=CANARY)
        self.page = Page(
            id=f"youtube:{self.id}",
            platform="youtube",
            external_id=self.id,
            name="Lawrence Public Schools",
            base_url=server.url,
        )
        self.budgets = Budgets(clock.now)
        clock.advance(60)

    @property
    def budget(self) -> RateBudget:
        """Of the project that every adapter here names."""
        return self.budgets.of("youtube", "77", self.server.url)

    def spend(self, units: int) -> None:
        """Another program of the project calls."""
        self.budget.admit(costs={"units": units})

    def adapter(self, *, page: Page | None = None, **secrets: str) -> YouTubeAdapter:
        """A new object, as after a restart."""
        given = {
            "client_id": "77-modbot.apps.googleusercontent.com",
            "client_secret": "CANARYclient9876543210",
            "refresh_token": self.token,
        }
        connection = Connection(
            secrets=given | secrets,
            now=self.clock.now,
            timeout_seconds=2,
            deadline_seconds=3,
            budgets=self.budgets,
        )
        return YouTubeAdapter(page or self.page, connection)

    def write(self, text: str = "nice concert", *, parent: str | None = None) -> str:
        self.clock.advance(5)
        return self.world.add_comment(self.video, text, parent=parent)

    def filtered_by_youtube(self, text: str, held_as: str) -> str:
        """A comment that YouTube never showed to the public."""
        comment_id = self.write(text)
        found = self.world.comment(comment_id)
        assert found is not None
        found.held_as = held_as
        self.world.set_hidden(comment_id, True)
        return comment_id

    def answers(
        self,
        status: int,
        body: object,
        *,
        match: str | Callable[[Request], bool] = "/youtube/v3/",
        times: int = 1,
    ) -> None:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        fault = Fault(kind="status", match=match, status=status, body=text, times=times)
        self.world.faults.push(fault)

    def refuses(self, status: int, reason: str, **more: object) -> None:
        error = {"code": status, "message": "no", "errors": [{"reason": reason, "message": "no"}]}
        self.answers(status, {"error": error}, **more)  # type: ignore[arg-type]

    def units(self, work: Callable[[], object]) -> int:
        """What `work` cost, as YouTube counts."""
        before = sum(self.api.units.values())
        work()
        return sum(self.api.units.values()) - before

    def asked(self) -> dict[str, int]:
        """Calls by method since the last time."""
        asked = dict(self.api.requests)
        self.api.requests.clear()
        return {name.removeprefix("youtube."): count for name, count in asked.items()}


@contextmanager
def youtube_channel(clock: ManualClock) -> Iterator[Channel]:
    world = World(clock)
    api = YouTubeApi(world)
    with SandboxServer(world, apis=[api]) as server:
        channel = Channel(clock, server, api)
        yield channel
        assert not world.deviations and not api.deviations, "calls that YouTube does not take"
        assert not api.rejected, "a comment was rejected, which cannot be undone"


def read(adapter: YouTubeAdapter, cursor: str | None = None) -> tuple[dict[str, Comment], str]:
    """All there is since the cursor, by id, and the next cursor."""
    found: dict[str, Comment] = {}
    more = True
    while more:
        batch = adapter.fetch_since(cursor)
        found |= {c.id: c for c in batch.comments}
        cursor, more = batch.cursor, batch.more
    assert cursor is not None
    return found, cursor


def on_another_page(page: Page, channel_id: str) -> Page:
    return replace(page, id=f"youtube:{channel_id}", external_id=channel_id)
