"""Kills the running service again and again and counts what got lost or was done twice.

`modbot run` works against the stand-ins of Facebook and X, on this machine's clock. KILLS says
when it is killed.

    python -m tests.campaigns.kill_campaign --kills 50 --comments 2000 --seed 1 --json
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from modbot.settings import init_config
from modbot.settings.sections import DatabaseSection
from modbot.store import open_configured
from platforms.sandbox.server import SandboxServer
from tests.campaigns.district import DATABASE, District, stand_ins
from tests.campaigns.kill_account import Where, account, missing, read_stored, verify
from tests.campaigns.kill_service import Child

PAGES = ("facebook", "facebook", "facebook", "x", "x")
POSTS_A_PAGE = 3
EDITS_A_ROUND = 2
EDITED_SECONDS = 300.0  # after it was written a comment may still be edited
AUTHORS = 300
KILLS = {  # in turn, then shuffled; "call" and "write" are calls to a platform
    "before a write": "it never takes effect",
    "after a write": "it took effect and the service is not told",
    "after a call": "while the service works on the answer",
    "at a moment": "of its work",
    "before a call": "it is never answered",
    "at the start": "before it works at all",
}
NOUGHT = (  # figures of an account that must be nought, or empty
    "lost",
    "judged_twice",
    "unjudged",
    "double_effects",
    "unrecorded_writes",
    "hidden_without_record",
    "recorded_but_not_hidden",
    "hidden_but_allowed",
    "deviations",
)
START_SECONDS = 1.0  # "at the start": at most so long after it was started
WORK_SECONDS = 1.5  # "at a moment": at most so long after its first call
DIGEST_SECONDS = 0.04  # "after a call": at most so long after the answer left
CALLS, WRITES = 12, 3  # which one, counted from 1: at most this
PATIENCE_SECONDS = 4.0  # when that call does not come
FIRST_CALL_CAP_SECONDS = 20.0
SETTLE_SECONDS = 60.0  # without any getting on
FIRST_POLL_SECONDS = 5.0
TOLD_EVERY = 25  # kills
REST_EVERY = 50  # kills; then one life may catch up: lives of a second each never would

MODBOT_TOML = """
[database]
{database}
[web]
enabled = false
[polling]
min_seconds = 1
max_seconds = 1
jitter = 0.1
[enforcement]
hides_per_hour = 100000
hides_per_day = 100000
[budget]
x_cents_a_post = 0.0
x_cents_a_hide = 0.0
[classifier]
name = "embedded"
"""


@dataclass(kw_only=True)
class Campaign(District):
    """A district, a service that is killed, and what is written down of it."""

    editable: list[tuple[float, str]] = field(default_factory=list)  # when, and which
    first_polls: list[float] = field(default_factory=list)
    starts: list[tuple[float, float]] = field(default_factory=list)  # CPU and waits until then
    killed_at: dict[str, int] = field(default_factory=dict)
    edits: int = 0
    server: DatabaseSection | None = None  # where its database is, unless it is a file

    @property
    def database(self) -> Where:
        return self.server or self.folder / DATABASE

    def set_up(self, base_url: str) -> None:
        """Writes the configuration and registers the pages in enforce."""
        self.base_url = base_url
        init_config(self.folder / "config")
        section = self.server or DatabaseSection(url=f"sqlite:///{self.folder / DATABASE}")
        named = section.model_dump(exclude_defaults=True).items()
        lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in named)
        settings = MODBOT_TOML.format(database=lines)
        (self.folder / "config" / "modbot.toml").write_text(settings, "utf-8")
        with closing(open_configured(section)) as database:
            for number, platform in enumerate(PAGES):
                self.register(database, platform, number, POSTS_A_PAGE)

    def write(self, comments: int) -> None:
        """A burst of comments, and some edits of earlier ones where people can edit."""
        for _ in range(comments):
            comment, editable = self.write_one(AUTHORS)
            if editable:
                self.editable.append((time.monotonic(), comment))
        # Older ones no listing shows again, under a post with so many comments.
        self.editable = [e for e in self.editable if time.monotonic() - e[0] < EDITED_SECONDS]
        for _ in range(min(EDITS_A_ROUND, len(self.editable))):
            self.world.edit_comment(self.chance.choice(self.editable)[1], self.text())
            self.edits += 1

    def kill_once(self, kind: str, comments: int) -> None:
        """One life: half of the burst waits for it, half comes while it lives."""
        self.write(comments // 2)
        late = self.chance.uniform(0, WORK_SECONDS / 2)
        child = self.start()
        lasts = self._sentence(child, kind)
        left = comments - comments // 2
        while not child.dead and child.process.poll() is None and not lasts():
            if left and child.work_seconds >= late:
                self.write(left)
                left = 0
            time.sleep(0.01)
        self.killed_at[kind] = self.killed_at.get(kind, 0) + 1
        child.wait_dead()
        self.note_first_poll(child, waited=kind != "at the start")
        self.write(left)
        time.sleep(0.02)  # what the dead service had sent is answered now

    def _sentence(self, child: Child, kind: str) -> Callable[[], bool]:
        """Sets how the service dies; the answer says whether its time is over."""
        if kind == "at the start":
            until_start = self.chance.uniform(0, START_SECONDS)
            return lambda: child.age_seconds >= until_start
        if kind == "at a moment":
            until_work = self.chance.uniform(0, WORK_SECONDS)
        else:
            number = self.chance.randint(1, WRITES if kind.endswith("write") else CALLS)
            child.die_at(kind, number, self.chance.uniform(0, DIGEST_SECONDS))
            until_work = PATIENCE_SECONDS
        return lambda: (
            child.work_seconds >= until_work
            or child.age_seconds - max(child.work_seconds, 0) >= FIRST_CALL_CAP_SECONDS
        )

    def note_first_poll(self, child: Child, *, waited: bool) -> None:
        if child.first_call_seconds is not None:
            self.first_polls.append(child.first_call_seconds)
            self.starts.append((child.cpu_seconds, child.waited_seconds))
        elif waited:
            self.first_polls.append(child.age_seconds)

    def finish(self) -> int:
        """Lets a last life catch up, as long as it gets on, and end by itself; its exit code."""
        child = self.start()
        fewest, end = sys.maxsize, SETTLE_SECONDS
        while child.unhindered_seconds < end and child.process.poll() is None:
            stored = read_stored(self.database)
            left = len(missing(self.world, stored)) + stored.states()["requested"]
            if not left:
                break
            if left < fewest:  # short lives ask for more than they get done
                fewest, end = left, child.unhindered_seconds + SETTLE_SECONDS
            time.sleep(0.3 + left / 1000)
        exit_code = child.stop()
        self.note_first_poll(child, waited=True)
        return exit_code


@contextmanager
def district(folder: Path, seed: int, server: DatabaseSection | None = None) -> Iterator[Campaign]:
    """A campaign on stand-ins that serve while the `with` block lasts."""
    world, traps = stand_ins(server or folder / DATABASE)
    chance = random.Random(seed)
    campaign = Campaign(folder=folder, world=world, traps=traps, chance=chance, server=server)
    with SandboxServer(world, apis=traps) as platforms:
        campaign.set_up(platforms.url)
        yield campaign


def _kill_again_and_again(campaign: Campaign, kills: int, comments: int) -> list[int]:
    """All kills, and the exit codes of the lives in between that might catch up."""
    began, exit_codes = time.monotonic(), list[int]()
    shares = [comments // kills + (n < comments % kills) for n in range(kills)]
    kinds = list(islice(cycle(KILLS), kills))
    campaign.chance.shuffle(kinds)
    for number, (kind, share) in enumerate(zip(kinds, shares, strict=True), 1):
        campaign.kill_once(kind, share)
        if number % REST_EVERY == 0 and number < kills:
            exit_codes.append(campaign.finish())
        if number % TOLD_EVERY == 0:
            late = sum(1 for one in campaign.first_polls if one >= FIRST_POLL_SECONDS)
            sys.stderr.write(
                f"{number} kills after {time.monotonic() - began:.0f} s, median first poll "
                f"{statistics.median(campaign.first_polls):.2f} s, {late} late\n"
            )
    return exit_codes


def run_campaign(
    folder: Path, *, kills: int, comments: int, seed: int, server: DatabaseSection | None = None
) -> dict[str, Any]:
    """The account of a whole campaign; `sound` says whether nothing was lost or done twice."""
    began = time.monotonic()
    with district(folder, seed, server) as campaign:
        exit_codes = _kill_again_and_again(campaign, kills, comments)
        exit_codes.append(campaign.finish())
        result = account(campaign.world, read_stored(campaign.database))
        audit = verify(campaign.modbot, folder / "config")
    slowest = max(campaign.first_polls, default=0.0)
    result |= {
        "unrecorded_writes": sum(trap.unrecorded_writes for trap in campaign.traps),
        "kills": kills,
        "requests_checked": campaign.world.requests_checked,
        "deviations": sorted({str(one) for one in campaign.world.deviations}),
        "killed_at": campaign.killed_at,
        "edits": campaign.edits,
        "audit": audit,
        "first_poll_seconds": first_polls_told(campaign),
        "exit_code": max(exit_codes, key=abs),
        "seed": seed,
        "seconds": round(time.monotonic() - began, 1),
    }
    result["sound"] = is_sound(result, slowest)
    return result


def first_polls_told(campaign: Campaign) -> dict[str, Any]:
    """By the clock, and beside it the CPU that a start took and what it waited for a core."""
    told: dict[str, Any] = {
        "median": round(statistics.median(campaign.first_polls), 2),
        "slowest": round(max(campaign.first_polls), 2),
        "late": sum(1 for one in campaign.first_polls if one >= FIRST_POLL_SECONDS),
        "measured": len(campaign.first_polls),
    }
    for part, name in enumerate(("cpu", "waited_for_a_core")):
        seconds = [one[part] for one in campaign.starts] or [0.0]
        told[name] = {
            "median": round(statistics.median(seconds), 2),
            "most": round(max(seconds), 2),
        }
    return told


def is_sound(result: dict[str, Any], slowest_first_poll: float) -> bool:
    """Whether nothing was lost or done twice, and each start polled in time."""
    open_or_failed = result["hides"].get("requested", 0) + result["hides"].get("failed", 0)
    return (
        not any(result[name] for name in NOUGHT)
        and not open_or_failed
        and result["hidden"] > 0
        and result["audit"]["ok"]
        and result["integrity"] == "ok"
        and result["exit_code"] == 0
        and slowest_first_poll < FIRST_POLL_SECONDS
    )


def main() -> int:
    """Exit 0 when nothing was lost and nothing done twice."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--comments", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object, on one line")
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it there")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="modbot-kills-") as temporary:
        folder = asked.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        result = run_campaign(folder, kills=asked.kills, comments=asked.comments, seed=asked.seed)
    sys.stdout.write(json.dumps(result, indent=None if asked.json else 2) + "\n")
    return 0 if result["sound"] else 1


if __name__ == "__main__":
    sys.exit(main())
