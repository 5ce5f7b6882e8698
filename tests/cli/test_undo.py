"""`modbot undo`: the preview, a run, and how far it is."""

from __future__ import annotations

import pytest

from modbot.store import Database
from tests.cli.conftest import Run

RULE = "profanity_en:shit"


def test_a_preview_is_agreed_to_and_begun(run: Run, database: Database, hidden: int) -> None:
    asked = ("--rule", RULE, "--since", "2026-09-09")
    seen = run("undo", "preview", *asked, "--json")
    assert seen.code == 0, seen.err
    assert seen.json["comments"] == 1 and seen.json["plans"] == {"restore": 1}
    assert seen.json["examples"] == {"restore": [hidden]}
    told = run("undo", "preview", *asked).out
    assert "restore" in told and f"--through {seen.json['through']}" in told
    begun = run(
        *("undo", "run", *asked, "--reason", "a bad rule", "--by", "Ada"),
        *("--through", str(seen.json["through"]), "--agreed", seen.json["set_sha256"], "--json"),
    )
    assert begun.json == {"run": 1, "comments": 1}
    (status,) = run("undo", "status", "1", "--json").json["runs"]
    assert status["state"] == "running" and status["receipts"] == {"waiting": 1}
    assert RULE in run("undo", "status").out
    assert run("undo", "stop", "1", "--by", "Ada").code == 0
    assert run("undo", "stop", "1", "--by", "Ada").code == 2
    (status,) = run("undo", "status", "--json").json["runs"]
    assert status["receipts"] == {"stopped": 1}


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--rule", RULE, "--since", "2026-09-09", "--reason", " "),
        ("run", "--rule", RULE, "--since", "2026-09-09", "--reason", "r", "--agreed", "f" * 64),
        ("run", "--rule", "nobody", "--since", "2026-09-09", "--reason", "r"),
        ("preview", "--since", "2026-09-09"),
        ("preview", "--rule", RULE, "--person", "Ada", "--since", "2026-09-09"),
        ("preview", "--rule", "", "--since", "2026-09-09"),
        ("preview", "--rule", RULE, "--since", "yesterday"),
        ("preview", "--rule", RULE, "--since", "2026-09-09", "--page", "facebook:nowhere"),
        ("status", "7"),
        ("stop", "7"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    run: Run, hidden: int, words: tuple[str, ...]
) -> None:
    answer = run("undo", *words)
    assert answer.code == 2 and answer.err.count("\n") == 1
