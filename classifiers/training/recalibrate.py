"""Fits what the score of an insult means, to comments by others than those who wrote the lessons.

    python -m classifiers.training.recalibrate --rows FILE... --out DIR

The training calibrates on lessons that were kept out. Their writers make insults of one language
plainer than those of the other: one score came to mean less in English than in Spanish, so that
one threshold hid harmless Spanish comments and left English insults up. The first head was taught
other texts, by other people: where it agrees (embedded.classifier.agrees) a score means more.
The fit is to the trained answer, whatever was fitted before: the same weights and comments give the
same bytes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.embedded import EmbeddedClassifier
from classifiers.embedded.classifier import agrees
from classifiers.embedded.weights import shipped_weights
from classifiers.labels import policy_score
from classifiers.training.calibration import line, logistic, realistic_weights
from classifiers.training.weights_file import WEIGHTS, write_weights
from classifiers.training.written import WrittenComment, comments_of
from modbot.domain import Category

DONE = "insults_calibrated_on"  # in the manifest: how many comments
FITTED = "insults"  # the array of the weights file
_LEAST = 1e-6  # of a probability, before its logit is taken

Numbers = NDArray[np.float64]


def fitted(
    scores: Numbers, agreed: NDArray[np.bool_], comments: Sequence[WrittenComment]
) -> NDArray[np.float32]:
    """LANGUAGES x (slope, intercept, seconded): under the first two the score of an insult is its
    probability among these comments, were nine of ten harmless; with the third, added to its logit,
    it is so among those where the first head `agreed`. `scores`: what the model gives each for an
    insult without them."""
    clipped = np.clip(scores, _LEAST, 1 - _LEAST)
    logits = np.log(clipped / (1 - clipped))
    insults = np.array([float(Category.OFFENSIVE in each.breaches) for each in comments])
    spanish = np.array([each.lang in ("es", "pt") for each in comments])
    weights = realistic_weights(np.array([each.action == "allow" for each in comments]))
    found = []
    for chosen in (~spanish, spanish):
        slope, intercept = line(logits[chosen], insults[chosen], weights[chosen])
        both = chosen & agreed
        read = slope * logits[both] + intercept
        (more,) = logistic(np.ones((len(read), 1)), insults[both], weights[both], read)
        found.append((slope, intercept, more))
    return np.array(found, dtype=np.float32)


def main(arguments: list[str] | None = None) -> None:
    """Fits what the score of an insult means to FILE (labelled comments, JSON lines)."""
    parser = argparse.ArgumentParser(
        prog="classifiers.training.recalibrate", description=main.__doc__
    )
    parser.add_argument("--rows", type=Path, required=True, nargs="+", metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="other than the shipped ones")
    chosen = parser.parse_args(arguments)
    folder = chosen.weights or shipped_weights()
    facts = json.loads((folder / "manifest.json").read_text("utf-8"))["trained"]
    with (folder / WEIGHTS).open("rb") as file, np.load(file, allow_pickle=False) as packed:
        arrays = {name: packed[name] for name in packed.files if name != FITTED}
    comments = [comment for file in chosen.rows for comment in comments_of(file)]
    arrays[FITTED] = fitted(*_answers(arrays, comments), comments)
    write_weights(chosen.out, arrays, facts | {DONE: len(comments)})


def _answers(
    arrays: dict[str, Any], comments: Sequence[WrittenComment]
) -> tuple[Numbers, NDArray[np.bool_]]:
    """The scores of an insult that weights without a fit give, and where their heads agree."""
    with TemporaryDirectory() as folder:
        write_weights(Path(folder), arrays, {})
        found = EmbeddedClassifier(Path(folder)).scores(
            [comment.text for comment in comments], [comment.post for comment in comments]
        )
    scores, toxicity, attack = (
        np.array([each[name] for each in found])
        for name in (policy_score(Category.OFFENSIVE), "toxicity", "identity_attack")
    )
    return scores, agrees(toxicity, attack)


if __name__ == "__main__":
    main()
