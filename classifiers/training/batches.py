"""Rows numbered and packed into batches of comments of about one length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from classifiers.subwords import table_rows
from classifiers.training.network import Batch
from classifiers.training.rows import Row

_WORDS_HASHED_AT_ONCE = 20_000


class Corpus:
    """All rows with their words numbered from 1, and the table rows of every word."""

    def __init__(self, rows: Sequence[Row]) -> None:
        numbers: dict[str, int] = {}
        self._rows = [
            np.fromiter(
                (numbers.setdefault(word, len(numbers) + 1) for word in row.words), dtype=np.int32
            )
            for row in rows
        ]
        self._lengths = np.array([len(row) for row in self._rows])
        self._targets = np.array([row.targets for row in rows], dtype=np.float32)
        self._weights = np.array([row.weights for row in rows], dtype=np.float32)
        self._pieces, self._counts = _pieces(list(numbers))
        self._starts = np.cumsum(self._counts) - self._counts

    def batches(self, size: int, random: np.random.Generator) -> Iterator[Batch]:
        """Every row once, in an order drawn from `random`."""
        # Lengths differ by up to a tenth within a batch, so that batches differ between epochs.
        blurred = self._lengths * random.uniform(0.95, 1.05, len(self._lengths))
        order = np.argsort(blurred, kind="stable")
        chunks = [order[start : start + size] for start in range(0, len(order), size)]
        for number in random.permutation(len(chunks)):
            yield self._batch(chunks[number])

    def _batch(self, chosen: NDArray[np.int64]) -> Batch:
        lengths = self._lengths[chosen]
        padded = np.zeros((len(chosen), lengths.max() + 2), dtype=np.int64)
        for place, row in enumerate(chosen):
            padded[place, 1 : lengths[place] + 1] = self._rows[row]
        distinct, places = np.unique(padded, return_inverse=True)  # distinct[0] is the empty word
        counts, starts = self._counts[distinct[1:] - 1], self._starts[distinct[1:] - 1]
        offsets = np.cumsum(counts) - counts
        taken = np.arange(counts.sum()) + np.repeat(starts - offsets, counts)
        return Batch(
            pieces=torch.from_numpy(self._pieces[taken]),
            offsets=torch.from_numpy(offsets),
            counts=torch.from_numpy(counts.astype(np.float32)),
            words=torch.from_numpy(places.reshape(padded.shape)),
            lengths=torch.from_numpy(lengths.astype(np.float32)),
            targets=torch.from_numpy(self._targets[chosen]),
            weights=torch.from_numpy(self._weights[chosen]),
        )


def _pieces(words: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    parts = [
        table_rows(words[start : start + _WORDS_HASHED_AT_ONCE])
        for start in range(0, len(words), _WORDS_HASHED_AT_ONCE)
    ]
    return np.concatenate([rows for rows, _ in parts]), np.concatenate([n for _, n in parts])
