"""Random histories: after an undo run each comment has exactly one receipt, and no word of a person
that came later is overruled."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest

from modbot import review, store, undo
from modbot.domain import Actor, Mode, Verdict
from modbot.errors import ModbotError, UndoRefused
from modbot.store import Doer, DoerKind
from modbot.tables import DecisionRow
from modbot.undo import Outcome
from modbot.undo.receipts import OPEN, items, outcome_of
from modbot.undo.runs import PAUSED, RUNNING
from tests.fakes import FakeAdapter, ManualClock
from tests.line import ADA, Line, line_on
from tests.test_undo import GENEROUS, RIGHTS, begin, carry_on

BEN = Actor(kind="person", name="Ben")
TEXTS = ("fine", "BAD", "BAD RUDE", "BAD KILL", "RUDE", "KILL", "HELPME BAD", "HELPME")
DOERS = (
    Doer(kind=DoerKind.RULE, subject="BAD"),
    Doer(kind=DoerKind.RULE, subject="RUDE"),
    Doer(kind=DoerKind.PERSON, subject="Ben"),
    Doer(kind=DoerKind.PERSON, subject="Ada"),
)


class History:
    """Whatever can happen to some comments, in random order."""

    def __init__(self, line: Line, chance: random.Random):
        self.line, self.chance = line, chance
        self.runs: list[int] = []

    def step(self) -> None:
        what = self.chance.choices(
            (
                self.write,
                self.edit,
                self.remove,
                self.decide,
                self.in_the_app,
                self.run,
                self.pause,
            ),
            (5, 2, 1, 5, 1, 2, 1),
        )[0]
        what()
        self.line.clock.advance(self.chance.uniform(1, 90))
        if self.chance.random() < 0.6:
            self.line.poll()
        if self.chance.random() < 0.5:
            undo.carry_on(self.line.database, RIGHTS, self.line.clock.now())

    def write(self) -> None:
        self.line.adapter.add(self.chance.choice(TEXTS))

    def _one(self) -> str | None:
        there = list(self.line.adapter.comments)
        return self.chance.choice(there) if there else None

    def edit(self) -> None:
        if one := self._one():
            self.line.adapter.edit(one, f"{self.chance.choice(TEXTS)} {self.chance.random()}")

    def remove(self) -> None:
        if one := self._one():
            self.line.adapter.remove(one)

    def in_the_app(self) -> None:
        if one := self._one():
            self.line.adapter.hide(one)

    def decide(self) -> None:
        made = self.line.decisions()
        if not made:
            return
        verdict = self.chance.choice((Verdict.ALLOW, Verdict.HIDE, Verdict.REVIEW))
        who = self.chance.choice((ADA, BEN))
        with suppress(ModbotError):  # it was edited since
            review.resolve(
                *(self.line.database, self.chance.choice(made).id, verdict, who, ""),  # type: ignore[arg-type]
                self.line.clock.now(),
            )

    def run(self) -> None:
        who = self.chance.choice((ADA, BEN))
        others = self.chance.random() < 0.3
        try:
            run_id = begin(self.line, self.chance.choice(DOERS), others_too=others, actor=who)
        except UndoRefused:
            return  # nothing was done
        if run_id not in self.runs:
            self.runs.append(run_id)

    def pause(self) -> None:
        if self.runs:
            state = self.chance.choice((PAUSED, RUNNING))
            run_id = self.chance.choice(self.runs)
            undo.change_state(self.line.database, run_id, state, ADA, self.line.clock.now())


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(n, marks=pytest.mark.campaigns) for n in range(2, 8))]
)
def test_random_histories_end_in_one_receipt_each(
    seed: int, tmp_path: Path, adapter: FakeAdapter, clock: ManualClock
) -> None:
    with line_on(tmp_path, adapter, clock, mode=Mode.ENFORCE, limits=GENEROUS) as line:
        history = History(line, random.Random(seed))
        for _ in range(60):
            history.step()
        for run_id in history.runs:
            undo.change_state(line.database, run_id, RUNNING, ADA, line.clock.now())
        carry_on(line, rounds=30)
        decisions = {row.id: row for row in line.decisions()}
        for run_id in history.runs:
            look_at(line, run_id, decisions)


def look_at(line: Line, run_id: int, decisions: dict[int | None, DecisionRow]) -> None:
    with line.database.read() as s:
        assert store.undo_run(s, run_id).state == "done"
        told = items(s, run_id, limit=1000)
        counted = sum(len(items(s, run_id, outcome, limit=1000)) for outcome in Outcome)
    assert counted == len(told)  # exactly one receipt each
    for item in told:
        assert outcome_of(item.outcome, item.action_state) not in OPEN
        if item.made_decision is None:
            continue
        deed, made = decisions[item.decision_id], decisions[item.made_decision]
        between = [
            row
            for row in decisions.values()
            if row.comment_row == deed.comment_row
            and (deed.id or 0) < (row.id or 0) < (made.id or 0)
            and row.actor_kind == "person"
        ]
        assert between == []  # no later word of a person was overruled
        assert made.version_id == deed.version_id
        assert made.verdict in ("allow", "review")
        assert not made.hide or deed.hide  # nothing is hidden by an undo
