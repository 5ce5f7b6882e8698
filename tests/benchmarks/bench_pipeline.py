"""From a fetched batch to the commit of its requested actions, on one core: comments a second.

Run: python -m tests.benchmarks.bench_pipeline [--comments 6000] [--profile]

Facebook's answer of 100 comments is parsed, known comments are looked up, texts are judged as
shipped, and what follows is stored with its audit rows in one transaction (SQLite,
synchronous=FULL). No platform is called. Texts are those of the sandbox's feed, in turn, with a
number behind each so that none is the same again. Beside it: judging alone, and the rows that were
stored inserted again one ORM object at a time.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path

from sqlmodel import SQLModel

from modbot.domain import Comment, CommentBatch
from modbot.enforcement import Limits
from modbot.pipeline import PollResult, store_batch
from modbot.ports import Connection
from platforms.facebook import FacebookShapes
from platforms.graph import GraphClient
from tests.benchmarks.bench_judging import ROOT, one_core, shipped_judge
from tests.fakes import SCHOOL_DAY, FakeAdapter, ManualClock, make_page
from tests.line import Line, line_on

BAR = 1500  # comments a second
BATCH = 100
WARM_BATCHES = 4
ANY_NUMBER = 10**9
Timed = tuple[float, float]  # seconds by the clock, seconds of CPU


def answers(comments: int) -> list[str]:
    """Facebook's answers of BATCH comments each."""
    lines = (ROOT / "platforms/sandbox/feed.jsonl").read_text("utf-8").splitlines()
    texts = [row["text"] for row in map(json.loads, lines) if row["kind"] in ("comment", "edit")]
    items = [
        {
            "id": f"p1_{number}",
            "message": f"{text} {number}",
            "from": {"id": f"u{number % 997}", "name": "A Parent"},
            "created_time": (SCHOOL_DAY + timedelta(seconds=number)).isoformat(),
            "is_hidden": False,
            "can_hide": True,
            "permalink_url": f"https://facebook.test/p1/{number}",
        }
        for number, text in enumerate(islice(cycle(texts), comments))
    ]
    return [
        json.dumps({"data": items[at : at + BATCH]}, ensure_ascii=False)
        for at in range(0, comments, BATCH)
    ]


class Bench:
    """A registered page whose answers are parsed as Facebook's and stored as a poll stores them."""

    def __init__(self, line: Line) -> None:
        page = make_page()
        client = GraphClient(
            Connection(secrets={"token": "t"}, now=lambda: SCHOOL_DAY), page.base_url
        )
        self.line, self.shapes = line, FacebookShapes(page, client)
        self.context = replace(line.context, judge=shipped_judge())
        self.result = PollResult(page_id=page.id)

    def parse(self, answer: str) -> list[Comment]:
        return self.shapes.comments(answer, ("data", "*"), "p1")[0]

    def take_all(self, answers: Sequence[str]) -> None:
        for answer in answers:
            self.store(self.parse(answer))

    def store(self, comments: Sequence[Comment]) -> None:
        last = comments[-1].id
        batch = CommentBatch(comments=tuple(comments), cursor=last)
        store_batch(self.context, self.line.page, batch, self.result, keep_cursor=True)


def timed(work: Callable[[], object]) -> Timed:
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - cpu


def rows_one_by_one(line: Line, folder: Path) -> tuple[int, Timed]:
    """All rows of the record put into an empty database, an object and a flush each, a batch a
    transaction; how many comments, and the time it took."""
    versions, decisions, comments = line.versions(), line.decisions(), line.comments()
    tables: list[list[SQLModel]] = [
        [type(row)(**row.model_dump()) for row in rows]
        for rows in (comments, versions, decisions, line.actions(), line.audit())
    ]
    with line_on(folder, FakeAdapter(), ManualClock()) as other:

        def insert() -> None:
            for rows in tables:
                for at in range(0, len(rows), BATCH):
                    with other.database.write() as session:
                        for row in rows[at : at + BATCH]:
                            session.add(row)
                            session.flush()

        return len(comments), timed(insert)


def main() -> int:
    """Prints the figures; exit status 1 when the bar is missed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--comments", type=int, default=6000)
    arguments.add_argument("--profile", action="store_true")
    chosen = arguments.parse_args()
    one_core("tests.benchmarks.bench_pipeline")
    limits = Limits(hides_per_hour=ANY_NUMBER, hides_per_day=ANY_NUMBER)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with line_on(folder, FakeAdapter(), ManualClock(), limits=limits) as line:
            return _measured(Bench(line), chosen.comments, folder, profile=chosen.profile)


def _measured(bench: Bench, comments: int, folder: Path, *, profile: bool) -> int:
    texts = answers(comments + WARM_BATCHES * BATCH)
    warm, texts = texts[:WARM_BATCHES], texts[WARM_BATCHES:]
    bench.take_all(warm)
    hides = bench.result.hides_requested
    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
    clock, cpu = timed(lambda: bench.take_all(texts))
    profiler.disable()
    if profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(40)
    hides = bench.result.hides_requested - hides
    _say("parse, judge, store, commit", comments, (clock, cpu))
    print(
        f"  hides requested: {hides}, {hides / clock:,.0f} a s, {cpu / hides * 1e6:,.0f} us of CPU"
    )
    parsed: list[list[Comment]] = []
    _say("  parsing alone", comments, timed(lambda: parsed.extend(map(bench.parse, texts))))
    judge = bench.context.judge
    _say("  judging alone", comments, timed(lambda: [judge.judge(some) for some in parsed]))
    other = folder / "one_by_one"
    other.mkdir()
    _say("the same rows, one ORM object each", *rows_one_by_one(bench.line, other))
    met = comments / clock >= BAR
    print(f"bar of {BAR:,} comments a second by the clock: {'met' if met else 'MISSED'}")
    return 0 if met else 1


def _say(what: str, comments: int, took: Timed) -> None:
    clock, cpu = took
    print(
        f"{what}: {comments / clock:,.0f} comments a s by the clock,"
        f" {comments / cpu:,.0f} a s of CPU ({cpu / comments * 1e6:.0f} us each)"
    )


if __name__ == "__main__":
    sys.exit(main())
