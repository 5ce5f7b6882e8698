"""Which words moved a policy score, and by how much of it.

The n-gram part of the score is a sum, so a word's part of it is exact. The rest goes through
layers: there a word's part is the slope of the score at each feature times the feature, given to
the word (or the middle of the three) that set it ("gradient times input").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.embedded.encoder import Encoded
from classifiers.embedded.policy_head import LABEL_SCALE, MATCH_SCALE, input_slices, pair_rows
from classifiers.embedded.weights import Vectors, Weights
from classifiers.normalise import Folded
from modbot.domain import Share

_MOST = 3  # n-grams that are named
_MOST_WORDS = 4  # in one
_SMALLEST = 0.1  # share of all that speaks for the label
_PAUSES = frozenset(",.;:")  # stand in the middle of what is named, not at its ends
_GOES_WITH = 0.35  # of its neighbour's part: from here on a word belongs to the same n-gram

Numbers = NDArray[np.int64]


def word_parts(
    encoded: Encoded,
    windows: Sequence[int],
    labels: Sequence[int],
    posts: Vectors,
    inside: Vectors,
    weights: Weights,
) -> list[list[float]]:
    """What each word adds to the log-odds of a label, for pairs of a window and a label.

    `windows` are rows of `encoded`, `labels` numbers of POLICY_LABELS, `posts` the sense of each
    pair's post, `inside` what the policy's hidden layer answered to its window; all are as long
    as the answer."""
    if not windows:
        return []
    asked = _Asked(encoded, np.asarray(windows), np.asarray(labels), posts, inside)
    parts = _by_ngrams(asked, weights) + _by_features(asked, weights)
    ends = (asked.firsts + asked.lengths).tolist()
    flat = parts.tolist()
    return [flat[first:end] for first, end in zip(asked.firsts.tolist(), ends, strict=True)]


class _Asked:
    """The pairs, and the words of their windows one after the other."""

    def __init__(
        self,
        encoded: Encoded,
        windows: Numbers,
        labels: Numbers,
        posts: Vectors,
        inside: Vectors,
    ) -> None:
        self.encoded, self.windows, self.labels = encoded, windows, labels
        self.posts, self.inside = posts, inside
        self.lengths: Numbers = encoded.lengths[windows]
        self.firsts: Numbers = np.cumsum(self.lengths) - self.lengths
        self.pair: Numbers = np.repeat(np.arange(len(windows)), self.lengths)
        place = np.arange(len(self.pair)) - self.firsts[self.pair]
        self.words: Numbers = encoded.starts[windows][self.pair] + place


def shares_of(
    parts: Sequence[float],
    words: Sequence[str],
    spans: Sequence[tuple[int, int]],
    folded: Folded,
    text: str,
) -> tuple[Share, ...]:
    """The up to three n-grams that speak most for the label, with their share of all that does.

    `spans` are the words' places in the folded text; a Share's are those in `text`."""
    left = [part if part > 0.0 else 0.0 for part in parts]
    total = sum(left)
    found: list[Share] = []
    while total > 0 and len(found) < _MOST:
        first, last = _run(left)
        share = sum(left[first:last]) / total
        if share < _SMALLEST:
            break
        left[first:last] = [0.0] * (last - first)
        while last - first > 1 and words[first] in _PAUSES:
            first += 1
        while last - first > 1 and words[last - 1] in _PAUSES:
            last -= 1
        begin, end = folded.span(spans[first][0], spans[last - 1][1])
        found.append(Share(text=text[begin:end], start=begin, end=end, share=round(share, 2)))
    return tuple(sorted(found, key=lambda share: -share.share))


def _run(left: Sequence[float]) -> tuple[int, int]:
    """The word that adds most and the neighbours that add nearly as much."""
    first = left.index(max(left))
    last, least = first + 1, _GOES_WITH * left[first]
    while last - first < _MOST_WORDS:
        before = left[first - 1] if first > 0 else 0.0
        after = left[last] if last < len(left) else 0.0
        if max(before, after) < least:
            break
        first, last = (first - 1, last) if before > after else (first, last + 1)
    return first, last


def _by_ngrams(asked: _Asked, weights: Weights) -> Vectors:
    words = asked.encoded.words
    of_word = asked.labels[asked.pair]
    added = words.ngrams[1:-1][asked.words, of_word]
    pieces = words.pieces[1:-1]
    counts = pieces[asked.words]
    for apart, (rows, at) in enumerate(pair_rows(words.hashes[1:-1], pieces > 0), 1):
        begun = np.full(len(pieces), -1)
        begun[at] = rows
        row = begun[asked.words]
        first = np.flatnonzero(row >= 0)  # words that begin a pair; it never leaves its window
        half = weights.ngrams[row[first], of_word[first]].astype(np.float32) / 2
        added[first] += half
        added[first + apart] += half
        counts[first] += 1
    root: Vectors = np.sqrt(np.add.reduceat(counts, asked.firsts), dtype=np.float32)
    scale: Vectors = weights.ngrams_scale[asked.labels] / root
    parts: Vectors = added * scale[asked.pair]
    return parts


def _by_features(asked: _Asked, weights: Weights) -> Vectors:
    encoded, windows = asked.encoded, asked.windows
    on_joined = _slopes(asked, weights)
    words, contexts = len(weights.word_bias), len(weights.context_bias)
    strongest = on_joined[:, : words + contexts] * encoded.joined[windows, : words + contexts]
    setters = _setters(asked)
    of_strongest = np.bincount(setters.ravel(), strongest.ravel(), len(asked.pair))
    root: Vectors = np.sqrt(asked.lengths, dtype=np.float32)[:, None]
    mean_slope: Vectors = on_joined[:, words + contexts :] / root
    centre = encoded.words.vectors[1:-1][asked.words]
    parts: Vectors = (centre * mean_slope[asked.pair]).sum(axis=1, dtype=np.float32)
    parts += of_strongest.astype(np.float32)
    return parts


def _slopes(asked: _Asked, weights: Weights) -> Vectors:
    """The slope of each pair's log-odds at each joined feature of its window."""
    encoded, windows = asked.encoded, asked.windows
    hidden, posts = encoded.hidden[windows], asked.posts
    features, sense_size = weights.sense.shape
    at = input_slices(features, sense_size, len(weights.output_bias))
    outer = weights.policy_output.T[asked.labels] * (asked.inside > 0)
    inputs = outer @ weights.policy_hidden.T
    sense, length = encoded.sense[windows], encoded.sense_length[windows]
    towards = inputs[:, at.sense] + posts * MATCH_SCALE * inputs[:, at.match]
    across = towards - sense * np.einsum("ij,ij->i", sense, towards)[:, None]
    slope: Vectors = inputs[:, at.features] + (across / length) @ weights.sense.T
    slope += LABEL_SCALE * (inputs[:, at.labels] @ weights.output.T)
    joined = encoded.joined.shape[1]
    slope[:, :joined] += (slope[:, joined:] * (hidden > 0)) @ weights.hidden.T
    return slope[:, :joined]


def _setters(asked: _Asked) -> Numbers:
    """Which word set each of the features that take the strongest answer, the first if several
    did: for all pairs at once, in half the time of argmax() of one after the other."""
    encoded = asked.encoded
    answers = encoded.answers.take(asked.words, axis=0)
    strongest = encoded.strongest.take(asked.windows, axis=0)
    highest = np.flatnonzero(answers == strongest.take(asked.pair, axis=0))
    word, feature = np.divmod(highest[::-1], answers.shape[1])  # where two meet, the last stands
    setters = np.empty(strongest.shape, dtype=np.int64)
    setters[asked.pair[word], feature] = word
    return setters
