"""Runs the service under a steady load and looks at what it holds: memory, file handles, threads.

`modbot run` works against stand-ins of X and Facebook in this process. Every few seconds Linux is
asked what the service holds; a table of it, minute by minute, is printed at the end.

    python -m tests.campaigns.soak --seconds 1800 --polls 67 --comments 20
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.campaigns.holdings import Holdings, look, slope_percent, table
from tests.campaigns.kill_account import account, missing, read_stored, verify
from tests.campaigns.kill_service import Child
from tests.campaigns.soak_district import SoakDistrict, soak_district

WARM_UP_SECONDS = 300.0  # a sixth of the time where it is shorter than half an hour
LOOK_SECONDS = 5.0
SETTLE_SECONDS = 90.0
MEMORY_SLOPE_PERCENT = 5.0
SPARE_HANDLES = 10  # that may be open for a moment more in the second half than in the first
ABOUT_COMMENTS = {"threat", "crisis"}  # alerts that are the service's work, and no fault
COMMENTS_SHARE = 0.99  # of those asked for: the last ones are written after the last look


def run_soak(
    folder: Path, *, seconds: float, polls: float, comments: float, pages: int, seed: int
) -> dict[str, Any]:
    """The figures of one run; `sound` says whether it is within its bars."""
    with soak_district(folder, pages=pages, polls=polls, seed=seed) as district:
        child = district.start()
        while child.first_call_seconds is None and child.process.poll() is None:
            time.sleep(0.05)
        began, calls = time.monotonic(), len(district.world.call_log)
        looks = _watch(district, child, seconds, comments)
        lasted = time.monotonic() - began
        polled = district.polls(since=calls)
        _settle(district, child)
        exit_code = child.stop()
        accounted = account(district.world, read_stored(district.database))
        audit = verify(district.modbot, folder / "config")
        result = {
            "seconds": round(lasted, 1),
            "pages": pages,
            "polls_a_second": round(sum(polled.values()) / lasted, 2),
            "polls": polled,
            "comments_a_second": round(len(district.world.all_comments()) / lasted, 2),
            **_held(looks, seconds),
            **district.complaints(),
            **accounted,
            "audit": audit,
            "exit_code": exit_code,
            "cpu_share": round(looks[-1].cpu_seconds / max(looks[-1].at, 1.0), 3),
        }
    result["misses"] = _misses(result, polls, comments)
    result["sound"] = not result["misses"]
    result["looks"] = [one.__dict__ for one in looks]
    return result


def _watch(district: SoakDistrict, child: Child, seconds: float, comments: float) -> list[Holdings]:
    """People write all the while; what the service holds is looked at."""
    began, written = time.monotonic(), 0
    looks = [look(child.process.pid, 0.0)]
    while (age := time.monotonic() - began) < seconds and child.process.poll() is None:
        due = int(age * comments)
        district.write(due - written)
        written = due
        if age - looks[-1].at >= LOOK_SECONDS:
            try:
                looks.append(look(child.process.pid, age))
            except OSError:
                break  # it has ended; its exit code says the rest
            with (district.folder / "looks.jsonl").open("a") as file:
                file.write(f"{json.dumps(looks[-1].__dict__)}\n")
        time.sleep(0.05)
    return looks


def _settle(district: SoakDistrict, child: Child) -> None:
    """Until what was written last is stored, or it takes too long."""
    end = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < end and child.process.poll() is None:
        stored = read_stored(district.database)
        if not missing(district.world, stored) and not stored.states()["requested"]:
            return
        time.sleep(1.0)


def _held(looks: list[Holdings], seconds: float) -> dict[str, Any]:
    """Memory in MB, its slope over what follows the warm-up, handles and threads."""
    warm = min(WARM_UP_SECONDS, seconds / 6)
    warmed = [one for one in looks if one.at >= warm]
    half = len(warmed) // 2
    first, second = warmed[:half] or looks, warmed[half:] or looks
    return {
        "memory_slope_percent": round(slope_percent(warmed), 2),
        "memory_mb": [round(one.memory_mb, 1) for one in (warmed[0], warmed[-1])],
        "memory_peak_mb": round(max(one.memory_mb for one in looks), 1),
        "handles": [max(one.handles for one in half) for half in (first, second)],
        "threads": [max(one.threads for one in half) for half in (first, second)],
    }


def _misses(result: dict[str, Any], polls: float, comments: float) -> list[str]:
    """What is outside of its bar, in words."""
    handles, threads = result["handles"], result["threads"]
    bars = {
        "memory grows": result["memory_slope_percent"] >= MEMORY_SLOPE_PERCENT,
        "file handles grow": handles[1] > handles[0] + SPARE_HANDLES,
        "threads grow": threads[1] > threads[0] + SPARE_HANDLES,
        "too few polls": result["polls_a_second"] < polls,
        "a platform without polls": not all(result["polls"].values()),
        "too few comments": result["comments_a_second"] < comments * COMMENTS_SHARE,
        "errors in the log": bool(result["errors"]),
        "alerts": bool(set(result["alerts"]) - ABOUT_COMMENTS),
        "comments lost": bool(result["lost"] or result["unjudged"]),
        "done twice": bool(result["judged_twice"] or result["double_effects"]),
        "record and platform differ": bool(
            result["hidden_without_record"] or result["recorded_but_not_hidden"]
        ),
        "the record is not sound": not result["audit"]["ok"] or result["integrity"] != "ok",
        "it did not end cleanly": result["exit_code"] != 0,
    }
    return [what for what, missed in bars.items() if missed]


def main() -> int:
    """Exit 0 when every bar is held."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--polls", type=float, default=67, help="a second, over all pages")
    parser.add_argument("--comments", type=float, default=20, help="a second, over all pages")
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write all figures into this file")
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it there")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="modbot-soak-") as temporary:
        folder = asked.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        result = run_soak(
            folder,
            seconds=asked.seconds,
            polls=asked.polls,
            comments=asked.comments,
            pages=asked.pages,
            seed=asked.seed,
        )
    if asked.json:
        asked.json.write_text(json.dumps(result), "utf-8")
    looks = result.pop("looks")
    sys.stdout.write(table([Holdings(**one) for one in looks]))
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    return 0 if result["sound"] else 1


if __name__ == "__main__":
    sys.exit(main())
