"""The log's lines in memory, a column an array, so that any mix of filters is a few comparisons.

A line never changes and lines only come at the end, so what was read once stays right; each
session sees no line that is newer than its own state of the data. About 40 bytes a decision.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from modbot.dialects import is_postgres
from modbot.store.database import Database
from modbot.store.kept_masks import KeptMasks
from modbot.store.log_chunk import CHUNK_IDS, FIELDS, Chunk, Growing

MOST_WISHES = 1024  # of filters' values that are kept
# One text, which SQLite makes without Python: six times as fast as a row a line.
_TOLD = " || ' ' || ".join(FIELDS)
_LINES = (
    f"SELECT group_concat({_TOLD}, ' ') FROM (SELECT * FROM log_line "
    "WHERE decision_id > ? AND decision_id <= ? ORDER BY decision_id)"
)
_LINES_POSTGRES = (
    f"SELECT string_agg({_TOLD}, ' ' ORDER BY decision_id) FROM log_line "
    "WHERE decision_id > ? AND decision_id <= ?"
)
_NEWEST = "SELECT (SELECT max(decision_id) FROM log_line), (SELECT max(id) FROM log_name)"
_NAMES = "SELECT id, kind, name FROM log_name WHERE id > ? ORDER BY id"


class LogColumns:
    """The lines of one database, read when they are first asked for. Any thread may ask."""

    def __init__(self) -> None:
        self.kept = KeptMasks()
        self._lock = threading.Lock()
        self._chunks: dict[int, Growing] = {}
        self._names: dict[str, dict[int, str]] = {}
        self._last_name = 0
        self._passed: dict[tuple[str, Hashable], tuple[int, NDArray[np.int64]]] = {}

    def refresh(self, session: Session) -> int:
        """Reads the values that are new; gives the newest decision that the session sees, or 0."""
        connection = session.connection()
        newest, last_name = connection.exec_driver_sql(_NEWEST).one()
        if (last_name or 0) > self._last_name:
            with self._lock:
                for number, kind, name in connection.exec_driver_sql(_NAMES, (self._last_name,)):
                    # A new mapping: the one that a reader holds does not change under it.
                    self._names[kind] = {**self._names.get(kind, {}), number: name}
                    self._last_name = number
        return newest or 0

    def names(self, kind: str) -> dict[int, str]:
        """The numbers of a column's values, and the values, as of the last refresh()."""
        return self._names.get(kind, {})

    def numbers(
        self, column: str, wish: Hashable, test: Callable[[str], bool]
    ) -> NDArray[np.int64]:
        """The numbers of the values that pass `test`, which is the same one for the same wish."""
        names = self._names.get(column, {})
        key = (column, wish)
        with self._lock:
            seen, numbers = self._passed.pop(key, (0, np.zeros(0, np.int64)))
        if seen < len(names):
            new = [n for n, name in islice(names.items(), seen, None) if test(name)]
            numbers = np.concatenate([numbers, np.array(new, np.int64)])
        with self._lock:
            self._passed[key] = (len(names), numbers)
            if len(self._passed) > MOST_WISHES:
                del self._passed[next(iter(self._passed))]
        return numbers

    def read_ahead(self, database: Database, over: threading.Event) -> None:
        """Reads all lines, newest first, so that nobody has to wait for them; ends early when
        `over` is set. Where that fails, whoever needs a line reads it."""
        try:
            with database.read() as session:
                newest = self.refresh(session)
            for place in range(newest // CHUNK_IDS, -1, -1):
                if over.is_set():
                    return
                with database.read() as session:
                    self._chunk(session, place, newest)
        except DBAPIError:
            return

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
            seen = chunk.upto(newest) if len(chunk) else chunk
            if len(seen):
                yield seen

    def _chunk(self, session: Session, place: int, newest: int) -> Chunk:
        with self._lock:
            growing = self._chunks.setdefault(place, Growing(place * CHUNK_IDS - 1))
            wanted = min((place + 1) * CHUNK_IDS - 1, newest)
            if growing.upto < wanted:
                asked = (growing.upto, wanted)
                connection = session.connection()
                lines = _LINES_POSTGRES if is_postgres(connection) else _LINES
                listed = connection.exec_driver_sql(lines, asked).scalar()
                numbers = np.fromstring(listed or "", dtype=np.int64, sep=" ")
                growing.add(numbers.reshape(-1, len(FIELDS)))
                growing.upto = wanted
            return growing.chunk()
