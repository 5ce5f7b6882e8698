"""The queue over HTTP, as a browser without script sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlmodel import col, select

from modbot import store
from modbot.domain import ActionKind, ActionState, Category, Verdict
from modbot.people import Role
from modbot.tables import ActionRow, DecisionRow
from tests.web.queue_day import HIGH, LPS, judged, open_queue_day, rule, shipped_policy
from tests.web.queue_day import made as said
from tests.web.school import ALLOWED, FakeService, record
from tests.web.serving import served
from tests.web.signed_in import Site

# Decisions of the day: 1 to 4 were said before; then in the order of queue_day.texts().
THREAT, CRISIS, PRIVACY, INSULT, ASSIST, SWEARING, BY_HAND, CASE, SALE = 5, 6, 7, 8, 11, 13, 16, 17, 19
WAITING = 20


@pytest.fixture
def service(tmp_path: Path) -> Iterator[FakeService]:
    service = open_queue_day(tmp_path)
    yield service
    service.database.close()


@pytest.fixture
def address(service: FakeService) -> Iterator[str]:
    with served(service) as address:
        yield address


@pytest.fixture
def ana(address: str, service: FakeService) -> Site:
    return Site(address=address, service=service).as_(Role.MANAGER, name="Ana Ruiz")


@pytest.fixture
def ben(ana: Site) -> Site:
    return ana.as_(Role.MANAGER, name="Ben Lee")


@pytest.fixture
def chief(ana: Site) -> Site:
    return ana.as_(Role.ADMIN, name="Cleo Vance")


def decide(site: Site, number: int, verdict: str, **fields: Any) -> requests.Response:
    return site.post(f"/decisions/{number}/verdict", {"verdict": verdict, **fields})


def made(service: FakeService) -> list[DecisionRow]:
    """What people decided, oldest first."""
    with service.database.read() as s:
        query = select(DecisionRow).where(DecisionRow.actor_kind == "person")
        return list(s.exec(query.order_by(col(DecisionRow.id))))


def asked(service: FakeService) -> list[tuple[str, int]]:
    with service.database.read() as s:
        return [(a.kind, a.decision_id) for a in s.exec(select(ActionRow).order_by(col(ActionRow.id)))]


def place(answer: requests.Response) -> str:
    assert answer.status_code == 303, answer.text[:2000]
    return answer.headers["location"]


def count(service: FakeService) -> int:
    with service.database.read() as s:
        return sum(store.count_waiting(s).values())


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


def test_a_verdict_is_recorded_and_leads_to_the_next_item(ana: Site, service: FakeService) -> None:
    ana.get("/queue")
    answer = decide(ana, THREAT, "hide", note="sent to the principal")
    last = made(service)[-1]
    assert place(answer) == f"/queue/{CRISIS}?did={last.id}"
    assert (last.verdict, last.hide, last.actor) == ("hide", True, "Ana Ruiz")
    assert last.reason == "sent to the principal"
    assert asked(service) == [("hide", last.id)]
    page = ana.get(place(answer)).text
    assert "You hid the comment by Rick D. on School 1." in page
    assert f'action="/decisions/{last.id}/take-back"' in page
    assert count(service) == WAITING - 1


def test_what_is_left_up_asks_nothing_of_the_platform(ana: Site, service: FakeService) -> None:
    decide(ana, INSULT, "allow")
    assert (made(service)[-1].verdict, asked(service)) == ("allow", [])


def test_progress_counts_this_sitting(ana: Site) -> None:
    first = ana.get(place(ana.get("/queue")))
    cookie = f"modbot-sitting={first.cookies['modbot-sitting']}"
    decide(ana, INSULT, "allow")
    decide(ana, SALE, "allow")
    assert "2 of 20 done in this sitting" in ana.get(f"/queue/{THREAT}", cookie=cookie).text


@pytest.mark.parametrize("verdict", ["hide", "escalate"])
def test_a_missing_reason_is_asked_for_and_nothing_is_lost(
    ana: Site, service: FakeService, verdict: str
) -> None:
    answer = decide(ana, CASE, verdict, note="   ")
    assert answer.status_code == 422
    assert "The policy asks for a reason here." in answer.text
    assert f'name="verdict" value="{verdict}"' in answer.text
    assert made(service) == []
    assert place(decide(ana, CASE, verdict, reason="A question for counsel"))
    assert made(service)[-1].reason == "A question for counsel"


def test_a_note_that_is_too_long_comes_back_whole(ana: Site, service: FakeService) -> None:
    long = "wörd " * 250
    answer = decide(ana, INSULT, "hide", note=long, reason="A false alarm")
    assert answer.status_code == 422
    assert long.strip() in answer.text
    assert made(service) == []


def test_undo_takes_back_ones_own_verdict_and_opens_the_item_again(
    ana: Site, service: FakeService
) -> None:
    decide(ana, INSULT, "hide")
    hid = made(service)[-1]
    answer = ana.post(f"/decisions/{hid.id}/take-back")
    back = made(service)[-1]
    assert place(answer) == f"/queue/{back.id}?said=taken-back"
    assert (back.verdict, back.hide) == ("review", False)
    assert back.key.endswith(f":back:{hid.id}")
    assert asked(service) == [("hide", hid.id), ("restore", back.id)]
    assert count(service) == WAITING
    page = ana.get(place(answer)).text
    assert "Taken back: this comment waits again" in page
    assert "Rule <code><bdi>offensive:idiots</bdi></code> matched" in page  # why it waited at first
    assert ana.post(f"/decisions/{back.id}/take-back").status_code == 409
    assert ana.post(f"/decisions/{hid.id}/take-back").status_code == 409
    assert len(made(service)) == 2


def test_undo_of_a_leave_up_hides_again_what_was_hidden(ana: Site, service: FakeService) -> None:
    """A threat that the bot hid at once, and that still waits for a person."""
    text = "I will find you all"
    signal = rule(Category.THREAT, text, "find you")
    decision = judged(shipped_policy(), text, signal, verdict=Verdict.ESCALATE, hide=True)
    (stored,) = record(service, [(text, decision)], action=ActionKind.HIDE, prefix="late")
    with service.database.write() as s:
        store.finish_action(
            s, stored.action_id or 0, ActionState.CONFIRMED, "done", service.clock.now()
        )
    page = ana.get(f"/queue/{stored.decision_id}").text
    assert "It stays hidden." in page
    assert "Facebook is asked to show it again." in page
    decide(ana, stored.decision_id or 0, "allow", reason="An exaggeration, not a threat")
    left_up = made(service)[-1]
    ana.post(f"/decisions/{left_up.id}/take-back")
    back = made(service)[-1]
    assert asked(service)[1:] == [("restore", left_up.id), ("hide", back.id)]
    assert (back.verdict, back.hide) == ("review", True)


def test_only_whoever_decided_takes_it_back(ana: Site, ben: Site, service: FakeService) -> None:
    decide(ana, INSULT, "hide")
    number = made(service)[-1].id
    assert ben.post(f"/decisions/{number}/take-back").status_code == 409
    assert "whoever gave that verdict" in ben.post(f"/decisions/{number}/take-back").text
    assert f"/decisions/{number}/take-back" not in ben.get(f"/queue?did={number}").text
    assert len(made(service)) == 1


def test_what_is_handed_on_waits_for_an_administrator(
    ana: Site, chief: Site, service: FakeService
) -> None:
    assert decide(ana, INSULT, "escalate").status_code == 422  # the note is what it is for
    decide(ana, INSULT, "escalate", note="Is this one of our bus drivers?")
    handed_on = made(service)[-1].id
    assert count(service) == WAITING
    page = ana.get(f"/queue/{handed_on}").text
    assert "Handed on to the administrators by Ana Ruiz," in page
    assert 'name="verdict"' not in page
    assert "1 more is with the administrators." in page
    refused = decide(ana, handed_on or 0, "allow")
    assert refused.status_code == 409
    assert "This takes an administrator" in refused.text
    assert place(chief.get("/queue")) == f"/queue/{handed_on}"
    page = chief.get(f"/queue/{handed_on}").text
    assert "Is this one of our bus drivers?" in page
    assert 'value="escalate"' not in page
    assert place(decide(chief, handed_on or 0, "allow"))
    assert [d.actor for d in made(service)] == ["Ana Ruiz", "Cleo Vance"]


def test_ones_own_handing_on_can_be_undone(ana: Site, service: FakeService) -> None:
    decide(ana, INSULT, "escalate", note="?")
    answer = ana.post(f"/decisions/{made(service)[-1].id}/take-back")
    assert answer.status_code == 303, "whoever handed it on may take it back"
    assert made(service)[-1].verdict == "review"


def test_two_people_get_different_items_and_see_each_other(ana: Site, ben: Site) -> None:
    assert place(ana.get("/queue")) == f"/queue/{THREAT}"
    assert place(ben.get("/queue")) == f"/queue/{CRISIS}"
    page = ben.get(f"/queue/{THREAT}").text
    assert "Ana Ruiz is looking at this comment, so it is theirs for now." in page
    assert 'name="verdict"' not in page
    assert "with Ana Ruiz" in page  # in the list beside


def test_a_verdict_on_what_another_holds_is_refused(
    ana: Site, ben: Site, service: FakeService
) -> None:
    ana.get("/queue")
    answer = decide(ben, THREAT, "hide", note="mine first")
    assert answer.status_code == 409
    assert "Ana Ruiz is looking at this comment right now." in answer.text
    assert "mine first" in answer.text
    assert made(service) == []
    service.clock.advance(301)
    assert place(decide(ben, THREAT, "hide", note="mine first"))


def test_a_stale_form_shows_what_happened_meanwhile(
    ana: Site, ben: Site, service: FakeService
) -> None:
    decide(ana, INSULT, "allow", note="only opinion")
    answer = decide(ben, INSULT, "hide")
    assert answer.status_code == 409
    assert "Ana Ruiz decided on it meanwhile:" in answer.text
    assert "only opinion" in answer.text
    assert decide(ana, INSULT, "allow").status_code == 409  # the same form sent twice
    assert len(made(service)) == 1


def edit(service: FakeService, comment_id: str, text: str) -> None:
    with service.database.write() as s:
        item = store.Judged(comment=said(comment_id, LPS, "Driver 0", text, service), decision=ALLOWED)
        store.record_judged(s, LPS, [item], service.clock.now())


def test_an_edit_makes_a_verdict_on_the_old_text_void(ana: Site, service: FakeService) -> None:
    edit(service, "q3", "Thank you, drivers")
    assert "The comment was edited since." in ana.get(f"/queue/{INSULT}").text
    answer = decide(ana, INSULT, "hide")
    assert answer.status_code == 409
    assert "The author edited the comment meanwhile." in answer.text
    assert made(service) == []


def test_what_is_gone_cannot_be_decided(ana: Site, service: FakeService) -> None:
    with service.database.write() as s:
        store.mark_gone(s, LPS.id, "q3", service.clock.now())
    assert "nothing is left to decide" in ana.get(f"/queue/{INSULT}").text
    assert decide(ana, INSULT, "hide").status_code == 409
    assert (made(service), count(service)) == ([], WAITING - 1)


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
    "headers", [{"sec-fetch-site": "cross-site"}, {"sec-purpose": "prefetch"}], ids=["link", "ahead"]
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


def test_what_no_program_can_hide_is_removed_by_hand(ana: Site, service: FakeService) -> None:
    answer = decide(ana, BY_HAND, "hide")
    assert place(answer) == f"/queue/{BY_HAND}?by_hand=1"
    assert made(service) == []
    page = ana.get(f"/queue/{BY_HAND}?by_hand=1").text
    assert "Take a picture of it first" in page
    assert place(decide(ana, BY_HAND, "hide", by_hand="1"))
    with service.database.read() as s:
        action = s.exec(select(ActionRow)).one()
        assert (action.kind, action.state) == ("hide", "confirmed")
        assert action.answer == "removed by hand: Ana Ruiz"
    number = made(service)[-1].id
    ana.post(f"/decisions/{number}/take-back")
    assert asked(service) == [("hide", number)]  # no program can bring it back
    assert (made(service)[-1].verdict, made(service)[-1].hide) == ("review", True)


def test_a_manager_sees_and_decides_only_on_their_pages(
    ana: Site, service: FakeService
) -> None:
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


def test_a_form_of_another_site_decides_nothing(ana: Site, service: FakeService) -> None:
    for data in ({"csrf": "x", "verdict": "hide"}, {"csrf": "", "verdict": "hide"}):
        assert ana.post(f"/decisions/{THREAT}/verdict", data).status_code == 403
        assert ana.post(f"/decisions/{THREAT}/take-back", data).status_code == 403
        assert ana.post(f"/queue/{THREAT}/claim", data).status_code == 403
        assert ana.post("/queue/many", data).status_code == 403
        assert ana.post("/queue-settings", data).status_code == 403
    assert made(service) == []


@pytest.mark.parametrize(
    "path",
    ["/queue/0", "/queue/x", "/queue/999", "/queue/9999999999999999999", "/queue/%00", "/queue/-1"],
)
def test_a_number_that_is_none_is_not_found(ana: Site, path: str) -> None:
    assert ana.get(path).status_code == 404


@pytest.mark.parametrize("query", ["after=x", "before=-1", "did=99999999999999999999"])
def test_an_address_that_says_nothing_is_refused(ana: Site, query: str) -> None:
    assert ana.get(f"/queue?{query}").status_code == 400


@pytest.mark.parametrize("verdict", ["", "review", "delete", "hide\x00", "HIDE"])
def test_a_verdict_that_cannot_be_given_is_refused(
    ana: Site, service: FakeService, verdict: str
) -> None:
    assert decide(ana, INSULT, verdict).status_code == 400
    assert made(service) == []


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


def place_or_none(answer: requests.Response) -> str | None:
    return answer.headers.get("location") if answer.status_code == 303 else None
