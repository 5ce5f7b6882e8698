"""How far an exported network's scores are from torch's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from classifiers.detoxify import DetoxifyClassifier, Scores, Tokenizer
from classifiers.export.checkpoint import Checkpoint

MEAN_LIMIT = 0.01


@dataclass(frozen=True, kw_only=True)
class Parity:
    """Absolute differences over all texts and classes, and how far torch's own scores spread:
    where they hardly do, small differences say little."""

    texts: int
    mean_difference: float
    largest_difference: float
    spread: float  # standard deviation


def sample_texts() -> list[str]:
    """Texts of many lengths and tones in English and Spanish, for comparing only."""
    return (files("classifiers.export") / "sample.txt").read_text("utf-8").splitlines()


def torch_scores(checkpoint: Checkpoint, tokenizer: Path, texts: Sequence[str]) -> Scores:
    """Texts x classes by torch, one window at a time as Detoxify does."""
    import torch

    worst = np.zeros((len(texts), len(checkpoint.classes)), dtype=np.float32)
    with torch.inference_mode():
        for window in Tokenizer(tokenizer, max_tokens=checkpoint.max_tokens).windows(texts):
            logits = checkpoint.network(input_ids=torch.tensor([window.tokens])).logits
            found = torch.sigmoid(logits[0, : len(checkpoint.classes)]).numpy()
            worst[window.owner] = np.maximum(worst[window.owner], found)
    return worst


def compare(expected: Scores, exported: DetoxifyClassifier, texts: Sequence[str]) -> Parity:
    """The exported classifier against torch's scores of the same texts."""
    apart = np.abs(exported.class_scores(texts) - expected)
    return Parity(
        texts=len(texts),
        mean_difference=float(apart.mean()),
        largest_difference=float(apart.max()),
        spread=float(expected.std()),
    )
