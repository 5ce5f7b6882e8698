"""A district on stand-ins and a service beside it, all on one simulated clock."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from modbot import logs, registry
from modbot.clocks import SteppedClock
from modbot.domain import Actor, Comment, Mode
from modbot.service import Service, build_service
from modbot.settings import init_config, load_config
from platforms.sandbox.faults import RateLimit
from platforms.sandbox.graph import GraphApi
from platforms.sandbox.records import SandboxPage
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.wordpress import WordPressApi
from platforms.sandbox.world import SCOPES, World
from platforms.sandbox.x import XApi
from platforms.sandbox.youtube import UNITS_A_DAY, YouTubeApi
from tests.campaigns.week_public import WELCOME, Public, Said, Texts
from tests.campaigns.week_troubles import Troubles

MONDAY = datetime(2026, 9, 14, 12, 0, tzinfo=UTC)  # eight in the morning in Lawrence
PLATFORMS = ("facebook", "instagram", "x", "youtube", "wordpress")
STAFF = Actor(kind="person", name="Ada")
HOSTS = 8  # that the sites of the blogs lie on
CANARY = "CANARY"  # begins every token, so that one can be found wherever it is
UNITS_A_CHANNEL = UNITS_A_DAY  # unless a run says otherwise; 40 channels need more than one quota
OLD = timedelta(days=2)  # of what stands on a page before the first poll

MODBOT_TOML = """
[database]
url = "sqlite:///{database}"
[web]
enabled = false
[classifier]
name = "embedded"
[http]
timeout_seconds = 1.0
deadline_seconds = 1.5
[log]
level = "debug"
"""
QUIET_TOML = """
[polling]
max_seconds = {0}
"""


@dataclass(kw_only=True)
class District:
    """Pages, their public, what goes wrong, and the service. Everything but time-outs of calls,
    which are real, is at default settings."""

    folder: Path
    clock: SteppedClock
    world: World
    youtube: YouTubeApi
    x: XApi
    troubles: Troubles
    texts: Texts
    public: Public
    service: Service
    page_ids: Sequence[str]  # the service's
    environ: dict[str, str]
    begins: datetime
    units_a_day: int  # of the one Google project that all channels belong to

    @property
    def database(self) -> Path:
        return self.folder / "modbot.db"

    @property
    def log(self) -> Path:
        return self.folder / "service.log"


class Tokens:
    """Where the service finds each page's token, and how a person renews one."""

    def __init__(self, world: World, units_a_day: int, x_apps: int):
        self.environ: dict[str, str] = {}
        self._x_apps = [f"app-{number}" for number in range(x_apps)]
        self._world = world
        self._units_a_day = units_a_day
        self._number = 0

    def issue(self, page_id: str) -> str:
        """A new token in the page's variable, whose name is given."""
        page = self._world.page(page_id)
        assert page is not None
        self._number += 1
        made = f"{CANARY}{self._number:06d}ab{self._number * 7919:010x}"
        if page.platform == "wordpress":
            made = f"bot:{made}"
        self._world.issue_token(page_id, token=made)
        variable = f"TOKEN_{page_id}"
        self.environ[variable] = json.dumps(self._secrets(page, made))
        return variable

    def renew(self, token: str) -> None:
        """Half of them work again, half are replaced."""
        known = self._world.tokens[token]
        if self._number % 2:
            known.expired, known.scopes = False, frozenset(SCOPES[known.platform])
        self.issue(known.page_id)

    def _secrets(self, page: SandboxPage, token: str) -> dict[str, str]:
        if page.platform == "youtube":
            return {
                "client_id": "77-modbot.apps.googleusercontent.com",
                "client_secret": f"{CANARY}clientsecret",
                "refresh_token": token,
                "units_a_day": str(self._units_a_day),
            }
        if page.platform in ("facebook", "instagram"):
            return {"token": token, "app_secret": self._world.app_secret}
        if page.platform == "x":
            number = [one.id for one in self._world.pages("x")].index(page.id)
            return {"token": token, "client_id": self._x_apps[number % len(self._x_apps)]}
        return {"token": token}


@contextmanager
def district(
    folder: Path,
    *,
    pages: int,
    faults: float,
    seed: int,
    platforms: Sequence[str] = PLATFORMS,
    quiet_seconds: float | None = None,
    units: int | None = None,
    x_apps: int = 1,
    begins: datetime = MONDAY,
) -> Iterator[District]:
    """As many pages on each platform while the `with` block lasts; `faults` is the share of calls
    that fail, from the first one on. `quiet_seconds`: polling.max_seconds, if not the default.
    `units`: what Google's project has a day, over all channels. `x_apps`: developer apps, each with
    money of its own, that X's accounts are spread over."""
    clock = SteppedClock(begins)
    names = [platforms[n % len(platforms)] for n in range(pages)]
    units = units or UNITS_A_CHANNEL * max(1, names.count("youtube"))
    world, accounts = _world(clock, names, units)
    tokens = Tokens(world, units, x_apps)
    youtube, x = YouTubeApi(world), XApi(world)
    apis = (GraphApi(world), x, youtube, WordPressApi(world))
    chance = random.Random(seed + 1)
    troubles = Troubles(world, youtube, share=faults, chance=chance, renew=tokens.renew)
    world.faults = troubles
    with ExitStack() as stack:
        stack.enter_context(_logging_to(folder / "service.log"))
        urls = [stack.enter_context(SandboxServer(world, apis=apis)).url for _ in range(HOSTS)]
        service = _service(folder, clock, tokens.environ, quiet_seconds)
        stack.callback(service.close)
        hosts = _hosts(names, urls, len(platforms))
        page_ids = _registered(service, world, tokens, zip(accounts, hosts, strict=True))
        troubles.public = Public(world, texts := Texts.chosen(partial(_hidden, service)))
        yield District(
            folder=folder, clock=clock, world=world, youtube=youtube, x=x, troubles=troubles,
            texts=texts, public=troubles.public, service=service, page_ids=page_ids,
            environ=tokens.environ, begins=begins, units_a_day=units,
        )  # fmt: skip


def _hosts(names: Sequence[str], urls: Sequence[str], platforms: int) -> list[str]:
    """The address that each page is read from: blogs lie on several hosts, all else on one."""
    return [
        urls[n // platforms % HOSTS if name == "wordpress" else 0] for n, name in enumerate(names)
    ]


def _registered(
    service: Service, world: World, tokens: Tokens, accounts: Iterable[tuple[str, str]]
) -> list[str]:
    """Ids of the pages of accounts, each with the stand-in's address that it is read from."""
    return [_register(service, world, account, tokens, host) for account, host in accounts]


def _world(clock: SteppedClock, names: Sequence[str], units: int) -> tuple[World, list[str]]:
    """An account on each platform named, and their ids."""
    world = World(clock)
    world.app_secret = f"{CANARY}appsecret"
    world.requires_proof = True
    world.limits["youtube"] = RateLimit(calls=units, window_seconds=24 * 3600)
    return world, [world.add_page(p, f"School {n}", handle=f"s{n}") for n, p in enumerate(names)]


def _service(
    folder: Path, clock: SteppedClock, environ: dict[str, str], quiet_seconds: float | None
) -> Service:
    init_config(folder / "config")
    settings = MODBOT_TOML.format(database=folder / "modbot.db")
    if quiet_seconds is not None:
        settings += QUIET_TOML.format(quiet_seconds)
    (folder / "config" / "modbot.toml").write_text(settings, "utf-8")
    return build_service(load_config(folder / "config"), clock=clock, environ=environ)


def _register(service: Service, world: World, account: str, tokens: Tokens, url: str) -> str:
    page = world.page(account)
    assert page is not None
    world.add_post(account, WELCOME, at=world.now() - OLD)
    new = registry.NewPage(
        platform=page.platform,
        external_id=account,
        name=page.name,
        token_ref=f"env:{tokens.issue(account)}",
        district_owned=True,
        handle=page.handle if page.platform == "x" else "",
        base_url=f"{url}/{account}" if page.platform == "wordpress" else url,
        government_use="a stand-in on this machine" if page.platform == "x" else "",
    )
    now = service.clock.now()
    made = registry.add_page(service.database, new, STAFF, now, platforms=service.platforms)
    registry.set_mode(service.database, made.id, Mode.ENFORCE, STAFF, now)
    return made.id


def _hidden(service: Service, said: Sequence[Said]) -> list[bool]:
    """Of texts under posts and comments: is each to be hidden?"""
    comments = [
        Comment(
            page_id="p",
            platform="facebook",
            id="1",
            post_id="1",
            post_text=post,
            parent_text=above,
            text=text,
            created_at=MONDAY,
        )
        for text, post, above in said
    ]
    return [judged.hide for judged in service.judge(comments)]


@contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    """All that this process logs goes there as long as the block lasts, at debug."""
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    with path.open("a", encoding="utf-8") as file:
        logs.configure(level="debug", stream=file)
        try:
            yield
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
            structlog.configure(**before)
