"""Taking back what a rule, a model or a person did: the set, the plan, the receipts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from modbot import audit, review, store, undo
from modbot.domain import ActionState, Actor, Mode, Verdict
from modbot.enforcement import Limits
from modbot.errors import QuotaSpent, UndoRefused
from modbot.room_tables import UndoItemRow, UndoRunRow
from modbot.store import DeedChoice, Doer, DoerKind
from modbot.undo import Outcome, Plan, PreviewChanged, Request, Rights
from modbot.undo.pace import pace_of
from modbot.undo.receipts import STOPPED, items, totals
from modbot.undo.runs import PAUSED, RUNNING
from tests.fakes import EVERYTHING, FakeAdapter, ManualClock
from tests.line import ADA, Line, line_on, make_policy

BEN = Actor(kind="person", name="Ben")
BAD = Doer(kind=DoerKind.RULE, subject="BAD")
RIGHTS = Rights(policy=make_policy(), capabilities=lambda platform: EVERYTHING)
GENEROUS = Limits(hides_per_hour=10_000, hides_per_day=10_000)


@pytest.fixture
def line(tmp_path: Path, adapter: FakeAdapter, clock: ManualClock) -> Iterator[Line]:
    """A page in enforce."""
    with line_on(tmp_path, adapter, clock, mode=Mode.ENFORCE, limits=GENEROUS) as line:
        yield line


def choice(line: Line, doer: Doer = BAD, **changes: object) -> DeedChoice:
    """Everything so far."""
    with line.database.read() as s:
        through = store.newest_decision(s)
    start = line.clock.now() - timedelta(days=1)
    found = DeedChoice(
        doer=doer, since=start, until=line.clock.now() + timedelta(seconds=1), through=through
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def preview(
    line: Line, doer: Doer = BAD, *, others_too: bool = False, rights: Rights = RIGHTS
) -> undo.Preview:
    with line.database.read() as s:
        return undo.look(s, choice(line, doer), rights, others_too=others_too)


def begin(line: Line, doer: Doer = BAD, *, others_too: bool = False, actor: Actor = ADA) -> int:
    request = Request(
        choice=choice(line, doer), others_too=others_too, reason="a bad rule", set_sha256=""
    )
    return undo.start(line.database, request, RIGHTS, actor, line.clock.now())


def carry_on(line: Line, *, rounds: int = 20) -> None:
    """Works and polls until nothing moves."""
    for _ in range(rounds):
        line.clock.advance(60)
        undo.carry_on(line.database, RIGHTS, line.clock.now())
        line.poll()


def receipts(line: Line, run_id: int) -> dict[str, int]:
    with line.database.read() as s:
        counted = totals(s, run_id)
    found: dict[str, int] = {}
    for page in counted.values():
        for outcome, number in page.items():
            found[outcome.value] = found.get(outcome.value, 0) + number
    return found


def state_of(line: Line, run_id: int) -> str:
    with line.database.read() as s:
        return store.undo_run(s, run_id).state


def test_what_a_rule_hid_comes_back_with_a_receipt_for_each(line: Line) -> None:
    for n in range(3):
        line.adapter.add(f"BAD {n}")
    line.adapter.add("fine")
    line.poll()
    assert len(line.adapter.hidden_ids()) == 3
    assert preview(line).plans == {Plan.RESTORE: 3}
    run_id = begin(line)
    carry_on(line)
    assert line.adapter.hidden_ids() == set()
    assert receipts(line, run_id) == {"restored": 3}
    assert state_of(line, run_id) == "done"
    last = line.decisions()[-1]
    assert (last.verdict, last.actor, last.hide) == ("allow", "Ada", False)
    assert last.reason.startswith("Undo of rule BAD since ")
    assert last.key.startswith(f"person:undo:{run_id}:")
    unsound = {p.table for p in audit.verify(line.database).problems}
    assert unsound <= {"page"}  # the test registers it without an audit row


def test_what_was_reviewed_for_the_rule_alone_stands_without_a_call(line: Line) -> None:
    line.adapter.add("RUDE")
    line.poll()
    calls = len(line.adapter.calls)
    run_id = begin(line, Doer(kind=DoerKind.RULE, subject="RUDE"))
    undo.carry_on(line.database, RIGHTS, line.clock.now())
    assert len(line.adapter.calls) == calls
    assert receipts(line, run_id) == {"stands": 1}
    with line.database.read() as s:
        assert store.waiting_comment(s, 1) is None


def test_the_page_and_the_time_bound_the_set(line: Line) -> None:
    line.adapter.add("BAD old")
    line.poll()
    line.clock.advance(3600)
    middle = line.clock.now()
    line.adapter.add("BAD new")
    line.poll()
    with line.database.read() as s:
        late = undo.look(s, choice(line, since=middle), RIGHTS)
        early = undo.look(s, choice(line, until=middle), RIGHTS)
        elsewhere = undo.look(s, choice(line, pages=frozenset({"x:1"})), RIGHTS)
    assert [i.decision_id for i in late.items] == [2]
    assert [i.decision_id for i in early.items] == [1]
    assert elsewhere.items == ()


def test_a_comment_that_came_after_the_preview_is_not_in_the_run(line: Line) -> None:
    line.adapter.add("BAD 1")
    line.poll()
    seen, chosen = preview(line), choice(line, until=line.clock.now() + timedelta(hours=1))
    line.adapter.add("BAD 2")
    line.poll()
    request = Request(choice=chosen, others_too=False, reason="r", set_sha256=seen.set_sha256)
    run_id = undo.start(line.database, request, RIGHTS, ADA, line.clock.now())
    carry_on(line)
    assert receipts(line, run_id) == {"restored": 1}
    assert line.adapter.hidden_ids() == {"c2"}


def test_a_set_that_is_not_the_previewed_one_is_refused(line: Line) -> None:
    line.adapter.add("BAD 1")
    line.poll()
    request = Request(choice=choice(line), others_too=False, reason="r", set_sha256="f" * 64)
    with pytest.raises(PreviewChanged):
        undo.start(line.database, request, RIGHTS, ADA, line.clock.now())
    assert not rows(line, UndoRunRow)


@pytest.mark.parametrize(
    ("changes", "actor"),
    [
        ({"reason": "  "}, ADA),
        ({"reason": "x" * 501}, ADA),
        ({}, Actor(kind="person", name=" ")),
        ({}, Actor(kind="bot", name="modbot")),
    ],
)
def test_a_run_needs_a_person_and_a_reason(
    line: Line, changes: dict[str, object], actor: Actor
) -> None:
    line.adapter.add("BAD 1")
    line.poll()
    request = Request(choice=choice(line), others_too=False, reason="r", set_sha256="")
    with pytest.raises(UndoRefused):
        undo.start(
            line.database,
            replace(request, **changes),
            RIGHTS,
            actor,
            line.clock.now(),  # type: ignore[arg-type]
        )


def test_the_same_form_sent_twice_begins_one_run(line: Line) -> None:
    line.adapter.add("BAD 1")
    line.poll()
    assert begin(line) == begin(line)
    assert len(rows(line, UndoRunRow)) == 1


def test_two_runs_over_the_same_comments_restore_each_once(line: Line) -> None:
    for n in range(4):
        line.adapter.add(f"BAD {n}")
    line.poll()
    first = begin(line)
    second = begin(line, others_too=True)
    assert first != second
    carry_on(line)
    assert receipts(line, first) == {"restored": 4}
    assert receipts(line, second) == {"already": 4}
    assert sum(1 for a in line.actions() if a.kind == "restore") == 4


def test_what_a_person_decided_after_it_stands(line: Line) -> None:
    line.adapter.add("BAD 1")
    line.adapter.add("BAD 2")
    line.poll()
    review.resolve(line.database, 1, Verdict.HIDE, BEN, "right", line.clock.now())
    review.resolve(line.database, 2, Verdict.ALLOW, BEN, "wrong", line.clock.now())
    assert preview(line).plans == {Plan.DECIDED: 1, Plan.ALREADY: 1}
    run_id = begin(line)
    carry_on(line)
    assert receipts(line, run_id) == {"decided": 1, "already": 1}
    assert line.adapter.hidden_ids() == {"c1"}


def test_what_changes_between_preview_and_turn_is_looked_at_anew(line: Line) -> None:
    for n in range(4):
        line.adapter.add(f"BAD {n}")
    line.poll()
    run_id = begin(line)
    line.adapter.edit("c1", "BAD and edited")
    line.adapter.remove("c2")
    line.poll()
    review.resolve(line.database, 3, Verdict.HIDE, BEN, "right", line.clock.now())
    carry_on(line)
    assert receipts(line, run_id) == {"edited": 1, "gone": 1, "decided": 1, "restored": 1}
    assert "c4" not in line.adapter.hidden_ids() and "c3" in line.adapter.hidden_ids()


def test_an_edit_that_only_the_platform_knows_of_is_refused_there(line: Line) -> None:
    line.adapter.add("BAD 1")
    line.poll()
    run_id = begin(line)
    undo.carry_on(line.database, RIGHTS, line.clock.now())
    line.adapter.edit("c1", "worse BAD")
    carry_on(line)
    assert receipts(line, run_id) == {"changed": 1}
    assert line.adapter.hidden_ids() == {"c1"}
    assert state_of(line, run_id) == "done"


def test_what_another_rule_would_have_hidden_stays_unless_it_is_wanted(line: Line) -> None:
    line.adapter.add("BAD and KILL")
    line.adapter.add("BAD and RUDE")
    line.poll()
    assert preview(line).plans == {Plan.OTHERS: 1, Plan.RESTORE_REVIEW: 1}
    assert preview(line, others_too=True).plans == {Plan.RESTORE: 2}
    run_id = begin(line)
    carry_on(line)
    assert receipts(line, run_id) == {"others": 1, "restored": 1}
    assert line.decisions()[-1].verdict == "review"


def test_a_platform_that_cannot_restore_is_not_asked(line: Line) -> None:
    line.adapter.add("BAD 1")
    line.poll()
    unable = Rights(policy=make_policy(), capabilities=lambda platform: frozenset())
    assert preview(line, rights=unable).plans == {Plan.CANNOT: 1}


def test_what_the_platform_had_hidden_before_stays_hidden(line: Line) -> None:
    line.adapter.add("BAD 1")
    line.adapter.hide("c1")  # somebody in the app
    line.poll()
    assert preview(line).plans == {Plan.ELSEWHERE: 1}


def test_an_edit_that_was_hidden_again_is_modbots_own_hide(line: Line) -> None:
    line.adapter.add("BAD 1")
    line.poll()
    line.adapter.edit("c1", "BAD 1, and edited")
    line.poll()
    line.poll()
    assert [a.answer for a in line.actions()] == ["done", "already so"]
    run_id = begin(line)
    carry_on(line)
    assert receipts(line, run_id) == {"restored": 1}
    assert line.adapter.hidden_ids() == set()


def test_a_persons_wrong_hides_come_back_and_wrong_allows_go_to_review(line: Line) -> None:
    for text in ("fine", "BAD 1", "RUDE", "BAD 2", "fine too"):
        line.adapter.add(text)
    line.poll()
    for decision, verdict in (
        (1, Verdict.HIDE),  # the bot let it stand
        (2, Verdict.ALLOW),  # the bot hid it
        (3, Verdict.HIDE),  # the bot asked for a person
        (4, Verdict.HIDE),  # the bot hid it too
        (5, Verdict.ALLOW),  # the bot let it stand too
    ):
        review.resolve(line.database, decision, verdict, BEN, "", line.clock.now())
    line.poll()
    assert line.adapter.hidden_ids() == {"c1", "c3", "c4"}
    ben = Doer(kind=DoerKind.PERSON, subject="Ben")
    assert preview(line, ben).plans == {
        Plan.RESTORE: 1,
        Plan.REVIEW: 2,
        Plan.RESTORE_REVIEW: 1,
        Plan.AGREED: 1,
    }
    run_id = begin(line, ben)
    carry_on(line)
    assert line.adapter.hidden_ids() == {"c4"}  # nothing new is hidden, nothing shown blindly
    assert receipts(line, run_id) == {"restored": 2, "review": 2, "agreed": 1}
    with line.database.read() as s:
        waiting = {n for n in range(1, 6) if store.waiting_comment(s, n)}
    assert waiting == {2, 3, 4}


def test_an_undo_can_be_undone_as_what_its_person_did(line: Line) -> None:
    line.adapter.add("BAD 1")
    line.poll()
    begin(line)
    carry_on(line)
    run_id = begin(line, Doer(kind=DoerKind.PERSON, subject="Ada"), actor=BEN)
    carry_on(line)
    assert receipts(line, run_id) == {"review": 1}
    assert line.adapter.hidden_ids() == set()
    assert line.decisions()[-1].verdict == "review"


def test_a_paused_run_rests_and_a_stopped_one_is_over(line: Line) -> None:
    for n in range(3):
        line.adapter.add(f"BAD {n}")
    line.poll()
    run_id = begin(line)
    now = line.clock.now()
    assert undo.change_state(line.database, run_id, PAUSED, BEN, now)
    carry_on(line, rounds=2)
    assert receipts(line, run_id) == {"waiting": 3}
    assert not undo.change_state(line.database, run_id, PAUSED, BEN, now)
    assert undo.change_state(line.database, run_id, RUNNING, BEN, now)
    assert undo.change_state(line.database, run_id, STOPPED, BEN, now)
    assert not undo.change_state(line.database, run_id, RUNNING, BEN, now)
    carry_on(line, rounds=2)
    assert receipts(line, run_id) == {"stopped": 3}
    kinds = [a.kind for a in line.audit() if a.kind.startswith("undo.")]
    assert kinds == ["undo.started", "undo.paused", "undo.resumed", "undo.stopped"]


def test_restores_keep_to_the_pace_and_hides_go_first(line: Line) -> None:
    pace = pace_of("facebook")
    for n in range(pace.an_hour + 20):
        line.adapter.add(f"BAD {n}")
    line.poll()
    run_id = begin(line)
    undo.carry_on(line.database, RIGHTS, line.clock.now())
    assert receipts(line, run_id)["asked"] == pace.open_at_once
    line.adapter.add("BAD late")
    line.poll()
    order = [call for call in line.adapter.calls if call[0] in ("hide", "restore")]
    first = order.index(("hide", f"c{pace.an_hour + 21}"))
    assert all(name != "restore" for name, *_ in order[:first])
    for _ in range(30):  # half an hour
        line.clock.advance(60)
        undo.carry_on(line.database, RIGHTS, line.clock.now())
        line.poll()
    assert receipts(line, run_id) == {"restored": pace.an_hour, "waiting": 20}
    line.clock.advance(3600)
    carry_on(line, rounds=10)
    assert receipts(line, run_id) == {"restored": pace.an_hour + 20}


def test_a_refusal_of_the_platform_is_the_receipt(line: Line) -> None:
    line.adapter.add("BAD 1")
    line.poll()
    run_id = begin(line)
    undo.carry_on(line.database, RIGHTS, line.clock.now())
    line.adapter.fail_next("restore", QuotaSpent("no units left"))
    line.poll()
    with line.database.read() as s:
        (item,) = items(s, run_id, Outcome.ASKED)
    assert item.answer.startswith("QuotaSpent")
    carry_on(line, rounds=40)
    assert receipts(line, run_id) == {"restored": 1}


def test_receipts_are_told_one_by_one_and_by_kind(line: Line) -> None:
    for n in range(3):
        line.adapter.add(f"BAD {n}")
    line.adapter.add("BAD KILL")
    line.poll()
    run_id = begin(line)
    carry_on(line)
    with line.database.read() as s:
        told = items(s, run_id, limit=2)
        rest = items(s, run_id, after=told[-1].id)
        others = items(s, run_id, Outcome.OTHERS)
    assert [i.comment_id for i in (*told, *rest)] == ["c1", "c2", "c3", "c4"]
    assert [i.comment_id for i in others] == ["c4"]
    assert told[0].action_state == ActionState.CONFIRMED and told[0].answer == "done"


def rows(line: Line, table: type[UndoRunRow] | type[UndoItemRow]) -> list[object]:
    with line.database.read() as s:
        return list(s.exec(select(table)))
