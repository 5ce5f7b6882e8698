"""Command line of the training."""

from __future__ import annotations

import argparse
from pathlib import Path

from classifiers.training.outcome import write_trained
from classifiers.training.report import say
from classifiers.training.run import Choices, train
from classifiers.training.teacher import Teacher
from classifiers.training.tutor import Tutor
from classifiers.training.vocabulary import Wordfreq


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
        Teacher(chosen.cache, say),
        Tutor(chosen.cache, chosen.seed, say),
        Wordfreq(),
        report=say,
    )
    write_trained(chosen.out, trained, chosen.data, chosen.comments)


if __name__ == "__main__":
    main()
