"""What is known of each word, computed once and kept while there is room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, filterfalse
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from classifiers.embedded.pieces import (
    NGRAM_PIECES,
    VECTOR_PIECES,
    Grams,
    Hashes,
    ngram_words,
)
from classifiers.embedded.weights import Vectors, Weights

_NEW_WORDS = 512  # computed at once
_CACHED_WORDS = 8_192  # 17 MB; what people write every day, and not each number of a year


@dataclass(frozen=True, kw_only=True)
class WordSequence:
    """The words of several windows in one row, an empty word between and at both ends."""

    vectors: Vectors  # words x width
    answers: Vectors  # words less the first and the last x features, before their biases
    ngrams: Vectors  # words x policy labels: what a word's own pieces add
    pieces: NDArray[np.int64]  # how many pieces a word has
    hashes: Hashes
    language: NDArray[np.int8]


class _Rows(NamedTuple):
    """One row a known word. What a word adds to the features of three neighbours is a product of
    its vector alone, so it is kept, too: adding up takes a third of the time of multiplying."""

    vectors: Vectors
    own: Vectors  # its answers to the features of one word, and of three with it in the middle
    left: Vectors  # what it adds to the latter at the word that follows
    right: Vectors  # and at the word before it
    ngrams: Vectors
    pieces: NDArray[np.int64]
    hashes: Hashes
    language: NDArray[np.int8]


class WordTable:
    """Vectors, answers, n-gram weights, hashes and languages of words."""

    def __init__(self, weights: Weights, *, capacity: int = _CACHED_WORDS) -> None:
        self._weights = weights
        self._rows = weights.rows
        self._capacity = capacity
        self._lock = Lock()
        self._places: dict[str, int] = {}
        self._kept = self._room(1 + capacity)
        width, ones = weights.word.shape
        self._own = np.concatenate([weights.word, weights.context[width : 2 * width]], axis=1)
        self._left, self._right = weights.context[:width], weights.context[2 * width :]
        self._ones = ones
        self.learn([weights.common_words])  # what a service would compute in its first minutes

    def learn(self, texts: Sequence[Sequence[str]]) -> None:
        """Computes the texts' new words, if they find room. sequence() would too, but of many
        windows at once it takes half the time."""
        with self._lock:
            new = self._new_words(texts)
            if len(new) + len(self._places) <= self._capacity:
                self._add(new)

    def sequence(self, windows: Sequence[Sequence[str]]) -> WordSequence:
        """The windows' words one after the other, an empty word between and two at the end."""
        with self._lock:  # pages are judged in several threads
            try:
                places = self._places_of(windows)
            except KeyError:  # not learned, or forgotten since
                new = self._new_words(windows)
                if len(new) + len(self._places) > self._capacity:
                    self._places.clear()
                    new = self._new_words(windows)
                self._add(new)
                places = self._places_of(windows)
            kept = self._kept
            answers = kept.own.take(places[1:-1], axis=0)
            answers[:, self._ones :] += kept.left.take(places[:-2], axis=0)
            answers[:, self._ones :] += kept.right.take(places[2:], axis=0)
            return WordSequence(
                vectors=kept.vectors.take(places, axis=0),
                answers=answers,
                ngrams=kept.ngrams.take(places, axis=0),
                pieces=kept.pieces.take(places, axis=0),
                hashes=kept.hashes.take(places, axis=0),
                language=kept.language.take(places, axis=0),
            )

    def _places_of(self, windows: Sequence[Sequence[str]]) -> NDArray[np.int64]:
        found = [0]
        for window in windows:
            found.extend(map(self._places.__getitem__, window))
            found.append(0)
        found.append(0)
        return np.array(found)

    def _room(self, size: int) -> _Rows:
        weights = self._weights

        def zeros(columns: int) -> Vectors:
            return np.zeros((size, columns), dtype=np.float32)

        contexts = len(weights.context_bias)
        return _Rows(
            vectors=zeros(weights.known.shape[1]),
            own=zeros(len(weights.word_bias) + contexts),
            left=zeros(contexts),
            right=zeros(contexts),
            ngrams=zeros(weights.ngrams.shape[1]),
            pieces=np.zeros(size, dtype=np.int64),
            hashes=np.zeros(size, dtype=np.uint32),
            language=np.zeros(size, dtype=np.int8),
        )

    def _new_words(self, texts: Sequence[Sequence[str]]) -> Sequence[str]:
        said = dict.fromkeys(chain.from_iterable(texts))
        return list(filterfalse(self._places.__contains__, said))

    def _add(self, words: Sequence[str]) -> None:
        needed = 1 + len(self._places) + len(words)  # place 0 is the empty word
        if needed > len(self._kept.vectors):
            grown = self._room(2 * needed)
            for name in _Rows._fields:
                old = getattr(self._kept, name)
                getattr(grown, name)[: len(old)] = old
            self._kept = grown
        # Words of letters alone are read alike by both tables of pieces, and so hashed once.
        words = sorted(words, key=len)  # as _sums() needs them
        plain = [word for word in words if word.isalpha()]
        for some in (plain, [word for word in words if not word.isalpha()]):
            for start in range(0, len(some), _NEW_WORDS):
                self._compute(some[start : start + _NEW_WORDS])

    def _compute(self, words: Sequence[str]) -> None:
        weights, kept = self._weights, self._kept
        first = 1 + len(self._places)
        here = slice(first, first + len(words))
        grams = Grams.of_words(words)
        rows, counts = VECTOR_PIECES.of_grams(grams)
        sums = _sums(weights.pieces, rows, counts)
        sums *= (weights.pieces_scale / np.sqrt(counts, dtype=np.float32))[:, None]
        known = np.array([self._rows.get(word, 0) for word in words])
        sums += weights.known.take(known, axis=0) * np.float32(weights.known_scale)
        kept.vectors[here] = sums
        kept.own[here] = sums @ self._own
        kept.left[here] = sums @ self._left
        kept.right[here] = sums @ self._right
        kept.language[here] = weights.language.take(known)
        counted = ngram_words(words)
        if counted != words:
            grams = Grams.of_words(counted)
        rows, counts = NGRAM_PIECES.of_grams(grams)
        kept.hashes[here] = grams.whole
        added = weights.ngrams.take(rows, axis=0).astype(np.float32)
        kept.ngrams[here] = np.add.reduceat(added, np.cumsum(counts) - counts)
        kept.pieces[here] = counts
        self._places.update(zip(words, range(first, first + len(words)), strict=True))


def _sums(table: NDArray[np.int8], rows: NDArray[np.int64], counts: NDArray[np.int64]) -> Vectors:
    """The sum of each word's rows of the table, for words in the order of how many they have.

    Words with as many rows are summed by one product, in a third of the time of np.add.reduceat.
    The order makes no difference: all are whole numbers, and small enough."""
    sums = np.empty((len(counts), table.shape[1]), dtype=np.float32)
    ends = [*(np.flatnonzero(np.diff(counts)) + 1).tolist(), len(counts)]
    first = row = 0
    for end in ends:
        count = int(counts[first])
        here = rows[row : row + (end - first) * count].reshape(-1, count)
        # take() is four times as fast as an index of rows.
        np.matmul(
            np.ones(count, dtype=np.float32),
            table.take(here, axis=0).astype(np.float32),
            out=sums[first:end],
        )
        first, row = end, row + here.size
    return sums
