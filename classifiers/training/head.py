"""The training of the second head: two judges that know different things, and their sum.

One is logistic regression on n-grams, the other a hidden layer over everything else. Trained
together, the n-grams explain the taught comments so well that the layer learns little; apart, each
has to find its own reasons, and both are better than either on comments that neither has seen.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from classifiers.embedded.pieces import NGRAM_PIECES, ngram_words
from classifiers.embedded.policy_head import NEIGHBOURS, NEXT_BUT_ONE
from classifiers.labels import POLICY_LABELS
from classifiers.training.layer import Layer, fit_layer

_ROUNDS = 150  # of L-BFGS
_PENALTY = 0.035  # of the squared weights, against the summed loss of all rows
# What the n-grams say counts so much of both: that ranked comments best that neither judge knew
# (mean average precision of 8,169: .917 without them, .929 at 0.3, .919 at 0.5).
_NGRAMS_SHARE = 0.3
_LEAST_SPREAD = 0.2  # of both judges' mean: one that hardly differs must not count for more

Numbers = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class HeadInput:
    """What the second head sees of each comment."""

    ngrams: NDArray[np.int64]  # table rows, one comment after the other
    counts: NDArray[np.int64]  # n-grams a comment
    dense: Numbers  # comments x what policy_head.dense_inputs() puts side by side

    def only(self, chosen: NDArray[np.int64]) -> HeadInput:
        """The chosen comments."""
        starts = np.cumsum(self.counts) - self.counts
        counts = self.counts[chosen]
        offsets = np.cumsum(counts) - counts
        taken = np.arange(counts.sum()) + np.repeat(starts[chosen] - offsets, counts)
        return HeadInput(ngrams=self.ngrams[taken], counts=counts, dense=self.dense[chosen])


@dataclass(frozen=True, kw_only=True)
class Head:
    """Trained weights of both judges. `share` is how much a unit of each one's logits counts."""

    ngrams: Numbers  # n-grams x POLICY_LABELS
    ngrams_bias: Numbers
    layer: Layer
    share: Numbers = field(
        default_factory=lambda: np.full((2, len(POLICY_LABELS)), 0.5, np.float32)
    )

    def logits(self, seen: HeadInput) -> Numbers:
        """Comments x POLICY_LABELS."""
        by_ngrams, by_layer = self.apart(seen)
        found: Numbers = by_ngrams * self.share[0] + by_layer * self.share[1]
        return found

    def apart(self, seen: HeadInput) -> tuple[Numbers, Numbers]:
        """The logits of the n-grams, and those of the layer."""
        starts = np.cumsum(seen.counts) - seen.counts
        sums = np.add.reduceat(self.ngrams[seen.ngrams], starts)
        root = np.sqrt(seen.counts, dtype=np.float32)[:, None]
        by_ngrams: Numbers = (sums / root + self.ngrams_bias).astype(np.float32)
        return by_ngrams, self.layer.logits(seen.dense)

    def weighed(self, seen: HeadInput) -> Head:
        """The same head, in which the n-grams make _NGRAMS_SHARE of what differs from comment to
        comment on `seen`."""
        spread = np.stack([each.std(axis=0) for each in self.apart(seen)])
        mean = spread.mean(axis=0)
        counts = np.array([[_NGRAMS_SHARE], [1 - _NGRAMS_SHARE]])
        share = counts * mean / (np.maximum(spread, _LEAST_SPREAD * mean) + 1e-9)
        return replace(self, share=share.astype(np.float32))


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
    seen: HeadInput,
    targets: Numbers,
    *,
    seed: int,
    report: Callable[[str], None],
) -> Head:
    """The head that explains `targets` (comments x POLICY_LABELS, 0 to 1) best, both judges
    counting alike until it is weighed."""
    ngrams, bias = fit_ngrams(seen, targets, report)
    layer = fit_layer(seen.dense, targets, seed=seed, report=report)
    return Head(ngrams=ngrams, ngrams_bias=bias, layer=layer)


def fit_ngrams(
    seen: HeadInput, targets: Numbers, report: Callable[[str], None]
) -> tuple[Numbers, Numbers]:
    """Weights and biases of the n-grams. Convex: where it ends depends on the data and the penalty
    alone."""
    torch.set_num_threads(1)
    counted = _Counted(seen)
    wanted, labels = torch.from_numpy(targets), targets.shape[1]
    ngrams = torch.zeros(NGRAM_PIECES.buckets, labels, requires_grad=True)
    bias = torch.full((labels,), -2.0, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [ngrams, bias], max_iter=_ROUNDS, history_size=10, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        logits = counted.of_rows @ ngrams.detach() + bias.detach()
        apart = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="sum")
        error = torch.sigmoid(logits) - wanted
        ngrams.grad = counted.of_ngrams @ error + 2 * _PENALTY * ngrams.detach()
        bias.grad = error.sum(0)
        return apart + _PENALTY * (ngrams.detach() ** 2).sum()

    optimiser.step(loss)
    report(f"second head, n-grams: loss {float(loss()) / len(targets):.4f}")
    return ngrams.detach().numpy(), bias.detach().numpy()


class _Counted:
    """How often each n-gram stands in each comment, over the root of the comment's n-grams, as
    sparse tables both ways: torch multiplies these a tenth as long as it sums rows."""

    def __init__(self, seen: HeadInput) -> None:
        owners = np.repeat(np.arange(len(seen.counts)), seen.counts)
        values: Numbers = np.repeat(1 / np.sqrt(seen.counts, dtype=np.float32), seen.counts)
        order = np.argsort(seen.ngrams, kind="stable")
        by_ngram = np.bincount(seen.ngrams, minlength=NGRAM_PIECES.buckets)
        size = len(seen.counts), NGRAM_PIECES.buckets
        self.of_rows = _sparse(seen.counts, seen.ngrams, values, size)
        self.of_ngrams = _sparse(by_ngram, owners[order], values[order], size[::-1])


def _sparse(
    counts: NDArray[np.int64], columns: NDArray[np.int64], values: Numbers, size: tuple[int, int]
) -> torch.Tensor:
    """A sparse table, by how many values each row has, and where they stand in it."""
    ends = np.concatenate([[0], np.cumsum(counts)])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        return torch.sparse_csr_tensor(
            torch.from_numpy(ends.astype(np.int32)),
            torch.from_numpy(columns.astype(np.int32)),
            torch.from_numpy(values),
            size=size,
        )
