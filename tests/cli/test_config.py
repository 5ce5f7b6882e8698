"""`modbot config`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run


def test_config_init_copies_check_proves_and_show_prints(run: Run, tmp_path: Path) -> None:
    made = tmp_path / "mine"
    assert str(made / "policy.toml") in run("config", "init", str(made), "--json").json["files"]
    checked = run("config", "check", "--json", config=made).json
    assert checked["ok"] is True and "rules" in checked["classifiers"]
    shown = run("config", "show", "--json", config=made).json
    assert shown["settings"]["enforcement"]["hides_per_hour"] == 30
    assert "enforcement.hides_per_hour = 30" in run("config", "show", config=made).out


def test_an_option_after_the_command_beats_the_one_before(run: Run, tmp_path: Path) -> None:
    answer = run("config", "show", "--config", str(tmp_path / "nowhere"))
    assert (answer.code, "nowhere: is not a folder" in answer.err) == (2, True)
