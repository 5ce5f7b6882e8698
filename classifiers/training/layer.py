"""The training of the heads' hidden layers: seeded and on one thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

INNER = 128
_EPOCHS = 5
_BEGUN_EPOCHS = 2
_LEAST_STEPS = 600  # of few comments there are more epochs
_ROWS = 128  # in a batch
_RATE = 1e-3
_LAST_RATE = 0.02  # share of the first rate that is left at the end
_DECAY = 0.01
_LEFT_OUT, _LEFT_OUT_INSIDE = 0.2, 0.4  # dropout of inputs and of the layer
_LEAST_SPREAD = 1e-3

Numbers = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long a layer learns, how large it is, and what each target counts."""

    epochs: int = _EPOCHS
    inner: int = INNER
    counts: Numbers | None = None  # comments x labels; None: all alike


_USUAL = Plan()


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Inputs x inner features, these x labels, and the biases of both."""

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
    dense: Numbers,
    targets: Numbers,
    *,
    seed: int,
    report: Callable[[str], None],
    plan: Plan = _USUAL,
    name: str = "second head, layer",
) -> Layer:
    """The layer that explains `targets` (comments x labels, 0 to 1) from `dense` (comments x
    inputs, of any size: they are brought to one spread)."""
    fitted, loss = _fit(dense, targets, seed, plan)
    report(f"{name}: loss {loss:.4f} a label")
    return _layer(fitted)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The layer while it learns, for inputs of any size."""

    net: torch.nn.Sequential
    mean: Numbers
    spread: Numbers

    def logits(self, dense: torch.Tensor) -> torch.Tensor:
        """Comments x labels."""
        mean, spread = torch.from_numpy(self.mean), torch.from_numpy(self.spread)
        found: torch.Tensor = self.net((dense - mean) / spread)
        return found


def standing(dense: Numbers, targets: Numbers, *, seed: int) -> Standing:
    """A layer that has begun to explain `targets`, to learn further beside what it looks at."""
    begun, _ = _fit(dense, targets, seed, Plan(epochs=_BEGUN_EPOCHS))
    return begun


def _fit(dense: Numbers, targets: Numbers, seed: int, plan: Plan) -> tuple[Standing, float]:
    """The layer after its epochs, and the loss of the last."""
    torch.set_num_threads(1)
    generator = torch.manual_seed(seed)
    mean, spread = dense.mean(axis=0), dense.std(axis=0) + np.float32(_LEAST_SPREAD)
    seen = torch.from_numpy(((dense - mean) / spread).astype(np.float32))
    wanted = torch.from_numpy(targets)
    counts = None if plan.counts is None else torch.from_numpy(plan.counts)
    net = torch.nn.Sequential(
        torch.nn.Dropout(_LEFT_OUT),
        torch.nn.Linear(dense.shape[1], plan.inner),
        torch.nn.ReLU(),
        torch.nn.Dropout(_LEFT_OUT_INSIDE),
        torch.nn.Linear(plan.inner, targets.shape[1]),
    )
    optimiser = torch.optim.AdamW(net.parameters(), _RATE, weight_decay=_DECAY)
    batches = -(-len(seen) // _ROWS)
    epochs = max(plan.epochs, -(-_LEAST_STEPS // batches))
    steps = epochs * batches
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: max(1 - step / steps, _LAST_RATE)
    )
    losses: list[float] = []
    for _ in range(epochs):
        losses = []
        for chosen in torch.randperm(len(seen), generator=generator).split(_ROWS):
            optimiser.zero_grad()
            loss = functional.binary_cross_entropy_with_logits(
                net(seen[chosen]),
                wanted[chosen],
                weight=None if counts is None else counts[chosen],
            )
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
    return Standing(net=net, mean=mean, spread=spread), float(np.mean(losses))


def _layer(fitted: Standing) -> Layer:
    """The net's weights for inputs as they are, not brought to one spread."""
    into, out = fitted.net[1], fitted.net[4]
    inner = into.weight.detach().numpy().T / fitted.spread[:, None]
    return Layer(
        inner=np.ascontiguousarray(inner, dtype=np.float32),
        inner_bias=(into.bias.detach().numpy() - fitted.mean @ inner).astype(np.float32),
        outer=np.ascontiguousarray(out.weight.detach().numpy().T),
        outer_bias=out.bias.detach().numpy(),
    )
