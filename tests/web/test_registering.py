"""Registering a page: any member of staff asks, LPS Media answers."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from modbot import store
from modbot.domain import Mode
from modbot.people import Role
from modbot.people.tokens import form_token
from tests.web.district import ANA
from tests.web.hostile import PRODUCT, SUM
from tests.web.rooms import APPROVAL, PAGE_FORM, Room, faults, open_room, text_of, went_to


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with open_room(tmp_path) as room:
        yield room


def ask(room: Room, **changes: str) -> str:
    """The path of a viewer's new request."""
    return went_to(room.viewer.post("/pages/new", {**PAGE_FORM, **changes})).partition("?")[0]


def test_a_viewer_asks_and_an_admin_registers(room: Room) -> None:
    path = ask(room)
    assert "Waits for approval" in text_of(room.viewer.get(path))
    assert room.viewer.get(path).text.count("<form") == 1, "to sign out: viewers answer nothing"
    assert "1 page waits for your approval" in text_of(room.admin.get("/pages"))
    where = went_to(room.admin.post(f"{path}/approve", APPROVAL))
    assert where == "/pages/facebook:1001?said=page-approved"
    html = room.viewer.get(where).text
    assert "The page is registered." in html and "Lawrence High School" in html
    with room.district.database.read() as s:
        assert store.page(s, "facebook:1001").mode is Mode.OBSERVE
    assert room.audited() == [
        "registration.requested",
        "page.added",
        "registration.approved",
    ]
    assert room.sound()


def test_a_refusal_is_read_by_whoever_asked(room: Room) -> None:
    path = ask(room)
    empty = room.admin.post(f"{path}/refuse", {"reason": "  "})
    assert (empty.status_code, faults(empty)) == (422, {"reason": "Please fill this in."})
    went_to(room.admin.post(f"{path}/refuse", {"reason": "It is a <b>personal</b> page."}))
    html = room.viewer.get(path).text
    assert "It is a &lt;b&gt;personal&lt;/b&gt; page." in html
    assert "Refused" in text_of(room.viewer.get("/pages"))


def test_an_empty_form_is_told_field_by_field_and_in_spanish(room: Room) -> None:
    answer = room.viewer.post("/pages/new", {})
    assert answer.status_code == 422
    needed = {"platform", "name", "school", "purpose", "manager", "administrator", "contact"}
    assert set(faults(answer)) == {*needed, "address", "district_owned"}
    assert room.viewer.get("/pages/new").status_code == 200
    spanish = room.viewer.post("/pages/new", {}, **{"accept-language": "es"})
    assert faults(spanish)["name"] == "Complete este campo."


def test_nothing_typed_is_lost_on_an_error(room: Room) -> None:
    typed = {
        **PAGE_FORM,
        "name": ' "><script>x</script> & Co ',
        "purpose": "\n two\nlines </textarea>",
        "address": "ftp://example.org",
        "government_use": "said yes",
        "platform": "x",
    }
    answer = room.viewer.post("/pages/new", typed)
    assert answer.status_code == 422 and set(faults(answer)) == {"address"}
    assert "<script>x" not in answer.text
    assert 'value=" &#34;&gt;&lt;script&gt;x&lt;/script&gt; &amp; Co "' in answer.text
    assert re.search(
        r'<textarea id="f-purpose"[^>]*>\n\n two\nlines &lt;/textarea&gt;</', answer.text
    )
    assert '<option value="x" selected>' in answer.text and "\nsaid yes</textarea>" in answer.text
    assert re.search(r'name="district_owned" value="yes" checked', answer.text)


def test_an_address_without_https_is_completed(room: Room) -> None:
    path = ask(room, address="www.facebook.com/lhs")
    assert 'href="https://www.facebook.com/lhs"' in room.viewer.get(path).text


@pytest.mark.parametrize(
    "address",
    [
        *("javascript:alert(1)", "JavaScript://x.org/%0aalert(1)", "file:///etc/passwd"),
        *("data:text/html,<script>", "https://127.0.0.1/", "https://169.254.169.254/latest"),
        *("//evil.example", "https://a.example@evil.example", "https://[::1]", "http://localhost"),
        *("https:///x", "https://exa mple.org", "https://example.org\\@x.org/\u202e", "https://"),
    ],
)
def test_an_address_that_could_do_harm_is_refused(room: Room, address: str) -> None:
    answer = room.viewer.post("/pages/new", {**PAGE_FORM, "address": address})
    assert (answer.status_code, list(faults(answer))) == (422, ["address"])
    assert "<a href" not in answer.text.partition("<form class")[2]
    assert room.audited() == []


def test_an_approval_is_told_field_by_field_and_keeps_what_was_typed(room: Room) -> None:
    path = ask(room)
    answer = room.admin.post(
        f"{path}/approve", {"external_id": "10 01", "token_ref": "file:/etc/passwd"}
    )
    assert answer.status_code == 422
    assert set(faults(answer)) == {"external_id", "token_ref"}
    assert "env:MODBOT_TOKEN_..., file:/etc/modbot/tokens/..." in faults(answer)["token_ref"]
    assert 'value="10 01"' in answer.text and 'value="file:/etc/passwd"' in answer.text
    assert room.audited() == ["registration.requested"]


def test_a_token_that_was_pasted_is_not_shown_again(room: Room) -> None:
    path = ask(room)
    answer = room.admin.post(f"{path}/approve", {**APPROVAL, "token_ref": "EAABcanary"})
    assert answer.status_code == 422 and "treat it as seen" in faults(answer)["token_ref"]
    assert "canary" not in answer.text


def test_a_platform_without_a_token_is_approved_without_one(room: Room) -> None:
    path = ask(room, platform="feed", address="https://blog.example.org/comments/feed/")
    assert "This platform needs no token." in text_of(room.admin.get(path))
    assert went_to(room.admin.post(f"{path}/approve", {"external_id": "blog"})).startswith(
        "/pages/feed:blog"
    )


def test_an_account_that_is_registered_is_told_at_approval(room: Room) -> None:
    room.district.add_page("1001")
    answer = room.admin.post(f"{ask(room)}/approve", APPROVAL)
    assert faults(answer) == {"external_id": "This account is registered already."}


def test_whoever_comes_second_is_told_who_was_first(room: Room) -> None:
    path = ask(room)
    went_to(room.admin.post(f"{path}/approve", APPROVAL))
    other = room.admin.as_(Role.ADMIN, name="Otto")
    for answer in (
        other.post(f"{path}/approve", {**APPROVAL, "external_id": "1002"}),
        other.post(f"{path}/approve", {}),
        other.post(f"{path}/refuse", {"reason": "no"}),
        other.post(f"{path}/refuse", {}),
    ):
        assert answer.status_code == 409
        assert "Somebody else answered first" in answer.text
    assert room.audited().count("page.added") == 1


def test_two_admins_who_approve_at_once_register_one_page(room: Room) -> None:
    path, ready, ends = ask(room), threading.Barrier(2), list[int]()
    admins = [room.admin.as_(Role.ADMIN) for _ in range(2)]

    def approve(number: int) -> None:
        given = {**APPROVAL, "external_id": f"100{number}"}
        ready.wait()
        ends.append(admins[number].post(f"{path}/approve", given).status_code)

    threads = [threading.Thread(target=approve, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == [303, 409]
    assert room.audited().count("registration.approved") == 1
    assert room.sound()


def test_nobody_approves_his_own_page_while_there_is_somebody_else(room: Room) -> None:
    mine = went_to(room.admin.post("/pages/new", PAGE_FORM)).partition("?")[0]
    assert went_to(room.admin.post(f"{mine}/approve", APPROVAL)).startswith("/pages/facebook")
    other = room.admin.as_(Role.ADMIN, name="Otto")
    mine = went_to(room.admin.post("/pages/new", PAGE_FORM)).partition("?")[0]
    assert "somebody else has to approve it" in text_of(room.admin.get(mine))
    given = {**APPROVAL, "external_id": "1002"}
    assert room.admin.post(f"{mine}/approve", given).status_code == 403
    assert room.audited()[-1] == "access.refused"
    assert went_to(other.post(f"{mine}/approve", given))


def test_others_neither_see_nor_answer_a_request(room: Room) -> None:
    path = ask(room)
    auditor, manager = room.admin.as_(Role.AUDITOR), room.admin.as_(Role.MANAGER)
    assert auditor.get(path).status_code == 200
    for site in (manager, room.admin.as_(Role.VIEWER), room.approver()):
        assert site.get(path).status_code == 404
    for site in (manager, auditor, room.viewer, room.approver()):
        assert site.post(f"{path}/approve", APPROVAL).status_code == 403
        assert site.post(f"{path}/refuse", {"reason": "x"}).status_code == 403
    assert room.audited().count("access.refused") == 8
    assert "page.added" not in room.audited()


@pytest.mark.parametrize("number", ["0", "-1", "7", "x", "9" * 30, "1%00", "1/2"])
def test_a_request_that_is_not_there_is_not_found(room: Room, number: str) -> None:
    assert room.admin.get(f"/pages/requests/{number}").status_code == 404
    for end in ("approve", "refuse"):
        answer = room.admin.post(f"/pages/requests/{number}/{end}", {"reason": "x"})
        assert answer.status_code == (405 if "/" in number else 404)


def test_a_form_that_is_too_large_is_refused(room: Room) -> None:
    answer = room.viewer.post("/pages/new", {**PAGE_FORM, "purpose": "x" * 2_000_000})
    assert answer.status_code == 413
    assert "That is too much at once" in answer.text
    long = room.viewer.post("/pages/new", {**PAGE_FORM, "purpose": "x" * 200_000})
    assert long.status_code == 422
    assert faults(long) == {"purpose": "This is longer than 2000 characters."}


@pytest.mark.parametrize(
    "hostile",
    [
        *("<script>alert(1)</script>", f"{{{{ {SUM} }}}} ${{{SUM}}} %(x)s %s", "=HYPERLINK(1)"),
        *(
            "\U0001f469\u200d\U0001f467 \ufeff e\u0301",
            "x' OR 1=1 --",
            "</dd><img src=x onerror=1>",
        ),
    ],
)
def test_hostile_words_stay_words(room: Room, hostile: str) -> None:
    fields = ("name", "school", "purpose", "manager", "administrator", "contact", "handle")
    path = ask(room, **dict.fromkeys(fields, hostile))
    went_to(room.admin.post(f"{path}/approve", APPROVAL))
    for address in (path, "/pages", "/pages/facebook:1001", "/pages/facebook:1001/mode?to=assist"):
        answer = room.admin.get(address)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text and "<img" not in answer.text
    assert PRODUCT not in text_of(room.admin.get("/pages"))
    assert room.sound()


@pytest.mark.parametrize("hostile", ["nul \x00", "abc \u202e fed", "\x1b[31mred", "a\u2066b"])
def test_signs_that_act_unseen_are_refused_and_what_was_typed_does_not_act(
    room: Room, hostile: str
) -> None:
    fields = ("name", "school", "purpose", "manager", "administrator", "contact", "handle")
    answer = room.viewer.post("/pages/new", {**PAGE_FORM, **dict.fromkeys(fields, hostile)})
    assert (answer.status_code, set(faults(answer))) == (422, set(fields))


def test_broken_bytes_in_a_form_do_no_harm(room: Room) -> None:
    site = room.viewer
    body = b"name=%ff%fe%ed%a0%80&platform=facebook&csrf=" + form_token(site.token).encode()
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/x"):
        answer = requests.post(
            f"{site.address}/pages/new",
            data=body,
            headers={"content-type": kind, "cookie": f"modbot={site.token}"},
            timeout=10,
            allow_redirects=False,
        )
        assert answer.status_code in (400, 403, 422), kind


def test_a_request_stays_with_whoever_asked(room: Room) -> None:
    number = room.district.ask_page(ANA)
    assert room.viewer.get(f"/pages/requests/{number}").status_code == 404
    assert "Lawrence High School" not in text_of(room.viewer.get("/pages"))
