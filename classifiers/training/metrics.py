"""How well scores rank labelled rows: area under the ROC curve and average precision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.labels import LABELS

Metrics = dict[str, dict[str, dict[str, float | int | None]]]


def ranking(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> tuple[float, float]:
    """AUC and average precision; equal scores count as one step. Needs both classes."""
    values, inverse = np.unique(-scores, return_inverse=True)
    hits = np.cumsum(np.bincount(inverse, weights=positive, minlength=len(values)))
    misses = np.cumsum(np.bincount(inverse, weights=~positive, minlength=len(values)))
    x = np.concatenate([[0.0], misses]) / misses[-1]
    y = np.concatenate([[0.0], hits]) / hits[-1]
    auc = float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))
    precision = hits / (hits + misses)
    return auc, float(np.sum(np.diff(y) * precision))


def by_group(
    lines: Sequence[Mapping[str, object]], scores: Sequence[Mapping[str, float]], key: str
) -> Metrics:
    """Metrics a value of `key` ("set", "lang") and label, where the label is known."""
    cases: dict[tuple[str, str], list[tuple[float, bool]]] = defaultdict(list)
    for line, scored in zip(lines, scores, strict=True):
        known = line["labels"]
        assert isinstance(known, dict)
        for label in LABELS:
            if label in known:
                cases[str(line[key]), label].append((scored[label], known[label] >= 0.5))
    found: Metrics = defaultdict(dict)
    for (group, label), pairs in sorted(cases.items()):
        positive = np.array([hit for _, hit in pairs])
        auc = precision = None
        if 0 < positive.sum() < len(positive):
            auc, precision = ranking(np.array([score for score, _ in pairs]), positive)
        found[group][label] = {
            "rows": len(pairs),
            "positives": int(positive.sum()),
            "auc": auc,
            "average_precision": precision,
        }
    return dict(found)
