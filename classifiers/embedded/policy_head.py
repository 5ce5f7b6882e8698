"""The head that scores the policy's categories, by n-grams and by a hidden layer over the rest.

The layer looks at the encoded features, what the comment is about, what its post is about, how well
the two agree, the first head's answers, and signs of the text as written.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from classifiers.embedded.encoder import Encoded
from classifiers.embedded.pieces import NGRAM_PIECES, Hashes
from classifiers.embedded.weights import Vectors, Weights

NEIGHBOURS, NEXT_BUT_ONE = 1, 2  # words apart of the two kinds of pairs
MATCH_SCALE = np.float32(8)  # the products of two unit vectors are small
LABEL_SCALE = np.float32(0.1)  # brings logits of the first head to the size of the other features


class Judged(NamedTuple):
    """What the head makes of windows."""

    logits: Vectors  # windows x POLICY_LABELS, before calibration
    inside: Vectors  # windows x inner features: the hidden layer's answers


def policy_logits(
    encoded: Encoded, label_logits: Vectors, posts: Vectors, signs: Vectors, weights: Weights
) -> Judged:
    """`posts` holds the sense of each window's post, zero where there is none, `signs` those of
    its whole text."""
    ngrams, counts = ngram_sums(encoded, weights)
    dense = dense_inputs(encoded.features, encoded.sense, posts, label_logits, signs)
    inside = np.maximum(dense @ weights.policy_hidden + weights.policy_hidden_bias, 0)
    logits: Vectors = (
        ngrams * weights.ngrams_scale / np.sqrt(counts, dtype=np.float32)[:, None]
        + inside @ weights.policy_output
        + weights.policy_bias
    )
    return Judged(logits, inside)


def dense_inputs(
    features: Vectors, sense: Vectors, posts: Vectors, label_logits: Vectors, signs: Vectors
) -> Vectors:
    """What the hidden layer looks at, side by side: `input_slices` says where each is."""
    match = sense * posts * MATCH_SCALE
    return np.concatenate(
        [features, sense, posts, match, label_logits * LABEL_SCALE, signs], axis=1
    )


class InputSlices(NamedTuple):
    """Where each kind of input stands in dense_inputs()."""

    features: slice
    sense: slice
    match: slice
    labels: slice


def input_slices(features: int, sense: int, labels: int) -> InputSlices:
    """By the number of features, of numbers in a sense, and of labels."""
    post = features + sense
    match = post + sense
    return InputSlices(
        features=slice(0, features),
        sense=slice(features, post),
        match=slice(match, match + sense),
        labels=slice(match + sense, match + sense + labels),
    )


def ngram_sums(encoded: Encoded, weights: Weights) -> tuple[Vectors, NDArray[np.int64]]:
    """Each window's sum of n-gram rows in steps of their scale, and how many n-grams it has."""
    words = encoded.words
    each = words.ngrams[1:-1].copy()
    counts = words.pieces[1:-1].copy()  # none for an empty word
    for rows, at in pair_rows(words.hashes[1:-1], counts > 0):
        added = np.zeros(each.shape, dtype=np.int8)  # to all words: quicker than to those alone
        added[at] = weights.ngrams.take(rows, axis=0)
        each += added
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
