"""A stretch of the log's lines in memory: an array for each column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
CHUNK_IDS = 1 << 16  # decision ids a chunk
COLUMNS = ("page", "verdict", "language", "actor", "found")
FIELDS = ("decision_id", *COLUMNS, "decided_at")  # of a line, as they are read


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
        if self.ids[-1] <= newest:
            return self
        return self._part(slice(int(np.searchsorted(self.ids, newest, side="right"))))

    def since(self, place: int) -> Chunk:
        """Without the first `place` lines."""
        return self._part(slice(place, None)) if place else self

    def _part(self, part: slice) -> Chunk:
        columns = {name: values[part] for name, values in self.columns.items()}
        return Chunk(self.ids[part], columns, self.seconds[part], self.ordered)

    def places(self, bounds: NDArray[np.float64]) -> list[int]:
        """Where the bounds lie among the lines in the order of time."""
        seconds = self.seconds if self.ordered else np.sort(self.seconds)
        found: list[int] = np.searchsorted(seconds, bounds).tolist()
        return found


class Growing:
    """A chunk that lines are added to, behind those that readers hold views of."""

    def __init__(self, upto: int) -> None:
        self.upto = upto  # every line up to this decision is in it
        self._length = 0
        self._ordered = True
        self._ids = np.empty(CHUNK_IDS, np.int64)
        self._seconds = np.empty(CHUNK_IDS, np.int64)
        self._columns = {name: np.empty(CHUNK_IDS, np.int32) for name in COLUMNS}

    def add(self, rows: NDArray[np.int64]) -> None:
        """Rows of FIELDS."""
        start, end = self._length, self._length + len(rows)
        self._ids[start:end] = rows[:, 0]
        self._seconds[start:end] = rows[:, -1]
        for place, name in enumerate(COLUMNS, 1):
            self._columns[name][start:end] = rows[:, place]
        new = self._seconds[max(0, start - 1) : end]
        self._ordered = self._ordered and bool(np.all(new[1:] >= new[:-1]))
        self._length = end

    def chunk(self) -> Chunk:
        end = self._length
        columns = {name: values[:end] for name, values in self._columns.items()}
        return Chunk(self._ids[:end], columns, self._seconds[:end], self._ordered)
