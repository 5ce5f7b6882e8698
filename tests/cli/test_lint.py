"""`modbot lint rules`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.mark.campaigns
def test_the_shipped_configuration_is_fair(run: Run) -> None:
    answer = run("lint", "rules", "--json")
    assert (answer.code, answer.err) == (0, "")
    assert (answer.json["ok"], [f for f in answer.json["findings"] if f["refused"]]) == (True, [])
    assert answer.json["rules"] > 1000 and answer.json["innocent_words"] >= 1500
    assert answer.json["pairs"] >= 150


def test_a_bad_rule_is_refused_with_file_line_and_pair(run: Run, folder: Path) -> None:
    bad = folder / "rules" / "bad.toml"
    bad.write_text(
        'category = "offensive"\n\n[[rules]]\nid = "bad"\nseverity = "strong"\n'
        "match = ['\\boppose\\b']\n",
        "utf-8",
    )
    answer = run("lint", "rules")
    assert answer.code == 1
    assert f"{bad}:3: bad:bad: viewpoint: " in answer.out
    assert "I support the override.  <>  I oppose the override." in answer.out
    assert " refused." in answer.out and "none refused" not in answer.out and "█" in answer.out


def test_a_broken_rule_file_is_named_before_anything_is_tried(run: Run, folder: Path) -> None:
    bad = folder / "rules" / "bad.txt"
    bad.write_text("fuck\n", "utf-8")
    answer = run("lint", "rules", "--json")
    assert (answer.code, f"{bad}:1" in answer.json["error"]) == (2, True)
