"""The log's lines in memory, a column an array, so that any mix of filters is a few comparisons.

A line never changes and lines only come at the end, so what was read once stays right; each
session sees no line that is newer than its own state of the data. About 20 bytes a decision.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
from sqlmodel import Session

from modbot.store.log_chunk import CHUNK_IDS, FIELDS, Chunk, Growing
from modbot.store.text_hits import TextHits

# One text, which SQLite makes without Python: six times as fast as a row a line.
_TOLD = " || ' ' || ".join(FIELDS)
_LINES = (
    f"SELECT group_concat({_TOLD}, ' ') FROM (SELECT * FROM log_line "
    "WHERE decision_id > ? AND decision_id <= ? ORDER BY decision_id)"
)


class LogColumns:
    """The lines of one database, read when they are first asked for. Any thread may ask."""

    def __init__(self) -> None:
        self.hits = TextHits()
        self._lock = threading.Lock()
        self._chunks: dict[int, Growing] = {}
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
            growing = self._chunks.setdefault(place, Growing(place * CHUNK_IDS - 1))
            wanted = min((place + 1) * CHUNK_IDS - 1, newest)
            if growing.upto < wanted:
                asked = (growing.upto, wanted)
                listed = session.connection().exec_driver_sql(_LINES, asked).scalar()
                numbers = np.fromstring(listed or "", dtype=np.int64, sep=" ")
                growing.add(numbers.reshape(-1, len(FIELDS)))
                growing.upto = wanted
            return growing.chunk()
