"""What moderating a page with 25 posts costs at each vendor, measured on the stand-ins.

Requests are counted where they leave, units and cents as the vendor would charge them. Beside each
stands the naive way: one list a post at each poll, and each hide looked up, made and read back by
itself, whose cost is measured too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from modbot.domain import Page
from modbot.errors import RateLimited
from modbot.ports import Connection, HidesMany, PlatformAdapter, Spending
from platforms import ADAPTERS
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from platforms.sandbox.x import XApi
from platforms.sandbox.youtube import YouTubeApi
from tests.fakes import ManualClock
from tests.platforms.blog import Blog
from tests.platforms.loopback import LoopbackServer
from tests.platforms.recorder import RECORDER
from tests.platforms.scripted_wordpress import Site, make_item, site_page

POSTS, COMMENTS, HIDES = 25, 1000, 100
A_MINUTE = 10  # comments that come between two polls
POLLS = COMMENTS // A_MINUTE
SECRETS = {
    "client_id": "77-modbot.apps.googleusercontent.com",
    "client_secret": "word",
    "user": "bot",
    "app_password": "hush",
}
UNITS = {"youtube": "units"}  # elsewhere calls are what is scarce


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Calls, or YouTube's units. `cents`: where reading and hiding are paid for."""

    platform: str
    quiet_poll: int
    reading: int  # COMMENTS in POLLS polls
    hiding: int | None  # HIDES; None: the platform cannot
    one_hide: int  # looked up, made and read back by itself
    cents: Mapping[str, float]

    @property
    def naive(self) -> tuple[int, int, int]:
        """A quiet poll, reading, hiding."""
        return POSTS, POSTS * POLLS, HIDES * self.one_hide


class Scene:
    """A page of the stand-in with 25 posts, an adapter on it, and what its calls cost."""

    def __init__(self, platform: str, stack: ExitStack):
        self.platform = platform
        self.clock = ManualClock()
        self.world = World(self.clock)
        self.x, self.youtube = XApi(self.world), YouTubeApi(self.world)
        server = None
        if platform in ("x", "youtube"):
            server = SandboxServer(self.world, apis=[self.x, self.youtube])
        url = stack.enter_context(server or SandboxServer(self.world)).url
        account = self.world.add_page(platform, "Lawrence High", handle="lhs")
        self.posts = [self.world.add_post(account, f"Post {n}") for n in range(POSTS)]
        token = self.world.issue_token(account)
        page = Page(
            id=f"{platform}:{account}",
            platform=platform,
            external_id=account,
            name="Lawrence High",
            handle="lhs",
            base_url=url,
        )
        secrets = {**SECRETS, "token": token, "refresh_token": token}
        plenty = Spending(cents_a_day=100_000, cents_a_month=100_000)  # to see what it would cost
        connection = Connection(secrets=secrets, now=self.clock.now, spending=plenty)
        self.adapter = ADAPTERS[platform](page, connection)
        self.clock.advance(60)

    def write(self, number: int) -> str:
        """A comment; each third is a reply to the newest under its post."""
        self.clock.advance(60 / A_MINUTE)
        post = self.posts[number % POSTS]
        there = self.world.comments(post) if number % 3 == 2 else []
        return self.world.add_comment(
            post, f"comment {number}", parent=there[-1].id if there else None
        )

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def spent(self) -> int:
        if self.platform == "youtube":
            return sum(self.youtube.units.values())
        return RECORDER.checked[self.platform]

    def cents(self) -> float:
        return sum(self.x.bill.cents.values())


class WordPressScene(Scene):
    """The scripted site: there is no stand-in of a whole WordPress but a real one."""

    def __init__(self, stack: ExitStack):
        self.platform, self.clock = "wordpress", ManualClock()
        self.x = XApi(World(self.clock))
        self.site = Site(range(1, 2))
        url = stack.enter_context(LoopbackServer(self.site)).url
        connection = Connection(secrets=SECRETS, now=self.clock.now)
        self.adapter = ADAPTERS["wordpress"](site_page(url), connection)

    def write(self, number: int) -> str:
        item = make_item(number + 2, post=number % POSTS)
        self.site.items[number + 2] = item
        return str(number + 2)


def measured(platform: str) -> Costs:
    """Polls a quiet page, lets 1,000 comments come, and hides 100."""
    with ExitStack() as stack:
        scene = WordPressScene(stack) if platform == "wordpress" else Scene(platform, stack)
        first = scene.write(COMMENTS)
        cursor = _read(scene.adapter, None)
        scene.wait(300)
        cursor = _read(scene.adapter, cursor)
        quiet, _ = _cost(scene, lambda: _read(scene.adapter, cursor))
        found: list[str] = []
        reading, cents_read = _cost(scene, lambda: _read_all(scene, cursor, found))
        one, _ = _cost(scene, lambda: _hide_alone(scene.adapter, first))
        scene.wait(900)
        hiding, cents_hide = _cost(scene, lambda: _hide(scene, found[:HIDES]))
    return Costs(
        platform=platform,
        quiet_poll=quiet,
        reading=reading,
        hiding=hiding,
        one_hide=one,
        cents={"reading": cents_read, "hiding": cents_hide} if platform == "x" else {},
    )


def measured_feed() -> int:
    """Calls of a quiet poll; a feed cannot hide, and what it shows of a burst it decides."""
    blog = Blog(ManualClock())
    blog.write("hi")
    with LoopbackServer(blog.answer) as server:
        page = Page(id="feed:b", platform="feed", external_id="b", name="b", base_url=server.url)
        adapter = ADAPTERS["feed"](page, Connection(secrets={}, now=blog.clock.now))
        cursor = adapter.fetch_since(None).cursor
        before = RECORDER.checked["feed"]
        adapter.fetch_since(cursor)
    return RECORDER.checked["feed"] - before


def _cost(scene: Scene, work: Callable[[], object]) -> tuple[int, float]:
    before, cents = scene.spent(), scene.cents()
    work()
    return scene.spent() - before, scene.cents() - cents


def _read(adapter: PlatformAdapter, cursor: str | None, found: list[str] | None = None) -> str:
    more = True
    while more:
        batch = adapter.fetch_since(cursor)
        cursor, more = batch.cursor, batch.more
        if found is not None:
            known = set(found)
            found += [c.id for c in batch.comments if c.id not in known and not c.by_page]
    assert cursor is not None
    return cursor


def _read_all(scene: Scene, cursor: str, found: list[str]) -> None:
    for poll in range(POLLS):
        for number in range(poll * A_MINUTE, (poll + 1) * A_MINUTE):
            scene.write(number)
        cursor = _read(scene.adapter, cursor, found)
    assert len(found) >= COMMENTS, f"{scene.platform}: only {len(found)} comments arrived"


def _hide_alone(adapter: PlatformAdapter, comment_id: str) -> None:
    assert adapter.fetch_one(comment_id) is not None
    adapter.hide(comment_id)


def _hide(scene: Scene, ids: list[str]) -> None:
    """As modbot.enforcement asks: a look at all, then the hides."""
    adapter = scene.adapter
    assert isinstance(adapter, HidesMany)
    size = adapter.hides_a_call
    for start in range(0, len(ids), size):
        some = ids[start : start + size]
        assert all(adapter.fetch_many(some).values())
        ends = adapter.hide_many(some)
        if any(isinstance(end, RateLimited) for end in ends.values()):
            raise AssertionError("the vendor's rate limit stands before the measurement")
        assert set(ends.values()) == {None}
        scene.wait(450)  # X lets an account hide 50 replies in 15 minutes
