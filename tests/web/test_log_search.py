"""What the log's filters, its search, its counts and its paging give, in any mix."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest

from modbot import store
from modbot.domain import Category, Decision, Verdict
from modbot.people import Role
from tests.fakes import make_page
from tests.web.conftest import Site
from tests.web.school import (
    ALLOWED,
    FakeService,
    insult_score,
    open_school,
    record,
    swearing,
)
from tests.web.serving import served
from tests.web.test_log import follow, texts

FACEBOOK, X = make_page(1), make_page(2, platform="x")
INSULT = Decision(
    verdict=Verdict.REVIEW,
    hide=False,
    categories=(Category.OFFENSIVE,),
    signals=(insult_score(0.9),),
)
TEXTS = [
    "El autobús llegó tarde otra vez, mi niño estaba solo",
    "The bus was late again and nobody told us",
    "what the frick is this bus",
    "Obrigada professora, meu filho gostou muito",
    "mi nino come manzanas, muchas gracias maestra",
]


def day(service: FakeService, number: int) -> None:
    service.clock.advance(24 * 3600 * number)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two days: texts 0 and 1 on Facebook, then 2 to 4 on X; then a person answers number 3."""
    service = open_school(tmp_path_factory.mktemp("search"))
    record(service, [(TEXTS[0], ALLOWED), (TEXTS[1], INSULT)], page=FACEBOOK, prefix="a")
    day(service, 1)
    hidden = swearing(TEXTS[2], "frick")
    items = [(TEXTS[2], hidden), (TEXTS[3], ALLOWED), (TEXTS[4], ALLOWED)]
    record(service, items, page=X, prefix="b")
    with service.database.write() as session:
        store.record_person_decision(
            session,
            decision_id=3,
            verdict=Verdict.ALLOW,
            hide=False,
            actor="Ana Peña",
            reason="",
            action=None,
            now=service.clock.now(),
        )
    with served(service) as address:
        yield Site(address=address, service=service)
    service.database.close()


def found(site: Site, **wanted: str) -> list[str]:
    answer = site.get(f"/log?{urlencode(wanted)}")
    assert answer.status_code == 200, wanted
    return [html.unescape(text) for text in texts(answer.text)]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({"platform": "x"}, [2, 4, 3, 2]),
        ({"platform": "facebook", "page": "x:1002"}, []),
        ({"actor": "bot", "page": "x:1002"}, [4, 3, 2]),
        ({"actor": "person"}, [2]),
        ({"actor": "person:Ana Peña"}, [2]),
        ({"actor": "person:Nobody"}, []),
        ({"rule": "embedded"}, [1]),
        ({"rule": "insult"}, [1]),
        ({"rule": "profanity_en"}, [2, 2]),
        ({"rule": "profanity_en:x"}, [2, 2]),
        ({"rule": "profanity"}, []),
        ({"rule": "rules", "actor": "bot"}, [2]),
        ({"language": "es"}, [4, 0]),
        ({"language": "pt"}, [3]),
        ({"language": "en", "verdict": "review"}, [1]),
        ({"language": "unknown"}, []),
        ({"from": "2026-09-10"}, [2, 4, 3, 2]),
        ({"to": "2026-09-09"}, [1, 0]),
        ({"from": "2026-09-09", "to": "2026-09-10", "verdict": "hide"}, [2]),
        ({"from": "2026-09-10", "to": "2026-09-09"}, []),
        ({"from": "2000-01-01", "to": "2199-12-31", "language": "pt"}, [3]),
    ],
)
def test_each_filter_chooses(wanted: dict[str, str], numbers: list[int], site: Site) -> None:
    assert found(site, **wanted) == [TEXTS[number] for number in numbers]


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("bus", [2, 2, 1]),
        ("BUS late", [1]),
        ("autobus", [0]),
        ("autobús", [0]),
        ("AUTOBÚS", [0]),
        ("auto*", [0]),
        ("aut", []),
        ("auto", []),
        ("niño", [0]),
        ("nino", [4]),
        ("NIÑO", [0]),
        ("nin*", [4]),
        ("niñ*", [0]),
        ('"bus was late"', [1]),
        ('"late bus"', []),
        ('"the bus" again', [1]),
        ('"was lat*"', [1]),
        ("manzanas, gracias!", [4]),
        ("llego", [0]),
        ("n*", []),
        ("bus NOT late", []),
        ("bus OR gracias", []),
        ("words:bus", []),
        ("(bus)", [2, 2, 1]),
        ("^the", [2, 2, 1]),
        ("bus-late", []),
        ("-bus", [2, 2, 1]),
        ("   ", [2, 4, 3, 2, 1, 0]),
    ],
)
def test_words_are_found_whole_without_case_and_accents(
    typed: str, numbers: list[int], site: Site
) -> None:
    assert found(site, q=typed) == [TEXTS[number] for number in numbers]


def test_what_has_no_word_in_it_finds_nothing_and_says_so(site: Site) -> None:
    answer = site.get("/log?q=" + quote("!?* 🍆"))
    assert texts(answer.text) == [] and "The search finds words and numbers" in answer.text


def test_every_pair_of_filters_gives_what_both_let_through(site: Site) -> None:
    values = {
        "page": "x:1002",
        "platform": "x",
        "category": "profanity",
        "verdict": "allow",
        "actor": "bot",
        "rule": "rules",
        "language": "es",
        "from": "2026-09-10",
        "to": "2026-09-10",
        "q": "bus",
    }

    def ids(**wanted: str) -> set[str]:
        answer = site.get(f"/log?{urlencode(wanted)}").text
        return set(re.findall(r'class="moment" href="/decisions/(\d+)"', answer))

    alone = {name: ids(**{name: value}) for name, value in values.items()}
    assert all(alone.values())
    for one, other in itertools.combinations(values, 2):
        both = ids(**{one: values[one], other: values[other]})
        assert both == alone[one] & alone[other], (one, other)


def test_the_choice_is_kept_by_the_form_and_each_filter_can_be_left_out(site: Site) -> None:
    answer = site.get("/log?platform=x&language=en&q=%22the+frick%22&actor=person").text
    assert 'value="&#34;the frick&#34;"' in answer
    assert '<option value="en" selected>' in answer and '<details class="further" open>' in answer
    without = re.findall(r'<a class="chip" href="([^"]+)"', answer)
    assert [html.unescape(address) for address in without] == [
        "/log?platform=x&actor=person&language=en",
        "/log?actor=person&language=en&q=%22the+frick%22",
        "/log?platform=x&language=en&q=%22the+frick%22",
        "/log?platform=x&actor=person&q=%22the+frick%22",
    ]


def test_the_number_of_matches_is_told_and_drawn_by_day(site: Site) -> None:
    answer = site.get("/log?language=es").text
    assert re.search(r'<p class="matching">\s*2 decisions', answer)
    assert re.search(r'<li class="allow"><a href="[^"]+">.*?<strong>2</strong>', answer)
    assert answer.count('<path class="') == 1  # one verdict on two days
    assert '<path class="' not in site.get("/log?platform=x").text  # one day says nothing
    rows = site.get("/log/days?platform=x").text
    assert re.search(r"Sep 10, 2026</th>(<td class=\"number\">\d</td>)+", rows)
    assert re.findall(r"Sep 10, 2026</th>.*?>(\d)<.*?>(\d)<.*?>(\d)<.*?>(\d)<", rows) == [
        ("3", "0", "1", "0")
    ]


def test_more_than_ten_thousand_matches_are_said_to_be_more(service: FakeService) -> None:
    record(service, [("hi", ALLOWED)] * 10_001)
    with served(service) as address:
        site = Site(address=address, service=service)
        assert "More than 10,000 decisions" in site.get("/log").text
        assert "Más de 10,000 decisiones" in site.get("/log", **{"accept-language": "es"}).text


@pytest.mark.parametrize("wanted", [{"q": "comment*"}, {"verdict": "allow", "language": "en"}])
def test_paging_under_filters_shows_each_match_once(
    service: FakeService, wanted: dict[str, str]
) -> None:
    for number in range(70):
        odd = ALLOWED if number % 2 else INSULT
        record(service, [(f"this is the comment {number}", odd)], prefix=f"n{number}-")
        service.clock.advance(60)
    with served(service) as address:
        site = Site(address=address, service=service)
        query = urlencode(wanted)
        all_of_them, page = [], site.get(f"/log?{query}").text
        assert follow(page, "prev") == ""
        while True:
            all_of_them.append(texts(page))
            address_of_next = follow(page, "next")
            if not address_of_next:
                break
            assert query in address_of_next
            page = site.get(address_of_next).text
        flat = [text for one in all_of_them for text in one]
        numbers = range(69, -1, -2 if "verdict" in wanted else -1)
        assert flat == [f"this is the comment {n}" for n in numbers]
        up = []
        while address_of_previous := follow(page, "prev"):
            page = site.get(address_of_previous).text
            up.append(texts(page))
        assert up == all_of_them[-2::-1]


def test_a_place_beyond_the_end_is_an_empty_page_that_leads_back(site: Site) -> None:
    for place in ("before=1", "before=1&verdict=hide"):
        answer = site.get(f"/log?{place}").text
        assert "No decision fits these filters." in answer and 'href="/log"' in answer
    assert len(found(site, after=str(2**62))) == 6  # near the top the newest are shown


def test_new_decisions_come_into_the_search_at_once(service: FakeService) -> None:
    with served(service) as address:
        site = Site(address=address, service=service)
        assert found(site, q="guagua") == []
        record(service, [("la guagua no pasó", ALLOWED)])
        assert found(site, q="guagua paso") == ["la guagua no pasó"]
        service.clock.advance(timedelta(days=40).total_seconds())
        assert found(site, q="guagua", language="es") == ["la guagua no pasó"]


def test_a_page_of_the_log_weighs_less_than_100_kilobytes(service: FakeService) -> None:
    long = "Mi hijo esperó el autobús más de una hora y nadie nos avisó de nada. " * 3
    record(service, [(long + str(n), INSULT) for n in range(60)])
    with served(service) as address:
        site = Site(address=address, service=service)
        page = site.get("/log").text
        parts = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
        assert len(parts) == 5
        weight = len(page.encode()) + sum(len(site.get(part).content) for part in parts)
    assert len(texts(page)) == 25
    assert weight < 100_000, f"{weight} bytes"


def test_a_manager_of_some_pages_finds_nothing_of_the_others(site: Site) -> None:
    ana = site.as_(Role.MANAGER, pages={"facebook:1001"})
    everything = ana.get("/log").text
    assert {html.unescape(t) for t in texts(everything)} == {TEXTS[0], TEXTS[1]}
    assert "2 decisions" in everything and "x:1002" not in everything
    for query in ("q=bus", "q=frick", "rule=profanity_en", "from=2026-09-10", "actor=person"):
        shown = [html.unescape(text) for text in texts(ana.get(f"/log?{query}").text)]
        assert not set(shown) - {TEXTS[0], TEXTS[1]}, query
    assert ana.get("/log?page=x:1002").status_code == 400
    assert ana.get("/log?page=x:9999").status_code == 400  # as one that is not there
    assert ana.get("/log?platform=x").status_code == 400
    assert ana.get("/newest?after=2").json()["count"] == 0
    assert ana.get("/newest?after=1").json()["count"] == 1
    assert ana.get("/decisions/3").status_code == 404
    assert ana.get("/decisions/1").status_code == 200
    assert "3" not in re.findall(r'class="number">(\d)<', ana.get("/log/days").text)
    sheet = ana.post("/log.csv").text
    assert TEXTS[1] in sheet and "frick" not in sheet and sheet.count("\r\n") == 3
    assert ana.post("/log.csv", {"page": "x:1002"}).status_code == 400
    nowhere = site.as_(Role.MANAGER, pages=())
    assert texts(nowhere.get("/log").text) == [] and nowhere.post("/log.csv").text.count("\n") == 1
