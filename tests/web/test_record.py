"""The page of one decision: everything that explains it and vouches for it."""

from __future__ import annotations

import pytest

from modbot import store
from modbot.domain import ActionKind, Verdict
from modbot.people import Role
from modbot.store import Judged
from tests.fakes import make_comment, make_page
from tests.web.conftest import Site
from tests.web.school import ALLOWED, FakeService, insult_score, record, swearing


def test_a_decision_is_explained(service: FakeService, site: Site) -> None:
    judged = swearing("what the frick", "frick")
    weak = insult_score(0.55)
    both = swearing("what the frick", "frick", signals=(*judged.signals, weak))
    record(service, [("what the frick", both)], action=ActionKind.HIDE)
    html = site.get("/decisions/1").text
    for part in (
        "Decision 1",
        '<mark title="profanity_en:x">frick</mark>',
        "profanity_en:x",
        "embedded: insult",
        "55%",
        "profanity.hide",
        "80%",
        "Policy: 1.3",
        "Profane remarks are removed.",
        "enforce mode",
        "Version of embedded",
        "a" * 64,
        "comment.seen",
        "decision.made",
        "action.requested",
    ):
        assert part in html, part


def test_every_version_and_decision_of_the_comment_is_listed(
    service: FakeService, site: Site
) -> None:
    record(service, [("what the frick", swearing("what the frick", "frick"))])
    page = make_page(1)
    edited = Judged(comment=make_comment("what a day", page=page, id="c0"), decision=ALLOWED)
    with service.database.write() as session:
        store.record_judged(session, page, [edited], service.clock.now())
        store.record_person_decision(
            session,
            decision_id=2,
            verdict=Verdict.REVIEW,
            hide=False,
            actor="Ana Peña",
            reason="",
            action=None,
            now=service.clock.now(),
        )
    html = site.get("/decisions/2").text
    assert "Version 1" in html and "Version 2" in html
    assert "what the frick" in html and "what a day" in html
    assert 'href="/decisions/1"' in html and 'href="/decisions/3"' in html
    assert "Ana Peña" in html
    assert "edited, version 2" in site.get("/log").text


@pytest.mark.parametrize(
    "number", ["2", "0", "-1", "abc", "1e3", "9" * 19, "9" * 400, "%00", "1%0a", "١", "1.0", "+1"]
)
def test_a_decision_that_does_not_exist_is_not_found(
    number: str, service: FakeService, site: Site
) -> None:
    record(service, [("hello", ALLOWED)])
    assert site.get(f"/decisions/{number}").status_code == 404


def test_the_page_says_what_would_have_changed_the_verdict(
    service: FakeService, site: Site
) -> None:
    record(service, [("what the frick", swearing("what the frick", "frick"))])
    html = site.get("/decisions/1").text
    assert '<h2 id="changes">What would have changed it</h2>' in html
    # A rule of a word list is named by the word itself.
    assert '<bdi class="veil">Without profanity_en:x</bdi>' in html
    assert "With profanity.may_hide = false" in html
    spanish = site.get("/decisions/1", **{"accept-language": "es"}).text
    assert "Qué lo habría cambiado" in spanish and "Sin profanity_en:x" in spanish


def test_the_page_says_when_other_switches_were_set_then(service: FakeService, site: Site) -> None:
    stays = swearing("what the frick", "frick", verdict=Verdict.REVIEW, hide=False)
    record(service, [("what the frick", stays), ("hello", ALLOWED)])
    assert "decided under other switches" in site.get("/decisions/1").text
    assert "What would have changed it" not in site.get("/decisions/2").text


def test_a_comment_that_waits_leads_whoever_decides_to_the_queue(
    service: FakeService, site: Site
) -> None:
    text = "what the frick"
    waits = swearing(text, "frick", verdict=Verdict.REVIEW, hide=False)
    record(service, [(text, waits), ("hello", ALLOWED)])
    link = 'href="/queue/1"'
    assert link in site.get("/decisions/1").text
    assert link not in site.as_(Role.VIEWER).get("/decisions/1").text
    assert "/queue/2" not in site.get("/decisions/2").text
    with service.database.write() as s:
        store.record_person_decision(
            s,
            decision_id=1,
            verdict=Verdict.ALLOW,
            hide=False,
            actor="Ana",
            reason="",
            action=None,
            now=service.clock.now(),
        )
    assert link not in site.get("/decisions/1").text
