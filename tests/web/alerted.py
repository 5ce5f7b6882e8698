"""A school with alerts and brakes, for the tests of the screens that show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from modbot import store
from modbot.alert_tables import AlertRow, BrakeRow
from modbot.alerts import Alert, Alerter, IncidentBook
from modbot.domain import Category, Decision, Verdict
from modbot.settings.sections import AlertsSection
from modbot.store import brakes, sendings
from modbot.store.sendings import Step
from tests.fakes import make_page
from tests.web.school import FakeService, open_school, record

ONE, TWO = make_page(1).id, make_page(2, platform="x").id
ORDER = (
    Step(after=timedelta(0), to=("on call",)),
    Step(after=timedelta(minutes=10), to=("principal", "media")),
)
STEPS = {True: ORDER, False: (Step(after=timedelta(0), to=("list",)),)}
HOSTILE = "<script>alert(1)</script>\r\nSet-Cookie: a=b \u202e{{ 7*7 }}"


def send(service: FakeService, *alerts: Alert) -> None:
    alerter = Alerter((), IncidentBook(service.database, service.clock, AlertsSection))
    for alert in alerts:
        alerter.send(alert)


def pull(service: FakeService, page_id: str, key: str) -> None:
    row = BrakeRow(
        page_id=page_id,
        key=key,
        pulled_at=service.clock.now(),
        hides=13,
        comments=25,
        share=0.5,
        window_minutes=60,
    )
    with service.database.write() as s:
        brakes.pull(s, row)


def filled(folder: Path) -> FakeService:
    """A school with a crisis, a threat, two brakes and troubles, some of them told and over."""
    service = open_school(folder)
    texts = {
        "mandated_reporting_en": "You are a mandated reporter: call the child line at once.",
        "mandated_reporting_es": "La ley le obliga a denunciar: llame a la línea en una hora.",
    }
    settings = service.config.settings.model_copy(
        update={"alerts": AlertsSection.model_validate(texts)}
    )
    service.config = replace(service.config, settings=settings)
    crisis = Decision(verdict=Verdict.ESCALATE, hide=False, categories=(Category.CRISIS,))
    threat = Decision(verdict=Verdict.ESCALATE, hide=True, categories=(Category.THREAT,))
    record(service, [("i cannot go on", crisis), ("watch out", threat), ("boom", threat)])
    send(
        service,
        Alert(kind="checkpoint_failed", page_id="folder /mnt/share", detail="is it mounted?"),
        Alert(kind="needs_login", page_id=TWO, detail="AuthExpired: the session was ended"),
        Alert(kind="threat", page_id=ONE, decision_id=3),
        Alert(kind="crisis", page_id=ONE, decision_id=1),
        Alert(kind="threat", page_id=ONE, decision_id=2),
        Alert(kind="brake", page_id=ONE, subject="rule profanity_en:heck", detail="13 of 25"),
    )
    tell(service, minutes=0)
    service.clock.advance(11 * 60)
    tell(service, minutes=11)
    with service.database.write() as s:
        store.acknowledge(s, 3, "Dana Ortiz", service.clock.now())
        for page in range(3):
            store.end_incidents(s, "poll_late", f"facebook:{page}", service.clock.now())
    pull(service, ONE, "rule profanity_en:heck")
    pull(service, TWO, "model embedded 2026.11-b3")
    for n in range(4):
        send(service, Alert(kind="poll_late", page_id=ONE))
        service.clock.advance(300)
        with service.database.write() as s:
            store.end_incidents(s, "poll_late", ONE, service.clock.now())
        del n
    return service


def tell(service: FakeService, *, minutes: int) -> None:
    """Everybody is reached but the principal."""
    now = service.clock.now()
    with service.database.write() as s:
        sendings.begin_steps(s, STEPS, now, timedelta(days=1))
        for name in ("on call", "principal", "media", "list"):
            told = sendings.claim(s, name, now)
            error = "it did not answer in time" if name == "principal" else ""
            if told:
                sendings.finish(s, name, told, error, now)
    del minutes


def alerts(service: FakeService) -> dict[int, AlertRow]:
    with service.database.read() as s:
        return {row.id or 0: row for row in s.exec(select(AlertRow))}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[FakeService]:
    """In place of the plain one: whatever is asked of it shows alerts."""
    service = filled(tmp_path)
    yield service
    service.database.close()
