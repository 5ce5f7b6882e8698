"""Texts as the layers of a weights file see them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.embedded.encoder import encode
from classifiers.embedded.weights import Weights
from classifiers.embedded.words import WordTable

_AT_ONCE = 128

Numbers = NDArray[np.float32]


def features_of(
    texts: Sequence[Sequence[str]], table: WordTable, weights: Weights
) -> tuple[Numbers, Numbers]:
    """Texts x features, and texts x sense as it is before it is brought to length 1."""
    features = np.zeros((len(texts), len(weights.output)), dtype=np.float32)
    senses = np.zeros((len(texts), weights.sense.shape[1]), dtype=np.float32)
    order = np.argsort([len(words) for words in texts], kind="stable")
    for start in range(0, len(order), _AT_ONCE):
        some = order[start : start + _AT_ONCE]
        encoded = encode([texts[place] for place in some], table, weights)
        features[some] = encoded.features
        senses[some] = encoded.sense * encoded.sense_length
    return features, senses
