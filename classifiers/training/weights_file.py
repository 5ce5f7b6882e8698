"""Trained layers as the files that classifiers.embedded reads."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.labels import LABELS

MODEL = "word-cnn-1"
WEIGHTS = "word-cnn.npz"
_CLIPPED = 1e-4  # share of the table's values that int8 may cut


def quantised(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], float]:
    """The table in steps of a scale that cuts off one value in ten thousand."""
    scale = float(np.quantile(np.abs(table), 1 - _CLIPPED)) / 127
    return np.clip(np.rint(table / scale), -127, 127).astype(np.int8), scale


def write_weights(
    folder: Path, layers: Mapping[str, NDArray[np.float32]], trained: Mapping[str, object]
) -> None:
    """Writes the weights and their manifest; equal layers give equal bytes."""
    table, scale = quantised(layers["table"])
    arrays: dict[str, Any] = {**layers, "table": table, "scale": np.float32(scale)}
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_bytes(packed.getvalue())
    manifest = {
        "model": MODEL,
        "weights": WEIGHTS,
        "sha256": hashlib.sha256(packed.getvalue()).hexdigest(),
        "labels": list(LABELS),
        "trained": dict(trained),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
