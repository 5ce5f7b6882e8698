"""A checkpoint like the vendor's, trained here until its scores spread, becomes an ONNX model."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.detoxify import TOKENIZER, DetoxifyClassifier
from modbot.errors import ModelUnusable
from tests.classifiers.detoxify_files import (
    ORIGINAL,
    corpus_texts,
    vendor_config,
    write_spread_checkpoint,
)
from tests.prerequisites import need

pytestmark = [
    pytest.mark.models,
    pytest.mark.filterwarnings("default"),  # torch's and onnx's own are not ours to mend
]

Folder = Path


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """One folder with checkpoint, config.json and tokenizer.json."""
    need("torch", "transformers", "onnx", "onnxscript", "onnxruntime", "tokenizers")
    import torch

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("vendor")
    assert write_spread_checkpoint(folder) >= 0.2
    return folder


@pytest.fixture(scope="module")
def folders(vendor: Folder, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The exports by precision, with what their comparison found on 200 texts never trained on."""
    from classifiers.export.folder import export_folder

    out = tmp_path_factory.mktemp("out")
    return {
        precision: export_folder(
            out / precision,
            model="detoxify-original",
            checkpoint_file=vendor / "checkpoint.ckpt",
            checkpoint_sha256="c" * 64,
            config=vendor / "config.json",
            tokenizer=vendor / TOKENIZER,
            precision=precision,
            texts=corpus_texts()[200:],
        )
        for precision in ("int8", "float32")
    } | {"folder": out}


def changed(vendor: Folder, folder: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    """A copy of the checkpoint with something else in it."""
    import torch

    held = torch.load(vendor / "checkpoint.ckpt", weights_only=True)
    held = change(held) or held
    torch.save(held, folder / "changed.ckpt")
    return folder / "changed.ckpt"


def scores_of(checkpoint: Any, vendor: Folder, texts: list[str]) -> Any:
    from classifiers.export.parity import torch_scores

    return torch_scores(checkpoint, vendor / TOKENIZER, texts)


def test_a_checkpoint_that_names_a_hub_loads_from_its_folder_alone(
    vendor: Folder, no_sockets: None
) -> None:
    from classifiers.export.checkpoint import load_checkpoint

    loaded = load_checkpoint(vendor / "checkpoint.ckpt", vendor / "config.json")
    assert loaded.classes == ORIGINAL  # the vendor's old names made today's
    assert (loaded.max_tokens, loaded.pad_id) == (128, 0)
    assert scores_of(loaded, vendor, corpus_texts()[200:]).std() >= 0.2


def test_the_whole_export_needs_no_network(
    vendor: Folder, tmp_path: Path, no_sockets: None
) -> None:
    from classifiers.export.folder import export_folder

    found = export_folder(
        tmp_path / "onnx",
        model="detoxify-original",
        checkpoint_file=vendor / "checkpoint.ckpt",
        checkpoint_sha256="c" * 64,
        config=vendor / "config.json",
        tokenizer=vendor / TOKENIZER,
        precision="int8",
        texts=["hello there"],
    )
    assert found.texts == 1
    assert DetoxifyClassifier(tmp_path / "onnx").version.startswith("detoxify-original-int8+")


@pytest.mark.parametrize(
    ("precision", "mean", "largest"),
    [
        pytest.param("int8", 0.01, 0.05, id="int8"),
        pytest.param("float32", 1e-5, 1e-4, id="float32"),
    ],
)
def test_exported_scores_are_those_of_torch(
    folders: dict[str, Any], precision: str, mean: float, largest: float
) -> None:
    found = folders[precision]
    assert found.texts == 200
    assert found.spread >= 0.2
    assert found.mean_difference < mean
    assert found.largest_difference < largest


def test_the_comparison_would_notice_another_network(
    vendor: Folder, folders: dict[str, Any], tmp_path: Path
) -> None:
    from classifiers.export.checkpoint import load_checkpoint
    from classifiers.export.parity import MEAN_LIMIT, compare

    def negated(held: dict[str, Any]) -> None:
        held["state_dict"]["classifier.weight"] *= -1

    other = load_checkpoint(changed(vendor, tmp_path, negated), vendor / "config.json")
    texts = corpus_texts()[200:230]
    exported = DetoxifyClassifier(folders["folder"] / "int8")
    assert (
        compare(scores_of(other, vendor, texts), exported, texts).mean_difference > 10 * MEAN_LIMIT
    )


def test_a_text_in_int8_scores_in_company_almost_as_it_does_alone(
    folders: dict[str, Any],
) -> None:
    # Activations are scaled by what a batch holds, so not to the last digit.
    folder, texts = folders["folder"] / "int8", corpus_texts()[200:260]
    together = DetoxifyClassifier(folder).class_scores(texts)
    alone = DetoxifyClassifier(folder, batch_tokens=1).class_scores(texts)
    assert np.abs(together - alone).mean() < 0.003
    assert np.abs(together - alone).max() < 0.03


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_attention_is_one_step_of_the_network(folders: dict[str, Any], precision: str) -> None:
    import onnx

    network = onnx.load(folders["folder"] / precision / "model.onnx")
    steps = [(node.domain, node.op_type) for node in network.graph.node]
    assert ("", "Attention") in steps
    assert not any(step == "Softmax" for _, step in steps)


def test_int8_weights_take_less_than_half_the_room(folders: dict[str, Any]) -> None:
    small, whole = (
        (folders["folder"] / name / "model.onnx").stat().st_size for name in ("int8", "float32")
    )
    assert small < whole / 2


def test_further_outputs_of_the_training_are_left_out(vendor: Folder, tmp_path: Path) -> None:
    from classifiers.export.checkpoint import load_checkpoint

    def with_identities(held: dict[str, Any]) -> None:
        import torch

        held["config"]["arch"]["args"]["num_classes"] = 16
        state = held["state_dict"]
        state["classifier.weight"] = torch.cat([state["classifier.weight"], torch.ones(10, 64)])
        state["classifier.bias"] = torch.cat([state["classifier.bias"], torch.ones(10)])

    wide = load_checkpoint(changed(vendor, tmp_path, with_identities), vendor / "config.json")
    plain = load_checkpoint(vendor / "checkpoint.ckpt", vendor / "config.json")
    texts = corpus_texts()[:5]
    assert wide.classes == ORIGINAL
    assert scores_of(wide, vendor, texts) == pytest.approx(scores_of(plain, vendor, texts))


def test_roberta_takes_two_tokens_less_than_it_has_positions(tmp_path: Path) -> None:
    need("torch", "transformers")
    import torch
    from transformers import RobertaConfig, RobertaForSequenceClassification

    from classifiers.export.checkpoint import load_checkpoint

    settings = RobertaConfig(
        vocab_size=50,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        max_position_embeddings=34,
        num_labels=6,
    )
    state = dict(RobertaForSequenceClassification(settings).state_dict())
    state["roberta.pooler.dense.bias"] = torch.zeros(8)  # saved by old versions, read by none
    config = vendor_config("RobertaForSequenceClassification", "roberta-base", 6)
    torch.save({"config": config, "state_dict": state}, tmp_path / "x.ckpt")
    settings.to_json_file(str(tmp_path / "config.json"))
    loaded = load_checkpoint(tmp_path / "x.ckpt", tmp_path / "config.json")
    assert (loaded.max_tokens, loaded.pad_id) == (32, 1)
    longest = torch.full((1, loaded.max_tokens), 5)
    assert loaded.network(input_ids=longest).logits.shape == (1, 6)


def without_a_layer(held: dict[str, Any]) -> None:
    del held["state_dict"]["bert.encoder.layer.1.output.dense.weight"]


def with_an_unknown_layer(held: dict[str, Any]) -> None:
    held["state_dict"]["bert.extra"] = held["state_dict"]["classifier.bias"]


def with_shifted_positions(held: dict[str, Any]) -> None:
    held["state_dict"]["bert.embeddings.position_ids"] += 1


def of_another_class(held: dict[str, Any]) -> None:
    held["config"]["arch"]["args"]["model_name"] = "AlbertForSequenceClassification"


def without_configuration(held: dict[str, Any]) -> None:
    del held["config"]


def a_list(held: dict[str, Any]) -> list[int]:
    return [1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(without_a_layer, r"does not fit .*Missing", id="missing layer"),
        pytest.param(with_an_unknown_layer, r"does not fit .*Unexpected", id="unknown layer"),
        pytest.param(with_shifted_positions, "does not fit", id="other positions"),
        pytest.param(of_another_class, "AlbertFor.*known are BertFor", id="other class"),
        pytest.param(without_configuration, "not a Detoxify checkpoint", id="no configuration"),
        pytest.param(a_list, "not a Detoxify checkpoint", id="a list"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused_with_the_reason(
    vendor: Folder, tmp_path: Path, change: Callable[[dict[str, Any]], Any], message: str
) -> None:
    from classifiers.export.checkpoint import load_checkpoint

    with pytest.raises(ModelUnusable, match=message) as refused:
        load_checkpoint(changed(vendor, tmp_path, change), vendor / "config.json")
    assert "\n" not in str(refused.value)


class Trap:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (exec, ("raise SystemExit('unpickled')",))


def test_a_checkpoint_with_code_in_it_is_refused_and_not_run(
    vendor: Folder, tmp_path: Path
) -> None:
    from classifiers.export.checkpoint import load_checkpoint

    trapped = changed(vendor, tmp_path, lambda held: {**held, "trap": Trap()})
    with pytest.raises(ModelUnusable, match="cannot be read as tensors"):
        load_checkpoint(trapped, vendor / "config.json")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"\x80\x02."])
def test_a_file_that_is_no_checkpoint_is_refused(
    vendor: Folder, tmp_path: Path, content: bytes
) -> None:
    from classifiers.export.checkpoint import load_checkpoint

    (tmp_path / "x.ckpt").write_bytes(content)
    with pytest.raises(ModelUnusable, match=r"x\.ckpt: cannot be read"):
        load_checkpoint(tmp_path / "x.ckpt", vendor / "config.json")


@pytest.mark.parametrize("text", ["{", "[]", '{"hidden_size": "wide"}', '{"hidden_size": 63}'])
def test_a_broken_config_json_is_refused_by_name(vendor: Folder, tmp_path: Path, text: str) -> None:
    from classifiers.export.checkpoint import load_checkpoint

    shutil.copy(vendor / "checkpoint.ckpt", tmp_path / "x.ckpt")
    (tmp_path / "config.json").write_text(text, "utf-8")
    with pytest.raises(ModelUnusable, match=r"config\.json"):
        load_checkpoint(tmp_path / "x.ckpt", tmp_path / "config.json")
