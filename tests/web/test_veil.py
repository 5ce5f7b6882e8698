"""Text that may offend is blurred until somebody asks for it, wherever comments are read; the text
itself stays on the page."""

from __future__ import annotations

import re

import pytest

from modbot.domain import Category, Decision, Verdict
from tests.web.conftest import Site
from tests.web.queue_day import model
from tests.web.school import ALLOWED, THRESHOLDS, FakeService, record, swearing
from tests.web.test_life import decide, edit

TEXT = "what the frick"
COVERED = r'<span class="veil"><bdi dir="auto">[^<]*<mark[^>]*>frick</mark></bdi></span>'
BOX = 'id="reveal"'
LIKES_ALL = "modbot-queue=show"  # the cookie of a browser that remembers to show everything


@pytest.mark.parametrize("path", ["/log", "/log?q=frick", "/decisions/1", "/queue/1"])
def test_a_swear_word_is_covered_and_still_there(
    path: str, service: FakeService, site: Site
) -> None:
    record(service, [(TEXT, swearing(TEXT, "frick", verdict=Verdict.REVIEW, hide=False))])
    html = site.get(path).text
    assert re.search(COVERED, html)
    assert html.count(BOX) == 1 and "it is blurred until it is asked for" in html
    quotes = re.findall(r"<q[^>]*><bdi[^>]*>frick</bdi></q>", html)
    assert quotes and all('class="veil"' in quote for quote in quotes)


@pytest.mark.parametrize("path", ["/log", "/decisions/1"])
def test_what_does_not_offend_is_never_covered(path: str, service: FakeService, site: Site) -> None:
    sale = Decision(verdict=Verdict.HIDE, hide=True, categories=(Category.SALES,))
    record(service, [("hoodies, only $20", sale), ("go lancers", ALLOWED)])
    html = site.get(path).text
    assert "hoodies" in html and 'class="veil"' not in html and BOX not in html


def test_what_a_person_left_up_stays_covered(service: FakeService, site: Site) -> None:
    record(service, [(TEXT, swearing(TEXT, "frick"))])
    decide(service, 1, Verdict.ALLOW, "It is a quote.")
    for path in ("/log?verdict=allow", "/decisions/2"):
        html = site.get(path).text
        assert '<span class="veil">' in html and "It is a quote." in html
        assert '<q class="veil"><bdi dir="auto">It is a quote.' not in html


def test_only_the_texts_that_offend_are_covered_in_a_life(service: FakeService, site: Site) -> None:
    record(service, [(TEXT, swearing(TEXT, "frick"))])
    edit(service, "sorry about that")
    edit(service, "see you on Friday")
    html = site.get("/decisions/3").text
    versions = html[html.index('id="texts"') : html.index('id="timeline"')].split("<strong>Version")
    newest, second, first = versions[1:]
    assert "see you" in newest and 'class="veil"' not in newest
    assert 'class="veil"' in second, "the change from the text that offended shows it too"
    assert 'class="veil"' in first
    assert html.count(BOX) == 1


def test_the_comments_around_one_are_covered_too(service: FakeService, site: Site) -> None:
    record(service, [(TEXT, swearing(TEXT, "frick")), ("be nice", ALLOWED)])
    html = site.get("/decisions/2").text
    assert re.search(r'<span class="veil"><bdi dir="auto">what the frick</bdi>', html)
    assert html.count(BOX) == 1


def test_whoever_likes_to_see_everything_gets_no_box(service: FakeService, site: Site) -> None:
    record(service, [(TEXT, swearing(TEXT, "frick"))])
    assert site.get("/log").text.count(BOX) == 1
    for path in ("/log", "/decisions/1"):
        assert BOX not in site.get(path, cookie=LIKES_ALL).text
    assert site.get("/log").text.count(BOX) == 1, "a drawn row is the same for both"


def test_words_that_a_model_rests_on_are_covered_too(service: FakeService, site: Site) -> None:
    score = model(Category.OFFENSIVE, "you are a clown", "clown", 0.9)
    insult = Decision(
        verdict=Verdict.REVIEW,
        hide=False,
        categories=(Category.OFFENSIVE,),
        signals=(score,),
        thresholds=THRESHOLDS,
    )
    record(service, [("you are a clown", insult)])
    html = site.get("/decisions/1").text
    assert '<q class="veil"><bdi dir="auto">clown</bdi></q>' in html
    table = html[html.index('id="signals"') : html.index('id="thread"')]
    (cell,) = re.findall(r"<td>([^\n]*clown.*?)</td>", table, re.S)
    assert 'class="veil"' in cell


@pytest.mark.parametrize("path", ["/log", "/decisions/1", "/queue/1"])
def test_a_rule_that_is_named_by_its_word_does_not_spell_it_out(
    path: str, service: FakeService, site: Site
) -> None:
    record(service, [(TEXT, swearing(TEXT, "frick", verdict=Verdict.REVIEW, hide=False))])
    html = site.get(path).text
    assert '</span><span class="veil">x</span></bdi>' in html
    assert "<bdi>profanity_en:x</bdi>" not in html
    assert "rule=profanity_en%3Ax" in html, "its link leads where it led"
