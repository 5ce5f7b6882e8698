"""The weights file: what is refused, and with what reason."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from classifiers.embedded import EmbeddedClassifier, load_weights, shipped_weights
from modbot.errors import ClassifierFailed

MOST_BYTES = 10_000_000


def test_the_shipped_weights_are_at_most_10_mb() -> None:
    assert len((shipped_weights() / "word-cnn.npz").read_bytes()) <= MOST_BYTES


def test_the_version_names_the_model_and_the_weights() -> None:
    name, digest = EmbeddedClassifier().version.split("+")
    manifest = json.loads((shipped_weights() / "manifest.json").read_text("utf-8"))
    assert name == manifest["model"]
    assert manifest["sha256"].startswith(digest)
    assert len(digest) == 12


def test_the_same_weights_are_unpacked_once_and_others_are_not_taken_for_them(
    tmp_path: Path,
) -> None:
    shipped, _ = load_weights(shipped_weights())
    folder = shutil.copytree(str(shipped_weights()), tmp_path / "weights")
    assert load_weights(folder)[0] is shipped
    with_layers(output_bias=shipped.output_bias + 1)(folder)
    other, _ = load_weights(folder)
    assert np.array_equal(other.output_bias, shipped.output_bias + 1)
    assert load_weights(shipped_weights())[0] is shipped


def test_nobody_can_change_weights_that_others_judge_by() -> None:
    shipped, _ = load_weights(shipped_weights())
    with pytest.raises(ValueError, match="read-only"):
        shipped.output_bias += 1  # type: ignore[misc]


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def with_manifest(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        (folder / "manifest.json").write_text(json.dumps({**manifest, **changes}), "utf-8")

    return change


def with_weights(change: Callable[[bytes], bytes], *, signed: bool) -> Callable[[Path], None]:
    def swap(folder: Path) -> None:
        path = folder / "word-cnn.npz"
        path.write_bytes(change(path.read_bytes()))
        if signed:
            with_manifest(sha256=hashlib.sha256(path.read_bytes()).hexdigest())(folder)

    return swap


def with_layers(**layers: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "word-cnn.npz"
        with np.load(path) as arrays:
            kept = {name: arrays[name] for name in arrays.files}
        changed = {name: value for name, value in {**kept, **layers}.items() if value is not None}
        np.savez(path, **changed)
        with_weights(lambda packed: packed, signed=True)(folder)

    return change


BREAKAGES = [
    pytest.param(without("manifest.json"), "manifest.json", id="no-manifest"),
    pytest.param(without("word-cnn.npz"), "word-cnn.npz", id="no-weights"),
    pytest.param(with_manifest(sha256="0" * 64), "SHA-256", id="other-digest"),
    pytest.param(with_manifest(labels=["toxicity"]), "labels", id="other-labels"),
    pytest.param(with_manifest(labels=3), "manifest.json", id="labels-of-wrong-type"),
    pytest.param(with_weights(lambda b: b[:-1], signed=False), "SHA-256", id="cut"),
    pytest.param(with_weights(lambda b: b[:-99], signed=True), "word-cnn.npz", id="cut-signed"),
    pytest.param(with_weights(lambda b: b"", signed=True), "word-cnn.npz", id="empty"),
    pytest.param(with_layers(hidden=np.zeros((3, 3))), "hidden is float64", id="shape"),
    pytest.param(
        with_layers(policy_bias=np.full(9, np.nan, dtype=np.float32)),
        "no number",
        id="not-a-number",
    ),
    pytest.param(with_layers(hidden=None), "hidden", id="missing-layer"),
    pytest.param(with_layers(label_bias=None), "label_hidden is int8", id="half-a-label-layer"),
    pytest.param(with_layers(label_output=None), "label_output is", id="label-layer-without-end"),
    pytest.param(
        with_layers(
            label_hidden=np.zeros((320, 0), dtype=np.int8),
            label_hidden_bias=np.zeros(0, dtype=np.float32),
            label_output=np.zeros((0, 6), dtype=np.float32),
        ),
        "label_hidden is int8",
        id="label-layer-with-nothing-inside",
    ),
    pytest.param(with_layers(known_scale=np.nan), "known_scale", id="scale-that-is-no-number"),
    pytest.param(with_layers(extra=np.zeros(1)), "extra", id="unknown-layer"),
    pytest.param(with_layers(common=np.ones(3)), "common is float64", id="rows-in-fractions"),
    pytest.param(
        with_layers(common=np.array([0], dtype=np.int32)), "common names rows", id="row-of-no-word"
    ),
    pytest.param(
        with_layers(common=np.array([10**6], dtype=np.int32)), "common names rows", id="row-beyond"
    ),
]


def test_weights_of_before_the_label_layer_score_labels_in_one_step(tmp_path: Path) -> None:
    folder = shutil.copytree(str(shipped_weights()), tmp_path / "weights")
    layer = ("hidden", "hidden_scale", "hidden_bias", "output", "bias")
    with_layers(**{f"label_{name}": None for name in layer})(folder)
    said = ["you are such an idiot, coach", "thank you all for a lovely evening"]
    now, before = EmbeddedClassifier().scores(said), EmbeddedClassifier(folder).scores(said)
    for new, old in zip(now, before, strict=True):
        assert new["toxicity"] != old["toxicity"]
        assert {k: v for k, v in new.items() if k.startswith("policy.")} == {
            k: v for k, v in old.items() if k.startswith("policy.")
        }
    assert before[0]["toxicity"] > 0.5 > before[1]["toxicity"]


@pytest.mark.parametrize(("breakage", "message"), BREAKAGES)
def test_unusable_weights_are_refused_with_the_reason(
    tmp_path: Path, breakage: Callable[[Path], None], message: str
) -> None:
    for name in ("manifest.json", "word-cnn.npz"):
        shutil.copy(str(shipped_weights() / name), tmp_path / name)
    breakage(tmp_path)
    with pytest.raises(ClassifierFailed, match=message):
        EmbeddedClassifier(tmp_path)


def test_a_manifest_that_is_not_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{", "utf-8")
    with pytest.raises(ClassifierFailed, match=r"manifest\.json is not usable"):
        EmbeddedClassifier(tmp_path)


def test_files_that_were_replaced_since_they_were_loaded_are_not_given_out(tmp_path: Path) -> None:
    for name in ("manifest.json", "word-cnn.npz"):
        shutil.copy(str(shipped_weights() / name), tmp_path / name)
    loaded = EmbeddedClassifier(tmp_path)
    assert set(loaded.files()) == {"manifest.json", "word-cnn.npz"}
    with (tmp_path / "word-cnn.npz").open("ab") as file:
        file.write(b"newer")
    with pytest.raises(ClassifierFailed, match=r"start modbot again"):
        loaded.files()
    (tmp_path / "word-cnn.npz").unlink()
    with pytest.raises(ClassifierFailed, match=r"not usable: FileNotFoundError"):
        loaded.files()
