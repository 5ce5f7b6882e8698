"""The training of the layer that scores LABELS, on the layers that ship."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from classifiers.embedded import load_weights, shipped_weights
from classifiers.embedded.label_head import label_answers, label_logits
from classifiers.embedded.words import WordTable
from classifiers.labels import LABELS
from classifiers.training.features import features_of
from tests.prerequisites import need

if TYPE_CHECKING:
    from classifiers.training.label_layer import LabelLayer

pytestmark = pytest.mark.models
RUDE = ("you zopenco", "what a zopenco", "otro zopenco")
KIND = ("thank you all", "gracias a todos", "see you friday")


def write_data(folder: Path) -> None:
    """Public rows in which only "zopenco" is toxic, and written comments under six posts."""
    rows = [
        {"text": f"{text} {n}", "lang": "en", "labels": {"toxicity": float(bad)}, "set": "s"}
        for n in range(40)
        for bad, texts in ((False, KIND), (True, RUDE))
        for text in texts
    ]
    with gzip.open(folder / "train.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    written = [
        {
            "comment": f"{text} {n}",
            "post": f"Post {n}",
            "lang": "en",
            "labels": ["offensive"] if text in RUDE else [],
            "action": "hide" if text in RUDE else "allow",
            "tags": ["insult"] if text in RUDE else [],
        }
        for n in range(24)
        for text in (*KIND, *RUDE)
    ]
    (folder / "comments").mkdir()
    (folder / "comments" / "some.jsonl").write_text("".join(json.dumps(r) + "\n" for r in written))


def fitted(folder: Path) -> LabelLayer:
    need("torch")
    from classifiers.training.label_layer import fit_label_layer

    weights, _ = load_weights(shipped_weights())
    return fit_label_layer(weights, folder, folder / "comments", lambda line: None)


def test_the_layer_learns_what_the_labels_call_toxic_and_leaves_the_rest_alone(
    tmp_path: Path,
) -> None:
    write_data(tmp_path)
    layer = fitted(tmp_path)
    weights, _ = load_weights(shipped_weights())
    learnt = replace(weights, **layer.arrays)
    words = [["what", "a", "zopenco", "99"], ["gracias", "a", "todos", "99"]]
    features, _ = features_of(words, WordTable(learnt), learnt)
    answers = label_answers(features, learnt)
    rude, kind = label_logits(features, answers, learnt)[:, LABELS.index("toxicity")]
    assert rude > 0 > kind
    assert np.array_equal(answers, label_answers(features, weights))
    policy = np.s_[:, len(LABELS) :]
    assert np.array_equal(learnt.calibration[policy], weights.calibration[policy])
    assert layer.held_out["toxicity"]["auc"] > 0.9


def test_the_same_data_gives_the_same_bytes(tmp_path: Path) -> None:
    write_data(tmp_path)
    one, two = fitted(tmp_path).arrays, fitted(tmp_path).arrays
    assert {name: one[name].tobytes() for name in one} == {n: two[n].tobytes() for n in two}
