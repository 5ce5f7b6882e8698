"""The head that scores the policy's categories: n-grams, what a comment is about, and its post."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from classifiers.embedded.encoder import Encoded
from classifiers.embedded.pieces import NGRAM_PIECES, Hashes
from classifiers.embedded.weights import Vectors, Weights

NEIGHBOURS, NEXT_BUT_ONE = 1, 2  # words apart of the two kinds of pairs
MATCH_SCALE = np.float32(8)  # the products of two unit vectors are small
LABEL_SCALE = np.float32(0.1)  # brings logits of the first head to the size of the other features


def policy_logits(
    encoded: Encoded, label_logits: Vectors, posts: Vectors, signs: Vectors, weights: Weights
) -> Vectors:
    """Windows x POLICY_LABELS, before calibration. `posts` holds the sense of each window's post,
    zero where there is none, `signs` those of its whole text."""
    sense = encoded.sense
    ngrams, counts = ngram_sums(encoded, weights)
    found: Vectors = (
        ngrams * weights.ngrams_scale / np.sqrt(counts, dtype=np.float32)[:, None]
        + sense @ weights.by_sense
        + posts @ weights.by_post
        + (sense * posts * MATCH_SCALE) @ weights.by_match
        + label_logits * LABEL_SCALE @ weights.by_label
        + signs @ weights.by_sign
        + weights.policy_bias
    )
    return found


def ngram_sums(encoded: Encoded, weights: Weights) -> tuple[Vectors, NDArray[np.int64]]:
    """Each window's sum of n-gram rows in steps of their scale, and how many n-grams it has."""
    words = encoded.words
    each = words.ngrams[1:-1].copy()
    counts = words.pieces[1:-1].copy()  # none for an empty word
    for rows, at in pair_rows(words.hashes[1:-1], counts > 0):
        each[at] += weights.ngrams[rows]
        counts[at] += 1
    return np.add.reduceat(each, encoded.starts), np.add.reduceat(counts, encoded.starts)


def pair_rows(
    hashes: Hashes, real: NDArray[np.bool_]
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """For each kind of pair the table rows, and the place of each pair's first word. No pair
    reaches over a word that is not real."""
    near = np.flatnonzero(real[:-1] & real[1:])
    far = np.flatnonzero(real[:-2] & real[1:-1] & real[2:])
    return [(_rows(hashes, near, NEIGHBOURS), near), (_rows(hashes, far, NEXT_BUT_ONE), far)]


def _rows(hashes: Hashes, at: NDArray[np.int64], apart: int) -> NDArray[np.int64]:
    return NGRAM_PIECES.of_pairs(hashes[at], hashes[at + apart], apart=apart)
