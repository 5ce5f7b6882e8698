"""Opening items of the queue over HTTP, as a browser without script sees them."""

from __future__ import annotations

import re

import pytest
from sqlmodel import col, delete

from modbot.people import Role
from modbot.room_tables import WaitingRow
from modbot.tables import PageRow
from tests.web.queue.answers import (
    ASSIST,
    BY_HAND,
    CASE,
    CRISIS,
    INSULT,
    PRIVACY,
    THREAT,
    WAITING,
    decide,
    made,
    place,
    place_or_none,
)
from tests.web.queue_day import HIGH, LPS
from tests.web.school import FakeService
from tests.web.signed_in import Site


def test_the_queue_opens_at_the_worst_item(ana: Site) -> None:
    assert place(ana.get("/queue")) == f"/queue/{THREAT}"
    page = ana.get(f"/queue/{THREAT}").text
    assert "I swear I will come to the stadium and <" in page.replace("<mark", "<")
    assert re.search(r"<mark [^>]*>make you pay</mark>", page)
    assert "Homecoming is this Friday" in page
    assert "coach is a joke, fire him" in page  # earlier, by the same author
    assert "mi hija dice" in page  # said after it
    assert "20 comments wait" in page
    assert "What would have changed it" in page


def test_an_item_says_what_the_model_rests_on(ana: Site) -> None:
    page = ana.get("/queue/18").text
    assert "The model <code><bdi>embedded</bdi></code> scored it 41%" in page
    assert re.search(r"Most of it rests on <q><bdi[^>]*>fix her grade</bdi></q>", page)


def test_each_button_says_what_it_does_on_that_platform(ana: Site) -> None:
    assert "Facebook is asked to hide it. It can be brought back." in ana.get("/queue/8").text
    assert "It stays up; nothing is asked of Facebook." in ana.get("/queue/8").text
    assert "Instagram is asked to hide it." in ana.get(f"/queue/{ASSIST}").text
    by_hand = ana.get(f"/queue/{BY_HAND}").text
    assert "LPS on TikTok lets no program hide it" in by_hand
    assert "A reason is asked for." in ana.get(f"/queue/{CASE}").text


def test_the_number_that_waits_on_a_page_leads_to_the_worst_of_that_page(
    ana: Site, ben: Site, service: FakeService
) -> None:
    link = re.search(r'href="(/queue\?page=[^"]*instagram[^"]*)"', ana.get("/pages").text)
    assert link is not None
    assert place(ana.get(link[1])) == f"/queue/{ASSIST}"
    with service.database.write() as s:
        s.exec(delete(WaitingRow).where(col(WaitingRow.decision_id) == ASSIST + 1))
    assert place_or_none(ben.get(link[1])) is None, "Ana has the only one"
    assert "Nothing of this page is free" in ben.get(link[1]).text
    looks = ana.as_(Role.VIEWER)
    assert place(looks.get(link[1])) == f"/queue/{ASSIST}"


def test_a_page_that_is_not_in_somebodys_care_narrows_nothing(ana: Site) -> None:
    hers = ana.as_(Role.MANAGER, pages={HIGH.id}, name="Hilda High")
    assert place(hers.get(f"/queue?page={LPS.id}")) == f"/queue/{ASSIST}"


def test_what_a_button_does_is_said_in_spanish_to_the_last_sentence(
    ana: Site, service: FakeService
) -> None:
    with service.database.write() as s:
        s.get_one(PageRow, LPS.id).paused = True
    page = ana.get("/queue/8", **{"accept-language": "es"}).text
    assert "La administración decide. Mientras tanto sigue visible." in page
    assert "La página está en pausa: eso ocurre cuando se reanude." in page
    assert "administrator" not in page and "paused" not in page


def test_two_people_get_different_items_and_see_each_other(ana: Site, ben: Site) -> None:
    assert place(ana.get("/queue")) == f"/queue/{THREAT}"
    assert place(ben.get("/queue")) == f"/queue/{CRISIS}"
    page = ben.get(f"/queue/{THREAT}").text
    assert "<bdi>Ana Ruiz</bdi> is looking at this comment, so it is theirs for now." in page
    assert 'name="verdict"' not in page
    assert "with <bdi>Ana Ruiz</bdi>" in page  # in the list beside


def test_a_verdict_on_what_another_holds_is_refused(
    ana: Site, ben: Site, service: FakeService
) -> None:
    ana.get("/queue")
    answer = decide(ben, THREAT, "hide", note="mine first")
    assert answer.status_code == 409
    assert "<bdi>Ana Ruiz</bdi> is looking at this comment right now." in answer.text
    assert "mine first" in answer.text
    assert made(service) == []
    service.clock.advance(301)
    assert place(decide(ben, THREAT, "hide", note="mine first"))


def test_an_open_page_keeps_its_item_and_is_told_when_it_is_lost(
    ana: Site, ben: Site, service: FakeService
) -> None:
    ana.get("/queue")
    service.clock.advance(240)
    assert ana.post(f"/queue/{THREAT}/claim").json() == {"said": ""}
    service.clock.advance(240)
    assert place(ben.get("/queue")) == f"/queue/{CRISIS}"
    service.clock.advance(301)
    ben.get(f"/queue/{THREAT}")
    said = ana.post(f"/queue/{THREAT}/claim").json()["said"]
    assert said == "Ben Lee is looking at this comment now."
    decide(ben, THREAT, "hide")
    assert "decided, edited or removed" in ana.post(f"/queue/{THREAT}/claim").json()["said"]


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-purpose": "prefetch"}],
    ids=["link", "ahead"],
)
def test_an_item_is_claimed_only_by_opening_it(
    ana: Site, ben: Site, headers: dict[str, str]
) -> None:
    ana.get(f"/queue/{THREAT}", **headers)
    ana.get("/queue", **headers)
    assert place(ben.get("/queue")) == f"/queue/{THREAT}"


def test_next_and_previous_skip_what_others_hold(ana: Site, ben: Site) -> None:
    ben.get(f"/queue/{CRISIS}")
    ana.get("/queue")
    assert place(ana.get(f"/queue?after={THREAT}")) == f"/queue/{PRIVACY}"
    assert place(ana.get(f"/queue?before={PRIVACY}")) == f"/queue/{THREAT}"


def test_a_manager_sees_and_decides_only_on_their_pages(ana: Site, service: FakeService) -> None:
    hers = ana.as_(Role.MANAGER, pages={HIGH.id}, name="Hilda High")
    assert place(hers.get("/queue")) == f"/queue/{ASSIST}"
    page = hers.get(f"/queue/{ASSIST}").text
    assert "2 comments wait" in page
    assert "School 1" not in page
    for path in (f"/queue/{THREAT}", f"/queue/many?author_of={THREAT}"):
        assert hers.get(path).status_code == 404
    assert decide(hers, THREAT, "hide").status_code == 404
    assert hers.post(f"/queue/{THREAT}/claim").status_code == 404
    assert made(service) == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_whoever_only_reads_decides_nothing(ana: Site, service: FakeService, role: Role) -> None:
    reader = ana.as_(role)
    assert place(reader.get("/queue")) == f"/queue/{THREAT}"
    page = reader.get(f"/queue/{THREAT}").text
    assert "deciding takes another role" in page
    assert 'name="verdict"' not in page
    assert decide(reader, THREAT, "hide").status_code == 403
    assert reader.post(f"/queue/{THREAT}/claim").status_code == 403
    assert reader.get(f"/queue/many?author_of={THREAT}").status_code == 403
    assert made(service) == []
    assert place(ana.get("/queue")) == f"/queue/{THREAT}"  # a reader claims nothing


@pytest.mark.parametrize(
    "path",
    ["/queue/0", "/queue/x", "/queue/999", "/queue/9999999999999999999", "/queue/%00", "/queue/-1"],
)
def test_a_number_that_is_none_is_not_found(ana: Site, path: str) -> None:
    assert ana.get(path).status_code == 404


@pytest.mark.parametrize("query", ["after=x", "before=-1", "did=99999999999999999999"])
def test_an_address_that_says_nothing_is_refused(ana: Site, query: str) -> None:
    assert ana.get(f"/queue?{query}").status_code == 400


def test_how_somebody_likes_to_work_is_kept_in_their_browser(ana: Site) -> None:
    answer = ana.post("/queue-settings", {"show": "1", "at": str(INSULT)})
    assert place(answer) == f"/queue/{INSULT}"
    cookie = f"modbot-queue={answer.cookies['modbot-queue']}"
    page = ana.get(f"/queue/{INSULT}", cookie=cookie).text
    assert 'id="reveal"' not in page
    assert "data-keys" not in page
    page = ana.get(f"/queue/{INSULT}").text
    assert 'id="reveal"' in page
    assert 'data-keys="on"' in page
    assert place(ana.post("/queue-settings", {"at": "//evil.example"})) == "/queue"


def test_an_empty_queue_says_so(ana: Site, ben: Site, service: FakeService) -> None:
    while (where := place_or_none(ana.get("/queue"))) is not None:
        number = int(re.search(r"/queue/(\d+)", where)[1])  # type: ignore[index]
        place(decide(ana, number, "hide", note="seen", by_hand="1"))
    assert "Nothing waits for you" in ana.get("/queue").text
    assert len(made(service)) == WAITING
    assert "Undo" in ana.get(f"/queue?did={made(service)[-1].id}").text


def test_a_queue_that_others_work_on_says_so(ana: Site, ben: Site, service: FakeService) -> None:
    hers = ana.as_(Role.MANAGER, pages={HIGH.id}, name="Hilda High")
    decide(hers, ASSIST, "hide")
    hers.get("/queue")
    his = ana.as_(Role.MANAGER, pages={HIGH.id}, name="Hal High")
    assert "Others look at what is left" in his.get("/queue").text
