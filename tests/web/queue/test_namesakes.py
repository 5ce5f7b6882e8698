"""Two people who bear one name: the record and every undo keep them apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlmodel import select

from modbot.people import Role, sessions
from modbot.people.accounts import add_person
from modbot.tables import AuditRow
from tests.web.queue.answers import INSULT, SWEARING, decide, made
from tests.web.school import FakeService
from tests.web.signed_in import Site

ANA, OTHER = "Ana Ruiz #2", "Ana Ruiz #3"


@pytest.fixture
def other(ana: Site, service: FakeService) -> Site:
    """Somebody else who is called Ana Ruiz."""
    now = service.clock.now()
    with service.database.write() as s:
        row = add_person(s, name="Ana Ruiz", email="ana2@lps.test", role=Role.MANAGER, now=now)
        return replace(ana, token=sessions.begin(s, row, now, how="password"))


def test_each_decision_and_each_audit_row_says_which_of_them(
    ana: Site, other: Site, service: FakeService
) -> None:
    decide(ana, INSULT, "hide")
    decide(other, SWEARING, "hide")
    assert [d.actor for d in made(service)] == [ANA, OTHER]
    with service.database.read() as s:
        rows = list(s.exec(select(AuditRow).where(AuditRow.kind == "decision.made")))
    assert [row.actor for row in rows[-2:]] == [ANA, OTHER]
    assert OTHER in ana.get(f"/decisions/{made(service)[-1].id}").text


def test_nobody_takes_back_the_verdict_of_somebody_else_of_that_name(
    ana: Site, other: Site, service: FakeService
) -> None:
    decide(ana, INSULT, "hide")
    (hid,) = made(service)
    assert other.post(f"/decisions/{hid.id}/take-back").status_code in (403, 409)
    assert f"/decisions/{hid.id}/take-back" not in other.get(f"/queue?did={hid.id}").text
    assert len(made(service)) == 1
    assert ana.post(f"/decisions/{hid.id}/take-back").status_code == 303


def test_an_undo_takes_back_what_one_of_them_did_and_names_the_other(
    ana: Site, other: Site, service: FakeService
) -> None:
    decide(ana, INSULT, "hide")
    decide(other, SWEARING, "hide")
    service.clock.advance(60)
    for subject, number in (("Ana+Ruiz+%232", 1), ("Ana+Ruiz+%233", 1), ("Ana+Ruiz", 0)):
        page = ana.get(f"/undo/preview?kind=person&since=2020-01-01T00:00&subject={subject}").text
        assert f"What would become of {number} comment" in page
    assert f"<bdi>{ANA}</bdi></a>, <a" in page and f"<bdi>{OTHER}</bdi></a>" in page


def test_the_log_is_filtered_by_one_of_them(ana: Site, other: Site, service: FakeService) -> None:
    decide(ana, INSULT, "hide")
    decide(other, SWEARING, "hide")
    page = ana.as_(Role.ADMIN).get("/log?actor=person%3AAna+Ruiz+%233").text
    assert f"/decisions/{made(service)[1].id}" in page
    assert f"/decisions/{made(service)[0].id}" not in page
