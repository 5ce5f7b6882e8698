"""Fills a database with a large, plausible record, for what must stay fast with it.

60 pages on 5 platforms, 18 months, texts put together from the corpus, few busy authors among many
quiet ones. The rows go in by SQL, past record_judged(), so the hashes are random and verify() finds
fault with each; the log's lines are written by the code of the migration.

Run: python -m tests.benchmarks.large_record --db PATH [--comments 1000000]
"""

from __future__ import annotations

import argparse
import hashlib
import heapq
import json
import random
import re
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

from modbot.migrations.versions import r0005_queue
from modbot.store import Database
from modbot.store.database import sqlite_module
from modbot.store.log_lines import fill_lines

START = datetime(2025, 3, 1, 11, tzinfo=UTC)
MONTHS_18 = timedelta(days=548)
PAGES = 60
BATCH = 5000
CORPUS = Path(__file__).parents[1] / "corpus"
PLATFORMS = ("facebook", "instagram", "youtube", "x", "wordpress")
CATEGORIES = (
    *("profanity", "offensive", "threat", "crisis", "personal_issue", "sales", "privacy"),
    "off_topic",
)
CATEGORY_WEIGHTS = (34, 26, 2, 1, 14, 12, 6, 5)
PERSONS = ("Ana Peña", "Luis Ortega", "Grace Kim", "Tom Riley", "Maria Santos", "Dee Walker")
THRESHOLDS = json.dumps(
    {f"{c}.{kind}": 0.8 for c in CATEGORIES for kind in ("review", "hide", "model_review")},
    separators=(",", ":"),
)
PAGE_COLUMNS = (
    *("id", "platform", "external_id", "name", "handle", "base_url", "token_ref", "mode"),
    *("paused", "district_owned", "government_use", "registered_by", "registered_at"),
)
TABLES = {
    "comment": 15, "version": 9, "decision": 19, "action": 13, "audit": 10,
}  # fmt: skip


class Texts:
    """Comments that nobody wrote, from halves of those of the corpus."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._parts: dict[str, list[str]] = {"en": [], "es": [], "pt": []}
        for file in sorted(CORPUS.glob("*.jsonl")):
            for line in file.read_text("utf-8").splitlines():
                row = json.loads(line)
                halves = re.split(r"(?<=[.!?,;])\s+", row["comment"])
                if row.get("lang") in self._parts:
                    self._parts[row["lang"]] += [half for half in halves if half]

    def make(self, language: str) -> str:
        text = " ".join(self._rng.choices(self._parts[language], k=self._rng.randint(1, 5)))
        if self._rng.random() < 0.15:  # names and numbers that hardly anyone else writes
            text += f" @{self._rng.choice('abcdefghij')}{self._rng.randrange(10**6):06d}"
        return text


class Record:
    """The rows, in the order in which a service would have written them."""

    def __init__(self, comments: int, seed: int) -> None:
        self.comments, self.rng = comments, random.Random(seed)
        self.texts = Texts(self.rng)
        self.pages = [f"{PLATFORMS[n % 5]}:{1000 + n}" for n in range(PAGES)]
        self._page_weights = list(accumulate(1 / (n + 2) ** 0.7 for n in range(PAGES)))
        self._rules = {c: [f"{c}_{n % 3}:rule{n}" for n in range(60)] for c in CATEGORIES}
        self._rule_weights = list(accumulate(1 / (n + 1) for n in range(60)))
        self.ids = dict.fromkeys(TABLES, 0)
        self.rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in TABLES}
        self._seen = dict.fromkeys(self.pages, 0)  # comments by page
        self._waiting: list[tuple[datetime, int, tuple[Any, ...]]] = []

    def batches(self) -> Iterator[dict[str, list[tuple[Any, ...]]]]:
        """Rows to insert, by table."""
        for number in range(self.comments):
            at = START + MONTHS_18 * (number / self.comments)
            while self._waiting and self._waiting[0][0] <= at:
                answered_at, _, answered = heapq.heappop(self._waiting)
                self._answer(answered_at, answered)
            self._comment(at, number)
            if len(self.rows["comment"]) == BATCH:
                yield self.rows
                self.rows = {table: [] for table in TABLES}
        yield self.rows

    def _comment(self, at: datetime, number: int) -> None:
        rng = self.rng
        place = rng.choices(range(PAGES), cum_weights=self._page_weights)[0]
        page, stamp = self.pages[place], iso(at)
        spoken = rng.choices(("en", "es", "pt"), weights=(45, 50, 5) if place % 3 else (80, 19, 1))[
            0
        ]
        author = int(rng.paretovariate(0.6)) % 200_000
        self._seen[page] += 1
        post, link = f"p{self._seen[page] // 80}", f"https://social.test/{number}"
        row = self._add("comment", page, page.split(":")[0], f"c{number}", post, None,
                        f"a{author}", f"Person {author}", link,
                        stamp, stamp, None, 0, 1, 0)  # fmt: skip
        self._audit(stamp, "comment.vouched", "comment", row)
        self._version(at, row, page, 1, self.texts.make(spoken))
        if rng.random() < 0.015:
            self._version(at, row, page, 2, self.texts.make(spoken))

    def _version(self, at: datetime, row: int, page: str, number: int, text: str) -> None:
        stamp, sent = iso(at), json.dumps({"id": row, "message": text}).encode()
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        version = self._add("version", row, number, text, 0, sha256, zlib.compress(sent, 1),
                            sha256, stamp)  # fmt: skip
        self._audit(stamp, "comment.seen", "version", version)
        verdict, categories, signals = self._judged(text)
        about = (version, row, page)
        self._decision(stamp, f"bot:{version}", about, verdict, categories, signals)
        if verdict in ("review", "escalate") and self.rng.random() < 0.93:
            wait = timedelta(hours=self.rng.expovariate(1 / 9))
            answer = (about, categories, signals)
            heapq.heappush(self._waiting, (at + wait, version, answer))

    def _judged(self, text: str) -> tuple[str, list[str], list[dict[str, Any]]]:
        rng = self.rng
        verdict = rng.choices(("allow", "review", "hide", "escalate"), (925, 35, 37, 3))[0]
        if verdict == "allow":
            weak = (
                [self._signal("embedded", "offensive", "insult", text)]
                if rng.random() < 0.2
                else []
            )
            return verdict, [], weak
        category = rng.choices(CATEGORIES, CATEGORY_WEIGHTS)[0]
        if verdict == "escalate":
            category = rng.choice(("threat", "threat", "crisis"))
        rule = rng.choices(self._rules[category], cum_weights=self._rule_weights)[0]
        signals = [self._signal("rules", category, rule, text)]
        if rng.random() < 0.6:
            signals.append(self._signal("embedded", category, category, text))
        return verdict, [category], signals

    def _signal(self, source: str, category: str, rule: str, text: str) -> dict[str, Any]:
        word = self.rng.choice(text.split())
        start = text.index(word)
        return {"source": source, "category": category, "score": round(self.rng.random(), 3),
                "rule": rule, "text": word, "start": start, "end": start + len(word),
                "aspect": ""}  # fmt: skip

    def _answer(self, at: datetime, answered: tuple[Any, ...]) -> None:
        about, categories, signals = answered
        verdict = self.rng.choice(("allow", "allow", "hide"))
        self._decision(iso(at), f"person:{self.ids['decision']}", about, verdict, categories,
                       signals, self.rng.choices(PERSONS, (30, 25, 20, 10, 10, 5))[0])  # fmt: skip

    def _decision(
        self, stamp: str, key: str, about: tuple[int, int, str], verdict: str,
        categories: list[str], signals: list[dict[str, Any]], person: str = "",
    ) -> None:  # fmt: skip
        hide = verdict == "hide"
        made = self._add("decision", key, *about, verdict, hide, json.dumps(categories),
                         json.dumps(signals), "section 1", THRESHOLDS, "[]", "", "enforce",
                         '{"embedded":"1","rules":"1"}', "0" * 64,
                         "person" if person else "bot", person or "modbot", stamp)  # fmt: skip
        self._audit(stamp, "decision.made", "decision", made)
        if hide:
            version, row, page = about
            action = self._add("action", f"hide:{made}", made, version, row, page, "hide",
                               "confirmed", 1, stamp, stamp, stamp, "done")  # fmt: skip
            for kind in ("action.requested", "action.confirmed"):
                self._audit(stamp, kind, "action", action)

    def _audit(self, stamp: str, kind: str, table: str, row: int) -> None:
        noise = self.rng.getrandbits(256).to_bytes(32, "big").hex()
        self._add("audit", stamp, kind, "modbot", table, str(row), noise, "{}", noise, noise)

    def _add(self, table: str, *values: Any) -> int:
        self.ids[table] += 1
        self.rows[table].append((self.ids[table], *values))
        return self.ids[table]


def iso(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


def fill(path: Path, comments: int, seed: int = 7) -> None:
    """Makes the database at `path`, which must not exist, and tells how long that took."""
    Database.open(f"sqlite:///{path}").close()
    began = time.perf_counter()
    connection = sqlite_module.connect(path, isolation_level=None)
    for setting in ("synchronous=OFF", "journal_mode=MEMORY", "cache_size=-400000"):
        connection.execute(f"PRAGMA {setting}")
    connection.execute("BEGIN")
    record = Record(comments, seed)
    _pages(connection, record)
    for rows in record.batches():
        for table, width in TABLES.items():
            marks = ", ".join("?" * width)
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows[table])
    connection.execute(
        "INSERT INTO post SELECT page_id, post_id, 'Menu of the week, ' || post_id, "
        "min(created_at) FROM comment GROUP BY page_id, post_id"
    )
    connection.execute("COMMIT")
    connection.close()
    print(f"{record.ids} in {time.perf_counter() - began:.0f} s", flush=True)
    began = time.perf_counter()
    database = Database.open(f"sqlite:///{path}")
    with database.write() as session:
        lines = fill_lines(session.connection())
        r0005_queue.fill(session.connection())
    database.close()
    print(f"{lines} lines of the log in {time.perf_counter() - began:.0f} s", flush=True)


def drop_statistics(path: Path) -> None:
    """Takes away what ANALYZE left: modbot never runs it.

    SQLite believes the numbers for good. Taken before the search's index grew, they make it read
    that index whole for each segment that FTS5 merges, while everybody else waits to write.
    """
    with closing(sqlite_module.connect(path)) as connection:
        for table in ("sqlite_stat1", "sqlite_stat4"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        connection.commit()


def _pages(connection: Any, record: Record) -> None:
    for number, page in enumerate(record.pages):
        platform, external = page.split(":")
        values = (page, platform, external, f"School {number}", "", "", "", "enforce", 0, 1, "",
                  "bench", iso(START))  # fmt: skip
        marks = ", ".join("?" * len(PAGE_COLUMNS))
        connection.execute(f"INSERT INTO page ({', '.join(PAGE_COLUMNS)}) VALUES ({marks})", values)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--db", type=Path, required=True)
    arguments.add_argument("--comments", type=int, default=1_000_000)
    chosen = arguments.parse_args()
    fill(chosen.db, chosen.comments)


if __name__ == "__main__":
    main()
