"""The training run: seeded and on one thread, so one machine gives the same weights again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch.nn import functional

from classifiers.training.batches import Corpus
from classifiers.training.network import Layers, logits, new_layers
from classifiers.training.rows import Row

_BATCH_ROWS = 256
_TABLE_RATE = 0.02
_DENSE_RATE = 1e-3
_DECAY = 0.01
_LAST_RATE = 0.05  # share of the first rates that is left at the end
_DROPOUT = 0.3
_WORD_DROPOUT = 0.1


def fit(
    rows: Sequence[Row], *, epochs: int, seed: int, report: Callable[[int, float], None]
) -> Layers:
    """Trained layers; `report` hears each epoch's number, from 1, and mean loss."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.sparse.check_sparse_tensor_invariants.disable()  # said aloud, or torch warns
    generator = torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    corpus, layers = Corpus(rows), new_layers(generator)
    optimisers = [
        torch.optim.Adagrad([layers.table], lr=_TABLE_RATE),
        torch.optim.AdamW(layers.dense(), lr=_DENSE_RATE, weight_decay=_DECAY),
    ]
    steps = epochs * -(-len(rows) // _BATCH_ROWS)
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(each, lambda step: max(1 - step / steps, _LAST_RATE))
        for each in optimisers
    ]
    for epoch in range(1, epochs + 1):
        losses = []
        for batch in corpus.batches(_BATCH_ROWS, random):
            scores = logits(layers, batch, dropout=_DROPOUT, word_dropout=_WORD_DROPOUT)
            loss = functional.binary_cross_entropy_with_logits(
                scores, batch.targets, weight=batch.weights, reduction="sum"
            ) / len(batch.targets)
            for optimiser in optimisers:
                optimiser.zero_grad()
            loss.backward()
            for optimiser, schedule in zip(optimisers, schedules, strict=True):
                optimiser.step()
                schedule.step()
            losses.append(float(loss.detach()))
        report(epoch, sum(losses) / len(losses))
    return layers
