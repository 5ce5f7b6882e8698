"""Writes the folder that classifiers.detoxify reads."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from classifiers.detoxify import MANIFEST, NETWORK, TOKENIZER, DetoxifyClassifier, Manifest
from classifiers.export.checkpoint import load_checkpoint
from classifiers.export.onnx_file import quantise, write_onnx
from classifiers.export.parity import Parity, compare, torch_scores


def export_folder(
    out: Path,
    *,
    model: str,
    checkpoint_file: Path,
    checkpoint_sha256: str,
    config: Path,
    tokenizer: Path,
    precision: str,
    texts: Sequence[str],
) -> Parity:
    """Writes network, tokenizer and manifest to a new folder; says how far they are from torch.

    Raises ModelUnusable or ClassifierFailed.
    """
    checkpoint = load_checkpoint(checkpoint_file, config)
    out.mkdir()
    exact = out / "float32.onnx"
    write_onnx(checkpoint, exact)
    expected = torch_scores(checkpoint, tokenizer, texts)
    checkpoint = replace(checkpoint, network=None)  # a gigabyte, before others are loaded
    if precision == "int8":
        quantise(exact, out / NETWORK)
        exact.unlink()
    else:
        exact.rename(out / NETWORK)
    shutil.copyfile(tokenizer, out / TOKENIZER)
    manifest = Manifest(
        model=model,
        precision=precision,
        classes=checkpoint.classes,
        max_tokens=checkpoint.max_tokens,
        pad_id=checkpoint.pad_id,
        checkpoint_sha256=checkpoint_sha256,
        files={name: _sha256(out / name) for name in (NETWORK, TOKENIZER)},
    )
    (out / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2) + "\n", "utf-8")
    return compare(expected, DetoxifyClassifier(out), texts)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
