"""The layers below both heads: words to one encoded vector a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.embedded.weights import Vectors, Weights
from classifiers.embedded.words import WordSequence, WordTable

_ROOT_FLOOR = np.float32(1e-6)


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """Windows of words as the model sees them."""

    words: WordSequence
    starts: NDArray[np.int64]  # where each window begins in the sequence without its first word
    lengths: NDArray[np.int64]
    answers: Vectors  # words x features, before the strongest is taken: of one word, then of three
    strongest: Vectors  # windows x features: the highest of the words' answers
    features: Vectors  # windows x what the heads look at: joined and hidden features side by side
    joined: Vectors  # windows x features
    hidden: Vectors
    sense: Vectors  # windows x sense, each of length 1
    sense_length: Vectors  # windows x 1: what it was before


def encode(windows: Sequence[Sequence[str]], table: WordTable, weights: Weights) -> Encoded:
    """Windows of at least one word each; a comment is the strongest answer of its words to 64
    features and of three neighbours to 128, its mean word, and a hidden layer over all that."""
    words = table.sequence(windows)
    lengths = np.fromiter(map(len, windows), dtype=np.int64, count=len(windows))
    gaps = np.cumsum(lengths + 1) - 1  # the empty word that follows each window
    starts = gaps - lengths
    centre = words.vectors[1:-1]
    strongest = _strongest(words.answers, starts, gaps)
    biases = np.concatenate([weights.word_bias, weights.context_bias])
    mean = np.add.reduceat(centre, starts) / np.sqrt(lengths, dtype=np.float32)[:, None]
    joined = np.concatenate([np.maximum(strongest + biases, 0), mean], axis=1)
    hidden = np.maximum(joined @ weights.hidden + weights.hidden_bias, 0)
    features = np.concatenate([joined, hidden], axis=1)
    sense = features @ weights.sense + weights.sense_bias
    sense_length = np.sqrt(np.einsum("ij,ij->i", sense, sense) + _ROOT_FLOOR)[:, None]
    sense /= sense_length
    return Encoded(
        words=words,
        starts=starts,
        lengths=lengths,
        answers=words.answers,
        strongest=strongest,
        features=features,
        joined=joined,
        hidden=hidden,
        sense=sense,
        sense_length=sense_length,
    )


def _strongest(answers: Vectors, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Vectors:
    """The highest of each window's rows; a quarter of the time of np.maximum.reduceat."""
    found = np.empty((len(starts), answers.shape[1]), dtype=np.float32)
    for window, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        np.maximum.reduce(answers[start:end], axis=0, out=found[window])
    return found
