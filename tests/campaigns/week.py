"""200 pages on five platforms for a simulated week, in which one call in a hundred fails.

The service's own polls, waits and actions run on a simulated clock against the stand-ins, with the
real adapters, vendors' client libraries, HTTP, database and judgement. What must be nought is
counted by what the stand-ins know. The same seed makes the same week.

    python -m tests.campaigns.week --days 7 --pages 200 --seed 1 --json
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.campaigns.stepping import SteppingScheduler
from tests.campaigns.week_account import BARS_SECONDS, NOUGHT, Witness, account, intervals
from tests.campaigns.week_district import MONDAY, PLATFORMS, District, district
from tests.campaigns.week_public import EDITED, POSTS_A_DAY, USUAL, Act, Habits, written

MOST_CALLS = 300_000  # of a run, unless it is given less
SECONDS_A_CALL = 0.5  # of the simulated clock, on average: what vendors take
REPAIR_SECONDS = 60.0
# After the last word: quiet pages are polled hourly with 10 % jitter, and edits at YouTube looked
# for as often; Meta may stop writes for six hours.
SETTLE, SETTLE_AT_MOST = timedelta(minutes=75), timedelta(hours=7)


def run_week(
    folder: Path,
    *,
    pages: int,
    days: float,
    faults: float,
    seed: int,
    platforms: Sequence[str] = PLATFORMS,
    habits: Habits = USUAL,
    quiet_seconds: float | None = None,
    units: int | None = None,
    x_apps: int = 1,
    begins: datetime = MONDAY,
    progress: Callable[[datetime], object] = lambda _: None,
) -> dict[str, Any]:
    """The account of a whole week; is_sound() says whether all is as it must be."""
    began = time.monotonic()
    random.seed(seed)  # of backoffs and jitter
    with district(
        folder,
        pages=pages,
        faults=faults,
        seed=seed,
        platforms=platforms,
        quiet_seconds=quiet_seconds,
        units=units,
        x_apps=x_apps,
        begins=begins,
    ) as town:
        witness = Witness(district=town)
        steps = play(town, witness, days=days, seed=seed, habits=habits, progress=progress)
        result = account(town, witness) | figures(town, witness)
    result |= {"pages": pages, "days": days, "faults": faults, "seed": seed, "steps": steps}
    result["platforms"] = list(platforms)
    result["seconds"] = round(time.monotonic() - began, 1)
    return result


def figures(town: District, witness: Witness) -> dict[str, Any]:
    """What the week took: calls, failures, polls, units, cents."""
    troubles = town.troubles
    failed = sum(troubles.made.values())
    return {
        "calls": troubles.calls,
        "calls_by_platform": dict(troubles.by_platform),
        "failed_calls": dict(sorted(troubles.made.items())),
        "overtaken": dict(sorted(troubles.overtaken.items())),
        "failed_share": round(failed / max(1, troubles.calls_at_risk), 4),
        "polls": witness.polls,
        "failed_polls": dict(witness.failed_polls),
        "seconds_between_polls": intervals(witness),
        "hours": round((town.clock.now() - town.begins).total_seconds() / 3600, 2),
        "youtube_units_allowed": town.units_a_day,
        "youtube_units_a_day": dict(town.youtube.units),
        "youtube_over_quota": town.youtube.over_quota,
        "x_cents": round(sum(town.x.bill.cents.values()), 1),
    }


def play(
    town: District,
    witness: Witness,
    *,
    days: float,
    seed: int,
    habits: Habits = USUAL,
    progress: Callable[[datetime], object] = lambda _: None,
) -> int:
    """The week, and the hours after it in which nobody writes and nothing fails. Returns steps."""
    chance = random.Random(seed)
    scheduler = SteppingScheduler(
        service=town.service,
        clock=town.clock,
        calls=lambda: town.troubles.calls,
        seconds_a_call=SECONDS_A_CALL,
        chance=chance,
        polled=witness.polled,
        acted=witness.acted,
    )
    acts = written(
        town.world, town.texts, start=town.begins, days=days, chance=chance, habits=habits
    )
    for one in acts:
        scheduler.add(one.at, _doing(town, one))

    def repair() -> float:
        town.troubles.repair()
        return REPAIR_SECONDS

    scheduler.add(town.begins, repair)
    scheduler.add_pages(town.page_ids)
    end = town.begins + timedelta(days=days)
    scheduler.run(end, progress)
    town.troubles.end()
    scheduler.run(max(end, town.troubles.heals_at()) + SETTLE, progress)
    while scheduler.looking and town.clock.now() < end + SETTLE_AT_MOST:
        scheduler.run(town.clock.now() + SETTLE, progress)
    return scheduler.steps


def _doing(town: District, act: Act) -> Callable[[], None]:
    return lambda: town.public.do(act)


def is_sound(
    result: dict[str, Any],
    *,
    most_calls: int = MOST_CALLS,
    bars: bool = False,
    least_hides: int = 1,
) -> bool:
    """Nothing that must be nought is there, something was hidden, it took few calls and no more
    units than there are, and calls failed where they should. `bars`: so many hides at least on each
    platform of the run, and their p95 from comment to hide within its bar."""
    hides = result["latency_seconds"]
    in_time = all(
        p in hides and hides[p]["hides"] >= least_hides and hides[p]["p95"] <= BARS_SECONDS[p]
        for p in result["platforms"]
    )
    return (
        not any(result[name] for name in NOUGHT)
        and result["hidden"] > 0
        and result["calls"] <= most_calls
        and within_units(result)
        and result["failed_share"] >= result["faults"] / 2
        and (in_time or not bars)
    )


def within_units(result: dict[str, Any]) -> bool:
    """Whether YouTube's units last for whole days of such hours, and none was refused."""
    allowed, spent = result["youtube_units_allowed"], result["youtube_units_a_day"].values()
    whole = sum(spent) <= allowed * result["hours"] / 24
    return whole and max(spent, default=0) <= allowed and not result["youtube_over_quota"]


@contextmanager
def _bar(begins: datetime, days: float, *, shown: bool) -> Iterator[Callable[[datetime], object]]:
    """A bar of the simulated time on standard error."""
    from rich.console import Console
    from rich.progress import Progress

    whole = (timedelta(days=days) + SETTLE).total_seconds()
    with Progress(console=Console(stderr=True), disable=not shown) as bar:
        task = bar.add_task("simulated time", total=whole)
        yield lambda at: bar.update(task, completed=(at - begins).total_seconds())


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--days", type=float, default=7)
    parser.add_argument("--faults", type=float, default=0.01, help="share of the calls that fail")
    parser.add_argument("--posts", type=float, default=POSTS_A_DAY, help="a page and day")
    parser.add_argument("--edited", type=float, default=EDITED, help="share of the comments")
    parser.add_argument("--quiet", type=float, help="polling.max_seconds; else the default")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--units", type=int, help="a day of all channels; else 10,000 for each")
    parser.add_argument("--apps", type=int, default=1, help="of X, each with the money of a day")
    parser.add_argument("--hour", type=int, default=MONDAY.hour, help="UTC, when it begins")
    parser.add_argument("--only", choices=PLATFORMS, nargs="+", help="pages of these alone")
    parser.add_argument("--most-calls", type=int, default=MOST_CALLS)
    parser.add_argument("--bars", action="store_true", help="fail when a platform's p95 is late")
    parser.add_argument(
        "--least-hides", type=int, default=1, help="of each, or its p95 says little"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object, on one line")
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it there")
    return parser.parse_args()


def main() -> int:
    """Exit 0 when nothing was lost, judged twice, called early or shown, in few enough calls."""
    asked = _asked()
    begins = MONDAY.replace(hour=asked.hour)
    # In memory where it can be: waiting for a disk tells nothing of the service.
    place = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="modbot-week-", dir=place) as temporary:
        folder = asked.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        with _bar(begins, asked.days, shown=not asked.json) as progress:
            result = run_week(
                folder,
                pages=asked.pages,
                days=asked.days,
                faults=asked.faults,
                seed=asked.seed,
                platforms=asked.only or PLATFORMS,
                habits=Habits(posts_a_day=asked.posts, edited=asked.edited),
                quiet_seconds=asked.quiet,
                units=asked.units,
                x_apps=asked.apps,
                begins=begins,
                progress=progress,
            )
    result["sound"] = is_sound(
        result, most_calls=asked.most_calls, bars=asked.bars, least_hides=asked.least_hides
    )
    sys.stdout.write(json.dumps(result, indent=None if asked.json else 2) + "\n")
    return 0 if result["sound"] else 1


if __name__ == "__main__":
    sys.exit(main())
