"""Incidents in the database: told once, over a restart and in two processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from modbot import audit, store
from modbot.alert_tables import AlertRow, AlertSendingRow
from modbot.alerts import Alert, Alerter, IncidentBook
from modbot.settings.sections import AlertsSection
from modbot.store import Database, sendings
from modbot.store.sendings import LONGEST_RETRY, MAX_ATTEMPTS, Step
from modbot.tables import AuditRow
from tests.databases import new_database
from tests.fakes import ManualClock

LOGIN = Alert(kind="needs_login", page_id="facebook:1001", detail="make a new token")
THREAT = Alert(kind="threat", page_id="facebook:1001", decision_id=7, detail="look now")
HORIZON = timedelta(days=1)
STEPS = {
    True: (
        Step(after=timedelta(0), to=("lead",)),
        Step(after=timedelta(minutes=10), to=("media", "lead")),
    ),
    False: (Step(after=timedelta(0), to=("list",)),),
}


class House:
    """An alerter on a database, which a test may start anew."""

    def __init__(self, path: Path) -> None:
        self.clock = ManualClock()
        self.path, self.section = path, AlertsSection()
        self.told: list[Alert] = []
        self.database = new_database(path)
        self.start()

    def start(self) -> None:
        book = IncidentBook(self.database, self.clock, lambda: self.section)
        self.alerter = Alerter((self.told.append,), book)

    def rows(self) -> list[AlertRow]:
        with self.database.read() as s:
            return list(s.exec(select(AlertRow)))

    def sendings(self) -> list[AlertSendingRow]:
        with self.database.read() as s:
            return list(s.exec(select(AlertSendingRow).order_by("id")))  # type: ignore[arg-type]

    def kinds(self) -> list[str]:
        assert audit.verify(self.database).ok
        with self.database.read() as s:
            return [row.kind for row in s.exec(select(AuditRow))]

    def begin(self) -> int:
        with self.database.write() as s:
            return sendings.begin_steps(s, STEPS, self.clock.now(), HORIZON)

    def claim(self, destination: str) -> list[sendings.Told]:
        with self.database.write() as s:
            return sendings.claim(s, destination, self.clock.now())

    def finish(self, destination: str, told: list[sendings.Told], error: str = "") -> None:
        with self.database.write() as s:
            sendings.finish(s, destination, told, error, self.clock.now())

    def acknowledge(self, alert_id: int = 1) -> bool:
        with self.database.write() as s:
            return store.acknowledge(s, alert_id, "Ada", self.clock.now())


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "modbot.db")
    yield house
    house.database.close()


def test_an_incident_is_told_once_and_not_again_after_a_restart(house: House) -> None:
    assert house.alerter.send(LOGIN) and not house.alerter.send(LOGIN)
    house.start()
    assert not house.alerter.send(LOGIN)
    assert house.told == [LOGIN]
    assert house.kinds() == ["alert.opened"]


def test_what_was_over_is_a_new_incident_also_after_a_restart(house: House) -> None:
    house.alerter.send(LOGIN)
    house.start()
    house.alerter.over("needs_login", LOGIN.page_id)
    assert house.alerter.send(LOGIN)
    assert [row.over_at is None for row in house.rows()] == [False, True]
    assert house.kinds() == ["alert.opened", "alert.over", "alert.opened"]


def test_what_ends_on_one_page_stays_open_on_another(house: House) -> None:
    house.alerter.send(LOGIN)
    house.alerter.over("needs_login", "facebook:2")
    house.alerter.over("poll_late", LOGIN.page_id)
    assert not house.alerter.send(LOGIN)


@pytest.mark.sqlite
def test_two_processes_open_one_incident(house: House) -> None:
    other = Database.open(f"sqlite:///{house.path}")
    book = IncidentBook(other, house.clock, lambda: house.section)
    book.refresh()
    assert house.alerter.send(LOGIN)
    assert not book.open(LOGIN)
    other.close()


def test_a_quiet_poll_ends_nothing_and_writes_nothing(house: House) -> None:
    house.alerter.over("poll_late", "facebook:1001")
    with house.database.write():  # held: whoever wrote would fail in time
        house.alerter.over("needs_login", "facebook:1001")
    assert house.kinds() == []


@pytest.mark.sqlite
def test_an_alert_is_told_even_when_it_cannot_be_stored(house: House) -> None:
    with house.database.write() as s:
        s.execute(text("DROP TABLE alert_sending"))
        s.execute(text("DROP TRIGGER alert_delete"))
        s.execute(text("DROP TABLE alert"))
    house.start()
    assert house.alerter.send(LOGIN) and not house.alerter.send(LOGIN)
    house.alerter.over("needs_login", LOGIN.page_id)
    assert house.told == [LOGIN]


def test_what_a_transaction_notes_is_gone_when_it_fails(house: House) -> None:
    with pytest.raises(ZeroDivisionError), house.database.write() as s:
        house.alerter.note(s, [THREAT])
        raise ZeroDivisionError
    assert house.rows() == [] and house.told == []
    with house.database.write() as s:
        noted = house.alerter.note(s, [THREAT, THREAT])
    house.alerter.tell(noted)
    assert house.told == [THREAT] and len(house.rows()) == 1


def test_the_order_goes_on_until_somebody_acknowledges(house: House) -> None:
    house.alerter.send(THREAT)
    assert house.begin() == 1 and house.begin() == 0
    house.finish("lead", house.claim("lead"))
    house.clock.advance(9 * 60)
    assert house.begin() == 0
    house.clock.advance(60)
    assert house.begin() == 1
    told = [(one.step, one.destination, one.state) for one in house.sendings()]
    assert told == [(1, "lead", "sent"), (2, "media", "waiting"), (2, "lead", "waiting")]
    assert house.acknowledge() and not house.acknowledge()
    assert house.claim("media") == []
    assert [one.state for one in house.sendings()] == ["sent", "dropped", "waiting"]
    assert house.rows()[0].acknowledged_by == "Ada"


def test_acknowledged_at_once_nobody_else_is_told(house: House) -> None:
    house.alerter.send(THREAT)
    house.begin()
    house.acknowledge()
    house.clock.advance(3600)
    assert house.begin() == 0
    assert house.kinds() == ["alert.opened", "alert.acknowledged"]


def test_after_a_standstill_each_step_keeps_its_distance(house: House) -> None:
    house.alerter.send(THREAT)
    house.clock.advance(5 * 3600)
    assert house.begin() == 1 and house.begin() == 0
    house.clock.advance(10 * 60)
    assert house.begin() == 1


def test_a_crash_between_claim_and_mark_sends_again_and_after_the_mark_never(
    house: House,
) -> None:
    house.alerter.send(THREAT)
    house.begin()
    first = house.claim("lead")
    assert [one.attempts for one in first] == [1]
    assert house.claim("lead") == []  # another process, at the same time
    house.clock.advance(61)
    again = house.claim("lead")
    assert [(one.alert_id, one.attempts) for one in again] == [(1, 2)]
    house.finish("lead", again)
    house.clock.advance(24 * 3600)
    assert house.claim("lead") == []
    assert house.kinds().count("alert.sent") == 1


def test_a_delivery_that_fails_is_tried_ever_later_and_then_given_up(house: House) -> None:
    house.alerter.send(THREAT)
    house.begin()
    waits = []
    for _ in range(MAX_ATTEMPTS):
        told = house.claim("lead")
        house.finish("lead", told, "no answer")
        waits.append(house.sendings()[0].next_try_at - house.clock.now())
        house.clock.advance(waits[-1].total_seconds() + 1)
    assert [w.total_seconds() / 60 for w in waits[:6]] == [1, 2, 4, 8, 16, 30]
    assert max(waits) == LONGEST_RETRY
    assert (house.sendings()[0].state, house.claim("lead")) == ("failed", [])
    kinds = [k for k in house.kinds() if k != "alert.opened"]
    assert kinds == ["alert.not_sent", "alert.given_up"]


def test_whoever_cannot_be_reached_is_not_waited_for(house: House) -> None:
    house.alerter.send(THREAT)
    house.begin()
    house.finish("lead", house.claim("lead"), "no answer")
    assert house.begin() == 1  # the next in the order, at once
    assert {one.destination for one in house.sendings() if one.step == 2} == {"media", "lead"}


def test_the_same_trouble_is_told_again_only_when_it_lasts(house: House) -> None:
    house.alerter.send(LOGIN)
    house.begin()
    house.finish("list", house.claim("list"))
    for _ in range(5):
        house.alerter.over("needs_login", LOGIN.page_id)
        house.clock.advance(60)
        house.alerter.send(LOGIN)
        assert house.begin() == 0
    house.clock.advance(3600)
    assert house.begin() == 1
    assert len(house.claim("list")) == 1


@pytest.mark.parametrize("hours", [-5, -0.2, 24 * 300])
def test_a_clock_that_is_set_anew_holds_nothing_up_for_longer_than_a_retry(
    house: House, hours: float
) -> None:
    house.alerter.send(THREAT)
    house.begin()
    house.finish("lead", house.claim("lead"), "no answer")
    house.clock.advance(hours * 3600)
    house.clock.advance(LONGEST_RETRY.total_seconds())
    house.begin()
    assert len(house.claim("lead")) >= 1


def test_a_thousand_incidents_at_once_are_one_message_and_few_audit_rows(house: House) -> None:
    alerts = [Alert(kind="threat", page_id="facebook:1001", decision_id=n) for n in range(1, 1_001)]
    with house.database.write() as s:
        house.alerter.tell(house.alerter.note(s, alerts))
    assert house.begin() == 1_000
    told = house.claim("lead")
    house.finish("lead", told)
    assert len(told) == 1_000 and house.claim("lead") == []
    with house.database.read() as s:
        (sent,) = s.exec(select(AuditRow).where(AuditRow.kind == "alert.sent"))
    assert json.loads(sent.detail)["number"] == 1_000 and len(sent.detail) < 500


@pytest.mark.sqlite
def test_looking_for_what_is_due_reads_indexes_only(house: House) -> None:
    looks = (
        "SELECT id FROM alert WHERE next_step_at IS NOT NULL AND next_step_at <= '2030'",
        "SELECT count(*) FROM alert WHERE urgent = 1 AND over_at IS NULL"
        " AND acknowledged_at IS NULL",
        "SELECT id FROM alert_sending WHERE state = 'waiting' AND next_try_at <= '2030'",
    )
    with house.database.read() as s:
        for look in looks:
            plan = " ".join(str(row[3]) for row in s.execute(text(f"EXPLAIN QUERY PLAN {look}")))
            assert "USING" in plan and "INDEX" in plan, plan
