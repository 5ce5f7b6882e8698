"""Teaches trained weights the comments that were written since, without the teachers.

    python -m classifiers.training.further --data DIR --new menace,threads --out DIR

`--new` names the files of comments that the layers have not been taught. It runs twice, as the
whole training does: first a quarter of their posts is kept out, to weigh and calibrate on; then all
teach.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.embedded.policy_head import LABEL_SCALE, dense_inputs
from classifiers.embedded.signs import SIGNS, signs
from classifiers.embedded.weights import Weights, load_weights, shipped_weights
from classifiers.embedded.words import WordTable
from classifiers.labels import CRITICISM, LABELS
from classifiers.training.batches import Texts, WordNumbers
from classifiers.training.calibration import calibrated
from classifiers.training.features import features_of
from classifiers.training.fit import Lesson
from classifiers.training.head import Head, HeadInput, fit_ngrams, ngram_rows
from classifiers.training.layer import fit_layer
from classifiers.training.lessons import WRITTEN_BLUR, WRITTEN_ROWS
from classifiers.training.material import folded_text, words_of
from classifiers.training.outcome import write_trained
from classifiers.training.report import say
from classifiers.training.rows import Row, read_lines, training_row
from classifiers.training.run import (
    Trained,
    calibration_weights,
    figures,
    predictions,
    unit_of,
    weights_arrays,
)
from classifiers.training.together import Shown, averaged, taught_further
from classifiers.training.weights_file import packed_layers, quantised
from classifiers.training.written import written_comments, written_texts

_EPOCHS = 4
_RUNS = 3  # averaged
_PUBLIC_ONE_IN = 6  # public texts that are shown again
_TIMES = 3  # that comments on identity and criticism of officials count: what must stay up
_OWN_VIEW = 2.0  # how much the layers are held to their own view of a written comment
_IDENTITY = "identity"  # the file of comments on it

Numbers = NDArray[np.float32]
Chosen = NDArray[np.int64]
Report = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What to teach."""

    data: Path
    new: tuple[str, ...]  # files of comments that the layers have not been taught
    comments: Path | None = None  # in place of those in the package


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """All written comments as some layers see them."""

    input: HeadInput
    senses: Numbers  # of the comments, before they are brought to length 1
    posts: Numbers

    @property
    def labels(self) -> Numbers:
        """The first head's logits."""
        found: Numbers = self.input.dense[:, -len(LABELS) - SIGNS : -SIGNS] / LABEL_SCALE
        return found


class Further:
    """What one more training needs, read once."""

    def __init__(self, asked: Asked, start: Weights, report: Report) -> None:
        self.start, self.report = start, report
        self.comments = written_comments(asked.comments)
        self.words = [words_of(comment.text) or (".",) for comment in self.comments]
        self.ngrams = ngram_rows(self.words)
        self.signs = signs([comment.text for comment in self.comments])
        self.targets = np.array([each.policy_targets for each in self.comments], np.float32)
        since = written_texts(asked.new, asked.comments)
        held = [each.kept_out and each.text.casefold() in since for each in self.comments]
        self.held = np.array(held)
        spared = written_texts([_IDENTITY], asked.comments)
        stays = [CRITICISM in each.tags or each.text.casefold() in spared for each in self.comments]
        self.times = np.where(stays, _TIMES, 1)
        lines = islice(read_lines(asked.data / "train.jsonl.gz"), 0, None, _PUBLIC_ONE_IN)
        self.public = [training_row(line, folded_text) for line in lines]
        self.seen = self.seen_by(start)
        report(f"{len(self.comments)} comments, {self.held.sum()} of them kept out at first")

    def seen_by(self, weights: Weights) -> _Seen:
        """The comments as these weights see them in service."""
        table = WordTable(weights)
        features, senses = features_of(self.words, table, weights)
        posts = sorted({comment.post for comment in self.comments})
        words = [words_of(post) for post in posts]
        _, of_posts = features_of([each or (".",) for each in words], table, weights)
        of_posts = unit_of(of_posts) * np.array([[bool(each)] for each in words])
        place = {post: number for number, post in enumerate(posts)}
        under = of_posts[[place[comment.post] for comment in self.comments]].astype(np.float32)
        labels = features @ weights.output + weights.output_bias
        dense = dense_inputs(features, unit_of(senses), under, labels, self.signs)
        rows, counts = self.ngrams
        return _Seen(
            input=HeadInput(ngrams=rows, counts=counts, dense=dense), senses=senses, posts=under
        )

    def taught(self, chosen: Chosen) -> tuple[dict[str, Numbers], Weights, Head]:
        """Layers and second head that the chosen comments taught."""
        numbers = WordNumbers(self.start.vocabulary)
        written, public = self._written(numbers, chosen), _public(self.public, numbers, self.start)
        shown = Shown(
            posts=self.seen.posts[chosen],
            signs=self.signs[chosen],
            targets=self.targets[chosen],
            weights=self.times[chosen].astype(np.float32),
            dense=self.seen.input.dense[chosen],
        )
        runs = [
            taught_further(
                self.start, written, public, shown, epochs=_EPOCHS, seed=seed, report=self.report
            )
            for seed in range(1, _RUNS + 1)
        ]
        layers = averaged(runs)
        weights = _with_layers(self.start, layers)
        seen, often = self.seen_by(weights).input.only(chosen), self.times[chosen]
        again = np.repeat(np.arange(len(chosen)), often)
        targets = self.targets[chosen][again]
        ngrams, bias = fit_ngrams(seen.only(again), targets, self.report)
        layer = fit_layer(seen.dense[again], targets, seed=1, report=self.report)
        return layers, weights, Head(ngrams=ngrams, ngrams_bias=bias, layer=layer)

    def _written(self, numbers: WordNumbers, chosen: Chosen) -> Lesson:
        comments = [self.comments[place] for place in chosen]
        sure = np.array([comment.label_weight for comment in comments], dtype=np.float32)
        return Lesson(
            name="written",
            texts=Texts([self.words[place] for place in chosen], numbers),
            views=self.seen.senses[chosen],
            view_weights=np.full(len(chosen), _OWN_VIEW, dtype=np.float32),
            targets=np.array([comment.label_targets for comment in comments], dtype=np.float32),
            weights=np.repeat(sure[:, None], len(LABELS), axis=1),
            rows=WRITTEN_ROWS,
            blur=WRITTEN_BLUR,
        )


def _public(rows: Sequence[Row], numbers: WordNumbers, start: Weights) -> Lesson:
    words = [row.words or (".",) for row in rows]
    _, senses = features_of(words, WordTable(start), start)
    return Lesson(
        name="public",
        texts=Texts(words, numbers),
        views=senses,
        view_weights=np.ones(len(rows), dtype=np.float32),
        targets=np.array([row.targets for row in rows], dtype=np.float32),
        weights=np.array([row.weights for row in rows], dtype=np.float32),
    )


def _with_layers(start: Weights, layers: dict[str, Numbers]) -> Weights:
    """The weights with other layers, as exact as the file will hold them."""
    known, known_scale = quantised(layers["known"])
    pieces, pieces_scale = quantised(layers["pieces"])
    rest = {name: each for name, each in layers.items() if name not in ("known", "pieces")}
    return replace(
        start,
        known=known,
        known_scale=known_scale,
        pieces=pieces,
        pieces_scale=pieces_scale,
        **rest,  # type: ignore[arg-type]
    )


def further(asked: Asked, start: Weights, report: Report) -> Trained:
    """Both runs. Needs torch; raises FileNotFoundError where a file of `new` is missing."""
    known = Further(asked, start, report)
    held, everything = np.flatnonzero(known.held), np.arange(len(known.comments))
    _, weights, head = known.taught(np.flatnonzero(~known.held))
    seen = known.seen_by(weights)
    kept_out = seen.input.only(held)
    head = head.weighed(kept_out)
    comments = [known.comments[place] for place in held]
    logits = np.concatenate([seen.labels[held], head.logits(kept_out)], axis=1).astype(np.float64)
    wanted = [(*each.label_targets, *each.policy_targets) for each in comments]
    targets = np.array(wanted, dtype=np.float64)
    spanish = np.array([comment.lang in ("es", "pt") for comment in comments])
    calibration = calibrated(logits, targets, spanish, calibration_weights(comments))
    share = head.share
    layers, _, head = known.taught(everything)
    arrays = weights_arrays(layers, replace(head, share=share), calibration)
    languages = [int(each) for each in start.language[1:]]
    return Trained(
        arrays=packed_layers(arrays, start.vocabulary, languages, known.words),
        facts={"comments": len(known.comments), "new": sorted(asked.new)},
        held_out=figures(logits, targets),
        predictions=predictions(comments, logits, spanish, calibration),
    )


def main(arguments: list[str] | None = None) -> None:
    """Teaches the shipped weights the written comments further."""
    parser = argparse.ArgumentParser(prog="classifiers.training.further", description=main.__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--new", required=True, metavar="NAME,...", help="files not taught yet")
    parser.add_argument("--start", type=Path, metavar="DIR", help="other weights to begin with")
    parser.add_argument("--comments", type=Path, metavar="DIR", help="other written comments")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    chosen = parser.parse_args(arguments)
    start, version = load_weights(chosen.start or shipped_weights())
    new = tuple(chosen.new.split(","))
    try:
        written_texts(new, chosen.comments)
    except FileNotFoundError as error:
        parser.error(f"--new: there is no {error.filename}")
    asked = Asked(data=chosen.data, new=new, comments=chosen.comments)
    trained = further(asked, start, say)
    facts = {"began_with": version, **trained.facts}
    write_trained(chosen.out, replace(trained, facts=facts), chosen.data, chosen.comments)


if __name__ == "__main__":
    main()
