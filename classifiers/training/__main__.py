"""Command line of the training: the weights, their manifest, and what was measured on the way."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from classifiers.embedded import EmbeddedClassifier
from classifiers.training.metrics import by_group
from classifiers.training.rows import read_lines
from classifiers.training.run import Choices, train
from classifiers.training.teacher import Teacher
from classifiers.training.tutor import Tutor
from classifiers.training.vocabulary import Wordfreq
from classifiers.training.weights_file import write_weights


def main(arguments: list[str] | None = None) -> None:
    """Trains on DIR/train.jsonl.gz and the written comments; measures on DIR/dev.jsonl.gz."""
    parser = argparse.ArgumentParser(prog="classifiers.training", description=main.__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--comments", type=Path, metavar="DIR", help="other written comments")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keeps what the teachers know")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    trained = train(
        Choices(
            data=chosen.data,
            comments=chosen.comments,
            epochs=chosen.epochs,
            seed=chosen.seed,
        ),
        Teacher(chosen.cache, _say),
        Tutor(chosen.cache, chosen.seed, _say),
        Wordfreq(),
        report=_say,
    )
    write_weights(chosen.out, trained.arrays, trained.facts)
    lines = list(read_lines(chosen.data / "dev.jsonl.gz"))
    scores = EmbeddedClassifier(chosen.out).scores([str(line["text"]) for line in lines])
    metrics = {
        "held_out": trained.held_out,
        "by_set": by_group(lines, scores, "set"),
        "by_language": by_group(lines, scores, "lang"),
    }
    with (chosen.out / "held_out.jsonl").open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in trained.predictions)
    (chosen.out / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", "utf-8")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    main()
