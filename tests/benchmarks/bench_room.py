"""Times the review room over HTTP on a large record: ten people at once while polling stores.

Each person looks at a page for a second (`--pause`) and asks for the next one, of the log with
every pair of two filters among others. Three of the ten are managers who see a few pages only. With
`--pause 0` each asks again at once: that measures how many answers a second the machine gives.

Run: python -m tests.benchmarks.bench_room [--db PATH] [--seconds 60] [--pause 1] [--cold]
The database is filled where there is none at PATH (tests/benchmarks/large_record.py), and brought
up to date as `modbot run` does. A record whose revision says more than its tables hold is refused.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations, islice, product
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode, urlsplit

from sqlalchemy import inspect
from sqlmodel import SQLModel

from modbot.domain import Decision, Verdict
from modbot.people import Role
from modbot.policy import Policy
from modbot.settings import Settings
from modbot.store import Database, Judged, page, record_judged
from modbot.web.cookies import cookies_for
from tests.benchmarks import large_record
from tests.fakes import ManualClock, make_comment
from tests.web.school import FakeConfig, FakeService
from tests.web.serving import served
from tests.web.signed_in import signed_in

Answer = tuple[str, str, int, float]  # screen, path, status, milliseconds
BAR_MS = 200.0
PEOPLE, SCOPED = 10, 3
MANAGED = ("facebook:1000", "x:1003", "youtube:1032", "wordpress:1059")
POLL_SECONDS, POLLED = 2.0, 50
CPU_ASKS = 150
START_SECONDS = 5.0  # after a start, before the first reader comes
# Of each filter a value that most have and one that few have.
VALUES: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "page": ({"page": "facebook:1000"}, {"page": "wordpress:1059"}),
    "platform": ({"platform": "facebook"}, {"platform": "x"}),
    "category": ({"category": "profanity"}, {"category": "crisis"}),
    "verdict": ({"verdict": "allow"}, {"verdict": "escalate"}),
    "actor": ({"actor": "bot"}, {"actor": "person:Dee Walker"}),
    "rule": ({"rule": "embedded"}, {"rule": "threat_1:rule40"}),
    "language": ({"language": "es"}, {"language": "pt"}),
    "date": ({"from": "2025-09-01"}, {"from": "2026-05-04", "to": "2026-05-04"}),
    "text": ({"q": "the"}, {"q": "maestr* \"de la\""}),
}  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """One request and the screen that it counts for."""

    screen: str
    path: str


def log_paths() -> list[str]:
    """The log with every pair of two filters, each with its common and its rare value."""
    paths = []
    for one, other in combinations(VALUES, 2):
        for left, right in product(VALUES[one], VALUES[other]):
            paths.append(f"/log?{urlencode({**left, **right})}")
    return paths


def asks(newest: int, seed: int, *, scoped: bool) -> Iterator[Ask]:
    """What one person asks for, for ever."""
    rng = random.Random(seed)
    paths = log_paths()
    while True:
        rng.shuffle(paths)
        for path in paths:
            if not scoped or not path.count("page="):
                yield Ask("log, two filters" + (", scoped" if scoped else ""), path)
            yield Ask(
                "log", "/log" if rng.random() < 0.5 else f"/log?before={rng.randrange(newest)}"
            )
            if not scoped:
                yield Ask("one comment", f"/decisions/{rng.randrange(1, newest)}")
            yield Ask("queue", "/queue")
            yield Ask("new ones?", f"/newest?after={newest - 5}")


def person(
    address: str, cookie: str, want: Iterator[Ask], until: float, pause: float, out: list[Answer]
) -> None:
    """Asks until `until` (perf_counter) and notes screen, path, status and milliseconds."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    time.sleep(pause * random.random())  # they do not all begin in the same moment
    for ask in want:
        if time.perf_counter() > until:
            break
        began = time.perf_counter()
        status = fetch(connection, ask.path, cookie)
        out.append((ask.screen, ask.path, status, (time.perf_counter() - began) * 1000))
        time.sleep(pause * random.uniform(0.5, 1.5))


def fetch(connection: http.client.HTTPConnection, path: str, cookie: str) -> int:
    """The status of the page that a browser ends up on: /queue sends it to the next item."""
    while True:
        connection.request("GET", path, headers={"cookie": cookie, "accept-language": "en"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 303:
            return answer.status
        path = answer.headers["location"]


def crowd(
    address: str, cookies: Sequence[str], newest: int, seconds: float, pause: float, pipe: Any
) -> None:
    """All people, in a process of their own so that they take no turn from the service."""
    until = time.perf_counter() + seconds
    out: list[Answer] = []
    threads = [
        threading.Thread(
            target=person,
            args=(address, cookie, asks(newest, n, scoped=n < SCOPED), until, pause, out),
        )
        for n, cookie in enumerate(cookies)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send(out)


def cpu_of(address: str, cookies: Sequence[str], newest: int) -> dict[str, float]:
    """Milliseconds of CPU by screen, one person alone; some 1 ms of each is the client's."""
    spent: dict[str, list[float]] = {}
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    for cookie, scoped in ((cookies[0], True), (cookies[-1], False)):
        for ask in islice(asks(newest, 7, scoped=scoped), CPU_ASKS):
            began = time.process_time()
            fetch(connection, ask.path, cookie)
            spent.setdefault(ask.screen, []).append((time.process_time() - began) * 1000)
    return {screen: median(each) for screen, each in spent.items()}


@contextmanager
def polling(service: FakeService) -> Iterator[list[float]]:
    """Stores a batch every few seconds, as a poll does; how long each took, in milliseconds."""
    over = threading.Event()
    taken: list[float] = []
    texts = large_record.Texts(random.Random(3))

    def poll() -> None:
        number = 0
        while not over.wait(POLL_SECONDS):
            number += 1
            with service.database.read() as session:
                where = page(session, MANAGED[number % len(MANAGED)])
            allowed = Decision(verdict=Verdict.ALLOW, hide=False)
            items = [
                Judged(
                    comment=make_comment(texts.make("es"), page=where, id=f"new{time.time_ns()}"),
                    decision=allowed,
                )
                for _ in range(POLLED)
            ]
            began = time.perf_counter()
            with service.database.write() as session:
                record_judged(session, where, items, service.clock.now())
            taken.append((time.perf_counter() - began) * 1000)

    thread = threading.Thread(target=poll, daemon=True)
    thread.start()
    try:
        yield taken
    finally:
        over.set()
        thread.join()


def open_room(path: Path, *, cold: bool) -> FakeService:
    """A service on the record at its end of time. `cold`: the system forgets the file first."""
    if cold:
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    database = Database.open(f"sqlite:///{path}")
    _refuse_what_does_not_fit(database, path)
    return FakeService(
        database=database,
        config=FakeConfig(settings=Settings(), policy=Policy(categories={})),
        clock=ManualClock(large_record.START + large_record.MONTHS_18 + timedelta(minutes=5)),
    )


def _refuse_what_does_not_fit(database: Database, path: Path) -> None:
    """A file made on another branch may bear a revision that it was never brought to."""
    with database.read() as session:
        there = inspect(session.connection())
        for table in SQLModel.metadata.sorted_tables:
            found = there.has_table(table.name) and {
                c["name"] for c in there.get_columns(table.name)
            }
            if not found or not found >= set(table.columns.keys()):
                sys.exit(f"{path}: its table {table.name} is not today's; fill another one")


def measure(
    service: FakeService, seconds: float, pause: float
) -> dict[str, list[tuple[str, float]]]:
    """Path and milliseconds by screen; the first answers of a fresh service are printed."""
    name = cookies_for(service.config.settings.web).session
    scoped = [signed_in(service, Role.MANAGER, pages=MANAGED) for _ in range(SCOPED)]
    everywhere = [signed_in(service) for _ in range(PEOPLE - SCOPED)]
    cookies = [f"{name}={token}" for token in (*scoped, *everywhere)]
    admin = cookies[-1]
    with service.database.read() as session:
        newest = session.connection().exec_driver_sql("SELECT max(id) FROM decision").scalar()
    with served(service, prepared=True) as address:
        time.sleep(START_SECONDS)
        for path in ("/log", "/log?category=crisis&q=the", "/log", f"/decisions/{newest // 3}"):
            out: list[Answer] = []
            person(address, admin, iter([Ask("cold", path)]), time.perf_counter() + 60, 0, out)
            print(f"fresh process: {path:30} {out[0][3]:7.1f} ms")
        for screen, milliseconds in cpu_of(address, cookies, newest).items():
            print(f"CPU of one answer: {screen:26} {milliseconds:6.1f} ms")
        mine, theirs = multiprocessing.get_context("spawn").Pipe()
        process = multiprocessing.get_context("spawn").Process(
            target=crowd, args=(address, cookies, newest, seconds, pause, theirs)
        )
        with polling(service) as stored:
            began = time.process_time()
            process.start()
            answers = mine.recv()
            spent = time.process_time() - began
            process.join()
    bad = [answer for answer in answers if answer[2] != 200]
    assert not bad, bad[:3]
    print(f"{len(answers)} answers, {spent / len(answers) * 1000:.1f} ms of CPU each, polling too")
    print(
        f"load of the machine, 1 and 5 minutes: {os.getloadavg()[0]:.1f}, {os.getloadavg()[1]:.1f}"
    )
    print(f"{len(stored)} batches of {POLLED} stored, slowest in {max(stored, default=0):.0f} ms")
    by_screen: dict[str, list[tuple[str, float]]] = {}
    for screen, path, _, took in answers:
        by_screen.setdefault(screen, []).append((path, took))
    return by_screen


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--db", type=Path, help="a large record; filled if it is not there")
    arguments.add_argument("--comments", type=int, default=1_000_000)
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--pause", type=float, default=1, help="seconds between two pages")
    arguments.add_argument("--cold", action="store_true", help="nothing of the file in memory")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.db or Path(folder) / "large.db"
        if not path.exists():
            large_record.fill(path, chosen.comments)
        service = open_room(path, cold=chosen.cold)
        taken = measure(service, chosen.seconds, chosen.pause)
        service.database.close()
    met = True
    for screen, each in sorted(taken.items()):
        cuts = quantiles([ms for _, ms in each], n=100)
        met = met and cuts[94] < BAR_MS
        print(
            f"{screen:26} {len(each):6} answers  p50 {cuts[49]:6.1f}  p95 {cuts[94]:6.1f}  "
            f"p99 {cuts[98]:6.1f} ms"
        )
    slow = sorted(((ms, path) for each in taken.values() for path, ms in each), reverse=True)
    print("slowest:", *(f"{ms:.0f} ms {path}" for ms, path in slow[:5]), sep="\n  ")
    print(f"bar p95 {BAR_MS:.0f} ms on every screen: {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    main()
