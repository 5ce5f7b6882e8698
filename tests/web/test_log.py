"""The log page: newest decisions, why, filters, paging."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from modbot import store
from modbot.domain import ActionKind, ActionState, Category, Decision, Verdict
from modbot.enforcement import QUOTA_SPENT
from modbot.pipeline import OWN_WORDS
from tests.fakes import make_page
from tests.web.conftest import Site
from tests.web.school import (
    ALLOWED,
    POST_TEXT,
    THRESHOLDS,
    FakeService,
    insult_score,
    open_school,
    record,
    swearing,
)
from tests.web.serving import served

HIDDEN = swearing("what the frick is this", "frick")


def texts(html: str) -> list[str]:
    """The comments of a log page, top to bottom."""
    quotes = re.findall(r'<blockquote class="comment">(.*?)</blockquote>', html, re.S)
    found = [re.findall(r'<bdi dir="auto">(.*?)</bdi>', quote, re.S)[0] for quote in quotes]
    return [re.sub(r"<[^>]+>", "", text) for text in found]


def test_an_empty_log_says_what_will_appear_there(site: Site) -> None:
    answer = site.get("/log")
    assert answer.status_code == 200
    assert "modbot has not judged a comment yet" in answer.text


def test_decisions_come_newest_first(service: FakeService, site: Site) -> None:
    record(service, [("first", ALLOWED), ("second", ALLOWED)])
    assert texts(site.get("/log").text) == ["second", "first"]


def test_a_hidden_comment_shows_what_matched_and_why(service: FakeService, site: Site) -> None:
    done = record(service, [("what the frick is this", HIDDEN)], action=ActionKind.HIDE)
    html = site.get("/log").text
    assert '<mark title="profanity_en:x">frick</mark>' in html
    assert "Profanity" in html and "profanity_en:x" in html and "Policy: 1.3" in html
    assert "Hiding is under way" in html
    assert POST_TEXT.replace("'", "&#39;") in html
    assert done[0].action_id is not None
    with service.database.write() as session:
        at = service.clock.now() + timedelta(seconds=5)
        store.finish_action(session, done[0].action_id, ActionState.CONFIRMED, "done", at)
    assert "Hidden on the platform" in site.get("/log").text


def test_a_model_score_is_a_reason_only_above_its_limit(service: FakeService, site: Site) -> None:
    def judged(score: float) -> Decision:
        return Decision(
            verdict=Verdict.REVIEW,
            hide=False,
            categories=(Category.OFFENSIVE,),
            signals=(insult_score(score),),
            clause="1.2",
            thresholds=THRESHOLDS,
        )

    record(service, [("a", judged(0.83))], prefix="a")
    assert "scored it 83% as an insult" in site.get("/log").text
    record(service, [("b", judged(0.70))], prefix="b")
    assert "scored it 70%" not in site.get("/log").text


def test_a_match_below_its_limit_is_marked_only_on_the_page_of_the_decision(
    service: FakeService, site: Site
) -> None:
    hit = swearing("oh darn it", "darn").signals[0]
    mild = replace(ALLOWED, signals=(replace(hit, score=0.2),), thresholds=THRESHOLDS)
    record(service, [("oh darn it", mild)])
    log = site.get("/log").text
    assert "<mark" not in log and "Nothing that was found reached its limit." in log
    assert '<mark title="profanity_en:x">darn</mark>' in site.get("/decisions/1").text


def test_the_words_of_the_page_itself_are_named_as_such(service: FakeService, site: Site) -> None:
    record(service, [("Good morning!", OWN_WORDS)])
    assert "Written by the page itself, so it was not judged." in site.get("/log").text


def test_what_was_degraded_is_shown(service: FakeService, site: Site) -> None:
    broken = ("embedded failed", QUOTA_SPENT, "hide failed", "something new")
    judged = Decision(verdict=Verdict.REVIEW, hide=False, degraded=broken)
    record(service, [("a", judged)])
    html = site.get("/log").text
    assert "The classifier embedded failed, so a person decides." in html
    assert "hide quota was spent" in html
    assert "The platform refused to hide it, so a person decides." in html
    assert "something new" in html


@pytest.mark.parametrize(
    ("mode", "note"), [("observe", "Only observed"), ("assist", "Waits for a person")]
)
def test_a_hide_that_was_not_asked_for_says_why_not(
    mode: str, note: str, service: FakeService, site: Site
) -> None:
    record(service, [("what the frick is this", HIDDEN)], mode=mode)
    assert note in site.get("/log").text


def test_a_persons_decision_is_shown_under_their_name(service: FakeService, site: Site) -> None:
    record(service, [("what the frick is this", HIDDEN)])
    with service.database.write() as session:
        store.record_person_decision(
            session,
            decision_id=1,
            verdict=Verdict.ALLOW,
            hide=False,
            actor="Ana Peña",
            reason="it is a <dish>",
            action=None,
            now=service.clock.now(),
        )
    html = site.get("/log").text
    assert "Ana Peña" in html and "it is a &lt;dish&gt;" in html


@pytest.fixture(scope="module")
def mixed_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two pages, each with an allowed comment and a later one to hide."""
    service = open_school(tmp_path_factory.mktemp("mixed"))
    fill_mixed(service)
    with served(service) as address:
        yield Site(address=address, service=service)
    service.database.close()


def fill_mixed(service: FakeService) -> None:
    record(service, [("fb allowed", ALLOWED)], prefix="a")
    record(service, [("what the frick is this", HIDDEN)], prefix="b")
    record(service, [("x allowed", ALLOWED)], page=make_page(2, platform="x"), prefix="c")
    record(
        service,
        [("frick on x", swearing("frick on x", "frick"))],
        page=make_page(2, platform="x"),
        prefix="d",
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["frick on x", "x allowed", "what the frick is this", "fb allowed"]),
        ("?page=x:1002", ["frick on x", "x allowed"]),
        ("?verdict=allow", ["x allowed", "fb allowed"]),
        ("?category=profanity", ["frick on x", "what the frick is this"]),
        ("?category=profanity&page=x:1002&verdict=hide", ["frick on x"]),
        ("?category=threat", []),
        (
            "?page=&category=&verdict=",
            ["frick on x", "x allowed", "what the frick is this", "fb allowed"],
        ),
    ],
)
def test_filters_choose_decisions(query: str, expected: list[str], mixed_site: Site) -> None:
    assert texts(mixed_site.get(f"/log{query}").text) == expected


def test_the_filters_stay_chosen_in_the_form(mixed_site: Site) -> None:
    html = mixed_site.get("/log?category=profanity&verdict=hide").text
    assert '<option value="profanity" selected>' in html
    assert '<option value="hide" selected>' in html
    assert "Clear filters" in html


def test_a_filter_without_a_match_offers_the_way_back(mixed_site: Site) -> None:
    html = mixed_site.get("/log?category=threat").text
    assert "No decision fits these filters." in html
    assert "Show all decisions" in html


def follow(html: str, rel: str) -> str:
    found = re.search(rf'<a rel="{rel}" href="([^"]+)"', html)
    return found[1].replace("&amp;", "&") if found else ""


def test_paging_down_and_up_shows_every_decision_once(service: FakeService, site: Site) -> None:
    wanted = [f"comment {n}" for n in range(120)]
    record(service, [(text, ALLOWED) for text in wanted])
    html = site.get("/log?verdict=allow").text
    down = [texts(html)]
    assert follow(html, "prev") == ""
    while address := follow(html, "next"):
        html = site.get(address).text
        down.append(texts(html))
    assert [text for page in down for text in page] == wanted[::-1]
    assert [len(page) for page in down] == [25, 25, 25, 25, 20]
    up = []
    while address := follow(html, "prev"):
        html = site.get(address).text
        up.append(texts(html))
    assert up == down[-2::-1]


def test_today_is_the_districts_day(service: FakeService, site: Site) -> None:
    record(service, [("what the frick is this", HIDDEN)], prefix="a")
    service.clock.advance(15.5 * 3600)  # half past eleven at night in Lawrence
    record(service, [("late", ALLOWED)], prefix="b")
    assert "2 decisions" in site.get("/log").text
    service.clock.advance(3600)
    html = site.get("/log").text
    assert "0 decisions" in html and "September 10, 2026" in html
    record(service, [("after midnight", ALLOWED)], prefix="c")
    assert "1 decision" in site.get("/log").text


def test_the_counts_follow_what_comes_in(service: FakeService, site: Site) -> None:
    for number in range(3):
        record(service, [("hello", ALLOWED), ("there", ALLOWED)], prefix=f"n{number}")
        assert f"{2 * number + 2} decisions" in site.get("/log").text
        assert f"{2 * number + 2} decisions" in site.get("/log").text, "counted once"


def test_the_counts_are_listed_by_page(mixed_site: Site) -> None:
    html = mixed_site.get("/log").text
    assert 'id="by-page"' in html
    section = html[html.index('id="by-page"') :]
    assert section.count("<rect") == 8
    assert re.findall(r'<td class="number( none)?">(\d)</td>', section) == [
        ("", "1"), (" none", "0"), ("", "1"), (" none", "0"),
    ] * 2  # fmt: skip


def test_new_decisions_are_counted_for_a_reader_who_waits(mixed_site: Site) -> None:
    answer = mixed_site.get("/newest?verdict=hide&after=2")
    assert answer.json() == {"count": 1, "message": "Show 1 new decision"}
    assert mixed_site.get("/newest?after=4").json()["count"] == 0


def test_a_very_long_comment_is_cut_in_the_log_and_whole_on_its_own_page(
    service: FakeService, site: Site
) -> None:
    text = "z" * 50_000 + " frick " + "z" * 50_000
    record(service, [(text, swearing(text, "frick"))])
    log = site.get("/log").text
    assert "<mark" in log and "Whole comment" in log and len(log) < 20_000
    assert "z" * 50_000 in site.get("/decisions/1").text
