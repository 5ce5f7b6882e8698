"""Times the log page, over HTTP, on a database of 100,000 judged comments.

Run: python -m tests.benchmarks.bench_web [--comments 100000] [--db PATH of a filled database]
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import quantiles

import requests

from modbot.policy import Policy
from modbot.settings import Settings
from modbot.store import Database
from tests.benchmarks.bench_log import RARE_PAGE, START, fill
from tests.fakes import ManualClock
from tests.web.school import FakeConfig, FakeService
from tests.web.serving import served
from tests.web.signed_in import signed_in

BAR_MS = 150.0
ROUNDS = 20
PATHS = (
    "/log",
    "/log?lang=es",
    "/log?verdict=allow",
    "/log?verdict=escalate",
    "/log?category=crisis",
    "/log?category=profanity&verdict=hide",
    "/log?page=facebook:1",
    f"/log?page={RARE_PAGE}&category=off_topic",
    "/log?before=50000",
    "/log?after=1&verdict=hide",
    "/decisions/5000",
)


def time_pages(address: str, token: str) -> dict[str, list[float]]:
    """Milliseconds of each answer by path, whole body read; one uncounted answer first."""
    taken: dict[str, list[float]] = {}
    with requests.Session() as session:
        session.headers["cookie"] = f"modbot={token}"
        session.get(address + "/log", timeout=30)
        for _ in range(ROUNDS):
            for path in PATHS:
                began = time.perf_counter()
                answer = session.get(address + path, timeout=30)
                taken.setdefault(path, []).append((time.perf_counter() - began) * 1000)
                answer.raise_for_status()
        taken["older and older"] = _walk(session, address)
    return taken


def _walk(session: requests.Session, address: str) -> list[float]:
    taken, path = [], "/log?category=offensive"
    for _ in range(ROUNDS):
        began = time.perf_counter()
        html = session.get(address + path, timeout=30).text
        taken.append((time.perf_counter() - began) * 1000)
        older = re.search(r'rel="next" href="([^"]+)"', html)
        if older is None:
            break
        path = older[1].replace("&amp;", "&")
    return taken


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--comments", type=int, default=100_000)
    arguments.add_argument("--db", type=Path, help="use this database; filled if it is not there")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.db or Path(folder) / "bench.db"
        filled = path.exists()
        database = Database.open(f"sqlite:///{path}")
        if not filled:
            fill(database, chosen.comments)
        end = START + timedelta(seconds=chosen.comments)  # the busiest day there can be
        service = FakeService(
            database=database,
            config=FakeConfig(settings=Settings(), policy=Policy(categories={})),
            clock=ManualClock(end),
        )
        with served(service) as address:
            taken = time_pages(address, signed_in(service))
        database.close()
    for name, each in sorted(taken.items(), key=lambda item: -max(item[1])):
        print(f"{name:45} p50 {sorted(each)[len(each) // 2]:6.1f}  worst {max(each):6.1f} ms")
    cuts = quantiles([each for one in taken.values() for each in one], n=100)
    print(f"{chosen.comments} comments: p50 {cuts[49]:.1f} ms, p95 {cuts[94]:.1f} ms")
    print(f"bar p95 {BAR_MS:.0f} ms: {'met' if cuts[94] < BAR_MS else 'MISSED'}")


if __name__ == "__main__":
    main()
