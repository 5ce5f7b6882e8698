"""The training of the layer that scores LABELS, on the layers that ship."""

from __future__ import annotations

import gzip
import json
import shutil
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


def test_a_training_ends_with_the_layer_in_its_files(tmp_path: Path) -> None:
    need("torch")
    from classifiers.training.outcome import write_trained
    from classifiers.training.run import Trained

    write_data(tmp_path)
    shutil.copy(tmp_path / "train.jsonl.gz", tmp_path / "dev.jsonl.gz")
    with np.load(str(shipped_weights() / "word-cnn.npz")) as packed:
        arrays = {name: packed[name] for name in packed.files if not name.startswith("label_")}
    trained = Trained(arrays=arrays, facts={}, held_out={}, predictions=[])
    write_trained(tmp_path / "out", trained, tmp_path, tmp_path / "comments")
    weights, _ = load_weights(tmp_path / "out")
    assert len(weights.label_bias) == len(LABELS)
    assert np.array_equal(weights.output, arrays["output"])
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text("utf-8"))
    assert metrics["held_out"]["toxicity"]["auc"] > 0.9


def test_what_counts_nothing_teaches_nothing() -> None:
    need("torch")
    from classifiers.training.layer import Plan, fit_layer

    inputs = np.random.default_rng(1).normal(size=(200, 3)).astype(np.float32)
    true = (inputs[:, :1] > 0).astype(np.float32)
    known = np.repeat([[1.0], [0.0]], 100, axis=0).astype(np.float32)
    taught = np.where(known == 1, true, 1 - true)  # the second half would teach the contrary
    layer = fit_layer(
        inputs, taught, seed=1, report=lambda line: None, plan=Plan(inner=64, counts=known)
    )
    assert ((layer.logits(inputs) > 0) == (true == 1)).mean() > 0.85
