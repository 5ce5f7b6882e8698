"""Brings scores to probabilities, per label and language (Platt 1999, with his soft targets)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HARMLESS_SHARE = 0.9  # assumed of a school page; the written comments hold far fewer
_FEWEST = 12  # positives of a language; below that its scores are calibrated with all others
_ROUNDS = 100
_SLOPES = (0.3, 3.0)  # a steeper or flatter fit says more of the sample than of the model

Numbers = NDArray[np.float64]


def realistic_weights(harmless: NDArray[np.bool_]) -> Numbers:
    """Weights under which HARMLESS_SHARE of the comments are harmless, the others counting 1."""
    harmful = float((~harmless).sum())
    wanted = harmful * HARMLESS_SHARE / (1 - HARMLESS_SHARE)
    return np.where(harmless, wanted / max(float(harmless.sum()), 1.0), 1.0)


def calibrated(
    logits: Numbers, targets: Numbers, spanish: NDArray[np.bool_], weights: Numbers
) -> NDArray[np.float32]:
    """Languages (English, Spanish) x labels x (slope, intercept). All but `spanish`, which says
    of each comment whether it is, are comments x labels."""
    found = np.zeros((2, logits.shape[1], 2), dtype=np.float32)
    for label in range(logits.shape[1]):
        pooled = _platt(logits[:, label], targets[:, label], weights[:, label])
        for row, chosen in enumerate((~spanish, spanish)):
            enough = (targets[chosen, label] >= 0.5).sum() >= _FEWEST
            found[row, label] = (
                _platt(logits[chosen, label], targets[chosen, label], weights[chosen, label])
                if enough
                else pooled
            )
    return found


def _platt(logits: Numbers, targets: Numbers, weights: Numbers) -> tuple[float, float]:
    """Slope and intercept, within _SLOPES."""
    slope, intercept = line(logits, targets, weights)
    return float(np.clip(slope, *_SLOPES)), float(intercept)


def line(logits: Numbers, targets: Numbers, weights: Numbers) -> Numbers:
    """Slope and intercept by Platt's soft targets."""
    positive = float((targets >= 0.5).sum())
    negative = len(targets) - positive
    high, low = (positive + 1) / (positive + 2), 1 / (negative + 2)
    features = np.stack([logits, np.ones_like(logits)], axis=1)
    return logistic(features, np.clip(targets, low, high), weights, np.zeros_like(logits))


def logistic(features: Numbers, targets: Numbers, weights: Numbers, given: Numbers) -> Numbers:
    """The coefficient of each column of `features` (comments x columns) by Newton's method on the
    weighted logistic loss; `given` is added to each comment's logit."""
    found = np.zeros(features.shape[1])
    found[0] = 1.0
    for _ in range(_ROUNDS):
        probability = 0.5 * np.tanh(0.5 * (features @ found + given)) + 0.5
        error, spread = weights * (probability - targets), weights * probability * (1 - probability)
        curvature = (features * spread[:, None]).T @ features + 1e-6 * np.eye(len(found))
        step = np.clip(np.linalg.solve(curvature, features.T @ error), -1, 1)
        found = found - step
        if np.abs(step).max() < 1e-7:
            break
    return found
