"""Times the review room over HTTP on a large record: ten people at once while polling runs.

First one person alone in this process, for what an answer costs (CPU, SQL statements), which a busy
machine hardly changes. Then `modbot run` as it ships, in a process of its own: it polls 60 pages of
stand-ins, judges and hides (room_town.py), and ten people work in it (room_crowd.py). Each looks at
a page for a second (`--pause`) and opens the next one: the queue, in which they decide; the log
with every pair of two filters; one comment. Three are managers who see a few pages only. With
`--pause 0` each asks again at once: that measures how many answers a second the machine gives.

Run: python -m tests.benchmarks.bench_room [--db PATH] [--seconds 60] [--pause 1] [--cold]
The database is filled where there is none at PATH (tests/benchmarks/large_record.py), and brought
up to date as `modbot run` does; what ANALYZE left in it is dropped, for modbot never runs that. A
record whose revision says more than its tables hold is refused.
What is measured is written into it: people, pages, comments, verdicts.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from sqlalchemy import Engine, event, inspect
from sqlmodel import SQLModel

from modbot.clocks import FastClock
from modbot.people import Role
from modbot.service import Service, build_service
from modbot.settings import load_config
from modbot.store import Database
from modbot.web.cookies import cookies_for
from tests.benchmarks import large_record
from tests.benchmarks.room_crowd import MANAGED, SCOPED, Answer, Ask, Person, asks, crowd
from tests.benchmarks.room_town import START, Town, town, write_config
from tests.web.serving import served
from tests.web.signed_in import signed_in

BAR_MS = 200.0
PEOPLE = 10
ALONE_ASKS = 150
SETTLE_SECONDS = 5.0  # after a start, before the first reader comes


class StatementCount:
    """How many SQL statements this process has sent."""

    def __init__(self) -> None:
        self.number = 0
        event.listen(Engine, "before_cursor_execute", self._sent)

    def _sent(self, *_: Any) -> None:
        self.number += 1


def alone(service: Service, cookies: Sequence[str], newest: int) -> None:
    """Prints what one answer costs by screen; some 1 ms of each is the client's."""
    cost: dict[str, list[tuple[float, int]]] = {}
    with served(service, prepared=True) as address:
        time.sleep(SETTLE_SECONDS)
        statements = StatementCount()
        for cookie, scoped in ((cookies[0], True), (cookies[-1], False)):
            person = Person(address, cookie, random.Random(7))
            for ask in islice(asks(newest, 7, scoped=scoped), ALONE_ASKS):
                began, before = time.process_time(), statements.number
                person.open(ask)
                spent = (time.process_time() - began) * 1000
                cost.setdefault(ask.screen, []).append((spent, statements.number - before))
    for screen, each in sorted(cost.items()):
        cpu, sent = median(ms for ms, _ in each), median(n for _, n in each)
        print(f"one answer, alone: {screen:26} {cpu:6.1f} ms of CPU, {sent:.0f} statements")


def at_once(
    running: Town, cookies: Sequence[str], newest: int, seconds: float, pause: float
) -> list[Answer]:
    """What ten people were answered; what the service did meanwhile is printed."""
    fresh = Person(running.address, cookies[-1], random.Random(1))
    for path in ("/log", "/log?category=crisis&q=the", "/log", f"/decisions/{newest // 3}"):
        fresh.open(Ask("fresh", path))
        print(f"fresh process: {path:30} {fresh.answers[-1][3]:7.1f} ms")
    spawn = multiprocessing.get_context("spawn")
    mine, theirs = spawn.Pipe()
    process = spawn.Process(
        target=crowd, args=(running.address, cookies, newest, seconds, pause, theirs)
    )
    used, calls = running.cpu_seconds, len(running.world.call_log)
    process.start()
    answers: list[Answer] = mine.recv()
    used = running.cpu_seconds - used
    process.join()
    bad = [answer for answer in answers if answer[2] != 200]
    assert not bad, bad[:3]
    calls = len(running.world.call_log) - calls
    print(f"{len(answers)} answers; the service used {used:.1f} s of CPU in {seconds:.0f} s,")
    print(f"{used / len(answers) * 1000:.1f} ms an answer with {calls} calls of polling in it")
    load = os.getloadavg()
    print(f"load of the machine, 1 and 5 minutes: {load[0]:.1f}, {load[1]:.1f}")
    return answers


def told(answers: Sequence[Answer]) -> bool:
    """Prints the times by screen; whether the bar is met on each."""
    by_screen: dict[str, list[float]] = {}
    for screen, _, _, took in answers:
        by_screen.setdefault(screen, []).append(took)
    met = True
    for screen, each in sorted(by_screen.items()):
        cuts = quantiles(each, n=100)
        met = met and cuts[94] < BAR_MS
        print(
            f"{screen:26} {len(each):6} answers  p50 {cuts[49]:6.1f}  p95 {cuts[94]:6.1f}  "
            f"p99 {cuts[98]:6.1f} ms"
        )
    slow = sorted(((ms, path) for _, path, _, ms in answers), reverse=True)
    print("slowest:", *(f"{ms:.0f} ms {path}" for ms, path in slow[:5]), sep="\n  ")
    print(f"bar p95 {BAR_MS:.0f} ms on every screen: {'met' if met else 'MISSED'}")
    return met


def _refuse_what_does_not_fit(path: Path) -> None:
    """A file made on another branch may bear a revision that it was never brought to."""
    database = Database.open(f"sqlite:///{path}")
    with database.read() as session:
        there = inspect(session.connection())
        for table in SQLModel.metadata.sorted_tables:
            found = there.has_table(table.name) and {
                c["name"] for c in there.get_columns(table.name)
            }
            if not found or not found >= set(table.columns.keys()):
                sys.exit(f"{path}: its table {table.name} is not today's; fill another one")
    database.close()


def _forget(path: Path) -> None:
    """The system forgets what it has of the file in memory."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", type=Path, help="a large record; filled if it is not there")
    parser.add_argument("--comments", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pause", type=float, default=1, help="seconds between two pages")
    parser.add_argument("--busy", type=float, default=1, help="comments a second in polls")
    parser.add_argument("--apart", action="store_true", help="pages by `modbot web` beside it")
    parser.add_argument("--cold", action="store_true", help="nothing of the file in memory")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = (chosen.db or folder / "large.db").absolute()
        if not path.exists():
            large_record.fill(path, chosen.comments)
        _refuse_what_does_not_fit(path)
        large_record.drop_statistics(path)
        port = _free_port()
        config = write_config(folder, path, port, apart=chosen.apart)
        service = build_service(load_config(config, environ={}), clock=FastClock(START, 1.0))
        session = cookies_for(service.config.settings.web).session
        scoped = [signed_in(service, Role.MANAGER, pages=MANAGED) for _ in range(SCOPED)]
        everywhere = [signed_in(service) for _ in range(PEOPLE - SCOPED)]
        cookies = [f"{session}={token}" for token in (*scoped, *everywhere)]
        with service.database.read() as s:
            newest = s.connection().exec_driver_sql("SELECT max(id) FROM decision").scalar() or 0
        alone(service, cookies, newest)
        service.close()
        if chosen.cold:
            _forget(path)
        beside = {"comments": chosen.busy, "apart": chosen.apart}
        with town(config, path, port, **beside) as running:
            time.sleep(SETTLE_SECONDS)
            answers = at_once(running, cookies, newest, chosen.seconds, chosen.pause)
        met = told(answers)
    if not met:
        sys.exit(1)


if __name__ == "__main__":
    main()
