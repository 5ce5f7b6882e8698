"""Trained layers learn further, together with the hidden layer of the second head.

The layers know what the teachers saw; new written comments are all that is added. So that they keep
what they know, they are held to their own view of every text, and a part of the public texts is
shown again. Several runs from one start are averaged, which ranks unseen comments better than each
of them (Wortsman et al. 2022, "Model soups").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from classifiers.embedded.policy_head import LABEL_SCALE, MATCH_SCALE
from classifiers.embedded.weights import Weights
from classifiers.training.batches import Places
from classifiers.training.fit import Lesson, falling, learn, loss_of, plan_of, seen_by
from classifiers.training.layer import Standing, standing
from classifiers.training.network import Layers, label_logits, new_layers, sense

_TABLE_RATE = 5e-4
_DENSE_RATE = 5e-4
_HEAD_RATE = 1e-3
_LAST_RATE = 0.02  # share of the first rates that is left at the end
_DECAY = 0.01
_ROOT_FLOOR = 1e-6

Numbers = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the hidden layer sees of each written comment beside its text, and should answer."""

    posts: Numbers  # comments x sense: what each one's post is about
    signs: Numbers  # comments x SIGNS
    targets: Numbers  # comments x POLICY_LABELS
    weights: Numbers  # comments
    dense: Numbers  # comments x all its inputs, as the layers at the start see them


def layers_of(weights: Weights, *, seed: int) -> Layers:
    """The layers of a weights file, to be trained; what it leaves behind is drawn anew."""
    known = weights.known[1:] * np.float32(weights.known_scale)
    layers = new_layers(known, torch.manual_seed(seed))
    pieces = weights.pieces * np.float32(weights.pieces_scale)
    kept = {
        field.name: torch.tensor(getattr(weights, field.name), requires_grad=True)
        for field in fields(layers)
        if field.name not in ("known", "pieces") and hasattr(weights, field.name)
    }
    return replace(layers, pieces=torch.tensor(pieces, requires_grad=True), **kept)


def taught_further(
    start: Weights,
    written: Lesson,
    public: Lesson,
    shown: Shown,
    *,
    epochs: int,
    seed: int,
    report: Callable[[str], None],
) -> dict[str, Numbers]:
    """The layers' values by name after one run."""
    torch.set_num_threads(1)
    layers = layers_of(start, seed=seed)
    random = np.random.default_rng(seed)
    head = standing(shown.dense, shown.targets, seed=seed)
    steps = epochs * len(plan_of([written, public], random))
    optimisers = _optimisers(layers, head)
    schedules = falling(optimisers, steps, _LAST_RATE)
    for epoch in range(1, epochs + 1):
        losses: list[float] = []
        plan = plan_of([written, public], random)
        for number in random.permutation(len(plan)):
            lesson, chosen = plan[number]
            seen = seen_by(layers, lesson, chosen)
            loss = loss_of(lesson, chosen, layers, seen)
            if lesson is written:
                policy = _policy_loss(layers, seen, head, shown, chosen)
                losses.append(float(policy.detach()))
                loss = loss + policy
            learn(loss, optimisers, schedules)
        report(f"further, run {seed}, epoch {epoch}: loss {np.mean(losses):.4f}")
    return {name: values.copy() for name, values in layers.arrays().items()}


def _optimisers(layers: Layers, head: Standing) -> list[torch.optim.Optimizer]:
    """Of tables, layers and head."""
    return [
        torch.optim.SparseAdam(layers.tables(), lr=_TABLE_RATE),
        torch.optim.AdamW(layers.dense(), lr=_DENSE_RATE, weight_decay=_DECAY),
        torch.optim.AdamW(head.net.parameters(), lr=_HEAD_RATE, weight_decay=_DECAY),
    ]


def averaged(runs: Sequence[dict[str, Numbers]]) -> dict[str, Numbers]:
    """The mean of each array over all runs."""
    return {name: np.mean([run[name] for run in runs], axis=0) for name in runs[0]}


def _policy_loss(
    layers: Layers, seen: torch.Tensor, head: Standing, shown: Shown, chosen: Places
) -> torch.Tensor:
    """The cross-entropy of a comment on average, through layers and hidden layer."""
    view = sense(layers, seen)
    view = view / torch.sqrt((view * view).sum(1, keepdim=True) + _ROOT_FLOOR)
    posts = torch.from_numpy(shown.posts[chosen])
    labels = label_logits(layers, seen) * float(LABEL_SCALE)
    written = torch.from_numpy(shown.signs[chosen])
    match = view * posts * float(MATCH_SCALE)
    logits = head.logits(torch.cat([seen, view, posts, match, labels, written], dim=1))
    total: torch.Tensor = functional.binary_cross_entropy_with_logits(
        logits,
        torch.from_numpy(shown.targets[chosen]),
        weight=torch.from_numpy(shown.weights[chosen])[:, None],
        reduction="sum",
    )
    return total / len(chosen)
