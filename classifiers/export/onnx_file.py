"""Writes a network as an ONNX file, and makes its weights int8."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

from classifiers.export.checkpoint import Checkpoint
from classifiers.onnx_runtime import forbid_reports, onnx_runtime

OPSET = 23  # the first with attention as one step, a sixth faster than the steps it stands for


def write_onnx(checkpoint: Checkpoint, out: Path) -> None:
    """Tokens and mask in, a probability a class out; any number of texts of any length."""
    forbid_reports()
    import torch

    class Scores(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = checkpoint.network

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            logits = self.network(input_ids=input_ids, attention_mask=attention_mask).logits
            return torch.sigmoid(logits[:, : len(checkpoint.classes)])

    tokens = torch.full((2, 8), checkpoint.pad_id + 1)
    mask = torch.ones_like(tokens)
    mask[0, 5:] = 0
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length", max=checkpoint.max_tokens)
    sizes = {0: batch, 1: length}
    with _quiet():
        program = torch.onnx.export(
            Scores().eval(),
            (tokens, mask),
            input_names=["input_ids", "attention_mask"],
            output_names=["scores"],
            dynamic_shapes=(sizes, sizes),
            opset_version=OPSET,
            dynamo=True,
        )
        program.save(str(out), external_data=False)


def quantise(source: Path, out: Path) -> None:
    """The same network with int8 weights, a scale for each column; activations are made int8 as
    they come. Steps that onnxruntime has in one piece are joined first: a third less time."""
    onnx_runtime()
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers.fusion_options import FusionOptions
    from onnxruntime.transformers.optimizer import optimize_model

    joins = FusionOptions("bert")
    joins.enable_skip_layer_norm = False  # see SLOW_JOINS in classifiers/detoxify.py
    with _quiet():
        joined = optimize_model(
            str(source), model_type="bert", opt_level=0, optimization_options=joins
        )
        joined.save_model_to_file(str(source))
        # By name: the quantiser takes opset 23's Attention for onnxruntime's own of that name.
        quantize_dynamic(
            source,
            out,
            op_types_to_quantize=["MatMul", "Gather"],
            weight_type=QuantType.QInt8,
            per_channel=True,
        )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Both libraries talk at length about what cannot be changed here."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
