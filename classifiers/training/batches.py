"""Texts numbered and packed into batches of about one length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from classifiers.embedded.pieces import VECTOR_PIECES
from classifiers.training.network import Batch

_WORDS_HASHED_AT_ONCE = 20_000

Words = Sequence[str]
Places = NDArray[np.int64]


class WordNumbers:
    """Every word of the training with a number from 1, the table rows of its pieces, its vector."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._rows = {word: row for row, word in enumerate(vocabulary, 1)}
        self._numbers: dict[str, int] = {}
        self._hashed = 0
        self._pieces = np.zeros(0, dtype=np.int64)
        self._counts = np.zeros(0, dtype=np.int64)

    def of(self, words: Words) -> NDArray[np.int32]:
        """The numbers of a text's words, new ones for words not seen before."""
        numbers = self._numbers
        return np.fromiter(
            (numbers.setdefault(word, len(numbers) + 1) for word in words), dtype=np.int32
        )

    def look_up(self, distinct: Places) -> tuple[Places, Places, Places]:
        """Pieces of the numbered words one after the other, how many each has, vocabulary rows."""
        self._hash_new()
        counts, starts = self._counts[distinct - 1], self._starts[distinct - 1]
        offsets = np.cumsum(counts) - counts
        taken = np.arange(counts.sum()) + np.repeat(starts - offsets, counts)
        return self._pieces[taken], counts, self._known[distinct - 1]

    def _hash_new(self) -> None:
        if self._hashed == len(self._numbers):
            return
        words = list(self._numbers)
        pieces, counts = [self._pieces], [self._counts]
        for start in range(self._hashed, len(words), _WORDS_HASHED_AT_ONCE):
            rows, each, _ = VECTOR_PIECES.of_words(words[start : start + _WORDS_HASHED_AT_ONCE])
            pieces.append(rows)
            counts.append(each)
        self._pieces, self._counts = np.concatenate(pieces), np.concatenate(counts)
        self._starts = np.cumsum(self._counts) - self._counts
        self._known = np.array([self._rows.get(word, 0) for word in words], dtype=np.int64)
        self._hashed = len(words)


class Texts:
    """The word numbers of many texts."""

    def __init__(self, texts: Sequence[Words], numbers: WordNumbers) -> None:
        self._texts = [numbers.of(words or ["."]) for words in texts]
        self._lengths = np.array([len(text) for text in self._texts])
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._texts)

    def chunks(self, size: int, random: np.random.Generator, *, blur: float = 0.05) -> list[Places]:
        """Every text once, in chunks of about one length; `blur` makes them differ each time."""
        blurred = self._lengths * random.uniform(1 - blur, 1 + blur, len(self._texts))
        order = np.argsort(blurred, kind="stable")
        return [order[start : start + size] for start in range(0, len(order), size)]

    def batch(self, chosen: Places) -> Batch:
        """The chosen texts side by side."""
        lengths = self._lengths[chosen]
        padded = np.zeros((len(chosen), lengths.max() + 2), dtype=np.int64)
        for place, text in enumerate(chosen):
            padded[place, 1 : lengths[place] + 1] = self._texts[text]
        distinct, places = np.unique(padded, return_inverse=True)  # distinct[0] is the empty word
        pieces, counts, known = self._numbers.look_up(distinct[1:])
        return Batch(
            pieces=torch.from_numpy(pieces),
            offsets=torch.from_numpy(np.cumsum(counts) - counts),
            counts=torch.from_numpy(counts.astype(np.float32)),
            known=torch.from_numpy(known),
            words=torch.from_numpy(places.reshape(padded.shape)),
            lengths=torch.from_numpy(lengths.astype(np.float32)),
        )
