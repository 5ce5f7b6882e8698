"""`modbot model`: what a person sees of fetching and exporting."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from modbot import models
from modbot.cli.model import progress_bars, tell_exported
from tests.classifiers.detoxify_files import write_word_model
from tests.cli.conftest import Run
from tests.file_server import serving
from tests.prerequisites import need


def test_the_list_shows_each_model_beside_the_database(run: Run, tmp_path: Path) -> None:
    answer = run("model", "list", "--json")
    assert answer.json["folder"] == str(tmp_path / "models")
    assert [(m["name"], m["fetched"], m["exported"]) for m in answer.json["models"]] == [
        (name, False, "") for name in ("original", "unbiased", "multilingual")
    ]
    assert "multilingual" in run("model", "list").out


def test_an_exported_model_is_listed_and_judges_from_then_on(run: Run, tmp_path: Path) -> None:
    need("onnx", "onnxruntime", "tokenizers")
    before = run("config", "check", "--json").json["classifiers"]
    write_word_model(tmp_path / "models" / "original" / "onnx", {"moron": {"insult": 0.97}})
    version = run("model", "list", "--json").json["models"][0]["exported"]
    after = run("config", "check", "--json").json["classifiers"]
    assert set(before) == {"rules", "embedded"}
    assert after["detoxify"] == version
    assert set(after) == {"rules", "embedded", "detoxify"}
    (signal,) = [
        signal
        for signal in run("check", "moron", "--json").json["signals"]
        if signal["source"] == "detoxify"
    ]
    assert signal["score"] == pytest.approx(0.97)


def test_an_unusable_export_is_listed_with_the_reason_and_stops_the_service_from_starting(
    run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "models" / "original" / "onnx"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{", "utf-8")
    assert "manifest.json is not usable" in run("model", "list").out
    refused = run("config", "check")
    assert refused.code == 2
    assert refused.err.count("\n") == 1
    assert "detoxify" in refused.err


def test_the_wrong_file_under_the_right_name_is_refused_in_one_line(run: Run) -> None:
    name = models.VARIANTS["original"].checkpoint
    files = {f"/{name}": b"something else", "/config.json": b"{}", "/tokenizer.json": b"{}"}
    with serving(files) as server:
        refused = run("model", "fetch", "original", "--from", server.url)
    assert refused.code == 2
    assert refused.err.count("\n") == 1
    assert f"{name}: refused, its SHA-256 begins" in refused.err


def test_a_folder_that_lacks_a_file_is_refused_in_one_line(run: Run, tmp_path: Path) -> None:
    refused = run("model", "fetch", "unbiased", "--from", str(tmp_path), "--json")
    assert refused.code == 2
    assert "config.json: cannot be read" in json.loads(refused.out)["error"]


def test_exporting_before_fetching_says_what_to_type(run: Run) -> None:
    refused = run("model", "export", "multilingual")
    assert refused.code == 2
    assert "run `modbot model fetch multilingual`" in refused.err


def test_an_unknown_model_is_refused_with_the_known_ones(run: Run) -> None:
    refused = run("model", "fetch", "enormous")
    assert refused.code == 2
    assert "multilingual" in refused.err


def test_the_comparison_is_told_with_mean_and_largest_difference() -> None:
    out = io.StringIO()
    done = models.Exported(
        folder=Path("models/original/onnx"),
        version="detoxify-original-int8+0123456789ab",
        texts=33,
        mean_difference=0.00123,
        largest_difference=0.0234,
        spread=0.31,
    )
    tell_exported(Console(file=out, width=200), done)
    assert "models/original/onnx: detoxify-original-int8+0123456789ab" in out.getvalue()
    assert "by 0.0012 in the mean and 0.0234 at most, over 33 texts" in out.getvalue()


def test_bars_show_each_file_on_a_terminal_and_nothing_elsewhere() -> None:
    shown, silent = io.StringIO(), io.StringIO()
    for console in (
        Console(file=shown, force_terminal=True, width=120),
        Console(file=silent, force_terminal=False),
    ):
        with progress_bars(console) as report:
            report("config.json", 10, 10)
            report("toxic.ckpt", 50, 100)
            report("toxic.ckpt", 100, 100)
    assert "config.json" in shown.getvalue()
    assert "toxic.ckpt" in shown.getvalue()
    assert silent.getvalue() == ""
