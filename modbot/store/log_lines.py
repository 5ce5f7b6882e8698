"""Writes what the log's filters read: one narrow line and the words of the text, a decision.

Both are derived from rows that are evidence, in the transaction that stores them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import structlog
from sqlalchemy import Connection

from modbot.dialects import is_postgres
from modbot.spoken_language import guess_language
from modbot.store.text_index import write_words
from modbot.stored_rows import canonical
from modbot.stored_text import original

FILL_CHUNK = 5000
_TOLD_EVERY = 50_000
_log = structlog.get_logger("modbot.store")

_LINE = (
    "INSERT INTO log_line (decision_id, page, verdict, language, actor, found, decided_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_NAMED = (
    "SELECT n.kind, n.name, n.id FROM json_each(?) AS asked JOIN log_name AS n "
    "ON n.kind = asked.value ->> 0 AND n.name = asked.value ->> 1"
)
_STORED = (
    "SELECT d.id, d.page_id, d.verdict, d.actor_kind, d.actor, d.categories, d.signals, "
    "d.decided_at, v.text, v.escaped FROM decision AS d JOIN version AS v ON v.id = d.version_id "
    "WHERE d.id > ? ORDER BY d.id LIMIT ?"
)
_NAMED_POSTGRES = (  # names can be longer than an index of PostgreSQL takes: their MD5 is in it
    "SELECT n.kind, n.name, n.id FROM unnest(CAST(? AS text[]), CAST(? AS text[])) AS "
    "asked(kind, name) JOIN log_name AS n ON n.kind = asked.kind "
    "AND md5(n.name) = md5(asked.name) AND n.name = asked.name"
)
Name = tuple[str, str]  # kind, name


@dataclass(frozen=True, kw_only=True, slots=True)
class NewLine:
    """A decision that has just been stored; `decision` holds its fields in stored form."""

    decision: Mapping[str, Any]
    text: str  # of the version, in stored form
    original: str  # the same as sent
    found: str  # found_name()


def new_line(decision: Mapping[str, Any], text: str, *, escaped: bool) -> NewLine:
    """The line of a decision of which no more is at hand than what is stored, and of its text."""
    signals = json.loads(decision["signals"])
    pairs = ((signal["source"], signal["rule"]) for signal in signals)
    return NewLine(
        decision=decision,
        text=text,
        original=original(text, escaped=escaped),
        found=found_name(json.loads(decision["categories"]), pairs),
    )


def write_lines(connection: Connection, new: Iterable[NewLine]) -> None:
    """Adds the decisions to the log's lines and to its text search."""
    made = [(line, _names(line)) for line in new]
    if not made:
        return
    numbers = _numbers(connection, dict.fromkeys(name for _, names in made for name in names))
    lines, texts = [], []
    for line, names in made:
        decision_id = line.decision["id"]
        seconds = _seconds(line.decision["decided_at"])
        lines.append((decision_id, *(numbers[name] for name in names), seconds))
        texts.append((decision_id, line.text))
    connection.exec_driver_sql(_LINE, lines)
    write_words(connection, texts)


@lru_cache(maxsize=16)  # the decisions of a batch are of one moment
def _seconds(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).timestamp())


def found_name(categories: Sequence[str], signals: Iterable[tuple[str, str]]) -> str:
    """Categories, and classifiers with their rules, as one value of the `found` column."""
    return _found_name(tuple(categories), frozenset(signals))


@lru_cache(maxsize=1024)  # most comments have one of a few
def _found_name(categories: tuple[str, ...], signals: frozenset[tuple[str, str]]) -> str:
    return canonical([categories, sorted(signals)])


Found = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]


@lru_cache(maxsize=1 << 16)  # each request goes through all of them
def read_found(name: str) -> Found:
    """The categories and the pairs of classifier and rule that found_name() was given."""
    categories, signals = json.loads(name)
    return tuple(categories), tuple((source, rule) for source, rule in signals)


def fill_lines(connection: Connection) -> int:
    """Writes the lines of every stored decision that has none yet, in batches; their number."""
    last = connection.exec_driver_sql("SELECT max(decision_id) FROM log_line").scalar() or 0
    newest = connection.exec_driver_sql("SELECT max(id) FROM decision").scalar() or 0
    done = 0
    for rows in _stored(connection, last):
        write_lines(connection, map(_line, rows))
        done += len(rows)
        if done % _TOLD_EVERY < len(rows):
            _log.info("log_filled", decisions=done, newest=rows[-1][0], of=newest)
    return done


def _stored(connection: Connection, last: int) -> Iterator[Sequence[Any]]:
    while rows := connection.exec_driver_sql(_STORED, (last, FILL_CHUNK)).all():
        yield rows
        last = rows[-1][0]


def _line(row: Sequence[Any]) -> NewLine:
    names = ("id", "page_id", "verdict", "actor_kind", "actor", "categories", "signals")
    decision = dict(zip((*names, "decided_at"), row[:8], strict=True))
    return new_line(decision, row[8], escaped=bool(row[9]))


def _names(line: NewLine) -> tuple[Name, ...]:
    """In the order of the columns of log_line."""
    made = line.decision
    return (
        ("page", made["page_id"]),
        ("verdict", made["verdict"]),
        ("language", guess_language(line.original)),
        ("actor", f"{made['actor_kind']}:{made['actor']}"),
        ("found", line.found),
    )


def _numbers(connection: Connection, names: Iterable[Name]) -> dict[Name, int]:
    wanted = list(names)
    known = _known(connection, wanted)
    missing = [name for name in wanted if name not in known]
    if missing:
        insert = "INSERT INTO log_name (kind, name) VALUES (?, ?)"
        connection.exec_driver_sql(insert, missing)
        known |= _known(connection, missing)
    return known


def _known(connection: Connection, names: Sequence[Name]) -> dict[Name, int]:
    if is_postgres(connection):
        asked: tuple[Any, ...] = ([kind for kind, _ in names], [name for _, name in names])
        rows = connection.exec_driver_sql(_NAMED_POSTGRES, asked)
    else:
        rows = connection.exec_driver_sql(_NAMED, (json.dumps(names),))
    return {(kind, name): number for kind, name, number in rows}
