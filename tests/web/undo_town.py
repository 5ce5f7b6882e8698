"""A whole service on the platforms' stand-ins, with a rule that is wrong: it hides mascots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from modbot import registry, store
from modbot.clocks import SystemClock
from modbot.domain import Actor, Mode
from modbot.scheduler import polling
from modbot.service import Service, build_service
from modbot.settings import init_config, load_config
from platforms.sandbox.faults import RateLimit
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from platforms.sandbox.x import LIMITS

RULE = "mascots:lancer"
STAFF = Actor(kind="person", name="Staff")
PAGES = (("facebook", "Lawrence High School"), ("x", "District news"))
CHEERS = (
    "Go Lancer number {n}, what a season",
    "Every lancer on that team earned it, all {n} of them",
    "Proud lancer parent since {n} games",
    "Once a lancer, always a lancer. Row {n} says hi",
)
HARMLESS = ("See you at the game", "What time does it start?", "Great photo of the band")

MODBOT_TOML = """
[database]
url = "sqlite:///{database}"
[polling]
min_seconds = 1
max_seconds = 1
jitter = 0.1
[enforcement]
hides_per_hour = 1000
hides_per_day = 1000
[brake]  # would stop the rule before there is much to take back
share = 1.0
[classifier]
name = "embedded"
"""


@dataclass(kw_only=True)
class Town:
    """The service, and the platforms as the public sees them."""

    service: Service
    world: World
    posts: list[str]
    editable: str  # a comment that its author edits

    @property
    def hidden(self) -> int:
        """How many comments people do not see."""
        return sum(1 for comment in self.world.all_comments() if comment.hidden)

    def settled(self) -> bool:
        """Whether everything is read, and nothing is asked for any more."""
        with self.service.database.read() as s:
            known = store.newest_decision(s)
            open_actions = store.due_actions(s, self.service.clock.now())
        return known >= len(self.world.all_comments()) and not open_actions


@contextmanager
def open_town(folder: Path, *, cheers: int = 24) -> Iterator[Town]:
    """The town while the `with` block lasts; it polls."""
    world, environ = World(SystemClock()), dict[str, str]()
    for what in ("facebook", *(f"x:{what}" for what in LIMITS)):
        world.limits[what] = RateLimit(calls=10**6, window_seconds=900)
    config_folder = folder / "config"
    init_config(config_folder)
    settings = MODBOT_TOML.format(database=folder / "modbot.db")
    (config_folder / "modbot.toml").write_text(settings, "utf-8")
    (config_folder / "rules" / "mascots.txt").write_text(
        "# A mistake: the name of the school's team.\ncategory: profanity\n\n[strong]\nlancer\n",
        "utf-8",
    )
    posts = []
    with SandboxServer(world) as server:
        service = build_service(load_config(config_folder), environ=environ)
        for number, (platform, name) in enumerate(PAGES):
            account = world.add_page(platform, name)
            environ[f"TOWN_TOKEN_{number}"] = world.issue_token(account)
            posts.append(world.add_post(account, "Friday: homecoming. Bring a neighbour!"))
            _register(service, platform, account, name, f"env:TOWN_TOKEN_{number}", server.url)
        town = Town(
            service=service, world=world, posts=posts, editable=_write(world, posts, cheers)
        )
        try:
            with polling(service):
                yield town
        finally:
            service.close()


def _register(
    service: Service, platform: str, account: str, name: str, token: str, url: str
) -> None:
    new = registry.NewPage(
        platform=platform,
        external_id=account,
        name=name,
        token_ref=token,
        district_owned=True,
        base_url=url,
        government_use="a stand-in, not the vendor" if platform == "x" else "",
    )
    now = service.clock.now()
    page = registry.add_page(service.database, new, STAFF, now, platforms=service.platforms)
    registry.set_mode(service.database, page.id, Mode.ENFORCE, STAFF, now)


def _write(world: World, posts: list[str], cheers: int) -> str:
    for number, text in enumerate(HARMLESS):
        world.add_comment(
            posts[number % 2], text, author_id=f"h{number}", author_name="A neighbour"
        )
    made = [
        world.add_comment(
            posts[number % 3 == 2],
            CHEERS[number % len(CHEERS)].format(n=number),
            author_id=f"u{number % 7}",
            author_name=f"Parent {number % 7}",
        )
        for number in range(cheers)
    ]
    return made[0]
