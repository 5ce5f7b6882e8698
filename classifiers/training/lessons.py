"""What the layers are taught, and how often: public texts, words, phrases, written comments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from classifiers.labels import LABELS
from classifiers.training.fit import Lesson
from classifiers.training.material import Material, Viewed

_SHORT_ROWS = 512  # in a batch of single words
_WRITTEN_ROWS = 64
_WRITTEN_REPEATS = 3
_POLICY_WEIGHT = np.float32(0.5)


def lessons(material: Material, taught: NDArray[np.int64]) -> list[Lesson]:
    """All lessons; of the written comments only the taught ones show their labels."""
    public = material.public
    return [
        Lesson(
            name="public",
            texts=public.texts,
            views=public.views,
            view_weights=public.weights,
            targets=material.targets,
            weights=material.target_weights,
        ),
        _of_views("words", material.words, rows=_SHORT_ROWS, blur=1.0),
        _of_views("phrases", material.phrases),
        _of_written(material, taught),
    ]


def _of_views(name: str, viewed: Viewed, *, rows: int = 256, blur: float = 0.05) -> Lesson:
    return Lesson(
        name=name,
        texts=viewed.texts,
        views=viewed.views,
        view_weights=viewed.weights,
        rows=rows,
        blur=blur,
    )


def _of_written(material: Material, taught: NDArray[np.int64]) -> Lesson:
    comments, written = material.comments, material.written
    counted = np.zeros(len(comments), dtype=np.float32)
    counted[taught] = 1
    weights = np.array([comment.label_weight for comment in comments]) * counted
    return Lesson(
        name="written",
        texts=written.texts,
        views=written.views,
        view_weights=written.weights,
        targets=np.array([comment.label_targets for comment in comments], dtype=np.float32),
        weights=np.repeat(weights[:, None], len(LABELS), axis=1).astype(np.float32),
        policy=np.array([comment.policy_targets for comment in comments], dtype=np.float32),
        policy_weights=_POLICY_WEIGHT * counted,
        rows=_WRITTEN_ROWS,
        repeats=_WRITTEN_REPEATS,
        blur=0.3,
    )
