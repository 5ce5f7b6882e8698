"""The log's lines in memory, a column an array, so that any mix of filters is a few comparisons.

A line never changes and lines only come at the end, so what was read once stays right; each
session sees no line that is newer than its own state of the data. About 20 bytes a decision.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

CHUNK_IDS = 1 << 16  # decision ids a chunk
COLUMNS = ("page", "verdict", "language", "actor", "found")
_LINES = (
    "SELECT decision_id, page, verdict, language, actor, found, decided_at FROM log_line "
    "WHERE decision_id > ? AND decision_id <= ? ORDER BY decision_id"
)


@dataclass(frozen=True)
class Chunk:
    """The lines of some following decisions, oldest first; every array has the same length."""

    ids: NDArray[np.int64]
    columns: dict[str, NDArray[np.int32]]
    seconds: NDArray[np.int64]  # when it was decided, since 1970
    ordered: bool  # `seconds` never go back

    def __len__(self) -> int:
        return len(self.ids)

    def upto(self, newest: int) -> Chunk:
        """Without the lines after decision `newest`."""
        end = int(np.searchsorted(self.ids, newest, side="right"))
        if end == len(self):
            return self
        columns = {name: values[:end] for name, values in self.columns.items()}
        return Chunk(self.ids[:end], columns, self.seconds[:end], self.ordered)


class LogColumns:
    """The lines of one database, read when they are first asked for. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._chunks: dict[int, _Growing] = {}
        self._names: dict[str, dict[int, str]] = {}
        self._last_name = 0

    def names(self, session: Session, kind: str) -> dict[int, str]:
        """The numbers of a column's values, and the values."""
        with self._lock:
            rows = session.connection().exec_driver_sql(
                "SELECT id, kind, name FROM log_name WHERE id > ? ORDER BY id", (self._last_name,)
            )
            for number, of_kind, name in rows:
                # A new mapping: the one that a reader holds does not change under it.
                self._names[of_kind] = {**self._names.get(of_kind, {}), number: name}
                self._last_name = number
            return self._names.get(kind, {})

    def newest(self, session: Session) -> int:
        """The newest decision that the session sees; 0 where there is none."""
        found = session.connection().exec_driver_sql("SELECT max(decision_id) FROM log_line")
        return found.scalar() or 0

    def chunks(
        self, session: Session, newest: int, *, oldest_first: bool = False, start: int | None = None
    ) -> Iterator[Chunk]:
        """Every line up to decision `newest`, in chunks, newest first; those wholly on the wrong
        side of decision `start` are left out."""
        last = newest // CHUNK_IDS
        if oldest_first:
            places = range(max(0, start or 0) // CHUNK_IDS, last + 1)
        else:
            places = range(min(last, (start or newest) // CHUNK_IDS), -1, -1)
        for place in places:
            chunk = self._chunk(session, place, newest)
            if len(chunk):
                yield chunk.upto(newest)

    def _chunk(self, session: Session, place: int, newest: int) -> Chunk:
        with self._lock:
            growing = self._chunks.setdefault(place, _Growing(place * CHUNK_IDS - 1))
            wanted = min((place + 1) * CHUNK_IDS - 1, newest)
            if growing.upto < wanted:
                asked = (growing.upto, wanted)
                growing.add(session.connection().exec_driver_sql(_LINES, asked).all())
                growing.upto = wanted
            return growing.chunk()


class _Growing:
    """A chunk that lines are added to, behind those that readers hold views of."""

    def __init__(self, upto: int) -> None:
        self.upto = upto  # every line up to this decision is in it
        self._length = 0
        self._ordered = True
        self._ids = np.empty(CHUNK_IDS, np.int64)
        self._seconds = np.empty(CHUNK_IDS, np.int64)
        self._columns = {name: np.empty(CHUNK_IDS, np.int32) for name in COLUMNS}

    def add(self, rows: Sequence[Sequence[int]]) -> None:
        if not rows:
            return
        start, end = self._length, self._length + len(rows)
        ids, *columns, seconds = zip(*rows, strict=True)
        self._ids[start:end] = ids
        self._seconds[start:end] = seconds
        for name, values in zip(COLUMNS, columns, strict=True):
            self._columns[name][start:end] = values
        new = self._seconds[max(0, start - 1) : end]
        self._ordered = self._ordered and bool(np.all(new[1:] >= new[:-1]))
        self._length = end

    def chunk(self) -> Chunk:
        end = self._length
        columns = {name: values[:end] for name, values in self._columns.items()}
        return Chunk(self._ids[:end], columns, self._seconds[:end], self._ordered)
