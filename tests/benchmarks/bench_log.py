"""Fills a database and times what people wait for: the log under each filter, then verify().

Run: python -m tests.benchmarks.bench_log [--comments 100000] [--db PATH]
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

from modbot.audit import Entry, append, evidence_sha256, verify
from modbot.domain import (
    ActionKind,
    Category,
    Comment,
    Decision,
    Evidence,
    Page,
    Post,
    Signal,
    Verdict,
)
from modbot.store import (
    Choice,
    Database,
    Judged,
    LogColumns,
    decision_log,
    page,
    record_judged,
    record_posts,
)
from modbot.tables import PageRow

START = datetime(2026, 9, 1, 12, tzinfo=UTC)
BATCH_COMMENTS = 100
PAGES = 40
RARE_PAGE = "facebook:39"  # one comment in 10,000
BAR_MS = 150.0
WORDS = ["bus", "school", "lunch", "mañana", "teacher", "damn", "menú", "coach", "clase", "room"]


def fill(database: Database, comments: int, seed: int = 7) -> float:
    """Stores judged comments as a poll does; seconds spent in the store."""
    rng = random.Random(seed)
    with database.write() as session:
        rows = [_page_row(number) for number in range(PAGES)]
        session.add_all(rows)
        session.flush()
        entries = [
            Entry(
                kind="page.added",
                actor="bench",
                row_table="page",
                row_id=row.id,
                row_sha256=evidence_sha256(row),
            )
            for row in rows
        ]
        append(session, entries, START)
        pages = [page(session, row.id) for row in rows]
    spent = 0.0
    for start in range(0, comments, BATCH_COMMENTS):
        rare = start % 10_000 == 0
        where = pages[-1] if rare else pages[rng.randrange(PAGES - 1)]
        size = 1 if rare else min(BATCH_COMMENTS, comments - start)
        now = START + timedelta(seconds=start)
        items = [_judged(where, f"c{start + n}", now, rng) for n in range(size)]
        began = time.perf_counter()
        with database.write() as session:
            post = Post(id=f"p{start // 1000}", text="Menu of the week", created_at=now)
            record_posts(session, where.id, [post], now)
            record_judged(session, where, items, now)
        spent += time.perf_counter() - began
    return spent


def _page_row(number: int) -> PageRow:
    return PageRow(
        id=f"facebook:{number}",
        platform="facebook",
        external_id=str(number),
        name=f"School {number}",
        registered_at=START,
    )


def _judged(where: Page, comment_id: str, now: datetime, rng: random.Random) -> Judged:
    text = " ".join(rng.choices(WORDS, k=rng.randint(5, 40)))
    comment = Comment(
        page_id=where.id,
        platform="facebook",
        id=comment_id,
        post_id=f"p{rng.randrange(100)}",
        text=text,
        author_name="A person",
        created_at=now,
        raw=json.dumps({"id": comment_id, "message": text, "from": {"name": "A person"}}).encode(),
    )
    decision = _decision(rng)
    return Judged(
        comment=comment,
        decision=decision,
        action=ActionKind.HIDE if decision.hide else None,
        mode="enforce",
        models={"rules": "2026-11", "embedded": "1"},
        config_sha256="0" * 64,
    )


def _decision(rng: random.Random) -> Decision:
    chance = rng.random()
    if chance < 0.9:
        return Decision(verdict=Verdict.ALLOW, hide=False, thresholds={"profanity.hide": 0.9})
    # Crisis and threat are rare, an allow with a category rarer still.
    category = rng.choices(list(Category), weights=[400, 200, 5, 1, 100, 50, 20, 60])[0]
    verdict = Verdict.HIDE if chance < 0.95 else Verdict.REVIEW
    if category in (Category.THREAT, Category.CRISIS):
        verdict = Verdict.ESCALATE
    signal = Signal(
        source="rules",
        category=category,
        score=0.95,
        evidence=Evidence(rule=f"{category}_en:damn", text="damn", start=0, end=4),
    )
    return Decision(
        verdict=verdict,
        hide=verdict is Verdict.HIDE,
        categories=(category,),
        signals=(signal,),
        clause="3.1",
        reason="A word of the list.",
    )


def filters() -> Iterator[dict[str, str]]:
    """Every mix of page (common, rare, none), category and verdict, rare and empty ones too."""
    pages: list[str | None] = [None, "facebook:1", RARE_PAGE]
    categories: list[str | None] = [None, *(category.value for category in Category)]
    verdicts: list[str | None] = [None, *(verdict.value for verdict in Verdict)]
    for page_id in pages:
        for category in categories:
            for verdict in verdicts:
                mix = {"page": page_id, "category": category, "verdict": verdict}
                yield {name: value for name, value in mix.items() if value is not None}


def time_log(
    database: Database, rounds: int = 5, clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """Milliseconds of each answer, by filter, first and later pages of the log alike."""
    taken: dict[str, list[float]] = {}
    columns = LogColumns()
    for mix in filters():
        label = " ".join(f"{name}={value}" for name, value in mix.items()) or "no filter"
        before: int | None = None
        for _ in range(rounds):
            began = clock()
            with database.read() as session:
                pages = {"pages": frozenset([mix["page"]])} if "page" in mix else {}
                rest = {name: value for name, value in mix.items() if name != "page"}
                choice = Choice(**pages, **rest)  # type: ignore[arg-type]
                entries = decision_log(session, choice, before=before, columns=columns)
            taken.setdefault(label, []).append((clock() - began) * 1000)
            before = entries[-1].id if entries else None
    return taken


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--comments", type=int, default=100_000)
    arguments.add_argument("--db", type=Path, help="keep the filled database here")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(f"sqlite:///{chosen.db or Path(folder) / 'bench.db'}")
        began_cpu = time.process_time()
        seconds = fill(database, chosen.comments)
        cpu_us = (time.process_time() - began_cpu) / chosen.comments * 1e6
        print(f"stored {chosen.comments} in {seconds:.1f} s: {chosen.comments / seconds:.0f} a s,")
        print(f"{cpu_us:.0f} us of CPU a comment, making it up included")
        taken = time_log(database)
        for label, each in sorted(taken.items(), key=lambda item: -max(item[1]))[:10]:
            print(f"{label:60} p50 {sorted(each)[len(each) // 2]:6.1f} worst {max(each):6.1f} ms")
        cpu_ms = max(max(each) for each in time_log(database, clock=time.process_time).values())
        everything = [each for one in taken.values() for each in one]
        cuts = quantiles(everything, n=100)
        worst = max(everything)
        print(f"{len(taken)} filters: p50 {cuts[49]:.1f} p95 {cuts[94]:.1f} worst {worst:.1f} ms")
        print(f"of CPU time, worst {cpu_ms:.1f} ms (on a busy machine the fairer figure)")
        print(f"bar {BAR_MS:.0f} ms: {'met' if worst < BAR_MS else 'MISSED'}")
        began = time.perf_counter()
        report = verify(database)
        seconds = time.perf_counter() - began
        print(f"verify: ok={report.ok} {report.rows} rows in {seconds:.1f} s, ", end="")
        print(f"{report.rows / seconds:.0f} audit rows a s")
        database.close()


if __name__ == "__main__":
    main()
