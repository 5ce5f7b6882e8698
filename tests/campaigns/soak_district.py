"""A district of very many pages on stand-ins, for the soak."""

from __future__ import annotations

import json
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from modbot import registry
from modbot.clocks import SystemClock
from modbot.domain import Actor, Mode
from modbot.settings import init_config
from modbot.store import Database
from platforms.sandbox.faults import RateLimit
from platforms.sandbox.graph import GraphApi
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from platforms.sandbox.x import LIMITS, XApi
from tests.campaigns.kill_service import Child, Trap

CORPUS = Path(__file__).parent.parent / "corpus" / "dev.jsonl"
STAFF = Actor(kind="person", name="Ada")
DATABASE = "modbot.db"
HIDE_SHARE = 0.1
EDIT_SHARE = 0.02
FACEBOOK_EACH = 2  # every second page is on Facebook, the others are on X
LISTINGS = ("/posts", "/mentions")  # one call of these is one poll

MODBOT_TOML = """
[database]
url = "sqlite:///{database}"
[web]
enabled = false
[log]
level = "info"
format = "json"
[polling]
min_seconds = {interval}
max_seconds = {interval}
jitter = 0.1
[enforcement]
hides_per_hour = 100000
hides_per_day = 100000
[budget]
x_cents_a_post = 0.0
x_cents_a_hide = 0.0
[brake]
share = 1.0
[classifier]
name = "embedded"
"""


@dataclass(kw_only=True)
class SoakDistrict:
    """Its pages, the people who write there, and the service that is looked at."""

    folder: Path
    world: World
    traps: list[Trap]
    chance: random.Random
    environ: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    posts: list[str] = field(default_factory=list)
    editable: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        rows = [json.loads(line) for line in CORPUS.read_text("utf-8").splitlines()]
        self._bad = [row["comment"] for row in rows if row["action"] == "hide"]
        self._good = [row["comment"] for row in rows if row["action"] == "allow"]

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    @property
    def log(self) -> Path:
        return self.folder / "service.log"

    @property
    def modbot(self) -> Path:
        return Path(sys.executable).with_name("modbot")

    def set_up(self, base_url: str, *, pages: int, polls: float) -> None:
        """Writes the configuration and registers the pages in enforce."""
        init_config(self.folder / "config")
        settings = MODBOT_TOML.format(database=self.database, interval=max(1.0, pages / polls))
        (self.folder / "config" / "modbot.toml").write_text(settings, "utf-8")
        database = Database.open(f"sqlite:///{self.database}")
        try:
            for number in range(pages):
                self._register(database, number, base_url)
        finally:
            database.close()

    def _register(self, database: Database, number: int, base_url: str) -> None:
        platform = "x" if number % FACEBOOK_EACH else "facebook"
        account_id = self.world.add_page(platform, f"School {number}")
        variable = f"SOAK_TOKEN_{number}"
        self.environ[variable] = self.world.issue_token(account_id)
        self.posts.append(self.world.add_post(account_id, f"News {number}"))
        new = registry.NewPage(
            platform=platform,
            external_id=account_id,
            name=f"School {number}",
            token_ref=f"env:{variable}",
            district_owned=True,
            base_url=base_url,
            government_use="a stand-in on this machine" if platform == "x" else "",
        )
        now = datetime.now(UTC)
        page = registry.add_page(database, new, STAFF, now, platforms={"x", "facebook"})
        registry.set_mode(database, page.id, Mode.ENFORCE, STAFF, now)

    def write(self, comments: int) -> None:
        """So many new comments, and now and then an edit."""
        for _ in range(comments):
            post = self.chance.choice(self.posts)
            comment = self.world.add_comment(
                post, self._text(), author_id=f"u{self.chance.randrange(3000)}"
            )
            found = self.world.comment(comment)
            if found is not None and found.platform == "facebook":
                self.editable.append(comment)
            if self.editable and self.chance.random() < EDIT_SHARE:
                self.world.edit_comment(self.chance.choice(self.editable[-500:]), self._text())

    def _text(self) -> str:
        pool = self._bad if self.chance.random() < HIDE_SHARE else self._good
        return f"{self.chance.choice(pool)} {self.chance.randrange(10**6)}"

    def start(self) -> Child:
        command = [str(self.modbot), "run", "--config", str(self.folder / "config")]
        child = Child(command, self.environ, self.log)
        for trap in self.traps:
            trap.victim = child
        return child

    def polls(self, *, since: int) -> int:
        """How many polls there were among the calls after the first `since`."""
        calls = self.world.call_log[since:]
        return sum(1 for call in calls if call.path.endswith(LISTINGS))

    def complaints(self) -> dict[str, dict[str, int]]:
        """Lines of the service's log that say that something is wrong, and alerts, by name."""
        errors: Counter[str] = Counter()
        alerts: Counter[str] = Counter()
        for line in self.log.read_text("utf-8").splitlines():
            said = json.loads(line) if line.startswith("{") else {"event": line, "level": "error"}
            if said.get("event") == "alert":
                alerts[str(said.get("kind"))] += 1
            elif said.get("level") in ("warning", "error", "critical") or (
                said.get("event") == "polled" and said.get("error")
            ):
                errors[str(said.get("error") or said.get("event"))] += 1
        return {"errors": dict(errors), "alerts": dict(alerts)}


@contextmanager
def soak_district(folder: Path, *, pages: int, polls: float, seed: int) -> Iterator[SoakDistrict]:
    """A district on stand-ins that serve while the `with` block lasts."""
    world = World(SystemClock())
    for what in LIMITS:
        world.limits[f"x:{what}"] = RateLimit(calls=10**6, window_seconds=900)
    world.limits["facebook"] = RateLimit(calls=10**6, window_seconds=900)
    traps = [Trap(api, folder / DATABASE) for api in (GraphApi(world), XApi(world))]
    chance = random.Random(seed)
    district = SoakDistrict(folder=folder, world=world, traps=traps, chance=chance)
    with SandboxServer(world, apis=traps) as server:
        district.set_up(server.url, pages=pages, polls=polls)
        yield district
