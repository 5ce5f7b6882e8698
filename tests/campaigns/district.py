"""A district on stand-ins of Facebook and X, for the campaigns that run the real program."""

from __future__ import annotations

import json
import os
import random
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from modbot import registry
from modbot.clocks import SystemClock
from modbot.domain import Actor, Mode
from modbot.store import Database
from platforms.sandbox.faults import RateLimit
from platforms.sandbox.graph import GraphApi
from platforms.sandbox.world import World
from platforms.sandbox.x import LIMITS, XApi
from tests.campaigns.kill_account import Where
from tests.campaigns.kill_service import Child, Trap

DATABASE = "modbot.db"
CORPUS = Path(__file__).parent.parent / "corpus" / "dev.jsonl"
STAFF = Actor(kind="person", name="Ada")
MANY_CALLS = RateLimit(calls=10**6, window_seconds=900)  # what is tried is not the limit


@dataclass(kw_only=True)
class District:
    """Its pages, the people who write there, and the service that moderates them."""

    folder: Path
    world: World
    traps: list[Trap]
    chance: random.Random
    environ: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    accounts: list[str] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
    base_url: str = ""
    hide_share: float = 0.5  # of the comments are such that the policy should hide them

    def __post_init__(self) -> None:
        rows = [json.loads(line) for line in CORPUS.read_text("utf-8").splitlines()]
        self._bad = [row["comment"] for row in rows if row["action"] == "hide"]
        self._good = [row["comment"] for row in rows if row["action"] == "allow"]

    @property
    def database(self) -> Where:
        return self.folder / DATABASE

    @property
    def log(self) -> Path:
        return self.folder / "service.log"

    @property
    def modbot(self) -> Path:
        return Path(sys.executable).with_name("modbot")

    def register(self, database: Database, platform: str, number: int, posts: int) -> None:
        """One more page in enforce, with so many posts."""
        account_id = self.world.add_page(platform, f"School {number}")
        variable = f"CAMPAIGN_TOKEN_{number}"
        self.environ[variable] = self.world.issue_token(account_id)
        self.accounts.append(account_id)
        self.posts += [self.world.add_post(account_id, f"News {n}") for n in range(posts)]
        new = registry.NewPage(
            platform=platform,
            external_id=account_id,
            name=f"School {number}",
            token_ref=f"env:{variable}",
            district_owned=True,
            base_url=self.base_url,
            government_use="a stand-in on this machine" if platform == "x" else "",
        )
        now = datetime.now(UTC)
        page = registry.add_page(database, new, STAFF, now, platforms={"facebook", "x"})
        registry.set_mode(database, page.id, Mode.ENFORCE, STAFF, now)

    def write_one(self, authors: int) -> tuple[str, bool]:
        """A comment of one of so many people; its id, and whether they can edit it there."""
        post = self.chance.choice(self.posts)
        comment = self.world.add_comment(
            post, self.text(), author_id=f"u{self.chance.randrange(authors)}"
        )
        found = self.world.comment(comment)
        return comment, found is not None and found.platform == "facebook"

    def text(self) -> str:
        pool = self._bad if self.chance.random() < self.hide_share else self._good
        return f"{self.chance.choice(pool)} {self.chance.randrange(10**6)}"

    def start(self) -> Child:
        """One life of the service."""
        command = [str(self.modbot), "run", "--config", str(self.folder / "config")]
        return self.watched(Child(command, self.environ, self.log))

    def watched(self, child: Child) -> Child:
        """The stand-ins count its calls from now on."""
        for trap in self.traps:
            trap.victim = child
        return child


def stand_ins(database: Where) -> tuple[World, list[Trap]]:
    """A world without limits to speak of, and the two platforms that show it."""
    world = World(SystemClock())
    for what in ("facebook", *(f"x:{one}" for one in LIMITS)):
        world.limits[what] = MANY_CALLS
    return world, [Trap(api, database) for api in (GraphApi(world), XApi(world))]
