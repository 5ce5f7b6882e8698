"""Command line of the training: writes word-cnn.npz, manifest.json and metrics.json."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import fields
from pathlib import Path

from classifiers.embedded import EmbeddedClassifier
from classifiers.normalise import fold
from classifiers.training.fit import fit
from classifiers.training.metrics import by_group
from classifiers.training.network import Layers
from classifiers.training.rows import read_lines, training_rows
from classifiers.training.weights_file import write_weights


def main(arguments: list[str] | None = None) -> None:
    """Trains on DIR/train.jsonl.gz and measures on DIR/dev.jsonl.gz."""
    parser = argparse.ArgumentParser(prog="classifiers.training", description=main.__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    source = chosen.data / "train.jsonl.gz"
    rows = list(training_rows(source, lambda text: fold(text).text))
    _say(f"{len(rows)} rows")
    layers = fit(
        rows,
        epochs=chosen.epochs,
        seed=chosen.seed,
        report=lambda epoch, loss: _say(f"epoch {epoch}: loss {loss:.4f}"),
    )
    trained = {
        "rows": len(rows),
        "data_sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
        "epochs": chosen.epochs,
        "seed": chosen.seed,
    }
    arrays = {f.name: getattr(layers, f.name).detach().numpy() for f in fields(Layers)}
    write_weights(chosen.out, arrays, trained)
    lines = list(read_lines(chosen.data / "dev.jsonl.gz"))
    scores = EmbeddedClassifier(chosen.out).scores([str(line["text"]) for line in lines])
    metrics = {
        "by_set": by_group(lines, scores, "set"),
        "by_language": by_group(lines, scores, "lang"),
    }
    (chosen.out / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", "utf-8")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    main()
