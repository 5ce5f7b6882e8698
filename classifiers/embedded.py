"""The embedded toxicity model: a small word CNN, run with numpy alone.

A word is the sum of int8 rows picked by hashes of its pieces. A comment is the strongest response
of a linear layer over its words and of a convolution over neighbours, joined with their mean, then
one hidden layer and a sigmoid for each label. docs/model.md says what it was trained on and how
far to trust it.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from classifiers.labels import FLOOR, LABELS, label_signals
from classifiers.normalise import fold
from classifiers.subwords import BUCKETS, split_words, table_rows
from modbot.domain import Comment, Signal
from modbot.errors import ClassifierFailed

MAX_WORDS = 160  # read at once; a longer comment scores as its worst stretch
_BATCH_WORDS = 2048  # keeps the layers' values in the processor's cache
_NEW_WORDS = 256
_CACHED_WORDS = 32_768  # 4 MB of vectors

Vectors = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Weights:
    """The layers of the model; `table` holds int8 rows that count `scale` a step."""

    table: NDArray[np.int8]  # pieces x width
    scale: float
    word: Vectors  # width x features
    word_bias: Vectors
    context: Vectors  # 3 neighbours * width x features
    context_bias: Vectors
    hidden: Vectors
    hidden_bias: Vectors
    output: Vectors  # joined and hidden features x labels
    output_bias: Vectors

    def __post_init__(self) -> None:
        width, (words, contexts) = self.table.shape[1], (self.word.shape[1], self.context.shape[1])
        joined, hidden, labels = words + contexts + width, self.hidden.shape[1], len(LABELS)
        expected = {
            "table": (BUCKETS, width),
            "word": (width, words),
            "word_bias": (words,),
            "context": (3 * width, contexts),
            "context_bias": (contexts,),
            "hidden": (joined, hidden),
            "hidden_bias": (hidden,),
            "output": (joined + hidden, labels),
            "output_bias": (labels,),
        }
        for name, shape in expected.items():
            layer, kind = getattr(self, name), np.int8 if name == "table" else np.float32
            if layer.shape != shape or layer.dtype != kind:
                raise ValueError(
                    f"{name} is {layer.dtype} {layer.shape}, not {kind.__name__} {shape}"
                )


def shipped_weights() -> Traversable:
    """The folder of the weights that come with the package."""
    return files("classifiers") / "weights"


_UNUSABLE = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    zipfile.BadZipFile,
    zlib.error,
)


def load_weights(folder: Traversable | Path) -> tuple[Weights, str]:
    """The weights that manifest.json names, and their version. Raises ClassifierFailed."""
    name = "manifest.json"
    try:
        manifest = json.loads((folder / name).read_text("utf-8"))
        if manifest["labels"] != list(LABELS):
            raise ValueError(f"it names the labels {manifest['labels']}")
        model, name, sha256 = (str(manifest[key]) for key in ("model", "weights", "sha256"))
        packed = (folder / name).read_bytes()
        found = hashlib.sha256(packed).hexdigest()
        if found != sha256:
            raise ValueError(f"its SHA-256 is {found}, the manifest says {sha256}")
        with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
            layers = {key: arrays[key] for key in arrays.files}
        scale = float(layers.pop("scale"))
        return Weights(scale=scale, **layers), f"{model}+{sha256[:12]}"
    except _UNUSABLE as error:
        what = f"{type(error).__name__}: {error}"
        raise ClassifierFailed(f"embedded model: {folder / name} is not usable: {what}") from error


class EmbeddedClassifier:
    """Scores comments for six kinds of toxicity. Raises ClassifierFailed on unusable weights."""

    name = "embedded"

    def __init__(
        self,
        folder: Traversable | Path | None = None,
        *,
        floor: float = FLOOR,
        folded: Callable[[str], str] = lambda text: fold(text).text,
    ) -> None:
        self._weights, self.version = load_weights(folder or shipped_weights())
        self._floor = floor
        self._folded = folded
        self._words = WordVectors(self._weights)

    def classify(self, comments: Sequence[Comment]) -> list[list[Signal]]:
        """One signal a label that reaches the floor; evidence.rule names the label."""
        scored = self.scores([comment.text for comment in comments])
        return [[*label_signals(self.name, scores, floor=self._floor)] for scores in scored]

    def scores(self, texts: Sequence[str]) -> list[dict[str, float]]:
        """The probability of every label for every text, as the model gives it (uncalibrated)."""
        windows: list[list[str]] = []
        owners: list[int] = []
        for number, text in enumerate(texts):
            words = split_words(self._folded(text))
            for start in range(0, len(words), MAX_WORDS):
                windows.append(words[start : start + MAX_WORDS])
                owners.append(number)
        worst = np.zeros((len(texts), len(LABELS)), dtype=np.float32)
        in_order = owners == list(range(len(texts)))  # one window each: nothing to compare
        done = 0
        for batch in _batches(windows):
            probabilities = self._probabilities(batch)
            if in_order:
                worst[done : done + len(batch)] = probabilities
            else:
                np.maximum.at(worst, owners[done : done + len(batch)], probabilities)
            done += len(batch)
        # Six digits: what is left after them depends on how the texts were batched.
        return [dict(zip(LABELS, row, strict=True)) for row in worst.round(6).tolist()]

    def _probabilities(self, windows: Sequence[Sequence[str]]) -> Vectors:
        weights = self._weights
        vectors = self._words.sequence(windows)
        lengths = np.fromiter(map(len, windows), dtype=np.int64, count=len(windows))
        gaps = np.cumsum(lengths + 1) - 1  # the empty word that follows each window
        starts = gaps - lengths
        centre = vectors[1:-1]
        words = centre @ weights.word
        neighbours = np.concatenate([vectors[:-2], centre, vectors[2:]], axis=1)
        contexts = neighbours @ weights.context
        words[gaps] = contexts[gaps] = -np.inf
        joined = np.concatenate(
            [
                np.maximum(np.maximum.reduceat(words, starts) + weights.word_bias, 0),
                np.maximum(np.maximum.reduceat(contexts, starts) + weights.context_bias, 0),
                np.add.reduceat(centre, starts) / np.sqrt(lengths, dtype=np.float32)[:, None],
            ],
            axis=1,
        )
        hidden = np.maximum(joined @ weights.hidden + weights.hidden_bias, 0)
        logits = np.concatenate([joined, hidden], axis=1) @ weights.output + weights.output_bias
        probabilities: Vectors = 0.5 * np.tanh(0.5 * logits) + 0.5
        return probabilities


class WordVectors:
    """Vectors of words, computed once and kept while there is room."""

    def __init__(self, weights: Weights, *, capacity: int = _CACHED_WORDS) -> None:
        self._table = weights.table
        self._scale = np.float32(weights.scale)
        self._capacity = capacity
        self._lock = Lock()
        self._places: dict[str, int] = {}
        self._vectors = np.zeros((1024, weights.table.shape[1]), dtype=np.float32)

    def sequence(self, windows: Sequence[Sequence[str]]) -> Vectors:
        """The windows' word vectors in one array, an empty word between and two at the end."""
        with self._lock:  # pages are judged in several threads
            new = {word for window in windows for word in window if word not in self._places}
            if len(new) + len(self._places) > self._capacity:
                self._places.clear()
                new = {word for window in windows for word in window}
            self._add(sorted(new))
            places = [0]
            for window in windows:
                places.extend(map(self._places.__getitem__, window))
                places.append(0)
            places.append(0)
            return self._vectors[places]

    def _add(self, words: Sequence[str]) -> None:
        needed = 1 + len(self._places) + len(words)  # place 0 is the empty word
        if needed > len(self._vectors):
            grown = np.zeros((2 * needed, self._vectors.shape[1]), dtype=np.float32)
            grown[: len(self._vectors)] = self._vectors
            self._vectors = grown
        for start in range(0, len(words), _NEW_WORDS):
            some = words[start : start + _NEW_WORDS]
            rows, counts = table_rows(some)
            pieces = self._table[rows].astype(np.float32)
            sums = np.add.reduceat(pieces, np.cumsum(counts) - counts)
            sums *= (self._scale / np.sqrt(counts, dtype=np.float32))[:, None]
            first = 1 + len(self._places)
            self._vectors[first : first + len(some)] = sums
            self._places.update(zip(some, range(first, first + len(some)), strict=True))


def _batches(windows: Sequence[list[str]]) -> Iterator[Sequence[list[str]]]:
    """Neighbouring windows, together about as many words as the layers take at once."""
    start = words = 0
    for end, window in enumerate(windows):
        if words and words + len(window) > _BATCH_WORDS:
            yield windows[start:end]
            start, words = end, 0
        words += len(window)
    if words:
        yield windows[start:]
