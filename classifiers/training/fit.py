"""The training of the layers: seeded and on one thread, so a machine gives the same weights again.

Three tasks share the layers: to score LABELS where they are known, to guess the teacher's view of
every text, and to guess POLICY_LABELS of the written comments. The second brings words and
languages together that no labelled row connects, the third makes the layers look for offers and
cries for help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from classifiers.training.batches import Places, Texts
from classifiers.training.network import (
    Dropout,
    Layers,
    features,
    guesses,
    insight,
    label_logits,
    new_layers,
    sense,
)

_TABLE_RATE = 0.02
_DENSE_RATE = 1e-3
_DECAY = 0.01
_LAST_RATE = 0.03  # share of the first rates that is left at the end
_TAUGHT = Dropout(features=0.2, words=0.1, known=0.1)
_GUESSED = Dropout(features=0.1, known=0.1)  # where nothing but the view is known

Numbers = NDArray[np.float32]
Schedule: TypeAlias = torch.optim.lr_scheduler.LambdaLR


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """Texts with what is known of each."""

    name: str
    texts: Texts
    views: Numbers  # texts x sense, the teacher's, projected
    view_weights: Numbers  # how much each counts
    targets: Numbers | None = None  # texts x LABELS
    weights: Numbers | None = None  # 0: unknown
    policy: Numbers | None = None  # texts x POLICY_LABELS
    policy_weights: Numbers | None = None  # texts
    insights: NDArray[np.float16] | None = None  # texts x INSIGHT, how the tutor sees each
    insight_weights: Numbers | None = None  # texts
    rows: int = 256  # in a batch
    repeats: int = 1  # an epoch
    blur: float = 0.05  # how much lengths may differ within a batch


def fit(
    lessons: Sequence[Lesson],
    known: Numbers,
    *,
    epochs: int,
    seed: int,
    report: Callable[[str], None],
) -> Layers:
    """Trained layers; `known` are the vocabulary's first vectors."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.sparse.check_sparse_tensor_invariants.disable()  # said aloud, or torch warns
    generator = torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    layers = new_layers(known, generator)
    optimisers = [
        torch.optim.Adagrad(layers.tables(), lr=_TABLE_RATE),
        torch.optim.AdamW(layers.dense(), lr=_DENSE_RATE, weight_decay=_DECAY),
    ]
    steps = epochs * len(plan_of(lessons, random))
    schedules = falling(optimisers, steps, _LAST_RATE)
    for epoch in range(1, epochs + 1):
        losses: dict[str, list[float]] = {lesson.name: [] for lesson in lessons}
        plan = plan_of(lessons, random)
        for number in random.permutation(len(plan)):
            lesson, chosen = plan[number]
            loss = loss_of(lesson, chosen, layers, seen_by(layers, lesson, chosen))
            learn(loss, optimisers, schedules)
            losses[lesson.name].append(float(loss.detach()))
        means = ", ".join(f"{name} {np.mean(each):.4f}" for name, each in losses.items() if each)
        report(f"epoch {epoch}: loss {means}")
    return layers


def falling(optimisers: Sequence[torch.optim.Optimizer], steps: int, last: float) -> list[Schedule]:
    """Schedules by which the rates fall evenly over so many steps, to the share `last`."""
    return [
        torch.optim.lr_scheduler.LambdaLR(each, lambda step: max(1 - step / steps, last))
        for each in optimisers
    ]


def learn(
    loss: torch.Tensor,
    optimisers: Sequence[torch.optim.Optimizer],
    schedules: Sequence[Schedule],
) -> None:
    """One step of all optimisers."""
    for optimiser in optimisers:
        optimiser.zero_grad()
    loss.backward()
    for optimiser, schedule in zip(optimisers, schedules, strict=True):
        optimiser.step()
        schedule.step()


def encoded(layers: Layers, texts: Texts, *, rows: int = 256) -> Numbers:
    """Texts x encoded features, as trained layers see them."""
    found: Any = None
    with torch.no_grad():
        for chosen in _in_order(texts, rows):
            some = features(layers, texts.batch(chosen), Dropout()).numpy()
            if found is None:
                found = np.zeros((len(texts), some.shape[1]), dtype=np.float32)
            found[chosen] = some
    return np.asarray(found, dtype=np.float32)


def _in_order(texts: Texts, rows: int) -> Iterator[Places]:
    yield from texts.chunks(rows, np.random.default_rng(0), blur=0)


def plan_of(lessons: Sequence[Lesson], random: np.random.Generator) -> list[tuple[Lesson, Places]]:
    """The batches of an epoch, each with its lesson."""
    return [
        (lesson, chosen)
        for lesson in lessons
        for _ in range(lesson.repeats)
        for chosen in lesson.texts.chunks(lesson.rows, random, blur=lesson.blur)
    ]


def seen_by(layers: Layers, lesson: Lesson, chosen: Places) -> torch.Tensor:
    """Texts x encoded features of the chosen texts of a lesson, some of them left out."""
    dropout = _GUESSED if lesson.targets is None else _TAUGHT
    return features(layers, lesson.texts.batch(chosen), dropout)


def loss_of(lesson: Lesson, chosen: Places, layers: Layers, seen: torch.Tensor) -> torch.Tensor:
    """How far the layers are from what the lesson shows of the texts with these features."""
    apart = ((sense(layers, seen) - torch.from_numpy(lesson.views[chosen])) ** 2).mean(1)
    loss = (apart * torch.from_numpy(lesson.view_weights[chosen])).mean()
    if lesson.targets is not None and lesson.weights is not None:
        weights = lesson.weights[chosen]
        loss = loss + _cross_entropy(label_logits(layers, seen), lesson.targets[chosen], weights)
    if lesson.policy is not None and lesson.policy_weights is not None:
        weights = lesson.policy_weights[chosen][:, None]
        loss = loss + _cross_entropy(guesses(layers, seen), lesson.policy[chosen], weights)
    if lesson.insights is not None and lesson.insight_weights is not None:
        wanted = torch.from_numpy(lesson.insights[chosen].astype(np.float32))
        apart = ((insight(layers, seen) - wanted) ** 2).mean(1)
        loss = loss + (apart * torch.from_numpy(lesson.insight_weights[chosen])).mean()
    return loss


def _cross_entropy(logits: torch.Tensor, targets: Numbers, weights: Numbers) -> torch.Tensor:
    """The cross-entropy of a text on average, its labels weighted."""
    total: torch.Tensor = functional.binary_cross_entropy_with_logits(
        logits, torch.from_numpy(targets), weight=torch.from_numpy(weights), reduction="sum"
    )
    return total / len(targets)
