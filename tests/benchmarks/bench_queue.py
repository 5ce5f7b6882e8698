"""Times the queue, over HTTP, on a database of judged comments: the next item, its page, a verdict.

Run: python -m tests.benchmarks.bench_queue [--comments 100000] [--db PATH of a filled database]
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import quantiles

import requests

from modbot import store
from modbot.people import Role
from modbot.settings import Settings
from modbot.store import Database
from tests.benchmarks.bench_log import START, fill
from tests.fakes import ManualClock
from tests.web.queue_day import shipped_policy
from tests.web.school import FakeConfig, FakeService
from tests.web.serving import served
from tests.web.signed_in import Site

BAR_MS = 200.0
ROUNDS = 60


def time_queue(site: Site) -> dict[str, list[float]]:
    """Milliseconds of each answer by what it was."""
    taken: dict[str, list[float]] = {}

    def timed(name: str, ask: Callable[[], requests.Response]) -> requests.Response:
        began = time.perf_counter()
        answer = ask()
        taken.setdefault(name, []).append((time.perf_counter() - began) * 1000)
        return answer

    site.get("/queue")
    for _ in range(ROUNDS):
        there = timed("the next item", partial(site.get, "/queue")).headers["location"]
        number = re.search(r"\d+", there)
        assert number is not None, there
        timed("its page", partial(site.get, there)).raise_for_status()
        path = f"/decisions/{number[0]}/verdict"
        form = {"verdict": "hide", "note": "seen"}
        timed("a verdict", partial(site.post, path, form)).raise_for_status()
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
        service = FakeService(
            database=database,
            config=FakeConfig(settings=Settings(), policy=shipped_policy()),
            clock=ManualClock(START + timedelta(seconds=chosen.comments)),
        )
        with database.read() as s:
            waiting = sum(store.count_waiting(s).values())
        with served(service) as address:
            taken = time_queue(Site(address=address, service=service).as_(Role.MANAGER))
        database.close()
    print(f"{chosen.comments} comments, {waiting} of them wait")
    worst = 0.0
    for name, each in taken.items():
        p95 = quantiles(each, n=20)[18]
        worst = max(worst, p95)
        print(f"{name:20} p50 {sorted(each)[len(each) // 2]:6.1f}  p95 {p95:6.1f} ms")
    print(f"bar p95 {BAR_MS:.0f} ms: {'met' if worst < BAR_MS else 'MISSED'}")


if __name__ == "__main__":
    main()
