"""Which words moved a policy score, and by how much of it.

The n-gram part of the score is a sum, so a word's part of it is exact. The rest goes through
layers: there a word's part is the slope of the score at each feature times the feature, given to
the word (or the middle of the three) that set it ("gradient times input").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifiers.embedded.encoder import Encoded
from classifiers.embedded.policy_head import LABEL_SCALE, MATCH_SCALE, pair_rows
from classifiers.embedded.weights import Vectors, Weights
from classifiers.normalise import Folded
from modbot.domain import Share

_MOST = 3  # n-grams that are named
_MOST_WORDS = 4  # in one
_SMALLEST = 0.1  # share of all that speaks for the label
_GOES_WITH = 0.35  # of its neighbour's part: from here on a word belongs to the same n-gram


def word_parts(encoded: Encoded, row: int, label: int, post: Vectors, weights: Weights) -> Vectors:
    """What each word of window `row` adds to the log-odds of POLICY_LABELS[label]."""
    start = encoded.starts[row]
    here = slice(start, start + encoded.lengths[row])
    return _by_ngrams(encoded, here, label, weights) + _by_features(
        encoded, row, here, label, post, weights
    )


def shares_of(
    parts: Vectors, spans: Sequence[tuple[int, int]], folded: Folded, text: str
) -> tuple[Share, ...]:
    """The up to three n-grams that speak most for the label, with their share of all that does.

    `spans` are the words' places in the folded text; a Share's are those in `text`."""
    left = np.maximum(parts, 0)
    total = float(left.sum())
    found: list[Share] = []
    while total > 0 and len(found) < _MOST:
        first, last = _run(left)
        share = float(left[first:last].sum()) / total
        if share < _SMALLEST:
            break
        left[first:last] = 0
        begin, end = folded.span(spans[first][0], spans[last - 1][1])
        found.append(Share(text=text[begin:end], start=begin, end=end, share=round(share, 2)))
    return tuple(sorted(found, key=lambda share: -share.share))


def _run(left: Vectors) -> tuple[int, int]:
    """The word that adds most and the neighbours that add nearly as much."""
    first = int(np.argmax(left))
    last, least = first + 1, _GOES_WITH * left[first]
    while last - first < _MOST_WORDS:
        before = left[first - 1] if first > 0 else 0
        after = left[last] if last < len(left) else 0
        if max(before, after) < least:
            break
        first, last = (first - 1, last) if before > after else (first, last + 1)
    return first, last


def _by_ngrams(encoded: Encoded, here: slice, label: int, weights: Weights) -> Vectors:
    words = encoded.words
    added = words.ngrams[1:-1][here, label].copy()
    pieces, hashes = words.pieces[1:-1][here], words.hashes[1:-1][here]
    count = int(pieces.sum())
    for apart, (rows, at) in enumerate(pair_rows(hashes, pieces > 0), 1):
        half = weights.ngrams[rows, label].astype(np.float32) / 2
        added[at] += half
        added[at + apart] += half
        count += len(rows)
    parts: Vectors = added * weights.ngrams_scale[label] / np.sqrt(np.float32(count))
    return parts


def _by_features(
    encoded: Encoded, row: int, here: slice, label: int, post: Vectors, weights: Weights
) -> Vectors:
    features = np.concatenate([encoded.joined[row], encoded.hidden[row]])
    raw = features @ weights.sense + weights.sense_bias
    length = np.sqrt(raw @ raw + 1e-6)
    sense = raw / length
    towards = weights.by_sense[:, label] + post * MATCH_SCALE * weights.by_match[:, label]
    slope = weights.sense @ ((towards - sense * (sense @ towards)) / length)
    slope += LABEL_SCALE * weights.output @ weights.by_label[:, label]
    joined = len(encoded.joined[row])
    on_hidden = slope[joined:] * (encoded.hidden[row] > 0)
    each = (slope[:joined] + weights.hidden @ on_hidden) * encoded.joined[row]
    words, contexts = len(weights.word_bias), len(weights.context_bias)
    parts = np.zeros(encoded.lengths[row], dtype=np.float32)
    np.add.at(parts, encoded.single[here].argmax(axis=0), each[:words])
    np.add.at(parts, encoded.triple[here].argmax(axis=0), each[words : words + contexts])
    mean_slope = slope[words + contexts : joined] + (weights.hidden @ on_hidden)[words + contexts :]
    centre = encoded.words.vectors[1:-1][here]
    parts += centre @ mean_slope / np.sqrt(encoded.lengths[row], dtype=np.float32)
    return parts
