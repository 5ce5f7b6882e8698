"""Many comments under one verdict, over HTTP: what the list showed, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlmodel import col, select

from modbot import store
from modbot.domain import Category, Page
from modbot.people import Role
from modbot.tables import DecisionRow
from tests.fakes import make_comment
from tests.web.queue_day import HIGH, LPS, TIKTOK, judged, open_queue_day, rule, shipped_policy
from tests.web.school import FakeService
from tests.web.serving import served
from tests.web.signed_in import Site

RULE = "offensive:rat"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[FakeService]:
    service = open_queue_day(tmp_path)
    add(service, LPS, "you rat", times=3, author="Rita")
    add(service, HIGH, "what a rat", times=2)
    add(service, TIKTOK, "rat!")
    add(service, LPS, "rat, we will get you", also=Category.THREAT, author="Rita")
    yield service
    service.database.close()


def add(
    service: FakeService,
    page: Page,
    text: str,
    *,
    times: int = 1,
    author: str = "Somebody",
    also: Category | None = None,
    finds: str = "rat",
) -> list[store.Recorded]:
    """Comments in which the rule found something."""
    signals = [rule(Category.OFFENSIVE, text, finds)]
    if also is not None:
        signals.insert(0, rule(also, text, "get you"))
    items = []
    for _ in range(times):
        number = next(NUMBERS)
        comment = make_comment(text, page=page, id=f"rat{number}", created_at=service.clock.now())
        items.append(
            store.Judged(
                comment=replace(comment, author_id=f"id-{author}", author_name=author),
                decision=judged(shipped_policy(), text, *signals),
                mode=page.mode.value,
            )
        )
    with service.database.write() as s:
        return store.record_judged(s, page, items, service.clock.now())


NUMBERS = iter(range(10**6))


@pytest.fixture
def ana(service: FakeService) -> Iterator[Site]:
    with served(service) as address:
        yield Site(address=address, service=service).as_(Role.MANAGER, name="Ana Ruiz")


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def send(
    site: Site, page: str, verdict: str, *, follow: bool = False, **fields: Any
) -> requests.Response:
    data = {"ids": field(page, "ids"), "signature": field(page, "signature"), "verdict": verdict}
    answer = site.post("/queue/many", {**data, **fields})
    to = answer.headers.get("location", "")
    return site.get(to) if follow and to else answer


def decided(service: FakeService) -> list[DecisionRow]:
    with service.database.read() as s:
        query = select(DecisionRow).where(DecisionRow.actor_kind == "person")
        return list(s.exec(query.order_by(col(DecisionRow.id))))


def test_the_list_shows_what_a_rule_found_and_what_would_be_done(ana: Site) -> None:
    page = ana.get(f"/queue/many?rule={RULE}").text
    assert f"All that wait with <bdi>{RULE}</bdi>" in page
    assert "7 comments" in page
    pages = ("<bdi>School 1</bdi>: 4", "<bdi>Lawrence High</bdi>: 2", "<bdi>LPS on TikTok</bdi>: 1")
    assert ", ".join(pages) in page
    assert "Offensive: 6, Threat: 1" in page
    assert "Facebook is asked to hide 4 comments." in page
    assert "1 is left out: it has to be removed by hand." in page
    assert "a possible threat or cry for help is left up one at a time" in page


def test_a_verdict_that_would_decide_nothing_is_not_offered(
    ana: Site, service: FakeService
) -> None:
    add(service, LPS, "get you", also=Category.THREAT, finds="get")
    threats = ana.get("/queue/many?rule=offensive:get").text
    assert "Hide these" in threats and "Leave these up" not in threats
    add(service, TIKTOK, "a clod", finds="clod")
    by_hand = ana.get("/queue/many?rule=offensive:clod").text
    assert "Leave these up" in by_hand and "Hide these" not in by_hand


def test_each_gets_a_decision_of_its_own_with_the_reason(ana: Site, service: FakeService) -> None:
    page = ana.get(f"/queue/many?rule={RULE}").text
    answer = send(
        ana, page, "hide", follow=True, reason="Attacks a person or a group", note="a wave of these"
    )
    assert "6 comments decided" in answer.text
    assert "1 was left out, as the list said." in answer.text
    found = decided(service)
    assert {(d.verdict, d.actor, d.reason) for d in found} == {
        ("hide", "Ana Ruiz #2", "Attacks a person or a group: a wave of these")
    }
    assert len({d.comment_row for d in found}) == 6


def test_threats_and_cries_for_help_are_never_left_up_together(
    ana: Site, service: FakeService
) -> None:
    page = ana.get(f"/queue/many?rule={RULE}").text
    answer = send(ana, page, "allow", follow=True, note="a song text")
    assert "6 comments decided" in answer.text
    assert all("threat" not in d.categories for d in decided(service))


def test_what_came_after_the_list_is_not_in_it(ana: Site, service: FakeService) -> None:
    page = ana.get(f"/queue/many?rule={RULE}").text
    add(service, LPS, "rats everywhere")
    send(ana, page, "hide")
    assert len(decided(service)) == 6
    assert "2 comments" in ana.get(f"/queue/many?rule={RULE}").text  # the new one, and by hand


@pytest.mark.parametrize("change", ["more", "other", "none", "unsigned"])
def test_a_list_that_was_not_shown_is_refused(ana: Site, service: FakeService, change: str) -> None:
    page = ana.get(f"/queue/many?rule={RULE}").text
    ids, signature = field(page, "ids"), field(page, "signature")
    sent = {
        "more": {"ids": f"{ids},5"},
        "other": {"ids": "5"},
        "none": {"ids": ""},
        "unsigned": {"signature": ""},
    }[change]
    data = {"ids": ids, "signature": signature, "verdict": "hide", **sent}
    assert ana.post("/queue/many", data).status_code == 400
    other = ana.as_(Role.MANAGER)  # nor one that was shown to somebody else
    data = {"ids": ids, "signature": signature, "verdict": "hide"}
    assert other.post("/queue/many", data).status_code == 400
    assert decided(service) == []


def test_the_form_is_taken_once(ana: Site, service: FakeService) -> None:
    page = ana.get(f"/queue/many?rule={RULE}").text
    send(ana, page, "hide")
    again = send(ana, page, "hide", note="no, wait")
    assert "0 comments decided" in again.text
    assert "were decided, edited or removed meanwhile" in again.text
    assert len(decided(service)) == 6


def test_what_was_handed_on_is_not_in_a_managers_list(ana: Site, service: FakeService) -> None:
    ids = field(ana.get(f"/queue/many?rule={RULE}").text, "ids").split(",")
    ana.post(f"/decisions/{ids[1]}/verdict", {"verdict": "escalate", "note": "?"})
    assert "6 comments" in ana.get(f"/queue/many?rule={RULE}").text
    assert "7 comments" in ana.as_(Role.ADMIN).get(f"/queue/many?rule={RULE}").text


def test_what_somebody_looks_at_is_left_to_them(ana: Site, service: FakeService) -> None:
    ben = ana.as_(Role.MANAGER, name="Ben Lee")
    page = ana.get(f"/queue/many?rule={RULE}").text
    ben.get(f"/queue/{field(page, 'ids').split(',')[-2]}")
    answer = send(ana, page, "hide", follow=True)
    assert "5 comments decided" in answer.text
    assert "1 was left out: somebody else is looking at it." in answer.text
    assert len(decided(service)) == 5


def test_a_missing_reason_is_asked_for_before_anything_is_decided(
    ana: Site, service: FakeService
) -> None:
    add(service, LPS, "rat", also=None)
    page = ana.get("/queue/many?author_of=17").text  # a personal case
    answer = send(ana, page, "hide", follow=True)
    assert answer.status_code == 422
    assert "The policy asks for a reason here." in answer.text
    assert decided(service) == []
    assert (
        "1 comment decided"
        in send(*(ana, answer.text, "hide"), follow=True, note="sent to the office").text
    )


def test_the_list_of_an_author_has_all_of_theirs(ana: Site) -> None:
    ids = field(ana.get(f"/queue/many?rule={RULE}").text, "ids").split(",")
    page = ana.get(f"/queue/many?author_of={ids[0]}").text  # the threat, Rita's
    assert "All that wait by <bdi>Rita</bdi>" in page
    assert "4 comments" in page


def test_somebody_decides_together_only_on_their_pages(ana: Site, service: FakeService) -> None:
    hers = ana.as_(Role.MANAGER, pages={HIGH.id})
    page = hers.get(f"/queue/many?rule={RULE}").text
    assert "2 comments" in page
    assert "School 1" not in page
    send(hers, page, "hide")
    assert {d.page_id for d in decided(service)} == {HIGH.id}


@pytest.mark.parametrize("query", ["", "rule=", "rule=x&author_of=5", "author_of=x"])
def test_an_address_that_chooses_nothing_is_refused(ana: Site, query: str) -> None:
    assert ana.get(f"/queue/many?{query}").status_code == 400


def test_a_rule_that_found_nothing_says_so(ana: Site) -> None:
    page = ana.get("/queue/many?rule=%3Cscript%3E%00%ff").text
    assert "Nothing like this waits." in page
    assert "<script>" not in page.replace('<script src="/static', "")


def test_more_than_one_form_takes_is_said(ana: Site, service: FakeService) -> None:
    add(service, LPS, "you rat", times=100)
    page = ana.get(f"/queue/many?rule={RULE}").text
    assert "100 comments" in page
    assert "These are the worst 100" in page
    send(ana, page, "hide")
    assert "7 comments" in ana.get(f"/queue/many?rule={RULE}").text
