"""Why a decision was made stands on the screen in the reader's language; the record keeps the
sentence that was written."""

from __future__ import annotations

import re

import pytest

from modbot import store
from modbot.domain import Decision, Verdict
from modbot.enforcement import QUOTA_SPENT
from modbot.i18n import language
from modbot.pipeline import OWN_WORDS
from modbot.web.wording import Wording
from tests.web.conftest import Site
from tests.web.rooms import untagged
from tests.web.school import ALLOWED, THRESHOLDS, FakeService, insult_score, record, swearing
from tests.web.test_life import decide

TEXT = "what the frick"
SPANISH = {"accept-language": "es"}


def timeline(site: Site, number: int) -> str:
    """The list of decisions on a comment's page, in Spanish, without its markup."""
    html = site.get(f"/decisions/{number}", **SPANISH).text
    return untagged(html[html.index('id="timeline"') : html.index('id="actions"')])


def test_a_rules_decision_is_told_in_spanish(service: FakeService, site: Site) -> None:
    record(service, [(TEXT, swearing(TEXT, "frick", reason="Hidden for profanity: rule x."))])
    told = timeline(site, 1)
    assert "La regla profanity_en: (difuminado) x" in told and "frick" in told
    assert "Hidden for" not in told
    with service.database.read() as s:
        assert store.decision(s, 1).reason == "Hidden for profanity: rule x."
    record_part = untagged(site.get("/decisions/1", **SPANISH).text)
    assert "Hidden for profanity: rule x." in record_part, "the record shows what was written"


def test_a_models_decision_says_what_kept_it_from_hiding(service: FakeService, site: Site) -> None:
    decision = Decision(
        verdict=Verdict.REVIEW,
        hide=False,
        categories=(insult_score(0.9).category,),
        signals=(insult_score(0.9),),
        thresholds=THRESHOLDS,
        degraded=(QUOTA_SPENT, "brake: rule profanity_en:x"),
        reason="A person should look for offensive: model embedded insult, score 0.90.",
    )
    record(service, [("you clown", decision)])
    told = timeline(site, 1)
    assert "El modelo embedded" in told and "90" in told and "A person should look" not in told
    assert "la regla profanity_en: (difuminado) x" in told and "cuota" in told


@pytest.mark.parametrize(
    ("decision", "told"),
    [
        (ALLOWED, "No se halló nada."),
        (OWN_WORDS, "Lo escribió la propia página"),
    ],
)
def test_what_was_not_found_is_told_in_spanish(
    decision: Decision, told: str, service: FakeService, site: Site
) -> None:
    record(service, [("hello", decision)])
    assert told in timeline(site, 1)


@pytest.mark.parametrize("path", ["/decisions/1", "/log"])
def test_what_nothing_else_explains_is_shown_as_it_was_written(
    path: str, service: FakeService, site: Site
) -> None:
    bare = swearing(TEXT, "frick", signals=(), reason="An old sentence.")
    record(service, [(TEXT, bare)])
    html = site.get(path, **SPANISH).text
    assert re.search(r'lang="en">(<bdi dir="auto">)?An old sentence\.', html)


def test_a_persons_usual_reason_is_translated_and_their_note_is_not(
    service: FakeService, site: Site
) -> None:
    record(service, [(TEXT, swearing(TEXT, "frick"))])
    decide(service, 1, Verdict.ALLOW, "Criticism or opinion: it stays up: ask Ana")
    told = timeline(site, 2)
    assert "Criticism" not in told and "ask Ana" in told
    assert "Criticism" not in site.get("/log", **SPANISH).text


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ("A false alarm", "Una falsa alarma"),
        ("A false alarm: he is joking: really", "Una falsa alarma: he is joking: really"),
        ("Ordinance 12", "Ordinance 12"),
        ("Ordinance 12: A false alarm", "Ordinance 12: A false alarm"),
        ("", ""),
        (": ", ": "),
        ("Taken back.", "Deshecho."),
    ],
)
def test_reasons_are_translated_up_to_what_somebody_wrote(stored: str, told: str) -> None:
    assert Wording(language("es")).reason(stored) == told
    assert Wording(language("en")).reason(stored) == stored
