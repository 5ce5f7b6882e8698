"""How fast a record is verified, beside a plain scan that only reads and hashes the same rows.

Run: python -m tests.benchmarks.bench_verify [--comments 40000] [--db PATH]

CPU seconds are the fairer figure on a busy machine; the last lines are with helpers on all cores,
by the clock and, for a machine that is busy with other things, by what the work would take at most
if each helper had a core to itself: the CPU of this process, and that of the helpers shared out.
Two counts: audit rows alone, and the rows of all tables that are read and hashed with them (the
audit row, the row that it vouches for, and a first version's comment). The target is held to the
audit rows, which is the harder reading.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from modbot.audit import Head, helping, verify
from modbot.cli.record import open_record
from modbot.store import Database
from modbot.store.database import sqlite_module
from tests.benchmarks.bench_log import fill

ROUNDS = 3
TARGET_ROWS_A_SECOND = 200_000
TABLES = ("audit", "version", "comment", "decision", "action")


def plain_scan(path: Path) -> int:
    """Every row of the record read and hashed, nothing compared; the number of them."""
    every_row = 0
    with closing(sqlite_module.connect(path)) as connection:
        for table in TABLES:
            for row in connection.execute(f"SELECT * FROM {table}"):
                hashlib.sha256("|".join(map(str, row)).encode()).hexdigest()
                every_row += 1
    return every_row


def fastest(work: Callable[[], int], clock: Callable[[], float]) -> tuple[int, float]:
    """What the work counted, and the seconds of the best of ROUNDS."""
    seconds = []
    for _ in range(ROUNDS):
        began = clock()
        rows = work()
        seconds.append(clock() - began)
    return rows, min(seconds)


def verified(path: Path, processes: int = 1) -> int:
    """Audit rows of a record that is sound, also against a checkpoint."""
    opener = partial(open_record, path)
    with helping(opener, processes) as helpers, opener() as database:
        report = verify(database, [Head(seq=0, hash="")], helpers)
    assert report.ok
    return report.rows


def helped(path: Path, processes: int) -> tuple[float, float]:
    """CPU seconds of a verification in this process and in its helpers."""

    def spent(whose: int) -> float:
        used = resource.getrusage(whose)
        return used.ru_utime + used.ru_stime

    before = spent(resource.RUSAGE_SELF), spent(resource.RUSAGE_CHILDREN)
    verified(path, processes)
    return spent(resource.RUSAGE_SELF) - before[0], spent(resource.RUSAGE_CHILDREN) - before[1]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--comments", type=int, default=40_000)
    arguments.add_argument("--db", type=Path, help="keep the filled database here")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.db or Path(folder) / "bench.db"
        if not path.exists():
            database = Database.open(f"sqlite:///{path}")
            fill(database, chosen.comments)
            database.close()
        every, plain = fastest(lambda: plain_scan(path), time.process_time)
        rows, quick = fastest(lambda: verified(path), time.process_time)
        print(f"{rows} audit rows, {every} rows of all tables")
        print(f"a plain scan with hashlib: {_speeds(rows, every, plain)} of CPU")
        print(
            f"verify: {_speeds(rows, every, quick)} of CPU, {quick / plain:.2f} times a plain scan"
        )
        cores = os.cpu_count() or 1
        _, wall = fastest(lambda: verified(path, cores), time.perf_counter)
        print(f"with {cores} cores, by the clock: {_speeds(rows, every, wall)}")
        here, helpers = min((helped(path, cores) for _ in range(ROUNDS)), key=sum)
        idle = here + helpers / cores
        print(f"CPU: {here:.2f} s here, {helpers:.2f} s of the helpers; alone {quick:.2f} s")
        print(
            f"so on {cores} idle cores: {_speeds(rows, every, idle)}, {quick / idle:.2f} times one"
        )
        for what, number in (("audit rows", rows), ("rows of all tables", every)):
            met = "met" if number / min(wall, quick, idle) >= TARGET_ROWS_A_SECOND else "MISSED"
            print(f"target of {TARGET_ROWS_A_SECOND:,} {what} a s: {met}")


def _speeds(rows: int, every: int, seconds: float) -> str:
    return f"{rows / seconds:,.0f} audit rows a s ({every / seconds:,.0f} of all tables)"


if __name__ == "__main__":
    main()
