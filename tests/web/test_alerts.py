"""The alerts: seen, acknowledged, and brakes released, by people and under attack."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import func, select

from modbot import audit, store
from modbot.alert_tables import AlertSendingRow
from modbot.alerts import Alert, IncidentBook
from modbot.domain import Category, Decision, Verdict
from modbot.people import Role
from modbot.settings.sections import AlertsSection
from modbot.store import sendings
from modbot.store.sendings import Step
from modbot.tables import AuditRow, DecisionRow
from tests.web.alerted import HOSTILE, ONE, STEPS, TWO, alerts, filled, pull, send
from tests.web.school import FakeService, record
from tests.web.serving import served
from tests.web.signed_in import Site


@pytest.fixture
def full(tmp_path: Path) -> Iterator[tuple[FakeService, Site]]:
    service = filled(tmp_path)
    with served(service) as address:
        yield service, Site(address=address, service=service)
    service.database.close()


def test_the_worst_and_oldest_stand_first_with_whom_they_went_to(
    full: tuple[FakeService, Site],
) -> None:
    _, site = full
    page = site.get("/alerts").text
    places = [page.index(f'id="a{n}"') for n in (4, 5, 1, 2, 6, 3)]
    assert places == sorted(places)
    crisis = page[places[0] : places[1]]
    assert "/decisions/1" in crisis and "mandated reporter" in crisis and "on call" in crisis
    assert "1 try failed" in crisis and "it did not answer in time" in crisis
    assert "11 minutes" in page or "31 minutes" in page
    assert "mandated reporter" not in page[places[1] : places[2]]


def test_the_reporting_text_is_in_the_reader_s_language(full: tuple[FakeService, Site]) -> None:
    _, site = full
    assert "La ley le obliga" in site.get("/alerts?lang=es").text


def test_a_threat_that_is_a_cry_for_help_too_shows_the_reporting_text(tmp_path: Path) -> None:
    service = filled(tmp_path)
    both = Decision(
        verdict=Verdict.ESCALATE, hide=True, categories=(Category.THREAT, Category.CRISIS)
    )
    record(service, [("dad says he will kill mom and me", both)])
    with service.database.read() as s:
        decision_id = s.scalar(select(func.max(DecisionRow.id)))
    assert decision_id
    send(service, Alert(kind="threat", page_id=ONE, decision_id=decision_id))
    with served(service) as address:
        page = Site(address=address, service=service).get("/alerts").text
    shown = page.partition(f'href="/decisions/{decision_id}"')[0].rpartition("<li id=")[2]
    assert "Threat" in shown and "You are a mandated reporter" in shown
    with service.database.write() as s:
        now = service.clock.now()
        sendings.begin_steps(s, STEPS, now, timedelta(days=1))
        told = sendings.claim(s, "on call", now)
    assert {one.decision_id: one.crisis for one in told}[decision_id]
    service.database.close()


def test_an_acknowledged_alert_says_by_whom_and_the_banner_counts_the_rest(
    full: tuple[FakeService, Site],
) -> None:
    service, site = full
    assert "2 urgent alerts wait" in site.get("/decisions/1").text
    answer = site.post("/alerts/4/acknowledge")
    assert (answer.status_code, answer.headers["location"]) == (303, "/alerts?said=acknowledged")
    assert "Nobody else is told" in site.get("/alerts?said=acknowledged").text
    assert site.post("/alerts/4/acknowledge").headers["location"].endswith("before")
    assert alerts(service)[4].acknowledged_by == f"{site.admin} #1"
    assert "1 urgent alert waits" in site.get("/decisions/1").text
    site.post("/alerts/5/acknowledge")
    assert "urgent-banner" not in site.get("/decisions/1").text
    with service.database.read() as s:
        made = s.exec(select(AuditRow).where(AuditRow.kind == "alert.acknowledged")).all()
    assert [(row.actor, row.row_id) for row in made] == [
        ("Dana Ortiz", "3"),
        (f"{site.admin} #1", "4"),
        (f"{site.admin} #1", "5"),
    ]


def test_a_brake_is_released_with_a_reason_and_its_alert_is_over(
    full: tuple[FakeService, Site],
) -> None:
    service, site = full
    assert "13 of 25 comments" in site.get("/alerts").text
    missing = site.post("/alerts/brakes/1/release", {"reason": "  "})
    assert missing.headers["location"].endswith("reason-missing")
    done = site.post("/alerts/brakes/1/release", {"reason": f"mended {HOSTILE}"})
    assert done.headers["location"].endswith("said=released")
    again = site.post("/alerts/brakes/1/release", {"reason": "x"})
    assert again.headers["location"].endswith("released-before")
    assert alerts(service)[6].over_at is not None
    assert "profanity_en:heck" not in site.get("/alerts").text
    with service.database.read() as s:
        (row,) = s.exec(select(AuditRow).where(AuditRow.kind == "brake.released"))
    assert row.actor == f"{site.admin} #1" and "mended" in row.detail


def test_a_viewer_sees_and_does_nothing(full: tuple[FakeService, Site]) -> None:
    service, site = full
    for role in (Role.VIEWER, Role.AUDITOR):
        viewer = site.as_(role)
        page = viewer.get("/alerts").text
        assert "/decisions/1" in page and "/acknowledge" not in page and "/release" not in page
        assert viewer.post("/alerts/4/acknowledge").status_code == 403
        assert viewer.post("/alerts/brakes/1/release", {"reason": "x"}).status_code == 403
    assert alerts(service)[4].acknowledged_at is None
    assert site.as_nobody().get("/alerts").status_code == 303


def test_a_manager_of_one_page_sees_and_acts_on_that_page_alone(
    full: tuple[FakeService, Site],
) -> None:
    service, site = full
    manager = site.as_(Role.MANAGER, pages={TWO})
    page = manager.get("/alerts").text
    assert "embedded 2026.11-b3" in page and "profanity_en:heck" not in page
    assert 'id="a2"' in page and 'id="a4"' not in page and 'id="a1"' not in page
    assert "urgent-banner" not in page
    assert manager.post("/alerts/4/acknowledge").status_code == 404
    assert manager.post("/alerts/brakes/1/release", {"reason": "x"}).status_code == 404
    assert manager.post("/alerts/2/acknowledge").status_code == 303
    nothing = site.as_(Role.MANAGER, pages=set()).get("/alerts")
    assert nothing.status_code == 200 and "Nothing is open." in nothing.text
    assert alerts(service)[4].acknowledged_at is None


@pytest.mark.parametrize(
    "path",
    [
        "/alerts/999/acknowledge",
        "/alerts/x/acknowledge",
        "/alerts/99999999999999999999/acknowledge",
        "/alerts/brakes/999/release",
        "/alerts/brakes/-1/release",
    ],
)
def test_an_alert_that_is_not_there_is_not_found(site: Site, path: str) -> None:
    assert site.post(path, {"reason": "x"}).status_code == 404


def test_a_form_from_elsewhere_acknowledges_nothing(full: tuple[FakeService, Site]) -> None:
    service, site = full
    assert site.post("/alerts/4/acknowledge", {"csrf": "wrong"}).status_code == 403
    assert site.get("/alerts/4/acknowledge").status_code == 405
    assert alerts(service)[4].acknowledged_at is None


def test_the_past_is_paged_without_a_gap(site: Site, service: FakeService) -> None:
    for n in range(120):
        send(service, Alert(kind="poll_late", page_id=ONE, detail=str(n)))
        with service.database.write() as s:
            store.end_incidents(s, "poll_late", ONE, service.clock.now())
    seen, path = 0, "/alerts"
    while path:
        page = site.get(path).text
        seen += page.count("<tr>") - 1
        found = re.search(r'href="(/alerts\?before=\d+)" rel="next"', page)
        path = found[1] if found else ""
    assert seen == 120
    assert site.get("/alerts?before=x").status_code == 400


def test_a_thousand_open_alerts_show_the_worst_fifty(site: Site, service: FakeService) -> None:
    many = [Alert(kind="threat", page_id=ONE, decision_id=n) for n in range(1, 1_001)]
    book = IncidentBook(service.database, service.clock, AlertsSection)
    with service.database.write() as s:
        book.note(s, many, ())
    page = site.get("/alerts")
    assert page.text.count("/acknowledge") == 50 and "1,000" in page.text
    assert "100 urgent alerts wait" in page.text


def test_hostile_names_and_details_act_nowhere(site: Site, service: FakeService) -> None:
    send(
        service,
        Alert(kind=HOSTILE, page_id=HOSTILE, subject=HOSTILE, detail=HOSTILE),
        Alert(kind="job_failed", page_id=f"page {HOSTILE}", detail="\ud800\x00"),
    )
    pull(service, ONE, HOSTILE)
    with service.database.write() as s:
        s.add(
            AlertSendingRow(
                alert_id=1,
                step=1,
                destination=HOSTILE,
                next_try_at=service.clock.now(),
                error=HOSTILE,
                attempts=1,
            )
        )
    page = site.get("/alerts")
    assert page.status_code == 200 and "<script>alert" not in page.text
    assert "a=b" not in page.headers.get("set-cookie", "") and "{{ 7*7 }}" in page.text
    assert audit.verify(service.database).rows > 0


def test_what_was_sent_to_nobody_and_what_to_do_is_said_once_for_many(
    service: FakeService, site: Site
) -> None:
    send(service, *(Alert(kind="threat", page_id=ONE, decision_id=n) for n in range(1, 12)))
    with service.database.write() as s:  # as where no destination is set up
        nobody: dict[bool, tuple[Step, ...]] = {True: (), False: ()}
        sendings.begin_steps(s, nobody, service.clock.now(), timedelta(days=1))
    page = site.get("/alerts").text
    assert page.count("None of these was sent to anybody") == 1
    assert "Sent to nobody" not in page
    assert page.count("Look at it now") == 1 and page.count("/acknowledge") == 11


def test_where_somebody_was_told_each_alert_says_whom(full: tuple[FakeService, Site]) -> None:
    page = full[1].get("/alerts").text
    assert "None of these was sent to anybody" not in page and "on call" in page
