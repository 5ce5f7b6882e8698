"""A brake shows on the screen of the page that it is pulled on."""

from __future__ import annotations

from modbot.people import Role
from modbot.store import brakes
from tests.web.alerted import HOSTILE, ONE, TWO, pull, service
from tests.web.rooms import untagged
from tests.web.school import FakeService
from tests.web.signed_in import Site

__all__ = ["service"]
PAGE = f"/pages/{ONE}"


def test_a_page_says_what_is_braked_there_why_and_what_ends_it(site: Site) -> None:
    html = site.get(PAGE).text
    told = untagged(html[html.index('class="sheet braked"') : html.index('id="health-title"')])
    assert "1 brake is pulled" in told and "the rule profanity_en: (blurred) heck" in told
    assert "13 of 25 comments" in told and "Since" in told
    assert "until somebody releases it or the limits are raised" in told
    assert "embedded" not in told, "what is braked on another page is told there"


def test_it_leads_to_the_comments_to_what_waits_and_to_the_alert(site: Site) -> None:
    html = site.get(PAGE).text
    assert "/log?page=facebook%3A1001&amp;rule=profanity_en%3Aheck" in html
    assert "/queue/many?rule=profanity_en%3Aheck" in html
    assert 'href="/alerts#a6"' in html
    other = site.get(f"/pages/{TWO}").text
    assert "/log?page=x%3A1002&amp;rule=embedded" in other
    assert "/queue/many" not in other, "nothing is decided together by a model"
    assert "/alerts#a" not in other, "there is no alert about that one"


def test_it_is_told_in_spanish(site: Site) -> None:
    told = untagged(site.get(PAGE, **{"accept-language": "es"}).text)
    assert "1 freno está puesto" in told and "la regla profanity_en: (difuminado) heck" in told
    assert "hasta que alguien lo suelte" in told
    model = untagged(site.get(f"/pages/{TWO}", **{"accept-language": "es"}).text)
    assert "el modelo embedded 2026.11-b3" in model


def test_it_is_released_there_and_whoever_does_it_comes_back(
    service: FakeService, site: Site
) -> None:
    missing = site.post("/alerts/brakes/1/release", {"reason": " ", "at": "page"})
    assert missing.headers["location"] == f"{PAGE}?said=reason-missing"
    done = site.post("/alerts/brakes/1/release", {"reason": "mended", "at": "page"})
    assert done.headers["location"] == f"{PAGE}?said=released"
    html = site.get(f"{PAGE}?said=released").text
    assert "The brake is released." in html and 'class="sheet braked"' not in html
    with service.database.read() as s:
        assert brakes.pulled(s, ONE) == []
    elsewhere = site.post("/alerts/brakes/2/release", {"reason": "x", "at": "//evil.example"})
    assert elsewhere.headers["location"] == "/alerts?said=released"


def test_who_may_not_release_it_sees_it_without_a_form(site: Site) -> None:
    html = site.as_(Role.VIEWER).get(PAGE).text
    assert "1 brake is pulled" in html
    assert "/release" not in html and "/queue/many" not in html


def test_the_list_of_pages_marks_the_page(site: Site) -> None:
    assert site.get("/pages").text.count("Brake pulled") == 2
    site.post("/alerts/brakes/1/release", {"reason": "mended"})
    assert site.get("/pages").text.count("Brake pulled") == 1


def test_a_hostile_name_does_nothing(service: FakeService, site: Site) -> None:
    pull(service, ONE, HOSTILE)
    pull(service, ONE, "rule %(name)s %s")
    pull(service, ONE, "%(name)s %d")
    page = site.get(PAGE)
    assert page.status_code == 200 and "<script>alert" not in page.text
    assert "the rule %(name)s %s" in untagged(page.text) and "%(name)s %d" in untagged(page.text)
