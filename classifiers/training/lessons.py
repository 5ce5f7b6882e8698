"""What the layers are taught, and how often: public texts, words, phrases, written comments as
they are and altered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from classifiers.labels import LABELS, POLICY_LABELS
from classifiers.training.fit import Lesson
from classifiers.training.material import Material, Viewed

_SHORT_ROWS = 512  # in a batch of single words
WRITTEN_ROWS = 64
_WRITTEN_REPEATS = 3
WRITTEN_BLUR = 0.3
_POLICY_WEIGHT = np.float32(0.5)
_PHRASE_WEIGHT = np.float32(0.5)  # of what the tutor answers
_PUBLIC_WEIGHT = np.float32(0.25)
_ALTERED_WEIGHT = np.float32(0.5)
_INSIGHT_WEIGHT = np.float32(0.5)  # of how the tutor sees phrases
_WRITTEN_INSIGHT_WEIGHT = np.float32(1)  # and written comments, as they are and altered

Numbers = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What the tutor makes of some texts."""

    answers: Numbers  # texts x POLICY_LABELS: probabilities
    insights: NDArray[np.float16]  # texts x INSIGHT: how it sees them


Opining = Callable[[Sequence[str], str], Opinion]  # texts and what they are


@dataclass(frozen=True, kw_only=True)
class Opinions:
    """What the tutor makes of the material."""

    public: Opinion  # of the public texts that it is asked of
    phrases: Opinion
    altered: Opinion
    written: Opinion


def opinions_of(tutor: Opining, material: Material) -> Opinions:
    """What a taught tutor makes of the material."""
    return Opinions(
        public=tutor([material.public_texts[place] for place in material.asked], "public texts"),
        phrases=tutor(material.phrase_texts, "phrases"),
        altered=tutor(material.altered_texts, "altered comments"),
        written=tutor([comment.text for comment in material.comments], "written comments"),
    )


def lessons(material: Material, taught: NDArray[np.int64], opinions: Opinions) -> list[Lesson]:
    """All lessons; of the written comments only the taught ones show what is known of them."""
    phrases = _of_views("phrases", material.phrases)
    return [
        _of_public(material, opinions.public),
        _of_views("words", material.words, rows=_SHORT_ROWS, blur=1.0),
        _with(phrases, opinions.phrases, _PHRASE_WEIGHT, _INSIGHT_WEIGHT),
        _of_altered(material, opinions.altered),
        _of_written(material, taught, opinions.written),
    ]


def _with(lesson: Lesson, opinion: Opinion, weight: np.float32, insight: np.float32) -> Lesson:
    """The lesson with the tutor's opinion of each of its texts."""
    return replace(
        lesson,
        policy=opinion.answers,
        policy_weights=np.full(len(lesson.texts), weight),
        insights=opinion.insights,
        insight_weights=np.full(len(lesson.texts), insight),
    )


def _of_public(material: Material, opinion: Opinion) -> Lesson:
    public = material.public
    asked = np.zeros(len(public.texts), dtype=np.float32)
    asked[material.asked] = 1
    policy = np.zeros((len(asked), len(POLICY_LABELS)), dtype=np.float32)
    policy[material.asked] = opinion.answers
    return Lesson(
        name="public",
        texts=public.texts,
        views=public.views,
        view_weights=public.weights,
        targets=material.targets,
        weights=material.target_weights,
        policy=policy,
        policy_weights=_PUBLIC_WEIGHT * asked,
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


def _of_altered(material: Material, opinion: Opinion) -> Lesson:
    lesson = Lesson(
        name="altered",
        texts=material.altered,
        views=np.zeros((len(material.altered), material.public.views.shape[1]), dtype=np.float32),
        view_weights=np.zeros(len(material.altered), dtype=np.float32),
        rows=WRITTEN_ROWS,
        blur=WRITTEN_BLUR,
    )
    return _with(lesson, opinion, _ALTERED_WEIGHT, _WRITTEN_INSIGHT_WEIGHT)


def _of_written(material: Material, taught: NDArray[np.int64], opinion: Opinion) -> Lesson:
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
        rows=WRITTEN_ROWS,
        repeats=_WRITTEN_REPEATS,
        insights=opinion.insights,
        insight_weights=_WRITTEN_INSIGHT_WEIGHT * counted,
        blur=WRITTEN_BLUR,
    )
