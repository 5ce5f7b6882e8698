"""What was found among the lines of the log, kept for the next page, filter or count."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

import numpy as np
from numpy.typing import NDArray

from modbot.store.log_chunk import Chunk, Mask

MOST_KEPT = 4096  # chunks, 8 kB each


class KeptMasks:
    """Lines never change and new ones come at the end, so only those are looked through again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Hashable, int], tuple[int, NDArray[np.uint8]]] = OrderedDict()

    def mask(self, key: Hashable, chunk: Chunk, make: Callable[[Chunk], Mask]) -> Mask:
        """Whether each line of a chunk fits what `key` stands for; `make` finds it out for those
        that are new. The answer is the caller's to change."""
        place = (key, int(chunk.ids[0]))
        with self._lock:
            known, packed = self._kept.get(place, (0, np.zeros(0, np.uint8)))
        if known >= len(chunk):
            return np.unpackbits(packed, count=len(chunk)).view(np.bool_)
        found = np.empty(len(chunk), np.bool_)
        found[:known] = np.unpackbits(packed, count=known)
        found[known:] = make(chunk.since(known))
        with self._lock:
            self._kept[place] = (len(chunk), np.packbits(found))
            self._kept.move_to_end(place)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found
