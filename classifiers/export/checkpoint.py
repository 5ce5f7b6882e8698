"""Reads a Detoxify checkpoint from files alone.

Detoxify's own loader asks a model hub for the architecture even when the configuration lies beside
the checkpoint, and unpickles whatever the file holds. This one reads tensors and plain values only,
takes the architecture from a local config.json, and leaves no weight out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modbot.errors import ModelUnusable

# The model class that a checkpoint names: its transformers configuration, and whether position
# numbers start after the padding's, which takes that many places from the longest text.
ARCHITECTURES = {
    "BertForSequenceClassification": ("BertConfig", False),
    "RobertaForSequenceClassification": ("RobertaConfig", True),
    "XLMRobertaForSequenceClassification": ("XLMRobertaConfig", True),
}
RENAMED = {
    "toxic": "toxicity",
    "severe_toxic": "severe_toxicity",
    "identity_hate": "identity_attack",
}


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A network in torch with its weights, and how to feed and read it."""

    network: Any  # torch.nn.Module
    classes: tuple[str, ...]  # of the first outputs; further ones are the training's own
    max_tokens: int
    pad_id: int


def load_checkpoint(file: Path, config: Path) -> Checkpoint:
    """The model in a checkpoint, built after config.json. Raises ModelUnusable."""
    held = _read(file)
    try:
        arguments = held["config"]["arch"]["args"]
        dataset = held["config"]["dataset"]["args"]
        classes = tuple(dataset.get("classes") or arguments["classes"])
        outputs, model_name = int(arguments["num_classes"]), str(arguments["model_name"])
        state = dict(held["state_dict"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelUnusable(f"{file}: is not a Detoxify checkpoint ({error!r})") from error
    if model_name not in ARCHITECTURES or not 1 <= len(classes) <= outputs:
        raise ModelUnusable(
            f"{file}: holds a {model_name} of {len(classes)} classes in {outputs} outputs;"
            f" known are {', '.join(ARCHITECTURES)}"
        )
    network, settings = _network(model_name, config, outputs)
    _fill(network, state, file, config)
    offset = settings.pad_token_id + 1 if ARCHITECTURES[model_name][1] else 0
    return Checkpoint(
        network=network.eval(),
        classes=tuple(RENAMED.get(name, name) for name in classes),
        max_tokens=settings.max_position_embeddings - offset,
        pad_id=settings.pad_token_id,
    )


def _read(file: Path) -> Mapping[str, Any]:
    import torch

    try:
        held = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever the reader stumbles over in a broken file
        what = " ".join(str(error).split())[:200]
        raise ModelUnusable(f"{file}: cannot be read as tensors ({what})") from error
    if not isinstance(held, Mapping):
        raise ModelUnusable(f"{file}: is not a Detoxify checkpoint (a {type(held).__name__})")
    return held


def _network(model_name: str, config: Path, outputs: int) -> tuple[Any, Any]:
    import transformers

    try:
        values = json.loads(config.read_text("utf-8"))
        kind = getattr(transformers, ARCHITECTURES[model_name][0])
        settings = kind.from_dict({**values, "num_labels": outputs})
        return getattr(transformers, model_name)(settings), settings
    except Exception as error:  # transformers raises many kinds on odd values
        what = " ".join(str(error).split())[:200]
        raise ModelUnusable(f"{config}: is not a configuration of {model_name} ({what})") from error


def _fill(network: Any, state: dict[str, Any], file: Path, config: Path) -> None:
    for name in [name for name in state if _carries_nothing(name, state[name])]:
        del state[name]
    try:
        network.load_state_dict(state, strict=True)
    except RuntimeError as error:
        what = " ".join(str(error).split())[:300]
        raise ModelUnusable(f"{file}: does not fit {config} ({what})") from error


def _carries_nothing(name: str, tensor: Any) -> bool:
    """What old versions of transformers saved and new ones compute or never read."""
    import torch

    if name.endswith("embeddings.position_ids"):
        return bool(torch.equal(tensor.flatten(), torch.arange(tensor.numel())))
    return name.startswith("roberta.pooler.")  # the RoBERTa head reads the first token itself
