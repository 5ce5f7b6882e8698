"""The labelled rows that the model learns from, with the weight that each label carries."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from classifiers.embedded.pieces import MAX_WORDS, split_words
from classifiers.labels import LABELS
from classifiers.training.weak_labels import weak_labels

# Sets whose labels are doubtful, made by templates, or biased by dialect (see docs/model.md).
SET_WEIGHTS: Mapping[str, float] = {
    "implicit_hate_en": 0.6,
    "hatexplain_en": 0.6,
    "stormfront_hate_en": 0.6,
    "edos_sexism_en": 0.6,
    "davidson_tweets_en": 0.6,
    "jigsaw_wiki_binary_en": 0.7,
    "hatecheck_es": 0.5,
    "textdetox_toxic_es_en": 0.4,
}
WEAK_SET_WEIGHT = 0.4
HATE_ONLY_SETS = frozenset({"edos_sexism_en", "hatemoji_build_en", "implicit_hate_en"})
LANGUAGE_WEIGHTS: Mapping[str, float] = {"es": 2.0, "pt": 0.35}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One text; `targets` and `weights` follow LABELS, and weight 0 means unknown."""

    words: tuple[str, ...]
    targets: tuple[float, ...]
    weights: tuple[float, ...]


def read_lines(path: Path) -> Iterator[dict[str, object]]:
    """The rows of a .jsonl.gz file as they are."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def training_row(line: Mapping[str, object], folded: Callable[[str], str]) -> Row:
    """The row as the model sees it: folded, cut to MAX_WORDS, weighed."""
    known = line["labels"]
    if not isinstance(known, dict):
        raise ValueError("a row's labels are not an object")
    text = folded(str(line["text"]))
    weight = row_weight(line)
    targets, weights = [0.0] * len(LABELS), [0.0] * len(LABELS)
    weak = weak_labels(text, known, hate_only=line["set"] in HATE_ONLY_SETS)
    for place, label in enumerate(LABELS):
        if label in known:
            targets[place], weights[place] = float(known[label]), weight
        elif label in weak:
            target, trust = weak[label]
            targets[place], weights[place] = target, weight * trust
    words = tuple(split_words(text)[:MAX_WORDS])
    return Row(words=words, targets=tuple(targets), weights=tuple(weights))


def row_weight(line: Mapping[str, object]) -> float:
    """How much a row counts, by its set and language."""
    weight = SET_WEIGHTS.get(str(line["set"]), WEAK_SET_WEIGHT if line.get("weak") else 1.0)
    return weight * LANGUAGE_WEIGHTS.get(str(line["lang"]), 1.0)
