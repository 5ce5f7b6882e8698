"""`modbot explain`: what a person and a program are told, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text as sql

from modbot import store
from modbot.code_version import judging_code
from modbot.judging import Judge
from modbot.past_judge import keep_judge
from modbot.service import build_judge
from modbot.settings import Config, load_config
from modbot.store import Database, Judged
from tests.cli.conftest import Run
from tests.fakes import SCHOOL_DAY, make_comment, make_page


@pytest.fixture
def decision(database: Database, page: str, folder: Path) -> int:
    """A comment that was judged under the shipped configuration."""
    config = load_config(folder, {})
    judge = build_judge(config)
    keep_judge(database, config, judge, SCHOOL_DAY)
    return decide(database, page, config, judge)


def decide(database: Database, page: str, config: Config, judge: Judge, **changed: str) -> int:
    comment = replace(make_comment("what the fuck is this", page=make_page()), **changed)
    (made,) = judge.judge([comment])
    item = Judged(
        comment=comment,
        decision=made,
        models=judge.models,
        config_sha256=config.sha256,
    )
    with database.write() as s:
        (recorded,) = store.record_judged(s, store.page(s, page), [item], SCHOOL_DAY)
    assert recorded.decision_id is not None
    return recorded.decision_id


def test_an_equal_decision_ends_with_0_and_a_changed_one_with_1(
    run: Run, decision: int, database: Database
) -> None:
    told = run("explain", str(decision))
    assert (told.code, told.err) == (0, "")
    assert "Equal: the same verdict" in told.out and "rule profanity_en:fuck" in told.out
    answer = run("explain", str(decision), "--json").json
    assert answer["equal"] and answer["code"]["same"]
    assert answer["then"] == answer["now"]
    with database.write() as s:
        s.execute(sql("DROP TRIGGER decision_update"))
        s.execute(sql("UPDATE decision SET clause = 'another'"))
    told = run("explain", str(decision))
    assert told.code == 1 and "Different: clause: another then" in told.out


def test_other_versions_of_libraries_are_told(
    run: Run, decision: int, database: Database, page: str, folder: Path
) -> None:
    assert run("explain", str(decision), "--json").json["libraries"]["other"] == []
    config = load_config(folder, {})
    judge, now = build_judge(config), judging_code()
    older = replace(now, libraries={**now.libraries, "numpy": "1.0"})
    with database.write() as s:
        store.note_in_force(s, config.sha256, judge.models, older, SCHOOL_DAY)
    later = str(decide(database, page, config, judge, id="another"))
    told = run("explain", later)
    assert told.code == 0
    assert f"libraries now: numpy {now.libraries['numpy']} (then 1.0)" in told.out
    assert run("explain", later, "--json").json["libraries"]["other"] == ["numpy"]


def test_an_unknown_decision_is_told_in_a_line(run: Run, decision: int) -> None:
    told = run("explain", "999")
    assert told.code == 2 and told.err.count("\n") == 1 and "999" in told.err
