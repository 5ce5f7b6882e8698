"""A district of very many pages on stand-ins, for the soak."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from modbot.settings import init_config
from modbot.store import Database
from platforms.sandbox.server import SandboxServer
from tests.campaigns.district import DATABASE, District, stand_ins

AUTHORS = 3000
HIDE_SHARE = 0.1
EDIT_SHARE = 0.02
ASKED_AHEAD = 1.07  # polls asked for, beside those that there have to be
FACEBOOK_EACH = 2  # every second page is on Facebook, the others are on X
LISTINGS = {"facebook": "/published_posts", "x": "/mentions"}  # one call is one poll

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
class SoakDistrict(District):
    """Its pages, the people who write there, and the service that is looked at."""

    editable: list[str] = field(default_factory=list)

    def set_up(self, *, pages: int, polls: float) -> None:
        """Writes the configuration and registers the pages in enforce."""
        init_config(self.folder / "config")
        # A page's interval begins when its poll has ended, and the next poll waits for its turn.
        interval = max(1.0, pages / (polls * ASKED_AHEAD))
        settings = MODBOT_TOML.format(database=self.database, interval=interval)
        (self.folder / "config" / "modbot.toml").write_text(settings, "utf-8")
        with closing(Database.open(f"sqlite:///{self.database}")) as database:
            for number in range(pages):
                platform = "x" if number % FACEBOOK_EACH else "facebook"
                self.register(database, platform, number, posts=1)

    def write(self, comments: int) -> None:
        """So many new comments, and now and then an edit."""
        for _ in range(comments):
            comment, editable = self.write_one(AUTHORS)
            if editable:
                self.editable.append(comment)
            if self.editable and self.chance.random() < EDIT_SHARE:
                self.world.edit_comment(self.chance.choice(self.editable[-500:]), self.text())

    def polls(self, *, since: int) -> dict[str, int]:
        """How many polls of each platform there were among the calls after the first `since`."""
        calls = self.world.call_log[since:]
        return {
            platform: sum(1 for c in calls if c.platform == platform and c.path.endswith(listing))
            for platform, listing in LISTINGS.items()
        }

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
    world, traps = stand_ins(folder / DATABASE)
    chance = random.Random(seed)
    district = SoakDistrict(
        folder=folder, world=world, traps=traps, chance=chance, hide_share=HIDE_SHARE
    )
    with SandboxServer(world, apis=traps) as platforms:
        district.base_url = platforms.url
        district.set_up(pages=pages, polls=polls)
        yield district
