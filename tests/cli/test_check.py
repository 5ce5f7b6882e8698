"""`modbot check`: the exact contract of its answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_check_answers_with_the_decision_and_nothing_else(run: Run) -> None:
    answer = run("check", "what the fuck", "--json")
    assert (answer.code, answer.err) == (0, "")
    decision = answer.json
    assert list(decision) == [
        *("verdict", "hide", "categories", "signals", "clause", "thresholds", "degraded")
    ]
    assert (decision["verdict"], decision["hide"]) == ("hide", True)
    assert decision["categories"] == ["profanity"]
    assert decision["clause"] and decision["degraded"] == []
    assert decision["thresholds"]["profanity.hide"] == 0.9
    hit = decision["signals"][0]
    assert set(hit) == {"source", "category", "score", "evidence"}
    assert (hit["source"], hit["category"]) == ("rules", "profanity")
    assert (hit["evidence"]["start"], hit["evidence"]["end"]) == (9, 13)


def test_check_needs_no_database(run: Run, tmp_path: Path) -> None:
    (tmp_path / "modbot.db").unlink()
    assert run("check", "good morning", "--json").json["verdict"] == "allow"
    assert not (tmp_path / "modbot.db").exists()


@pytest.mark.parametrize("text", ["-> see you there", "-5 stars", "", "[bold]x[/]", ":smile:"])
def test_check_takes_any_text(run: Run, text: str) -> None:
    assert run("check", text, "--json").json["verdict"] == "allow"


def test_check_reads_the_comment_that_is_answered(run: Run) -> None:
    said = "He is an idiot"
    answer = run("check", said, "--parent", "the superintendent is right", "--json")
    assert answer.json["verdict"] == "review"
    assert run("check", said, "--json").json["verdict"] == "hide"


def test_check_takes_what_is_not_text(run: Run) -> None:
    strange = "a\ud800\udcff\u202e"
    answer = run("check", strange, "--post", strange, "--fundraiser", strange, "--json")
    assert (answer.code, answer.json["verdict"]) == (0, "allow")


def test_check_says_why_to_a_person(run: Run) -> None:
    answer = run("check", "what the fuck\x1b[31m")
    assert answer.code == 0
    assert "HIDE (hidden): Hidden for profanity" in answer.out
    assert "\x1b" not in answer.out and "Rests on: " in answer.out


def test_check_says_what_would_have_changed_the_verdict(run: Run) -> None:
    out = run("check", "the superintendent is a moron").out
    assert 'With officials_insult = "hide": hide (hidden).' in out
    assert "What would have changed it" not in run("check", "good morning").out
