"""The weights of the embedded model, as one file beside a manifest that names its SHA-256."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.embedded.pieces import NGRAM_PIECES, VECTOR_PIECES
from classifiers.embedded.signs import SIGNS
from classifiers.labels import LABELS, POLICY_LABELS, policy_score
from modbot.errors import ClassifierFailed

Vectors = NDArray[np.float32]
Rows = NDArray[np.int32]
Steps = NDArray[np.int8]

SCORED = (*LABELS, *map(policy_score, POLICY_LABELS))
LANGUAGES = ("en", "es")  # the rows of `calibration`; Portuguese counts as Spanish


@dataclass(frozen=True, kw_only=True)
class Weights:
    """The layers of the model. An int8 table counts its scale a step."""

    vocabulary: tuple[str, ...]  # folded words, in the order of `known` from row 1
    language: NDArray[np.int8]  # a word's language: -1 English, 1 Spanish, 0 either; row 0 no word
    known: NDArray[np.int8]  # vectors of the vocabulary; row 0, of all other words, is zero
    known_scale: float
    pieces: NDArray[np.int8]  # vectors of word pieces
    pieces_scale: float
    word: Vectors  # width x features
    word_bias: Vectors
    context: Vectors  # 3 neighbours * width x features
    context_bias: Vectors
    hidden: Vectors
    hidden_bias: Vectors
    output: Vectors  # encoded x LABELS
    output_bias: Vectors
    sense: Vectors  # encoded x sense: what the text is about, as the teacher saw it
    sense_bias: Vectors
    ngrams: NDArray[np.int8]  # n-grams x POLICY_LABELS
    ngrams_scale: Vectors  # POLICY_LABELS
    policy_hidden: Vectors  # policy_head.dense_inputs() x inner features
    policy_hidden_bias: Vectors
    policy_output: Vectors  # inner features x POLICY_LABELS
    policy_bias: Vectors
    calibration: Vectors  # LANGUAGES x SCORED x (slope, intercept)
    # What the files of older models have not: the rows of the words that people write most, and
    # the layer that scores LABELS (label_head.py), encoded x label features x LABELS.
    common: Rows = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    label_hidden: Steps = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int8))
    label_hidden_scale: Vectors = field(default_factory=lambda: _none(0))  # encoded
    label_hidden_bias: Vectors = field(default_factory=lambda: _none(0))
    label_output: Vectors = field(default_factory=lambda: _none(0, 0))
    label_bias: Vectors = field(default_factory=lambda: _none(0))
    # And what an insult's calibrated answer is read as: LANGUAGES x (slope, intercept, what is
    # added where the first head agrees). Fitted last, to comments of other writers.
    insults: Vectors = field(default_factory=lambda: _none(0, 3))

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """The row of each word of the vocabulary in `known` and `language`."""
        return {word: row for row, word in enumerate(self.vocabulary, 1)}

    @property
    def common_words(self) -> list[str]:
        """The words that people write most."""
        return [self.vocabulary[row - 1] for row in self.common.tolist()]

    @cached_property
    def label_inputs(self) -> Vectors:
        """`label_hidden` in full: encoded x label features."""
        inputs: Vectors = self.label_hidden * self.label_hidden_scale[:, None]
        return inputs

    def __post_init__(self) -> None:
        width, words, contexts = self.known.shape[1], self.word.shape[1], self.context.shape[1]
        joined, hidden, sense = words + contexts + width, self.hidden.shape[1], self.sense.shape[1]
        policy, inner = len(POLICY_LABELS), len(self.policy_hidden_bias)
        expected = {
            "language": (1 + len(self.vocabulary),),
            "known": (1 + len(self.vocabulary), width),
            "pieces": (VECTOR_PIECES.buckets, width),
            "word": (width, words),
            "word_bias": (words,),
            "context": (3 * width, contexts),
            "context_bias": (contexts,),
            "hidden": (joined, hidden),
            "hidden_bias": (hidden,),
            "output": (joined + hidden, len(LABELS)),
            "output_bias": (len(LABELS),),
            "sense": (joined + hidden, sense),
            "sense_bias": (sense,),
            "ngrams": (NGRAM_PIECES.buckets, policy),
            "ngrams_scale": (policy,),
            "policy_hidden": (joined + hidden + 3 * sense + len(LABELS) + SIGNS, inner),
            "policy_hidden_bias": (inner,),
            "policy_output": (inner, policy),
            "policy_bias": (policy,),
            "calibration": (len(LANGUAGES), len(SCORED), 2),
            **self._of_newer_files(joined + hidden),
        }
        for name, shape in expected.items():
            layer, kind = getattr(self, name), np.int8 if name in _BYTES else np.float32
            if layer.shape != shape or layer.dtype != kind:
                raise ValueError(
                    f"{name} is {layer.dtype} {layer.shape}, not {kind.__name__} {shape}"
                )
            if kind is np.float32 and not np.isfinite(layer).all():
                raise ValueError(f"{name} holds what is no number")
        common = self.common
        if common.ndim != 1 or common.dtype != np.int32:
            raise ValueError(f"common is {common.dtype} {common.shape}, not int32 (any number,)")
        if len(common) and not 1 <= common.min() <= common.max() <= len(self.vocabulary):
            raise ValueError("common names rows that the vocabulary has not")

    def _of_newer_files(self, encoded: int) -> dict[str, tuple[int, ...]]:
        """The shapes of the layer that scores LABELS and of `insults`; nothing where none is."""
        inner, labels = max(len(self.label_hidden_bias), 1), len(LABELS)  # inside none: no score
        if not len(self.label_bias):
            encoded = inner = labels = 0
        return {
            "label_hidden": (encoded, inner),
            "label_hidden_scale": (encoded,),
            "label_hidden_bias": (inner,),
            "label_output": (inner, labels),
            "label_bias": (labels,),
            "insults": (len(LANGUAGES) if len(self.insults) else 0, 3),
        }


def _none(*shape: int) -> Vectors:
    return np.zeros(shape, dtype=np.float32)


_KEPT = 2  # weights in force and those that are tried beside them
_UNPACKED: deque[tuple[str, Weights]] = deque(maxlen=_KEPT)  # by the SHA-256 of their file
_unpacking = Lock()
_BYTES = frozenset({"language", "known", "pieces", "ngrams", "label_hidden"})


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
    RuntimeError,  # and with it RecursionError and NotImplementedError
    zipfile.BadZipFile,
    zlib.error,
)


def load_weights(folder: Traversable | Path) -> tuple[Weights, str]:
    """The weights that manifest.json names, and their version. Raises ClassifierFailed."""
    name = "manifest.json"
    try:
        manifest = json.loads((folder / name).read_text("utf-8"))
        if manifest["labels"] != list(SCORED):
            raise ValueError(f"it names the labels {manifest['labels']}")
        model, name, sha256 = (str(manifest[key]) for key in ("model", "weights", "sha256"))
        packed = (folder / name).read_bytes()
        found = hashlib.sha256(packed).hexdigest()
        if found != sha256:
            raise ValueError(f"its SHA-256 is {found}, the manifest says {sha256}")
        return _kept(packed, found), f"{model}+{sha256[:12]}"
    except _UNUSABLE as error:
        what = f"{type(error).__name__}: {error}"
        raise ClassifierFailed(f"embedded model: {folder / name} is not usable: {what}") from error


def weights_files(folder: Traversable | Path) -> dict[str, bytes]:
    """The bytes of the files that load_weights() reads, by name. Raises ClassifierFailed."""
    name = "manifest.json"
    try:
        manifest = (folder / name).read_bytes()
        name = str(json.loads(manifest)["weights"])
        return {"manifest.json": manifest, name: (folder / name).read_bytes()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise ClassifierFailed(f"embedded model: {folder / name} is not usable: {what}") from error


def version_of(files: Mapping[str, bytes]) -> str:
    """The version that load_weights() would give to these files."""
    manifest = json.loads(files["manifest.json"])
    packed = files[str(manifest["weights"])]
    return f"{manifest['model']}+{hashlib.sha256(packed).hexdigest()[:12]}"


def _kept(packed: bytes, sha256: str) -> Weights:
    """Weights that were unpacked lately are shared: a configuration that is read again, or tried
    beside the one in force, judges by the same layers."""
    with _unpacking:
        for known, weights in _UNPACKED:
            if known == sha256:
                return weights
        weights = _unpacked(packed)
        _UNPACKED.append((sha256, weights))
    return weights


def _unpacked(packed: bytes) -> Weights:
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        layers: dict[str, Any] = {key: arrays[key] for key in arrays.files}
    for layer in layers.values():
        layer.flags.writeable = False
    vocabulary = tuple(layers.pop("vocabulary").tobytes().decode("utf-8").split("\n"))
    for name in ("known_scale", "pieces_scale"):
        layers[name] = float(layers[name])
        if not np.isfinite(layers[name]):
            raise ValueError(f"{name} holds what is no number")
    return Weights(vocabulary=vocabulary, **layers)
