"""A running sandbox with a page on it, and adapters for that page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from modbot.domain import CommentBatch, Page
from modbot.ports import Connection
from platforms.facebook import FacebookAdapter
from platforms.instagram import InstagramAdapter
from platforms.sandbox.graph import GraphApi
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from tests.fakes import ManualClock


@dataclass(kw_only=True)
class GraphSandbox:
    """One Facebook page and one Instagram account of a world, with their tokens."""

    clock: ManualClock
    world: World
    url: str
    pages: Mapping[str, str]
    tokens: dict[str, str] = field(default_factory=dict)

    def page(self, platform: str) -> Page:
        account = self.pages[platform]
        found = self.world.page(account)
        return Page(
            id=f"{platform}:{account}",
            platform=platform,
            external_id=account,
            name="A school",
            handle=found.handle if found else "",
            base_url=self.url,
        )

    def connection(self, platform: str, **secrets: str) -> Connection:
        return Connection(
            secrets={"token": self.tokens[platform], **secrets},
            now=self.clock.now,
            timeout_seconds=5,
            deadline_seconds=10,
        )

    def facebook(self, **secrets: str) -> FacebookAdapter:
        return FacebookAdapter(self.page("facebook"), self.connection("facebook", **secrets))

    def instagram(self, **secrets: str) -> InstagramAdapter:
        return InstagramAdapter(self.page("instagram"), self.connection("instagram", **secrets))

    def calls_of(self, platform: str, work: Callable[[], object]) -> int:
        """How many calls `work` makes."""
        before = self.world.calls[platform]
        work()
        return self.world.calls[platform] - before


@contextmanager
def graph_sandbox() -> Iterator[GraphSandbox]:
    clock = ManualClock()
    world = World(clock)
    pages = {
        "facebook": world.add_page("facebook", "Parthum Elementary School", feed_id="fb"),
        "instagram": world.add_page("instagram", "lancers.athletics", feed_id="ig"),
    }
    with SandboxServer(world, [GraphApi(world)]) as server:
        yield GraphSandbox(
            clock=clock,
            world=world,
            url=server.url,
            pages=pages,
            tokens={platform: world.issue_token(page) for platform, page in pages.items()},
        )


def ids(batch: CommentBatch) -> list[str]:
    return [comment.id for comment in batch.comments]
