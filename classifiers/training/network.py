"""The word CNN in torch: the same layers as classifiers.embedded, with gradients."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch.nn import functional

from classifiers.labels import LABELS
from classifiers.subwords import BUCKETS

WIDTH = 32
WORD_FEATURES = 64
CONTEXT_FEATURES = 128
HIDDEN = 64
_TABLE_SPREAD = 0.05


@dataclass(frozen=True, kw_only=True)
class Layers:
    """Trainable tensors, by the names that the weights file gives them."""

    table: torch.Tensor
    word: torch.Tensor
    word_bias: torch.Tensor
    context: torch.Tensor
    context_bias: torch.Tensor
    hidden: torch.Tensor
    hidden_bias: torch.Tensor
    output: torch.Tensor
    output_bias: torch.Tensor

    def dense(self) -> list[torch.Tensor]:
        """All but the table, which has its own optimiser."""
        return [getattr(self, field.name) for field in fields(self) if field.name != "table"]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Comments of about one length. Words are numbered within the batch, 0 is the empty word."""

    pieces: torch.Tensor  # table rows of the distinct words, one after the other
    offsets: torch.Tensor  # where each distinct word begins in them
    counts: torch.Tensor  # pieces a word
    words: torch.Tensor  # comments x (longest + 2), with an empty word at both ends
    lengths: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor


def new_layers(generator: torch.Generator) -> Layers:
    """Untrained layers, drawn from the generator."""

    def drawn(rows: int, columns: int, spread: float) -> torch.Tensor:
        return torch.randn(rows, columns, generator=generator).mul_(spread).requires_grad_()

    def zeros(size: int) -> torch.Tensor:
        return torch.zeros(size, requires_grad=True)

    joined = WORD_FEATURES + CONTEXT_FEATURES + WIDTH
    return Layers(
        table=drawn(BUCKETS, WIDTH, _TABLE_SPREAD),
        word=drawn(WIDTH, WORD_FEATURES, (2 / WIDTH) ** 0.5),
        word_bias=zeros(WORD_FEATURES),
        context=drawn(3 * WIDTH, CONTEXT_FEATURES, (2 / (3 * WIDTH)) ** 0.5),
        context_bias=zeros(CONTEXT_FEATURES),
        hidden=drawn(joined, HIDDEN, (2 / joined) ** 0.5),
        hidden_bias=zeros(HIDDEN),
        output=drawn(joined + HIDDEN, len(LABELS), (1 / (joined + HIDDEN)) ** 0.5),
        output_bias=zeros(len(LABELS)),
    )


def logits(
    layers: Layers, batch: Batch, *, dropout: float = 0.0, word_dropout: float = 0.0
) -> torch.Tensor:
    """Comments x labels, before the sigmoid; both dropouts are probabilities, 0 when judging."""
    sums = functional.embedding_bag(
        batch.pieces, layers.table, batch.offsets, mode="sum", sparse=True
    )
    vectors = functional.pad(sums / batch.counts.sqrt()[:, None], (0, 0, 1, 0))
    real = batch.words[:, 1:-1] != 0
    words = batch.words
    if word_dropout:
        words = words * (torch.rand(words.shape) >= word_dropout)
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
    joined = functional.dropout(joined, dropout, training=dropout > 0)
    hidden = functional.relu(joined @ layers.hidden + layers.hidden_bias)
    hidden = functional.dropout(hidden, dropout, training=dropout > 0)
    return torch.cat([joined, hidden], dim=1) @ layers.output + layers.output_bias


def _strongest(values: torch.Tensor, real: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """The largest response over a comment's own words."""
    return functional.relu(values.masked_fill(~real[:, :, None], -torch.inf).amax(1) + bias)
