"""Which lines of the log have the words of a search, kept for its next page or filter."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from modbot.store.log_chunk import Chunk

Mask = NDArray[np.bool_]
MOST_KEPT = 2048  # chunks of searches, 8 kB each
_HITS = (
    "SELECT group_concat(rowid, ' ') FROM (SELECT rowid FROM log_text "
    "WHERE log_text MATCH ? AND rowid BETWEEN ? AND ?)"
)


class TextHits:
    """Texts never change and new ones come at the end, so only those are looked through again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], tuple[int, NDArray[np.uint8]]] = OrderedDict()

    def mask(self, session: Session, match: str, chunk: Chunk) -> Mask:
        """Whether each line of a chunk has what an FTS5 query asks for."""
        key = (match, int(chunk.ids[0]))
        with self._lock:
            known, packed = self._kept.get(key, (0, np.zeros(0, np.uint8)))
        if known >= len(chunk):
            return np.unpackbits(packed, count=len(chunk)).view(np.bool_)
        found = np.zeros(len(chunk), np.bool_)
        found[:known] = np.unpackbits(packed, count=known).view(np.bool_)
        hits = _hits(session, match, int(chunk.ids[known]), int(chunk.ids[-1]))
        found[np.searchsorted(chunk.ids, hits)] = True
        with self._lock:
            self._kept[key] = (len(chunk), np.packbits(found))
            self._kept.move_to_end(key)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found


def _hits(session: Session, match: str, first: int, last: int) -> NDArray[np.int64]:
    # One row of text: SQLite makes it without Python, which would need longer for the numbers.
    listed = session.connection().exec_driver_sql(_HITS, (match, first, last)).scalar()
    return np.fromstring(listed or "", dtype=np.int64, sep=" ")
