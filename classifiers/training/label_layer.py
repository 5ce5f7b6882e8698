"""Fits the layer that scores LABELS, on layers that stand.

    python -m classifiers.training.label_layer --data DIR --out DIR

The layers learnt with a head of one step for LABELS, beside much else. A hidden layer that has
nothing else to do tells public texts apart better, and changes nothing of what the second head
sees. As everywhere the first run keeps a quarter of the written posts out, to calibrate on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.embedded.weights import Weights, load_weights, shipped_weights
from classifiers.embedded.words import WordTable
from classifiers.labels import LABELS
from classifiers.training.calibration import calibrated
from classifiers.training.features import features_of
from classifiers.training.layer import Layer, Plan, fit_layer
from classifiers.training.material import folded_text, words_of
from classifiers.training.report import say
from classifiers.training.rows import read_lines, training_row
from classifiers.training.run import calibration_weights, figures
from classifiers.training.weights_file import WEIGHTS, write_weights
from classifiers.training.written import WrittenComment, written_comments

_INNER = 80  # what the file has room for
_EPOCHS = 8
_WRITTEN_COUNTS = 0.1  # of a written comment, against a public text: these are what it is for
# How much more a public text counts than in the layers' training: Spanish ones are scarce.
_LANGUAGE_COUNTS: Mapping[str, float] = {"es": 4.0}
_SET_COUNTS: Mapping[str, float] = {"hatecheck_es": 2.0}

Numbers = NDArray[np.float32]
Report = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class LabelLayer:
    """The arrays of the weights file, and the figures of the written comments kept out."""

    arrays: dict[str, Any]
    held_out: dict[str, dict[str, float]]


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """Texts as the layers see them."""

    features: Numbers
    targets: Numbers  # texts x LABELS
    counts: Numbers  # texts x LABELS; 0: unknown

    def only(self, chosen: NDArray[np.bool_]) -> _Seen:
        """The chosen texts."""
        return _Seen(
            features=self.features[chosen],
            targets=self.targets[chosen],
            counts=self.counts[chosen],
        )


def fit_label_layer(
    weights: Weights, data: Path, comments: Path | None, report: Report
) -> LabelLayer:
    """The layer for these weights, and their calibration with it. Needs torch."""
    public, written = _public(data, weights), written_comments(comments)
    own, out = _written(written, weights), np.array([comment.kept_out for comment in written])
    first, kept_out = _fit(public, own.only(~out), report), own.only(out)
    held = [comment for comment in written if comment.kept_out]
    logits = first.logits(kept_out.features).astype(np.float64)
    targets = kept_out.targets.astype(np.float64)
    spanish = np.array([comment.lang in ("es", "pt") for comment in held])
    counts = calibration_weights(held)[:, : len(LABELS)]
    calibration = weights.calibration.copy()
    calibration[:, : len(LABELS)] = calibrated(logits, targets, spanish, counts)
    arrays = {**_packed(_fit(public, own, report)), "calibration": calibration}
    return LabelLayer(arrays=arrays, held_out=figures(logits, targets))


def _public(data: Path, weights: Weights) -> _Seen:
    lines = list(read_lines(data / "train.jsonl.gz"))
    rows = [training_row(line, folded_text) for line in lines]
    features, _ = features_of([row.words or (".",) for row in rows], WordTable(weights), weights)
    more = [
        _LANGUAGE_COUNTS.get(str(line["lang"]), 1.0) * _SET_COUNTS.get(str(line["set"]), 1.0)
        for line in lines
    ]
    counts = np.array([row.weights for row in rows]) * np.array(more)[:, None]
    return _Seen(
        features=features,
        targets=np.array([row.targets for row in rows], dtype=np.float32),
        counts=counts.astype(np.float32),
    )


def _written(comments: list[WrittenComment], weights: Weights) -> _Seen:
    words = [words_of(comment.text) or (".",) for comment in comments]
    features, _ = features_of(words, WordTable(weights), weights)
    counts = np.array([comment.label_weight for comment in comments]) * _WRITTEN_COUNTS
    return _Seen(
        features=features,
        targets=np.array([comment.label_targets for comment in comments], dtype=np.float32),
        counts=np.repeat(counts[:, None], len(LABELS), axis=1).astype(np.float32),
    )


def _fit(public: _Seen, written: _Seen, report: Report) -> Layer:
    both = public, written
    return fit_layer(
        np.concatenate([each.features for each in both]),
        np.concatenate([each.targets for each in both]),
        seed=1,
        report=report,
        plan=Plan(
            epochs=_EPOCHS, inner=_INNER, counts=np.concatenate([each.counts for each in both])
        ),
        name="first head, layer",
    )


def _packed(layer: Layer) -> dict[str, Any]:
    """The layer's arrays; what comes in as int8, each input in steps of a scale of its own."""
    scale = np.abs(layer.inner).max(axis=1) / 127
    scale[scale == 0] = 1
    return {
        "label_hidden": np.rint(layer.inner / scale[:, None]).astype(np.int8),
        "label_hidden_scale": scale.astype(np.float32),
        "label_hidden_bias": layer.inner_bias,
        "label_output": layer.outer,
        "label_bias": layer.outer_bias,
    }


def main(arguments: list[str] | None = None) -> None:
    """Fits the label layer of the shipped weights anew; all else stays as it is."""
    parser = argparse.ArgumentParser(
        prog="classifiers.training.label_layer", description=main.__doc__
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    chosen = parser.parse_args(arguments)
    folder = shipped_weights()
    weights, _ = load_weights(folder)
    facts = json.loads((folder / "manifest.json").read_text("utf-8"))["trained"]
    with (folder / WEIGHTS).open("rb") as file, np.load(file, allow_pickle=False) as packed:
        arrays = {name: packed[name] for name in packed.files}
    labels = fit_label_layer(weights, chosen.data, None, say)
    write_weights(chosen.out, {**arrays, **labels.arrays}, facts)


if __name__ == "__main__":
    main()
