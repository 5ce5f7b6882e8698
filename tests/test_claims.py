"""Two people never work on one item: claims and verdicts raced on a real file."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from modbot import claims, review, store
from modbot.claims import Claimant
from modbot.domain import Actor, Category, Verdict
from modbot.errors import DecidedSince, HeldByAnother, VerdictRefused
from modbot.policy import ReviewRules
from modbot.review import Room
from modbot.store import Database
from modbot.tables import DecisionRow
from tests.records import NOON, PAGE, later, open_database
from tests.test_store_waiting import decided, judge

ITEMS, PEOPLE = 24, 6


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path)
    with database.write() as s:
        for number in range(ITEMS):
            judge(s, f"c{number}", decided(), minute=number)
    yield database
    database.close()


def claimant(number: int, **changes: object) -> Claimant:
    return Claimant(**{"person_id": number, "name": f"P{number}", "pages": None, **changes})  # type: ignore[arg-type]


ANA, BEN = claimant(1), claimant(2)


def room(who: Claimant) -> Room:
    return Room(person_id=who.person_id, administrator=who.administrator, rules=ReviewRules())


def resolve(database: Database, decision_id: int, who: Claimant, **changes: object) -> int:
    verdict = changes.pop("verdict", Verdict.HIDE)
    now = changes.pop("now", NOON)
    made = review.resolve(
        database,
        decision_id,
        verdict,  # type: ignore[arg-type]
        Actor(kind="person", name=who.name),
        "seen",
        now,  # type: ignore[arg-type]
        room=room(who),
    )
    assert made.decision_id is not None
    return made.decision_id


def at_once(work: Callable[[int], None]) -> None:
    """Runs `work` in a thread for each person, all let go at the same moment."""
    gate = threading.Barrier(PEOPLE)
    failures: list[BaseException] = []

    def run(number: int) -> None:
        gate.wait()
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(1, PEOPLE + 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


def test_each_gets_an_item_of_their_own(database: Database) -> None:
    assert claims.take_next(database, ANA, NOON) == 1
    assert claims.take_next(database, BEN, NOON) == 2
    assert claims.take_next(database, ANA, NOON) == 1
    assert claims.take_next(database, ANA, NOON, after=1) == 3
    assert claims.take_next(database, BEN, NOON, before=2) == 1  # Ana has let go of it


def test_the_end_of_the_queue_leads_to_its_beginning(database: Database) -> None:
    assert claims.take_next(database, ANA, NOON, after=ITEMS) == 1
    assert claims.take_next(database, ANA, NOON, before=1) == 1  # there is nothing before it


def test_a_claim_ends_by_itself_unless_it_is_renewed(database: Database) -> None:
    held = claims.take(database, 1, ANA, NOON)
    assert held is not None and held.until == NOON + timedelta(minutes=5)
    told = claims.take(database, 1, BEN, later(4.9))
    assert told is not None and told.name == "P1"
    claims.renew(database, 1, ANA, later(4.9))
    told = claims.take(database, 1, BEN, later(9))
    assert told is not None and told.name == "P1"
    told = claims.take(database, 1, BEN, later(10))
    assert told is not None and told.name == "P2"
    again = claims.renew(database, 1, ANA, later(10))
    assert again is not None and again.name == "P2"


def test_opening_the_item_that_one_was_just_given_waits_for_no_writer(database: Database) -> None:
    assert claims.take_next(database, ANA, NOON) == 1
    with database.write(), ThreadPoolExecutor(1) as elsewhere:
        held = elsewhere.submit(claims.take, database, 1, ANA, later(0.1)).result(timeout=5)
    assert held is not None and held.until == later(5)


def test_an_item_that_one_has_had_for_a_while_is_held_anew(database: Database) -> None:
    claims.take(database, 1, ANA, NOON)
    held = claims.take(database, 1, ANA, later(1))
    assert held is not None and held.until == later(6)


def test_opening_one_item_frees_another_even_just_after_it_was_given(database: Database) -> None:
    claims.take(database, 1, ANA, NOON)
    claims.renew(database, 2, ANA, NOON)  # from a second window
    held = claims.take(database, 1, ANA, later(0.1))
    assert held is not None and held.name == "P1"
    told = claims.take(database, 2, BEN, later(0.1))
    assert told is not None and told.name == "P2"


def test_what_was_decided_elsewhere_is_nobodys_even_just_after_it_was_given(
    database: Database,
) -> None:
    claims.take(database, 1, ANA, NOON)
    with database.write() as s:
        judge(s, "c0", decided(Verdict.ALLOW), text="all is well", minute=ITEMS)
    assert claims.take(database, 1, ANA, later(0.1)) is None


def test_what_does_not_wait_is_nobodys(database: Database) -> None:
    resolve(database, 1, ANA)
    assert claims.take(database, 1, BEN, NOON) is None
    assert claims.renew(database, 1, BEN, NOON) is None


def test_what_another_holds_is_not_decided(database: Database) -> None:
    claims.take(database, 1, ANA, NOON)
    with pytest.raises(HeldByAnother) as refusal:
        resolve(database, 1, BEN)
    assert refusal.value.holder == "P1"
    resolve(database, 1, BEN, now=later(6))  # Ana's claim is over


def test_what_was_decided_meanwhile_is_not_decided_again(database: Database) -> None:
    made = resolve(database, 1, ANA)
    with pytest.raises(DecidedSince) as refusal:
        resolve(database, 1, BEN)
    assert refusal.value.newest == made


def test_an_administrator_gets_what_was_handed_on_first(database: Database) -> None:
    handed_on = resolve(database, 9, ANA, verdict=Verdict.ESCALATE)
    chief = claimant(3, administrator=True)
    assert claims.take_next(database, ANA, NOON, after=8) == 10
    assert claims.take_next(database, chief, NOON) == handed_on
    assert claims.take_next(database, chief, NOON, after=handed_on) == 1
    with pytest.raises(VerdictRefused):
        resolve(database, handed_on, ANA)
    resolve(database, handed_on, chief)


def test_people_who_ask_at_the_same_moment_never_get_the_same_item(database: Database) -> None:
    got: list[int] = []
    done: list[int] = []

    def work(number: int) -> None:
        who = claimant(number)
        while (decision_id := claims.take_next(database, who, NOON)) is not None:
            got.append(decision_id)
            done.append(resolve(database, decision_id, who))

    at_once(work)
    assert sorted(got) == list(range(1, ITEMS + 1))
    assert len(set(done)) == ITEMS


def test_of_verdicts_given_at_the_same_moment_one_stands(database: Database) -> None:
    ends: Counter[str] = Counter()

    def work(number: int) -> None:
        for decision_id in range(1, ITEMS + 1):
            verdict = (Verdict.HIDE, Verdict.ALLOW)[number % 2]
            try:
                resolve(database, decision_id, claimant(number), verdict=verdict)
                ends["stands"] += 1
            except (DecidedSince, HeldByAnother):
                ends["refused"] += 1

    at_once(work)
    assert ends == {"stands": ITEMS, "refused": ITEMS * (PEOPLE - 1)}
    with database.read() as s:
        made = s.exec(select(DecisionRow).where(DecisionRow.actor_kind == "person")).all()
        assert len(made) == ITEMS


def test_somebody_gets_only_what_is_on_their_pages(database: Database) -> None:
    stranger = claimant(4, pages=frozenset({"x:1"}))
    assert claims.take_next(database, stranger, NOON) is None
    assert claims.take_next(database, claimant(5, pages=frozenset({PAGE})), NOON) == 1


def test_the_worst_is_taken_first(database: Database) -> None:
    with database.write() as s:
        made = judge(s, "threat", decided(Verdict.ESCALATE, Category.THREAT), minute=99)
    assert claims.take_next(database, ANA, NOON) == made.decision_id
    with database.read() as s:
        assert store.count_claims(s, BEN.person_id, NOON) == 1
        assert store.count_claims(s, ANA.person_id, NOON) == 0
