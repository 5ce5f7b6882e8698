"""Kills the service at every point of its work with the database, one life each.

What statements and commits there are is not written down here: a first life lists the points that
it meets (mortal_service), and each of them ends a life of its own. The bars are those of the
random kills (kill_campaign).

    python -m tests.campaigns.fault_points --every 1 --json
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from modbot.store import Database
from tests.campaigns.kill_account import account, read_stored, verify
from tests.campaigns.kill_campaign import (
    PAGES,
    POSTS_A_PAGE,
    Campaign,
    district,
    first_polls_told,
    is_sound,
)
from tests.campaigns.kill_service import Child

COMMENTS_A_LIFE = 12
LIST_SECONDS = 8.0  # of work, for the life that lists the points
# What is only done for a page that was never polled, and for its credential.
FIRST_POLL = ("INSERT page_state", "INSERT rate_budget")
MET_ONCE = "INSERT service"  # at the very first start, in the life that lists the points
REACH_SECONDS = 20.0  # of its own, until a point is met, else it counts as not met


def mortal(campaign: Campaign, point: str) -> Child:
    """A life that ends at a point; "list:FILE" lists the points that it meets."""
    command = [sys.executable, "-m", "tests.campaigns.mortal_service", point, "run"]
    command += ["--config", str(campaign.folder / "config")]
    return campaign.watched(Child(command, campaign.environ, campaign.log))


def _happenings(campaign: Campaign, life: int) -> None:
    """Whatever makes the service write: comments, edits, deletions, another configuration."""
    campaign.write(COMMENTS_A_LIFE)
    if campaign.editable:
        _, gone = campaign.editable.pop(campaign.chance.randrange(len(campaign.editable)))
        campaign.world.delete_comment(gone)
    campaign.posts.append(campaign.world.add_post(campaign.accounts[life % 5], f"Life {life}"))
    policy = campaign.folder / "config" / "policy.toml"
    policy.write_text(f"{policy.read_text('utf-8').rstrip()}\n# life {life}\n", "utf-8")


def _new_page(campaign: Campaign, life: int) -> None:
    database = Database.open(f"sqlite:///{campaign.database}")
    try:
        campaign.register(database, "facebook", len(PAGES) + life, POSTS_A_PAGE)
    finally:
        database.close()


def list_points(campaign: Campaign) -> list[str]:
    """The points that a life meets when it has everything to do."""
    listed = campaign.folder / "points.txt"
    _happenings(campaign, 0)
    child = mortal(campaign, f"list:{listed}")
    while child.work_seconds < LIST_SECONDS / 2:
        time.sleep(0.05)
    _happenings(campaign, 0)  # edits and deletions of what is stored by now
    while child.work_seconds < LIST_SECONDS:
        time.sleep(0.05)
    if code := child.stop():
        raise RuntimeError(f"the service ended with {code}; see {campaign.folder / 'service.log'}")
    return listed.read_text("utf-8").splitlines()


def die_at(campaign: Campaign, point: str, life: int) -> bool:
    """One life that ends at a point; whether it was met."""
    if point.endswith(FIRST_POLL):
        _new_page(campaign, life)
    _happenings(campaign, life)
    child = mortal(campaign, point)
    while child.process.poll() is None and child.unhindered_seconds < REACH_SECONDS:
        time.sleep(0.02)
    child.dead = child.process.poll() is not None
    if child.dead and child.process.returncode != -signal.SIGKILL:
        raise RuntimeError(f"it ended by itself ({child.process.returncode}) before {point!r}")
    met = child.dead
    child.wait_dead()
    campaign.note_first_poll(child, waited=not met)
    time.sleep(0.02)  # what the dead service had sent is answered now
    return met


def run_points(folder: Path, *, seed: int, every: int = 1) -> dict[str, Any]:
    """The account of a life for every `every`-th point; `sound` as in kill_campaign."""
    began = time.monotonic()
    with district(folder, seed) as campaign:
        found = list_points(campaign)
        points = found[::every]
        unmet = []
        for life, point in enumerate(points, 1):
            if not die_at(campaign, point, life):
                unmet.append(point)
        exit_code = campaign.finish()
        result = account(campaign.world, read_stored(campaign.database))
        audit = verify(campaign.modbot, folder / "config")
    slowest = max(campaign.first_polls, default=0.0)
    result |= {
        "unrecorded_writes": sum(trap.unrecorded_writes for trap in campaign.traps),
        "deviations": sorted({str(one) for one in campaign.world.deviations}),
        "points_found": len(found),
        "killed_at": [one for one in points if one not in unmet],
        "not_met_again": unmet,
        "audit": audit,
        "first_poll_seconds": first_polls_told(campaign),
        "exit_code": exit_code,
        "seconds": round(time.monotonic() - began, 1),
    }
    result["sound"] = is_sound(result, slowest) and not unexpected(unmet)
    return result


def unexpected(unmet: Iterable[str]) -> list[str]:
    """Points that were not met again though there was reason to."""
    return [point for point in unmet if not point.endswith(MET_ONCE)]


def main() -> int:
    """Exit 0 when nothing was lost and nothing done twice."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--every", type=int, default=1, help="only every so many-th point")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object, on one line")
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it there")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="modbot-points-") as temporary:
        folder = asked.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        result = run_points(folder, seed=asked.seed, every=asked.every)
    sys.stdout.write(json.dumps(result, indent=None if asked.json else 2) + "\n")
    return 0 if result["sound"] else 1


if __name__ == "__main__":
    sys.exit(main())
