"""The whole training: the tutor, the layers, the second head, its calibration.

It runs twice. First a quarter of the posts with all their comments is kept out, to measure and to
calibrate on; then all comments teach, and the calibration of the first run stands. The tutor learns
once, without that quarter, so that what it answers gives none of it away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.embedded.policy_head import LABEL_SCALE, dense_inputs
from classifiers.embedded.signs import SIGNS, signs
from classifiers.embedded.weights import SCORED
from classifiers.labels import CRITICISM, LABELS, policy_score
from classifiers.training.calibration import calibrated, realistic_weights
from classifiers.training.fit import encoded, fit
from classifiers.training.head import Head, HeadInput, fit_head, ngram_rows
from classifiers.training.lessons import Opining, Opinions, lessons, opinions_of
from classifiers.training.material import Material, Views, read_material
from classifiers.training.metrics import ranking
from classifiers.training.network import Layers
from classifiers.training.vocabulary import WordLists
from classifiers.training.weights_file import packed_layers
from classifiers.training.written import WrittenComment

Numbers = NDArray[np.float32]
Chosen = NDArray[np.int64]
Tutoring = Callable[[Sequence[WrittenComment]], Opining]  # comments to what has learnt them


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a run of the training may be told."""

    data: Path
    comments: Path | None = None  # in place of those in the package
    epochs: int = 4
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The arrays of the weights file, how they came about, and the figures of the first run."""

    arrays: dict[str, Any]
    facts: dict[str, object]
    held_out: dict[str, dict[str, float]]
    predictions: list[dict[str, object]]  # of the first run on the comments that were kept out


def train(
    choices: Choices,
    teacher: Views,
    tutoring: Tutoring,
    lists: WordLists,
    *,
    report: Callable[[str], None],
) -> Trained:
    """Both runs. Needs torch."""
    material = read_material(
        choices.data, choices.comments, teacher, lists, seed=choices.seed, report=report
    )
    out = np.array([comment.kept_out for comment in material.comments])
    everything = np.arange(len(out))
    taught, held = np.flatnonzero(~out), np.flatnonzero(out)
    opinions = opinions_of(tutoring([material.comments[place] for place in taught]), material)
    layers, head = one_run(material, taught, opinions, choices, report)
    head = head.weighed(_head_input(material, layers).only(held))
    logits = logits_of(material, held, layers, head).astype(np.float64)
    targets = _targets(material)[held].astype(np.float64)
    spanish = np.array([material.comments[place].lang in ("es", "pt") for place in held])
    weights = calibration_weights([material.comments[place] for place in held])
    calibration = calibrated(logits, targets, spanish, weights)
    share = head.share
    layers, head = one_run(material, everything, opinions, choices, report)
    head = replace(head, share=share)
    words = material.vocabulary
    arrays = weights_arrays(layers.arrays(), head, calibration)
    return Trained(
        arrays=packed_layers(arrays, words.words, words.language, material.written_words),
        facts=_facts(material, choices),
        held_out=figures(logits, targets),
        predictions=predictions(
            [material.comments[place] for place in held], logits, spanish, calibration
        ),
    )


def _facts(material: Material, choices: Choices) -> dict[str, object]:
    source = choices.data / "train.jsonl.gz"
    return {
        "rows": len(material.targets),
        "comments": len(material.comments),
        "data_sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
        "epochs": choices.epochs,
        "seed": choices.seed,
    }


def one_run(
    material: Material,
    taught: Chosen,
    opinions: Opinions,
    choices: Choices,
    report: Callable[[str], None],
) -> tuple[Layers, Head]:
    """Layers and second head, with the labels of the taught comments alone."""
    layers = fit(
        lessons(material, taught, opinions),
        material.known,
        epochs=choices.epochs,
        seed=choices.seed,
        report=report,
    )
    seen = _head_input(material, layers).only(taught)
    targets = np.array([material.comments[n].policy_targets for n in taught], dtype=np.float32)
    return layers, fit_head(seen, targets, seed=choices.seed, report=report)


def _head_input(material: Material, layers: Layers) -> HeadInput:
    """What the second head sees of every written comment."""
    seen = encoded(layers, material.written.texts)
    arrays = layers.arrays()
    sense = unit_of(seen @ arrays["sense"] + arrays["sense_bias"])
    of_post = encoded(layers, material.post_texts)
    of_post = unit_of(of_post @ arrays["sense"] + arrays["sense_bias"])
    place = {post: number for number, post in enumerate(material.posts)}
    posts = of_post[[place[comment.post] for comment in material.comments]]
    labels = seen @ arrays["output"] + arrays["output_bias"]
    rows, counts = ngram_rows(material.written_words)
    written = signs([comment.text for comment in material.comments])
    dense = dense_inputs(seen, sense, posts, labels, written)
    return HeadInput(ngrams=rows, counts=counts, dense=dense)


def unit_of(sense: Numbers) -> Numbers:
    """Each row brought to length 1; a row of zeros stays one."""
    units: Numbers = sense / np.sqrt((sense**2).sum(axis=1, keepdims=True) + 1e-6)
    return units


def weights_arrays(
    layers: dict[str, Numbers], head: Head, calibration: Numbers
) -> dict[str, Numbers]:
    """All layers by the names that the weights file gives them."""
    layer = head.layer
    return {
        **layers,
        "ngrams": head.ngrams * head.share[0],
        "policy_hidden": layer.inner,
        "policy_hidden_bias": layer.inner_bias,
        "policy_output": layer.outer * head.share[1],
        "policy_bias": head.ngrams_bias * head.share[0] + layer.outer_bias * head.share[1],
        "calibration": calibration,
    }


def logits_of(material: Material, chosen: Chosen, layers: Layers, head: Head) -> Numbers:
    """Comments x SCORED, of both heads."""
    seen = _head_input(material, layers).only(chosen)
    labels = seen.dense[:, -len(LABELS) - SIGNS : -SIGNS] / LABEL_SCALE
    return np.concatenate([labels, head.logits(seen)], axis=1)


def _targets(material: Material) -> Numbers:
    rows = [(*each.label_targets, *each.policy_targets) for each in material.comments]
    return np.array(rows, dtype=np.float32)


def calibration_weights(comments: Sequence[WrittenComment]) -> NDArray[np.float64]:
    """How much each comment counts in the calibration of each of SCORED."""
    harmless = np.array([comment.action == "allow" for comment in comments])
    weights = np.repeat(realistic_weights(harmless)[:, None], len(SCORED), axis=1)
    weights[:, SCORED.index(policy_score(CRITICISM))] = 1  # it is harmless itself
    return weights


def predictions(
    comments: Sequence[WrittenComment],
    logits: NDArray[np.float64],
    spanish: NDArray[np.bool_],
    calibration: Numbers,
) -> list[dict[str, object]]:
    """The probabilities of each comment that was kept out: what thresholds can be chosen by."""
    fitted = calibration[spanish.astype(np.int64)]
    probabilities = 1 / (1 + np.exp(-(logits * fitted[:, :, 0] + fitted[:, :, 1])))
    rows: list[dict[str, object]] = []
    for number, comment in enumerate(comments):
        named = dict(zip(SCORED, probabilities[number].round(4).tolist(), strict=True))
        rows.append({"comment": comment.text, "action": comment.action, "scores": named})
    return rows


def figures(logits: NDArray[np.float64], targets: NDArray[np.float64]) -> dict[str, Any]:
    """AUC and average precision, on the comments that were kept out, of every label of SCORED (or
    of the first ones, where there are fewer columns)."""
    found = {}
    for number, label in enumerate(SCORED[: targets.shape[1]]):
        positive = targets[:, number] >= 0.5
        if 0 < positive.sum() < len(positive):
            auc, precision = ranking(logits[:, number], positive)
            found[label] = {
                "comments": len(positive),
                "positives": int(positive.sum()),
                "auc": round(auc, 4),
                "average_precision": round(precision, 4),
            }
    return found
