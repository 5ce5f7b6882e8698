"""The training of the hidden layer of the second head: seeded and on one thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

INNER = 128
_EPOCHS = 5
_LEAST_STEPS = 600  # of few comments there are more epochs
_ROWS = 128  # in a batch
_RATE = 1e-3
_LAST_RATE = 0.02  # share of the first rate that is left at the end
_DECAY = 0.01
_LEFT_OUT, _LEFT_OUT_INSIDE = 0.2, 0.4  # dropout of inputs and of the layer
_LEAST_SPREAD = 1e-3

Numbers = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Inputs x INNER, INNER x labels, and the biases of both."""

    inner: Numbers
    inner_bias: Numbers
    outer: Numbers
    outer_bias: Numbers

    def logits(self, dense: Numbers) -> Numbers:
        """Comments x labels."""
        inside = np.maximum(dense @ self.inner + self.inner_bias, 0)
        found: Numbers = inside @ self.outer + self.outer_bias
        return found


def fit_layer(
    dense: Numbers, targets: Numbers, *, seed: int, report: Callable[[str], None]
) -> Layer:
    """The layer that explains `targets` (comments x labels, 0 to 1) from `dense` (comments x
    inputs, of any size: they are brought to one spread)."""
    torch.set_num_threads(1)
    generator = torch.manual_seed(seed)
    mean, spread = dense.mean(axis=0), dense.std(axis=0) + np.float32(_LEAST_SPREAD)
    seen = torch.from_numpy(((dense - mean) / spread).astype(np.float32))
    wanted = torch.from_numpy(targets)
    net = torch.nn.Sequential(
        torch.nn.Dropout(_LEFT_OUT),
        torch.nn.Linear(dense.shape[1], INNER),
        torch.nn.ReLU(),
        torch.nn.Dropout(_LEFT_OUT_INSIDE),
        torch.nn.Linear(INNER, targets.shape[1]),
    )
    optimiser = torch.optim.AdamW(net.parameters(), _RATE, weight_decay=_DECAY)
    batches = -(-len(seen) // _ROWS)
    epochs = max(_EPOCHS, -(-_LEAST_STEPS // batches))
    steps = epochs * batches
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: max(1 - step / steps, _LAST_RATE)
    )
    losses: list[float] = []
    for _ in range(epochs):
        losses = []
        for chosen in torch.randperm(len(seen), generator=generator).split(_ROWS):
            optimiser.zero_grad()
            loss = functional.binary_cross_entropy_with_logits(net(seen[chosen]), wanted[chosen])
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
    report(f"second head, layer: loss {np.mean(losses):.4f} a label")
    return _layer(net, mean, spread)


def _layer(net: torch.nn.Sequential, mean: Numbers, spread: Numbers) -> Layer:
    """The net's weights for inputs as they are, not brought to one spread."""
    into, out = net[1], net[4]
    inner = into.weight.detach().numpy().T / spread[:, None]
    return Layer(
        inner=np.ascontiguousarray(inner, dtype=np.float32),
        inner_bias=(into.bias.detach().numpy() - mean @ inner).astype(np.float32),
        outer=np.ascontiguousarray(out.weight.detach().numpy().T),
        outer_bias=out.bias.detach().numpy(),
    )
