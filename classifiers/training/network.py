"""The word CNN in torch: the layers of classifiers.embedded below the second head."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from classifiers.embedded.pieces import VECTOR_PIECES
from classifiers.labels import LABELS, POLICY_LABELS

WIDTH = 64
WORD_FEATURES = 64
CONTEXT_FEATURES = 128
HIDDEN = 64
SENSE = 128
INSIGHT = 128
_PIECES_SPREAD = 0.02
# Tasks that shape the layers; the head judges better.
_LEFT_BEHIND = ("guess", "guess_bias", "insight", "insight_bias")


@dataclass(frozen=True, kw_only=True)
class Layers:
    """Trainable tensors, by the names that the weights file gives them."""

    known: torch.Tensor
    pieces: torch.Tensor
    word: torch.Tensor
    word_bias: torch.Tensor
    context: torch.Tensor
    context_bias: torch.Tensor
    hidden: torch.Tensor
    hidden_bias: torch.Tensor
    output: torch.Tensor
    output_bias: torch.Tensor
    guess: torch.Tensor
    guess_bias: torch.Tensor
    sense: torch.Tensor
    sense_bias: torch.Tensor
    insight: torch.Tensor
    insight_bias: torch.Tensor

    def tables(self) -> list[torch.Tensor]:
        """The tables of vectors, which have an optimiser of their own."""
        return [self.known, self.pieces]

    def dense(self) -> list[torch.Tensor]:
        """All but the tables."""
        return [getattr(self, f.name) for f in fields(self) if f.name not in ("known", "pieces")]

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """The values that the weights file holds, by name."""
        names = [f.name for f in fields(self) if f.name not in _LEFT_BEHIND]
        return {name: getattr(self, name).detach().numpy() for name in names}


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Texts of about one length. Words are numbered within the batch, 0 is the empty word."""

    pieces: torch.Tensor  # table rows of the distinct words, one after the other
    offsets: torch.Tensor  # where each distinct word begins in them
    counts: torch.Tensor  # pieces a word
    known: torch.Tensor  # each distinct word's row in the vocabulary, 0 where it has none
    words: torch.Tensor  # texts x (longest + 2), with an empty word at both ends
    lengths: torch.Tensor


@dataclass(frozen=True, kw_only=True)
class Dropout:
    """Probabilities of leaving out a feature, a word, and a known word's own vector."""

    features: float = 0.0
    words: float = 0.0
    known: float = 0.0


def new_layers(known: NDArray[np.float32], generator: torch.Generator) -> Layers:
    """Untrained layers, drawn from the generator; `known` are the first vectors of the vocabulary,
    without the row of the words outside it."""

    def drawn(rows: int, columns: int, spread: float) -> torch.Tensor:
        return torch.randn(rows, columns, generator=generator).mul_(spread).requires_grad_()

    def zeros(size: int) -> torch.Tensor:
        return torch.zeros(size, requires_grad=True)

    joined = WORD_FEATURES + CONTEXT_FEATURES + WIDTH
    encoded = joined + HIDDEN
    rows = np.vstack([np.zeros((1, WIDTH), dtype=np.float32), known])
    return Layers(
        known=torch.from_numpy(rows).requires_grad_(),
        pieces=drawn(VECTOR_PIECES.buckets, WIDTH, _PIECES_SPREAD),
        word=drawn(WIDTH, WORD_FEATURES, (2 / WIDTH) ** 0.5),
        word_bias=zeros(WORD_FEATURES),
        context=drawn(3 * WIDTH, CONTEXT_FEATURES, (2 / (3 * WIDTH)) ** 0.5),
        context_bias=zeros(CONTEXT_FEATURES),
        hidden=drawn(joined, HIDDEN, (2 / joined) ** 0.5),
        hidden_bias=zeros(HIDDEN),
        output=drawn(encoded, len(LABELS), (1 / encoded) ** 0.5),
        output_bias=zeros(len(LABELS)),
        guess=drawn(encoded, len(POLICY_LABELS), (1 / encoded) ** 0.5),
        guess_bias=zeros(len(POLICY_LABELS)),
        sense=drawn(encoded, SENSE, (1 / encoded) ** 0.5),
        sense_bias=zeros(SENSE),
        insight=drawn(encoded, INSIGHT, (1 / encoded) ** 0.5),
        insight_bias=zeros(INSIGHT),
    )


def features(layers: Layers, batch: Batch, dropout: Dropout) -> torch.Tensor:
    """Texts x encoded features."""
    sums = functional.embedding_bag(
        batch.pieces, layers.pieces, batch.offsets, mode="sum", sparse=True
    )
    known = batch.known
    if dropout.known:
        known = known * (torch.rand(known.shape) >= dropout.known)
    own = functional.embedding(known, layers.known, sparse=True) * (known > 0)[:, None]
    vectors = functional.pad(sums / batch.counts.sqrt()[:, None] + own, (0, 0, 1, 0))
    real = batch.words[:, 1:-1] != 0
    words = batch.words
    if dropout.words:
        words = words * (torch.rand(words.shape) >= dropout.words)
    sequence = functional.embedding(words, vectors)
    centre = sequence[:, 1:-1]
    neighbours = torch.cat([sequence[:, :-2], centre, sequence[:, 2:]], dim=2)
    joined = torch.cat(
        [
            _strongest(centre @ layers.word, real, layers.word_bias),
            _strongest(neighbours @ layers.context, real, layers.context_bias),
            centre.sum(1) / batch.lengths.sqrt()[:, None],
        ],
        dim=1,
    )
    rate = dropout.features
    joined = functional.dropout(joined, rate, training=rate > 0)
    hidden = functional.relu(joined @ layers.hidden + layers.hidden_bias)
    hidden = functional.dropout(hidden, rate, training=rate > 0)
    return torch.cat([joined, hidden], dim=1)


def label_logits(layers: Layers, encoded: torch.Tensor) -> torch.Tensor:
    """Texts x LABELS, before the sigmoid."""
    return encoded @ layers.output + layers.output_bias


def guesses(layers: Layers, encoded: torch.Tensor) -> torch.Tensor:
    """Texts x POLICY_LABELS, before the sigmoid: what the text alone says of the policy."""
    return encoded @ layers.guess + layers.guess_bias


def sense(layers: Layers, encoded: torch.Tensor) -> torch.Tensor:
    """Texts x SENSE: the teacher's view as the model guesses it."""
    return encoded @ layers.sense + layers.sense_bias


def insight(layers: Layers, encoded: torch.Tensor) -> torch.Tensor:
    """Texts x INSIGHT: the tutor's view as the layers guess it."""
    return encoded @ layers.insight + layers.insight_bias


def _strongest(values: torch.Tensor, real: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """The largest response over a text's own words."""
    return functional.relu(values.masked_fill(~real[:, :, None], -torch.inf).amax(1) + bias)
