"""The list of pages and the screen of one: health, modes, pause, token, and who may do what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from modbot import registry, store
from modbot.domain import Mode
from modbot.errors import Unsupported
from modbot.people import Role
from modbot.web.place_rights import page_address
from tests.web.district import LEE, fill
from tests.web.rooms import Room, faults, open_room, text_of, went_to

PAGE = "/pages/facebook:1001"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with open_room(tmp_path) as room:
        yield room


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A district with pages in every state; only for reading."""
    with open_room(tmp_path_factory.mktemp("full")) as room:
        fill(room.district)
        yield room


def names(html: str) -> list[str]:
    return re.findall(r'class="page-name" href="[^"]+"><bdi>([^<]+)', html)


def mode_of(room: Room) -> Mode:
    with room.district.database.read() as s:
        return store.page(s, "facebook:1001").mode


def test_the_pages_are_listed_worst_first(full: Room) -> None:
    html = full.admin.get("/pages").text
    assert names(html) == [
        "Guilmette on X",
        "Leonard Middle",
        "Arlington blog",
        "Frost videos",
        "Tarbox",
        "Parthum",
        "Lawrence High School",
    ]
    states = re.findall(r'<use href="#p-(\w+)"/></svg>[A-Z]', html)
    assert states == ["login", "blocked", "failing", "budget", "unread", "paused", "fine"]
    assert "9 hours ago" in html and "4 failures in a row" in html and "93%" in html


def test_a_page_that_was_not_read_for_long_is_late(room: Room) -> None:
    room.district.poll(room.district.add_page("1001"))
    assert (
        "#p-late" not in room.admin.get("/pages").text.partition("<main")[2].partition("symbol")[0]
    )
    room.district.clock.advance(3 * 240 + 1)
    assert "Read late" in text_of(room.admin.get("/pages"))


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("school=Leonard", ["Leonard Middle"]),
        ("platform=x", ["Guilmette on X"]),
        ("school=Leonard&platform=x", []),
    ],
)
def test_the_list_is_filtered(full: Room, query: str, shown: list[str]) -> None:
    answer = full.admin.get(f"/pages?{query}")
    assert names(answer.text) == shown
    assert ("No page fits these filters." in answer.text) == (not shown)


@pytest.mark.parametrize("query", ["school=Nowhere", "platform=myspace", "platform=%00"])
def test_a_filter_that_names_nothing_is_a_bad_address(full: Room, query: str) -> None:
    assert full.admin.get(f"/pages?{query}").status_code == 400


def test_a_manager_of_some_pages_sees_only_those(full: Room) -> None:
    manager = full.admin.as_(Role.MANAGER, pages={"x:guilmette"})
    html = manager.get("/pages").text
    assert names(html) == ["Guilmette on X"]
    assert "Leonard" not in html, "not even in the filters"
    assert manager.get("/pages/x:guilmette").status_code == 200
    for path in (PAGE, f"{PAGE}/mode?to=enforce", "/pages/x:nobody"):
        assert manager.get(path).status_code in (403, 404)
    assert full.admin.as_(Role.MANAGER, pages=()).get("/pages").text.count("page-name") == 0


def test_waiting_comments_are_counted_as_the_mode_has_them(room: Room) -> None:
    adapter = room.district.add_page("1001", mode=Mode.ASSIST)
    adapter.add("what the fuck")
    adapter.add("lovely day")
    room.district.poll(adapter)
    waiting = r'cell-waiting">.*?<span[^>]*>[^<]*</span>\s*<(?:a|span)[^>]*>(\d+)<'
    assert re.search(waiting, room.admin.get("/pages").text, re.DOTALL)[1] == "1"  # type: ignore[index]
    registry.set_mode(
        room.district.database, "facebook:1001", Mode.OBSERVE, LEE, room.district.clock.now()
    )
    assert re.search(waiting, room.admin.get("/pages").text, re.DOTALL)[1] == "0"  # type: ignore[index]


def test_an_error_says_what_to_do_about_it(full: Room) -> None:
    text = text_of(full.admin.get("/pages/x:guilmette"))
    assert "Make a new one and put it where the old one is" in text
    assert "AuthExpired: (190/463) session has expired" in text
    assert "refused: a new one is needed" in text
    assert "Find out why before you do anything else" in text_of(
        full.admin.get("/pages/instagram:2002")
    )


def test_each_mode_is_shown_with_what_it_would_have_done(full: Room) -> None:
    answer = full.admin.get(PAGE)
    text = text_of(answer)
    assert "Last week: nothing hidden, nothing to a person" in text
    assert "Last week: 24 to a person" in text
    assert "Last week: 24 hides , 0 to a person" in text
    links = re.findall(r'href="(/decisions/\d+)"', answer.text)
    assert len(links) == 6, "three examples of each outcome"
    assert full.admin.get(links[0]).status_code == 200


def test_what_the_quota_would_have_held_back_is_told(room: Room) -> None:
    adapter = room.district.add_page("1001", mode=Mode.OBSERVE)
    for number in range(33):
        adapter.add(f"what the fuck {number}")
    room.district.poll(adapter)
    text = text_of(room.admin.get(f"{PAGE}/mode?to=enforce"))
    assert "30 hides , 3 to a person" in text
    assert "3 of them for want of quota: a page hides 30 an hour and 100 a day" in text


def test_decisions_of_before_the_week_do_not_count(room: Room) -> None:
    adapter = room.district.add_page("1001")
    adapter.add("what the fuck")
    room.district.poll(adapter)
    room.district.clock.advance(7 * 24 * 3600 + 60)
    assert "0 hides" in text_of(room.admin.get(PAGE))


def test_a_mode_is_changed_with_a_reason_after_a_look_at_it(room: Room) -> None:
    room.district.add_page("1001", mode=Mode.OBSERVE)
    html = room.admin.get(f"{PAGE}/mode?to=enforce").text
    assert 'name="seen" value="observe"' in html and "Change to Enforce?" in html
    sent = {"to": "enforce", "seen": "observe", "reason": ""}
    again = room.admin.post(f"{PAGE}/mode", sent)
    assert (again.status_code, faults(again)) == (422, {"reason": "Please fill this in."})
    assert mode_of(room) is Mode.OBSERVE
    done = room.admin.post(f"{PAGE}/mode", {**sent, "reason": "Read for three <weeks>"})
    assert went_to(done) == f"{PAGE}?said=mode-changed"
    assert mode_of(room) is Mode.ENFORCE
    html = room.admin.get(PAGE).text
    assert "Observe → Enforce · Read for three &lt;weeks&gt;" in html
    assert room.sound()


def test_a_stale_form_changes_no_mode(room: Room) -> None:
    room.district.add_page("1001", mode=Mode.OBSERVE)
    now = room.district.clock.now()
    registry.set_mode(room.district.database, "facebook:1001", Mode.ASSIST, LEE, now)
    answer = room.admin.post(
        f"{PAGE}/mode", {"to": "enforce", "seen": "observe", "reason": "Ready"}
    )
    assert answer.status_code == 409
    assert "Somebody else changed the mode meanwhile" in answer.text
    assert mode_of(room) is Mode.ASSIST
    empty = room.admin.post(f"{PAGE}/mode", {"to": "enforce", "seen": "observe", "reason": ""})
    assert 'name="seen" value="observe"' in empty.text, "what was seen is not renewed unseen"


@pytest.mark.parametrize(
    "sent",
    [{}, {"to": "kill"}, {"to": "enforce"}, {"to": "enforce", "seen": "x"}, {"seen": "observe"}],
)
def test_a_mode_that_is_none_is_a_bad_request(room: Room, sent: dict[str, str]) -> None:
    room.district.add_page("1001", mode=Mode.OBSERVE)
    assert room.admin.post(f"{PAGE}/mode", {**sent, "reason": "x"}).status_code == 400
    assert room.admin.get(f"{PAGE}/mode").status_code == 400
    assert mode_of(room) is Mode.OBSERVE


def test_a_page_is_paused_with_a_reason_and_goes_on(room: Room) -> None:
    room.district.add_page("1001")
    empty = room.admin.post(f"{PAGE}/pause", {})
    assert (empty.status_code, set(faults(empty))) == (422, {"reason"})
    went_to(room.admin.post(f"{PAGE}/pause", {"reason": "It moves"}))
    html = room.admin.get(PAGE).text
    assert "Go on reading it" in html and "Paused · " not in html
    assert re.search(r"Paused<bdi> · It moves</bdi>", html)
    went_to(room.admin.post(f"{PAGE}/pause", {"reason": "twice"}))
    went_to(room.admin.post(f"{PAGE}/resume"))
    assert "Pause the page" in room.admin.get(PAGE).text
    assert [k for k in room.audited() if k in ("page.paused", "page.resumed")] == [
        "page.paused",
        "page.resumed",
    ]


def test_a_manager_pauses_the_pages_in_his_care_and_no_others(room: Room) -> None:
    room.district.add_page("1001")
    room.district.add_page("1002")
    manager = room.admin.as_(Role.MANAGER, pages={"facebook:1001"})
    html = manager.get(PAGE).text
    assert "Pause the page" in html
    assert "Change to" not in html and "Its new place" not in html
    went_to(manager.post(f"{PAGE}/pause", {"reason": "Wrong rule"}))
    went_to(manager.post(f"{PAGE}/resume"))
    assert manager.post("/pages/facebook:1002/pause", {"reason": "x"}).status_code == 404
    for path in (f"{PAGE}/mode", f"{PAGE}/token"):
        assert manager.post(path, {"to": "enforce", "seen": "enforce"}).status_code == 403
    for who in (room.viewer, room.admin.as_(Role.AUDITOR), room.approver()):
        assert who.post(f"{PAGE}/pause", {"reason": "x"}).status_code == 403
        assert "Pause the page" not in who.get(PAGE).text
    with room.district.database.read() as s:
        assert not any(page.paused for page in store.pages(s))


def test_a_token_is_read_from_another_place(room: Room) -> None:
    room.district.add_page("1001")
    for ref in ("", "EAABcanary", "file:/etc/shadow", "env:HOME", "file:/etc/modbot/tokens/../x"):
        answer = room.admin.post(f"{PAGE}/token", {"token_ref": ref})
        assert (answer.status_code, set(faults(answer))) == (422, {"token_ref"}), ref
        assert "canary" not in answer.text
    went_to(room.admin.post(f"{PAGE}/token", {"token_ref": "file:/etc/modbot/tokens/lhs"}))
    assert "file:/etc/modbot/tokens/lhs" in room.admin.get(PAGE).text
    assert "file:/etc/modbot" not in room.viewer.get(PAGE).text, "no matter of a viewer"
    assert room.viewer.post(f"{PAGE}/token", {"token_ref": "env:MODBOT_TOKEN_X"}).status_code == 403
    assert (
        room.approver().post(f"{PAGE}/token", {"token_ref": "env:MODBOT_TOKEN_X"}).status_code
        == 403
    )
    assert room.sound()


def test_the_last_day_of_a_token_is_written_down_and_shown_before_it_comes(room: Room) -> None:
    room.district.add_page("1001")
    with room.district.database.write() as s:
        now = room.district.clock.now()
        store.save_page_state(s, "facebook:1001", last_poll_at=now, last_success_at=now)
        before = store.page(s, "facebook:1001").token_ref
    day = (now + timedelta(days=10)).date().isoformat()
    answer = room.admin.post(f"{PAGE}/token", {"token_ref": "", "token_ends": "soon"})
    assert answer.status_code == 422 and "year-month-day" in answer.text
    answer = room.admin.post(f"{PAGE}/token", {"token_ref": "", "token_ends": day})
    assert went_to(answer).startswith(PAGE)
    shown = room.admin.get(PAGE).text
    assert "its last day is" in shown and "Token ends soon" in shown
    assert "Token ends soon" in room.admin.get("/pages").text
    with room.district.database.read() as s:
        assert store.page(s, "facebook:1001").token_ref == before


def test_a_page_that_needs_no_token_gets_none(room: Room) -> None:
    room.district.add_page("blog", platform="feed")
    assert "Its new place" not in room.admin.get("/pages/feed:blog").text
    answer = room.admin.post("/pages/feed:blog/token", {"token_ref": "env:MODBOT_TOKEN_X"})
    assert answer.status_code == 403


def test_what_a_platform_refused_is_shown_with_its_decision(room: Room) -> None:
    adapter = room.district.add_page("1001")
    adapter.fail_next("hide", Unsupported("no such action"), times=1)
    adapter.add("what the fuck")
    room.district.poll(adapter)
    text = text_of(room.admin.get(PAGE))
    assert "Refused by the platform in the last seven days" in text
    assert "remove the comment by hand" in text


@pytest.mark.parametrize(
    "page_id", ["facebook:9", "x", "facebook:1001/", "..%2f..%2fetc", "%00", "new/x", "a" * 3000]
)
def test_a_page_that_is_not_there_is_not_found(room: Room, page_id: str) -> None:
    room.district.add_page("1001")
    assert room.admin.get(f"/pages/{page_id}").status_code == 404
    for end in ("mode", "pause", "resume", "token"):
        sent = {
            "to": "enforce",
            "seen": "enforce",
            "reason": "x",
            "token_ref": "env:MODBOT_TOKEN_X",
        }
        assert room.admin.post(f"/pages/{page_id}/{end}", sent).status_code == 404


@pytest.mark.parametrize("external_id", ["site/blog", "a+b?c#d", "ñ%2F", "new"])
def test_an_id_that_was_registered_at_the_server_has_a_screen(room: Room, external_id: str) -> None:
    room.district.add_page(external_id, "Odd one", platform="wordpress")
    address = page_address(f"wordpress:{external_id}")
    assert f'href="{address}"' in room.admin.get("/pages").text
    assert "Odd one" in room.admin.get(address).text
    went_to(room.admin.post(f"{address}/pause", {"reason": "x"}))
    assert "Go on reading it" in room.admin.get(address).text


def test_the_screens_speak_spanish(full: Room) -> None:
    spanish = {"accept-language": "es"}
    text = text_of(full.admin.get("/pages", **spanish))
    assert "Necesita un token nuevo" in text and "hace 9 horas" in text
    assert "La semana pasada: 24 ocultados" in text_of(full.admin.get(PAGE, **spanish))


def test_an_empty_registry_says_so(room: Room) -> None:
    assert "No page is registered yet" in room.viewer.get("/pages").text


def test_whoever_is_not_signed_in_sees_nothing(full: Room) -> None:
    nobody = full.admin.as_nobody()
    for path in ("/pages", PAGE, "/pages/new", "/fundraisers", "/fundraisers/1"):
        assert nobody.get(path).headers["location"].startswith("/sign-in")
    assert nobody.post(f"{PAGE}/pause", {"reason": "x"}).headers["location"] == "/sign-in"


def test_a_form_that_is_not_ours_changes_nothing(room: Room) -> None:
    room.district.add_page("1001")
    for path, sent in (
        (f"{PAGE}/pause", {"reason": "x"}),
        (f"{PAGE}/mode", {"to": "assist", "seen": "enforce", "reason": "x"}),
        ("/pages/new", {}),
        ("/fundraisers/new", {}),
    ):
        assert room.admin.post(path, {**sent, "csrf": "forged"}).status_code == 403
    assert mode_of(room) is Mode.ENFORCE
    for path in (f"{PAGE}/pause", f"{PAGE}/resume", f"{PAGE}/token", "/fundraisers/1/end"):
        assert room.admin.get(path).status_code in (404, 405), "a GET changes nothing"


def test_a_lag_is_drawn_on_one_line_for_all(full: Room) -> None:
    html = full.admin.get("/pages").text
    dots = [int(x) for x in re.findall(r'<rect class="dot \w+" x="(\d+)"', html)]
    assert dots[0] == max(dots) > max(dots[1:]), "nine hours lie furthest out"
