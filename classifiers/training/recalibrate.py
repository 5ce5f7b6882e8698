"""Fits the calibration of insults anew, to comments by others than those who wrote the lessons.

    python -m classifiers.training.recalibrate --rows FILE... --out DIR

The training calibrates on lessons that were kept out. Their writers make insults of one language
plainer than those of the other: one score came to mean less in English than in Spanish, so that
one threshold hid harmless Spanish comments and left English insults up. It is fitted once: the same
weights and comments give the same bytes, and weights that have it are refused.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.embedded import EmbeddedClassifier
from classifiers.embedded.weights import LANGUAGES, SCORED, shipped_weights
from classifiers.labels import policy_score
from classifiers.training.calibration import calibrated, realistic_weights
from classifiers.training.weights_file import WEIGHTS, write_weights
from classifiers.training.written import WrittenComment, comments_of
from modbot.domain import Category

DONE = "insults_calibrated_on"  # in the manifest: how many comments
INSULT = SCORED.index(policy_score(Category.OFFENSIVE))
_LEAST = 1e-6  # of a probability, before its logit is taken

Numbers = NDArray[np.float64]


def recalibrated(
    calibration: NDArray[np.float32], scores: Numbers, comments: Sequence[WrittenComment]
) -> NDArray[np.float32]:
    """The calibration of weights (LANGUAGES x SCORED x slope and intercept) under which the score
    of an insult is its probability among these comments, were nine of ten harmless. `scores`: what
    the model gives each for an insult under the calibration of before."""
    clipped = np.clip(scores, _LEAST, 1 - _LEAST)
    logits = np.log(clipped / (1 - clipped))[:, None]
    insults = np.array([[float(Category.OFFENSIVE in each.breaches)] for each in comments])
    spanish = np.array([each.lang in ("es", "pt") for each in comments])
    weights = realistic_weights(np.array([each.action == "allow" for each in comments]))[:, None]
    fitted = calibrated(logits, insults, spanish, weights)
    new = calibration.copy()
    for language in range(len(LANGUAGES)):
        slope, intercept = fitted[language, 0]
        new[language, INSULT] = slope * calibration[language, INSULT]
        new[language, INSULT, 1] += intercept
    return new


def main(arguments: list[str] | None = None) -> None:
    """Fits the calibration of insults to FILE (labelled comments, JSON lines); all else stays.
    Exits with 2 where that was done before."""
    parser = argparse.ArgumentParser(
        prog="classifiers.training.recalibrate", description=main.__doc__
    )
    parser.add_argument("--rows", type=Path, required=True, nargs="+", metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="other than the shipped ones")
    chosen = parser.parse_args(arguments)
    folder = chosen.weights or shipped_weights()
    facts = json.loads((folder / "manifest.json").read_text("utf-8"))["trained"]
    if DONE in facts:
        parser.error(f"{folder}: calibrated on {facts[DONE]} comments already; teach further first")
    comments = [comment for file in chosen.rows for comment in comments_of(file)]
    found = EmbeddedClassifier(folder).scores(
        [comment.text for comment in comments], [comment.post for comment in comments]
    )
    scores = np.array([each[SCORED[INSULT]] for each in found])
    with (folder / WEIGHTS).open("rb") as file, np.load(file, allow_pickle=False) as packed:
        arrays = {name: packed[name] for name in packed.files}
    arrays["calibration"] = recalibrated(arrays["calibration"], scores, comments)
    write_weights(chosen.out, arrays, facts | {DONE: len(comments)})


if __name__ == "__main__":
    main()
