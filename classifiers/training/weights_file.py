"""Trained layers as the files that classifiers.embedded reads."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.embedded.weights import SCORED
from classifiers.training.vocabulary import common_rows

MODEL = "word-cnn-13"
WEIGHTS = "word-cnn.npz"
COMMON = 4000  # words that a service knows from its start: six of seven that people write
_CLIPPED = 1e-4  # share of a table's values that int8 may cut


def quantised(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], float]:
    """The table in steps of a scale that cuts off one value in ten thousand."""
    scale = float(np.quantile(np.abs(table), 1 - _CLIPPED)) / 127 or 1.0
    return np.clip(np.rint(table / scale), -127, 127).astype(np.int8), scale


def packed_layers(
    layers: Mapping[str, NDArray[np.float32]],
    vocabulary: Sequence[str],
    language: Sequence[int],
    comments: Iterable[Sequence[str]],
) -> dict[str, Any]:
    """All arrays of the weights file: tables as int8, the vocabulary as bytes, and the rows of the
    words that are commonest in the comments (the folded words of each)."""
    arrays: dict[str, Any] = dict(layers)
    for name in ("known", "pieces"):
        arrays[name], scale = quantised(layers[name])
        arrays[f"{name}_scale"] = np.float32(scale)
    columns = [quantised(column) for column in layers["ngrams"].T]
    arrays["ngrams"] = np.stack([column for column, _ in columns], axis=1)
    arrays["ngrams_scale"] = np.array([scale for _, scale in columns], dtype=np.float32)
    arrays["vocabulary"] = np.frombuffer("\n".join(vocabulary).encode("utf-8"), dtype=np.uint8)
    arrays["language"] = np.array([0, *language], dtype=np.int8)
    common = common_rows(comments, vocabulary, most=COMMON)
    arrays["common"] = np.array(common, dtype=np.int32)
    return arrays


def write_weights(folder: Path, arrays: Mapping[str, Any], trained: Mapping[str, object]) -> None:
    """Writes the weights and their manifest; equal arrays give equal bytes."""
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_bytes(packed.getvalue())
    manifest = {
        "model": MODEL,
        "weights": WEIGHTS,
        "sha256": hashlib.sha256(packed.getvalue()).hexdigest(),
        "labels": list(SCORED),
        "trained": dict(trained),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
