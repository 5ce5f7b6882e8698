"""`modbot evaluate`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run

CASE = {
    "id": "1",
    "platform": "x",
    "lang": "en",
    "post": "",
    "approved_fundraisers": [],
    "comment": "what the fuck",
    "labels": ["profanity"],
    "action": "hide",
}


def rows(path: Path, *values: object) -> str:
    path.write_text("".join(json.dumps(value) + "\n" for value in values), "utf-8")
    return str(path)


def test_evaluate_reports_and_writes_one_prediction_a_row(run: Run, tmp_path: Path) -> None:
    harmless = {**CASE, "id": "2", "comment": "hi", "action": "allow", "labels": []}
    file = rows(tmp_path / "rows.jsonl", CASE, harmless)
    predictions = tmp_path / "out.jsonl"
    answer = run("evaluate", file, "--predictions", str(predictions), "--json")
    assert (answer.code, answer.json["accuracy"]) == (0, 1.0)
    assert answer.json["by_action"]["hide"]["recall"] == 1.0
    written = [json.loads(line) for line in predictions.read_text().splitlines()]
    assert [(w["id"], w["action"], w["hide"]) for w in written] == [
        ("1", "hide", True),
        ("2", "allow", False),
    ]
    assert "2 rows, 100.0% (34.2% to 100.0%)" in run("evaluate", file).out


def test_evaluate_reports_ranking_of_labels(run: Run, tmp_path: Path) -> None:
    file = rows(
        tmp_path / "rows.jsonl",
        {"text": "fuck you idiot", "lang": "en", "labels": {"toxicity": 1.0}, "set": "s"},
        {"text": "thank you so much", "lang": "en", "labels": {"toxicity": 0}, "set": "s"},
    )
    predictions = tmp_path / "out.jsonl"
    answer = run("evaluate", file, "--predictions", str(predictions), "--json")
    assert answer.json["by_set"]["s"]["toxicity"]["auc"] == 1.0
    lines = [json.loads(line) for line in predictions.read_text().splitlines()]
    assert [line["line"] for line in lines] == [0, 1]
    assert lines[0]["scores"]["toxicity"] > lines[1]["scores"]["toxicity"]
    assert "toxicity" in run("evaluate", file).out


def test_evaluate_counts_insults_to_officials_as_hides(run: Run, tmp_path: Path) -> None:
    """The shipped policy sends them to a person; docs/policy.md says why."""
    comment = "the superintendent is a fat moron"
    assert run("check", comment, "--json").json["verdict"] == "review"
    file = rows(tmp_path / "rows.jsonl", {**CASE, "comment": comment, "labels": ["offensive"]})
    assert run("evaluate", file, "--json").json["by_action"]["hide"]["correct"] == 1


def test_a_malformed_row_is_named_and_nothing_is_written(run: Run, tmp_path: Path) -> None:
    file = rows(tmp_path / "rows.jsonl", CASE, {**CASE, "id": "2", "action": "remove"})
    answer = run("evaluate", file, "--predictions", str(tmp_path / "out.jsonl"), "--json")
    assert answer.code == 2
    assert f"{file}:2: action" in answer.json["error"]
    assert not (tmp_path / "out.jsonl").exists()
