"""Runs stopped and carried out at the same moment, and such as cannot be."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from modbot import undo
from modbot.domain import Mode
from modbot.errors import UndoRefused
from modbot.store import Doer, DoerKind
from modbot.undo.receipts import STOPPED
from modbot.undo.runs import PAUSED, RUNNING
from tests.fakes import FakeAdapter, ManualClock
from tests.line import ADA, Line, line_on
from tests.test_undo import GENEROUS, RIGHTS, begin, carry_on, receipts, state_of


@pytest.fixture
def line(tmp_path: Path, adapter: FakeAdapter, clock: ManualClock) -> Iterator[Line]:
    with line_on(tmp_path, adapter, clock, mode=Mode.ENFORCE, limits=GENEROUS) as line:
        yield line


def test_stopping_while_it_is_carried_out_leaves_each_comment_one_receipt(line: Line) -> None:
    for n in range(60):
        line.adapter.add(f"RUDE {n}")
    line.poll()
    run_id = begin(line, Doer(kind=DoerKind.RULE, subject="RUDE"))
    now = line.clock.now()

    def work() -> None:
        for _ in range(6):
            undo.carry_on(line.database, RIGHTS, now, work_seconds=0.01)

    def change() -> None:
        for state in (PAUSED, RUNNING, PAUSED, STOPPED, RUNNING):
            undo.change_state(line.database, run_id, state, ADA, now)

    threads = [threading.Thread(target=work) for _ in range(2)]
    threads.append(threading.Thread(target=change))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    carry_on(line, rounds=2)
    told = receipts(line, run_id)
    assert sum(told.values()) == 60 and set(told) <= {"stands", "stopped"}
    assert state_of(line, run_id) in ("stopped", "done")
    persons = [row.comment_row for row in line.decisions() if row.actor_kind == "person"]
    assert len(persons) == len(set(persons)) == told.get("stands", 0)


@pytest.mark.parametrize("subject", ["", " ", "x" * 301, "a\x00b", "a\ud800"])
def test_a_doer_that_cannot_be_is_refused(line: Line, subject: str) -> None:
    with pytest.raises(UndoRefused):
        begin(line, Doer(kind=DoerKind.RULE, subject=subject))
