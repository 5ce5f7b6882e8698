"""What a training leaves behind: the weights, their manifest, and what was measured on the way."""

from __future__ import annotations

import json
from pathlib import Path

from classifiers.embedded import EmbeddedClassifier
from classifiers.embedded.weights import load_weights
from classifiers.training.label_layer import fit_label_layer
from classifiers.training.metrics import by_group
from classifiers.training.report import say
from classifiers.training.rows import read_lines
from classifiers.training.run import Trained
from classifiers.training.weights_file import write_weights


def write_trained(out: Path, trained: Trained, data: Path, comments: Path | None) -> None:
    """The weights with their label layer and manifest, what the first run scored of the comments
    that were kept out, and figures on these and on DATA/dev.jsonl.gz. Needs torch."""
    write_weights(out, trained.arrays, trained.facts)
    weights, _ = load_weights(out)
    labels = fit_label_layer(weights, data, comments, say)
    write_weights(out, {**trained.arrays, **labels.arrays}, trained.facts)
    lines = list(read_lines(data / "dev.jsonl.gz"))
    scores = EmbeddedClassifier(out).scores([str(line["text"]) for line in lines])
    metrics = {
        "held_out": {**trained.held_out, **labels.held_out},
        "by_set": by_group(lines, scores, "set"),
        "by_language": by_group(lines, scores, "lang"),
    }
    with (out / "held_out.jsonl").open("w", encoding="utf-8") as rows:
        rows.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in trained.predictions)
    (out / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", "utf-8")
