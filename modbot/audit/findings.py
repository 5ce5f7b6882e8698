"""What a check of the record finds: problems, each with the row it is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from modbot.audit import postgres
from modbot.audit.chain import Head

MOST_LISTED = 1000  # problems; the rest are counted


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One row that is not as it was written.

    kind: "changed", "removed", "inserted" (nothing vouches for it, or something twice),
    "unlinked" (the row before it was exchanged), "text" or "raw" (no longer what was hashed),
    "checkpoint" (not the row that a checkpoint names: the chain up to it was computed anew), "cut"
    (rows that a checkpoint covers are missing from here on).
    """

    seq: int | None  # of the audit row that tells, if one does
    table: str
    id: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """The result of verify()."""

    ok: bool
    rows: int  # of the audit log
    head: Head
    problems: tuple[Problem, ...]  # the first MOST_LISTED
    notes: tuple[str, ...]  # what this check cannot show, and how many problems are not listed


@dataclass
class Found:
    """The problems so far."""

    problems: list[Problem] = field(default_factory=list)
    number: int = 0

    def add(self, kind: str, table: str, row_id: object, seq: int | None = None) -> None:
        """Counts a problem and lists it while there is room."""
        self.number += 1
        if len(self.problems) < MOST_LISTED:
            self.problems.append(Problem(seq=seq, table=table, id=str(row_id), kind=kind))


def rows_of(connection: Any, query: str, values: tuple[object, ...] = ()) -> Iterator[Any]:
    """The rows of a query, one by one."""
    if postgres.asks_postgres(connection):
        yield from postgres.rows(connection, query, values)
        return
    cursor = connection.cursor()
    try:
        yield from cursor.execute(query, values)
    finally:
        cursor.close()
