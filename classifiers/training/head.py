"""The training of the second head: logistic regression on n-grams, senses and the first head.

It is convex, so where it ends depends on the data and the penalty alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from classifiers.embedded.pieces import NGRAM_PIECES, ngram_words
from classifiers.embedded.policy_head import NEIGHBOURS, NEXT_BUT_ONE
from classifiers.labels import POLICY_LABELS

_ROUNDS = 150  # of L-BFGS
_PENALTY = 0.035  # of the squared weights, against the summed loss of all rows

Numbers = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class HeadInput:
    """What the second head sees of each comment."""

    ngrams: NDArray[np.int64]  # table rows, one comment after the other
    counts: NDArray[np.int64]  # n-grams a comment
    dense: Numbers  # comments x (senses of it and its post, their product, label logits, signs)

    def only(self, chosen: NDArray[np.int64]) -> HeadInput:
        """The chosen comments."""
        starts = np.cumsum(self.counts) - self.counts
        counts = self.counts[chosen]
        offsets = np.cumsum(counts) - counts
        taken = np.arange(counts.sum()) + np.repeat(starts[chosen] - offsets, counts)
        return HeadInput(ngrams=self.ngrams[taken], counts=counts, dense=self.dense[chosen])


@dataclass(frozen=True, kw_only=True)
class Head:
    """Trained weights: n-grams x POLICY_LABELS, dense features x POLICY_LABELS, and a bias."""

    ngrams: Numbers
    dense: Numbers
    bias: Numbers

    def logits(self, seen: HeadInput) -> Numbers:
        """Comments x POLICY_LABELS."""
        starts = np.cumsum(seen.counts) - seen.counts
        sums = np.add.reduceat(self.ngrams[seen.ngrams], starts)
        found: Numbers = (
            sums / np.sqrt(seen.counts, dtype=np.float32)[:, None]
            + seen.dense @ self.dense
            + self.bias
        )
        return found


def ngram_rows(texts: Sequence[Sequence[str]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Table rows of the texts' n-grams, one text after the other, and how many each has."""
    rows: list[NDArray[np.int64]] = []
    counts: list[int] = []
    for words in texts:
        pieces, _, hashes = NGRAM_PIECES.of_words(ngram_words(words or ["."]))
        near = NGRAM_PIECES.of_pairs(hashes[:-1], hashes[1:], apart=NEIGHBOURS)
        far = NGRAM_PIECES.of_pairs(hashes[:-2], hashes[2:], apart=NEXT_BUT_ONE)
        rows += [pieces, near, far]
        counts.append(len(pieces) + len(near) + len(far))
    return np.concatenate(rows), np.array(counts, dtype=np.int64)


def fit_head(
    seen: HeadInput, targets: Numbers, weights: Numbers, *, report: Callable[[str], None]
) -> Head:
    """The head that explains `targets` (comments x POLICY_LABELS, 0 to 1) best."""
    offsets = torch.from_numpy(np.cumsum(seen.counts) - seen.counts)
    rows, dense = torch.from_numpy(seen.ngrams), torch.from_numpy(seen.dense)
    scale = torch.from_numpy(1 / np.sqrt(seen.counts, dtype=np.float32))[:, None]
    wanted, counted = torch.from_numpy(targets), torch.from_numpy(weights)[:, None]
    labels = len(POLICY_LABELS)
    ngrams = torch.zeros(NGRAM_PIECES.buckets, labels, requires_grad=True)
    by_dense = torch.zeros(dense.shape[1], labels, requires_grad=True)
    bias = torch.full((labels,), -2.0, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [ngrams, by_dense, bias], max_iter=_ROUNDS, history_size=10, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        sums = functional.embedding_bag(rows, ngrams, offsets, mode="sum") * scale
        apart = functional.binary_cross_entropy_with_logits(
            sums + dense @ by_dense + bias, wanted, reduction="none"
        )
        penalty = (ngrams**2).sum() + (by_dense**2).sum()
        total: torch.Tensor = (apart * counted).sum() + _PENALTY * penalty
        total.backward()
        return total

    optimiser.step(loss)
    report(f"second head: loss {float(loss().detach()) / len(targets):.4f}")
    return Head(
        ngrams=ngrams.detach().numpy(),
        dense=by_dense.detach().numpy(),
        bias=bias.detach().numpy(),
    )
