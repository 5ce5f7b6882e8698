"""`modbot replay`: what is told of a changed configuration, and how it ends."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from modbot import review, store
from modbot.domain import Actor, Category, Decision, Evidence, Signal, Verdict
from modbot.store import Database, Judged
from tests.cli.conftest import Run
from tests.fakes import SCHOOL_DAY, make_comment, make_page

ADA = Actor(kind="person", name="Ada")


@pytest.fixture
def history(database: Database, page: str) -> Database:
    """A weak word that a person left up, and a harmless comment in Spanish."""
    said = Evidence(rule="profanity_en:lmfao", text="lmfao", start=0, end=5)
    weak = Signal(source="rules", category=Category.PROFANITY, score=0.8, evidence=said)
    for_review = Decision(
        verdict=Verdict.REVIEW,
        hide=False,
        categories=(Category.PROFANITY,),
        signals=(weak,),
        reason="A person should look for profanity.",
    )
    allowed = Decision(verdict=Verdict.ALLOW, hide=False, reason="No breach found.")
    texts = [
        ("c1", "lmfao this budget \x1b[31m", for_review),
        ("c2", "gracias por el aviso", allowed),
    ]
    items = [
        Judged(comment=make_comment(text, page=make_page(), id=id), decision=decision)
        for id, text, decision in texts
    ]
    with database.write() as s:
        store.record_judged(s, store.page(s, page), items, SCHOOL_DAY)
    review.resolve(database, 1, Verdict.ALLOW, ADA, "harmless", SCHOOL_DAY)
    return database


@pytest.fixture
def stricter(folder: Path, tmp_path: Path) -> Path:
    """A copy of the configuration that hides weak words; its database is another one."""
    made = shutil.copytree(folder, tmp_path / "new")
    policy = made / "policy.toml"
    policy.write_text(policy.read_text("utf-8").replace("hide = 0.9\n", "hide = 0.8\n"), "utf-8")
    service = made / "modbot.toml"
    text = service.read_text("utf-8").replace("modbot.db", "elsewhere.db")
    service.write_text(text, "utf-8")
    return made


def test_a_changed_configuration_is_told_with_its_examples(
    run: Run, history: Database, stricter: Path
) -> None:
    answer = run("replay", "--config", str(stricter), "--json")
    assert (answer.code, answer.err) == (0, "")
    found = answer.json
    assert (found["judged"], found["unchanged"]) == (2, 1)
    assert found["by_language"] == {"en": 1, "es": 1}
    hidden = found["newly_hidden"]
    assert (hidden["total"], hidden["by_category"]) == (1, {"profanity": 1})
    (example,) = hidden["examples"]
    assert (example["comment_id"], example["words"][0]) == ("c1", "lmfao")
    assert example["old_reason"] == "A person should look for profanity."
    assert example["new_reason"].startswith("Hidden for profanity")
    assert found["verdicts"] == [
        {"then": "allow", "now": "allow", "texts": 1},
        {"then": "review", "now": "hide", "texts": 1},
    ]
    assert not (stricter.parent / "elsewhere.db").exists(), "the history is that in force"


def test_what_a_reviewer_left_up_fails_a_strict_replay(
    run: Run, history: Database, stricter: Path
) -> None:
    answer = run("replay", "--config", str(stricter), "--json", "--strict")
    assert answer.code == 1
    guarded = answer.json["hidden_against_a_reviewer"]
    assert (guarded["total"], guarded["texts"][0]["comment_id"]) == (1, "c1")
    assert run("replay", "--config", str(stricter)).code == 0, "only --strict fails"
    assert run("replay", "--strict").code == 0, "the present one hides nothing new"


def test_a_person_is_shown_bars_and_examples(run: Run, history: Database, stricter: Path) -> None:
    answer = run("replay", "--config", str(stricter))
    assert "2 texts judged anew; 1 come out as they were decided." in answer.out
    assert "Newly hidden, by category" in answer.out and "█" in answer.out
    assert "NEWLY HIDDEN THOUGH A REVIEWER HAD LEFT IT UP: 1" in answer.out
    assert "review → hide" in answer.out
    assert "\x1b" not in answer.out
    assert "\x1b" not in answer.err, "no progress bar without a terminal"


def test_a_page_and_a_day_are_chosen(run: Run, history: Database, page: str) -> None:
    assert run("replay", "--page", page, "--json").json["judged"] == 2
    assert run("replay", "--since", "2030-01-01", "--json").json["judged"] == 0
    assert run("replay", "--examples", "0", "--json").json["newly_hidden"]["examples"] == []
    assert run("replay", "--page", "facebook:none").code == 2
    assert run("replay", "--since", "yesterday").code == 2


def test_no_database_is_made_by_a_replay(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "modbot.db").unlink()
    answer = run("replay", "--json")
    assert (answer.code, "no such file" in answer.json["error"]) == (2, True)
    assert not (tmp_path / "modbot.db").exists()
