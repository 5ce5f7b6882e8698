"""Kills the running service while pages back-fill, and counts what got lost or was judged twice.

Every page on Facebook has weeks behind it that no poll reads: so many posts with a comment each
that a back-fill takes several fetches, and a life ends between two of them as often as within one.
Those on X are polled beside it: what stands in their ids is when the stand-in made them.

    python -m tests.campaigns.backfill_kills --seed 1 --json
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from modbot import catching_up, store
from modbot.catching_up import Backfill
from modbot.past_tables import BackfillState
from modbot.store import Database
from tests.campaigns.fault_points import mortal
from tests.campaigns.kill_account import account, missing, read_stored, verify
from tests.campaigns.kill_campaign import NOUGHT, PAGES, Campaign, district

POSTS = 600  # of each page on Facebook, over DAYS; 200 are read in one fetch
FACEBOOK = "facebook"  # the first of PAGES
DAYS, WATCH_HOURS = 30, 48
COMMENTS_A_LIFE = 6  # of today, which polls find meanwhile
PATIENCE_SECONDS = 60.0  # of its own, until a life meets its end
# Each ends a life: a moment of mortal_service around what a back-fill stores and notes, or one of
# kill_campaign, at a call.
DEATHS = (
    "before UPDATE backfill",
    "after commit of INSERT decision",
    "before commit of UPDATE backfill",
    "before a call",
    "after commit of UPDATE backfill",
    "before commit of INSERT decision",
    "after a call",
    "after UPDATE backfill",
)
FIRST_CALL, LAST_CALL = 12, 30  # of a life: which one is its end; the first five are of polls


@dataclass(frozen=True, kw_only=True)
class Life:
    """How one that was killed left the back-fills."""

    death: str
    met: bool  # else it did not come to that
    running: int  # back-fills that were not through
    kept: int  # comments of the past in the record


def write_past(campaign: Campaign) -> set[str]:
    """Comments of before the watch window; their ids."""
    now, written = datetime.now(UTC), set[str]()
    for account_id in campaign.accounts[: PAGES.count(FACEBOOK)]:
        for n in range(POSTS):
            at = now - timedelta(hours=WATCH_HOURS + 1) - timedelta(days=DAYS - 4) * (n / POSTS)
            post = campaign.world.add_post(account_id, f"News {n}", at=at)
            said = campaign.text()
            written.add(campaign.world.add_comment(post, said, author_id=f"u{n}", at=at))
    return written


def _ask(campaign: Campaign) -> None:
    with closing(Database.open(f"sqlite:///{campaign.database}")) as database:
        with database.read() as s:
            pages = [page for page in store.pages(s) if page.platform == FACEBOOK]
        for page in pages:
            asked = {"by": "Ada", "now": datetime.now(UTC), "watch_hours": WATCH_HOURS}
            catching_up.ask(database, page, days=DAYS, **asked)


def _stand(campaign: Campaign) -> list[Backfill]:
    """How far each page's has come."""
    with closing(Database.open(f"sqlite:///{campaign.database}", read_only=True)) as database:
        with database.read() as s:
            pages = store.pages(s)
        found = [catching_up.backfill_of(database, page.id) for page in pages]
    return [one for one in found if one is not None]


def _live(campaign: Campaign, death: str) -> Life:
    """One life, with comments of today before and in it."""
    campaign.write(COMMENTS_A_LIFE)
    if death.endswith("call"):
        child = campaign.start()
        number = campaign.chance.randint(FIRST_CALL, LAST_CALL)
        child.die_at(death, number, campaign.chance.uniform(0, 0.04))
    else:
        child = mortal(campaign, death)
    while child.process.poll() is None and child.unhindered_seconds < PATIENCE_SECONDS:
        time.sleep(0.01)
    met = child.process.poll() is not None
    if met and child.process.returncode != -signal.SIGKILL:
        raise RuntimeError(f"it ended by itself ({child.process.returncode}) before {death!r}")
    child.dead = met
    child.wait_dead()
    time.sleep(0.02)  # what the dead service had sent is answered now
    stand = _stand(campaign)
    running = sum(one.state is BackfillState.RUNNING for one in stand)
    return Life(death=death, met=met, running=running, kept=sum(one.kept for one in stand))


def _catch_up(campaign: Campaign) -> int:
    """The last life, as long as back-fills and hides take; its exit code."""
    child = campaign.start()
    while child.unhindered_seconds < 2 * PATIENCE_SECONDS and child.process.poll() is None:
        stored = read_stored(campaign.database)
        if not (
            missing(campaign.world, stored)
            or stored.states()["requested"]
            or any(one.state is BackfillState.RUNNING for one in _stand(campaign))
        ):
            break
        time.sleep(0.3)
    return child.stop()


def run_backfill_kills(
    folder: Path, *, seed: int, deaths: Sequence[str] = DEATHS
) -> dict[str, Any]:
    """The account of a life for each of `deaths` and of one that goes on; `sound` as elsewhere."""
    began = time.monotonic()
    with district(folder, seed) as campaign:
        past = write_past(campaign)
        _ask(campaign)
        lives = [_live(campaign, death) for death in deaths]
        exit_code = _catch_up(campaign)
        stored = read_stored(campaign.database)
        result = account(campaign.world, stored)
        stand = _stand(campaign)
        audit = verify(campaign.modbot, folder / "config")
    result |= {
        "unrecorded_writes": sum(trap.unrecorded_writes for trap in campaign.traps),
        "deviations": sorted({str(one) for one in campaign.world.deviations}),
        "past": len(past),
        "kept": sum(one.kept for one in stand),
        "new": sum(one.new for one in stand),
        "unread": sorted({one.last_error for one in stand} - {""}),
        "not_done": sum(one.state is not BackfillState.DONE for one in stand),
        "past_acted_on": len(past & {comment for _, comment in stored.hides}),
        "lives": [asdict(life) for life in lives],
        "audit": audit,
        "exit_code": exit_code,
        "seconds": round(time.monotonic() - began, 1),
    }
    result["sound"] = _is_sound(result)
    return result


def _is_sound(result: dict[str, Any]) -> bool:
    return (
        not any(result[name] for name in (*NOUGHT, "unread", "not_done", "past_acted_on"))
        and result["kept"] == result["past"]
        and all(life["met"] and life["running"] for life in result["lives"])
        and not result["hides"].get("requested", 0)
        and result["audit"]["ok"]
        and result["integrity"] == "ok"
        and result["exit_code"] == 0
    )


def main() -> int:
    """Exit 0 when nothing was lost and nothing judged twice."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object, on one line")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="modbot-past-") as folder:
        result = run_backfill_kills(Path(folder), seed=asked.seed)
    sys.stdout.write(json.dumps(result, indent=None if asked.json else 2) + "\n")
    return 0 if result["sound"] else 1


if __name__ == "__main__":
    sys.exit(main())
