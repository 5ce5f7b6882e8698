"""What the layers are taught, and how often: public texts, words, phrases, written comments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from classifiers.labels import LABELS, POLICY_LABELS
from classifiers.training.fit import Lesson
from classifiers.training.material import Material, Viewed

_SHORT_ROWS = 512  # in a batch of single words
_WRITTEN_ROWS = 64
_WRITTEN_REPEATS = 3
_POLICY_WEIGHT = np.float32(0.5)
_PHRASE_WEIGHT = np.float32(0.5)  # of what the tutor answers
_PUBLIC_WEIGHT = np.float32(0.25)

Numbers = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The tutor's answers: texts x POLICY_LABELS, probabilities."""

    public: Numbers  # of the public texts that it is asked of
    phrases: Numbers


def answers_of(tutor: Callable[[Sequence[str], str], Numbers], material: Material) -> Answers:
    """What a taught tutor makes of the material that nobody labelled by the policy."""
    return Answers(
        public=tutor([material.public_texts[place] for place in material.asked], "public texts"),
        phrases=tutor(material.phrase_texts, "phrases"),
    )


def lessons(material: Material, taught: NDArray[np.int64], answers: Answers) -> list[Lesson]:
    """All lessons; of the written comments only the taught ones show their labels."""
    phrases = _of_views("phrases", material.phrases)
    weights = np.full(len(answers.phrases), _PHRASE_WEIGHT)
    return [
        _of_public(material, answers),
        _of_views("words", material.words, rows=_SHORT_ROWS, blur=1.0),
        replace(phrases, policy=answers.phrases, policy_weights=weights),
        _of_written(material, taught),
    ]


def _of_public(material: Material, answers: Answers) -> Lesson:
    public = material.public
    policy = np.zeros((len(public.texts), len(POLICY_LABELS)), dtype=np.float32)
    policy[material.asked] = answers.public
    weights = np.zeros(len(public.texts), dtype=np.float32)
    weights[material.asked] = _PUBLIC_WEIGHT
    return Lesson(
        name="public",
        texts=public.texts,
        views=public.views,
        view_weights=public.weights,
        targets=material.targets,
        weights=material.target_weights,
        policy=policy,
        policy_weights=weights,
    )


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
