"""Tampers with a record at random and counts what verify() finds. All of it has to be found.

Run: python -m tests.campaigns.tamper_campaign [--tamperings 10000] [--seed 7]

Every second tampering is covered up: what vouches for the row and the whole chain are computed
anew, so that only the checkpoint, taken after the row was written, can tell.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import StaticPool, create_engine
from sqlmodel import Session

from modbot import store
from modbot.audit import Head, Report, head, verify
from modbot.code_version import CodeVersion
from modbot.domain import Post
from modbot.kept_files import packed
from modbot.store import Database, record_posts
from modbot.store.database import sqlite_module
from tests.campaigns.tampering import (
    KINDS,
    TABLES,
    NothingChanged,
    Reach,
    Tampering,
    benign,
    cover_up,
    key_of,
    tamper,
)
from tests.records import HIDE, NOON, PAGE, fill, judged, later, open_database, record

TAMPERINGS = 10_000
MISSES_LISTED = 20


class InMemory:
    """The record as bytes in memory, its triggers dropped; every look starts from the same."""

    def __init__(self, connection: Any, kept: Head, reach: Reach) -> None:
        self.connection, self.kept, self.reach = connection, kept, reach
        self._engine = create_engine(
            "sqlite://", module=sqlite_module, creator=lambda: connection, poolclass=StaticPool
        )

    @contextmanager
    def read(self) -> Iterator[Session]:
        """As verify() asks for it."""
        with Session(self._engine) as session:
            yield session

    @contextmanager
    def changes(self) -> Iterator[Any]:
        """Whatever is done in the block is undone after it."""
        self.connection.execute("BEGIN")
        try:
            yield self.connection
        finally:
            if self.connection.in_transaction:  # verify() has not ended it yet
                self.connection.execute("ROLLBACK")


@contextmanager
def record_in_memory() -> Iterator[InMemory]:
    """Everything that leaves a trace, a checkpoint, and a day's work after it."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(folder))
        _note_what_judges(database, ("a", "b", "a"), NOON)
        fill(database)
        _write_posts(database, "Buss", "Menu of May", "Game")
        _note_what_judges(database, ("a", "c"), later(30))
        _write_posts(database, "Bus \x00 ñ", "Menu of May", "Game off")
        record(database, *(judged(f"n{n}", f"José {n}", author_name="Zoë") for n in range(8)))
        with database.read() as session:
            kept = head(session)
            newest = {
                table: session.connection()
                .exec_driver_sql(f"SELECT max({key_of(table)}) FROM {table}")
                .scalar_one()
                for table in TABLES
            }
        record(database, *(judged(f"l{n}", decision=HIDE) for n in range(4)), now=later(60))
        _write_posts(database, "Bus", "Menu of June", "Game off")
        _note_what_judges(database, ("d",), later(70))
        database.close()
        with closing(sqlite_module.connect(":memory:", isolation_level=None)) as connection:
            with closing(sqlite_module.connect(Path(folder) / "modbot.db")) as file:
                file.backup(connection)
            triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in triggers.fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            yield InMemory(connection, kept, Reach(newest))


def _note_what_judges(database: Database, configs: Sequence[str], now: datetime) -> None:
    """Each configuration and its model are kept once, and noted when they come into force."""
    with database.write() as session:
        for config in configs:
            names = [store.config_name(config), store.model_name("embedded", config)]
            for name in sorted(store.not_kept(session, names)):
                store.keep(session, name, packed({"policy.toml": name.encode()}), now)
            code = CodeVersion(version=now.isoformat(), sha256="c" * 64, libraries={"numpy": "2"})
            store.note_in_force(session, config, {"rules": "1", "embedded": config}, code, now)


def _write_posts(database: Database, *texts: str) -> None:
    with database.write() as session:
        for number, text in enumerate(texts, 1):
            post = Post(id=f"post{number}", text=text, created_at=NOON)
            record_posts(session, PAGE, [post], later(20 + number))


def run_campaign(tamperings: int, seed: int) -> dict[str, Any]:
    """How many were made, found and missed, and how many harmless changes were reported."""
    rng, counts = random.Random(seed), Counter[str]()
    missed: list[str] = []
    began = time.perf_counter()
    with record_in_memory() as memory:
        assert verify(memory, [memory.kept]).ok
        while counts["tamperings"] < tamperings:
            covered = counts["tamperings"] % 2 == 1
            try:
                done, report = _one(memory, rng, covered=covered, counts=counts)
            except (NothingChanged, sqlite_module.Error, UnicodeEncodeError):
                continue
            counts["tamperings"] += 1
            counts["covered up"] += covered
            counts["found"] += not report.ok
            counts[f"{done.table} {done.kind}"] += 1
            if report.ok:
                missed.append(f"{done} covered={covered}")
            if counts["tamperings"] % 10 == 0:
                counts["harmless"] += 1
                counts["falsely reported"] += not _harmless(memory, rng).ok
    return {
        **{name: counts[name] for name in ("tamperings", "found", "covered up", "sound alone")},
        **{name: counts[name] for name in ("named", "direct", "harmless", "falsely reported")},
        "missed": missed[:MISSES_LISTED],
        "of each": {f"{t} {k}": counts[f"{t} {k}"] for t in TABLES for k in KINDS},
        "sound alone, of each": {table: counts[f"{table} sound alone"] for table in TABLES},
        "seconds": round(time.perf_counter() - began, 1),
    }


def _one(
    memory: InMemory, rng: random.Random, *, covered: bool, counts: Counter[str]
) -> tuple[Tampering, Report]:
    table, kind, state = rng.choice(TABLES), rng.choice(KINDS), rng.getstate()
    if covered:
        with memory.changes() as connection:
            done = tamper(connection, rng, memory.reach, table, kind)
            cover_up(connection, done)
            sound_alone = verify(memory).ok
        rng.setstate(state)
    with memory.changes() as connection:
        done = tamper(connection, rng, memory.reach, table, kind)
        if covered:
            cover_up(connection, done)
        report = verify(memory, [memory.kept])
    if covered:
        counts["sound alone"] += sound_alone
        counts[f"{table} sound alone"] += sound_alone
    else:
        counts["direct"] += 1
        counts["named"] += _names(report, done)
    return done, report


def _names(report: Report, done: Tampering) -> bool:
    """Whether the report leads to the row: by its own name, or by the audit row beside it."""
    rows = {(problem.table, problem.id) for problem in report.problems}
    if done.table == "audit":
        return any(p.seq is not None and abs(p.seq - done.row_id) <= 1 for p in report.problems)
    return (done.table, str(done.row_id)) in rows or any(t != "audit" for t, _ in rows)


def _harmless(memory: InMemory, rng: random.Random) -> Report:
    with memory.changes() as connection:
        benign(connection, rng)
        return verify(memory, [memory.kept])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tamperings", type=int, default=TAMPERINGS)
    arguments.add_argument("--seed", type=int, default=7)
    chosen = arguments.parse_args()
    result = run_campaign(chosen.tamperings, chosen.seed)
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    if result["found"] != result["tamperings"] or result["falsely reported"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
