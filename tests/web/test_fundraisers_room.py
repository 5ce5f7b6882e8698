"""Fundraisers: asked for, approved by a named approver, and what they let through."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from modbot import registry, review, store
from modbot.domain import Verdict, without_number
from modbot.people import Role
from tests.web.district import LEE
from tests.web.rooms import SALE_FORM, Room, faults, open_room, text_of, went_to

OFFER = "Car wash this saturday for the band, $10, lhs-band.org/wash"
ROLE = {"role": "school leader"}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with open_room(tmp_path) as room:
        yield room


def ask(room: Room, **changes: str) -> str:
    """The path of a viewer's new request."""
    return went_to(room.viewer.post("/fundraisers/new", {**SALE_FORM, **changes})).partition("?")[0]


def approved(room: Room, **changes: str) -> str:
    """The path of an approved fundraiser."""
    return went_to(room.admin.post(f"{ask(room, **changes)}/approve", ROLE)).partition("?")[0]


def test_a_viewer_asks_and_a_principal_approves_under_name_and_role(room: Room) -> None:
    path, principal = ask(room), room.approver()
    assert "You approve it as" not in room.viewer.get(path).text
    none = principal.post(f"{path}/approve", {})
    assert (none.status_code, faults(none)) == (422, {"role": "Please choose one."})
    assert principal.post(f"{path}/approve", {"role": "king"}).status_code == 422
    where = went_to(principal.post(f"{path}/approve", ROLE))
    assert where == "/fundraisers/1?said=fundraiser-approved"
    text = text_of(room.viewer.get(where))
    assert re.search(r"Pia Principal #\d+ , School leader", text)
    assert "September 1, 2026 to September 30, 2026" in text
    assert "lhs-band.org/wash" in text and "@lhs-band" in text
    (row,) = registry.list_fundraisers(room.district.database)
    assert (without_number(row.approved_by), row.approver_role) == (
        "Pia Principal",
        "school leader",
    )
    assert room.sound()


def test_comments_were_held_before_and_stand_after_an_approval_without_a_restart(
    room: Room,
) -> None:
    adapter = room.district.add_page("1001")
    adapter.add(OFFER)
    room.district.poll(adapter)
    assert room.district.newest_decision(adapter.page).verdict is Verdict.HIDE
    assert adapter.hidden_ids() == {"c1"}
    path = ask(room)
    would = text_of(room.admin.get(path))
    assert "What it would let through" in would and OFFER in would
    fundraiser = went_to(room.admin.post(f"{path}/approve", ROLE)).partition("?")[0]
    adapter.add(f"{OFFER} see you there")
    room.district.poll(adapter)
    assert room.district.newest_decision(adapter.page).verdict is Verdict.ALLOW
    html = room.admin.get(fundraiser).text
    assert re.findall(r'name="decision" value="(\d+)" checked', html) == ["1"]
    assert re.search(r"Hide</span>.*→.*Allow</span>", html, re.DOTALL)
    went_to(room.admin.post(f"{fundraiser}/leave-up", {"decision": "1"}))
    decision = room.district.newest_decision(adapter.page)
    assert (decision.verdict, decision.actor_kind, decision.reason) == (
        Verdict.ALLOW,
        "person",
        "approved fundraiser Band car wash",
    )
    room.district.poll(adapter)
    assert adapter.hidden_ids() == set(), "it came back"
    after = room.admin.get(fundraiser).text
    assert "None of the comments" in after and "Leave these up" not in after
    assert room.sound()


def test_only_what_the_fundraiser_lets_through_is_left_up(room: Room) -> None:
    adapter = room.district.add_page("1001")
    texts = (
        OFFER,
        "iPhone for sale, $200, dm me",
        "Band car wash! pay at lhs-bnad.org/wash",
        "fuck",
    )
    for text in texts:
        adapter.add(text)
    room.district.poll(adapter)
    path = approved(room)
    assert re.findall(r'name="decision" value="(\d+)"', room.admin.get(path).text) == ["1"]
    where = went_to(room.admin.post(f"{path}/leave-up", {"decision": ["2", "3", "4", "999"]}))
    assert where == f"{path}?said=none-left"
    went_to(room.admin.post(f"{path}/leave-up", {"decision": ["1", "2", "3", "4"]}))
    with room.district.database.read() as s:
        left_up = [e.id for e in store.decision_log(s) if e.actor_kind == "person"]
    assert len(left_up) == 1
    again = went_to(room.admin.post(f"{path}/leave-up", {"decision": "1"}))
    assert again.endswith("said=none-left"), "a second press decides nothing anew"


def test_what_a_person_decided_already_stays_decided(room: Room) -> None:
    adapter = room.district.add_page("1001")
    adapter.add(OFFER)
    room.district.poll(adapter)
    path = approved(room)
    now = room.district.clock.now()
    review.resolve(room.district.database, 1, Verdict.HIDE, LEE, "not theirs", now)
    assert "None of the comments" in room.admin.get(path).text
    assert went_to(room.admin.post(f"{path}/leave-up", {"decision": "1"})).endswith("none-left")


def test_a_manager_sees_and_decides_on_the_pages_in_his_care(room: Room) -> None:
    for number in ("1001", "1002"):
        adapter = room.district.add_page(number)
        adapter.add(OFFER)
        room.district.poll(adapter)
    path = approved(room)
    manager = room.admin.as_(Role.MANAGER, pages={"facebook:1002"})
    assert re.findall(r'name="decision" value="(\d+)"', manager.get(path).text) == ["2"]
    went_to(manager.post(f"{path}/leave-up", {"decision": ["1", "2"]}))
    with room.district.database.read() as s:
        (decided,) = [e for e in store.decision_log(s) if e.actor_kind == "person"]
    assert decided.page_id == "facebook:1002"
    for who in (room.viewer, room.admin.as_(Role.AUDITOR), room.approver()):
        assert who.post(f"{path}/leave-up", {"decision": "1"}).status_code == 403
        assert "Leave these up" not in who.get(path).text


@pytest.mark.parametrize("number", ["x", "-1", "1e3", "9" * 30, "1' OR 1=1"])
def test_a_decision_that_is_no_number_is_a_bad_request(room: Room, number: str) -> None:
    path = approved(room)
    assert room.admin.post(f"{path}/leave-up", {"decision": number}).status_code == 400


def test_a_look_alike_link_warns_whoever_approves(room: Room) -> None:
    approved(room)
    path = ask(room, name="Cheer shirts", links="lhs-bnad.org/shirts")
    text = text_of(room.admin.get(path))
    assert "Look twice" in text and "lhs-bnad.org/shirts looks like lhs-band.org/wash" in text
    assert "Look twice" not in text_of(room.admin.get(ask(room, links="lhs-drama.org")))


def test_the_list_says_where_each_stands(room: Room) -> None:
    refused = ask(room, name="Phone cases")
    went_to(room.admin.post(f"{refused}/refuse", {"reason": "A private account."}))
    over = approved(room, name="Bake sale", links="")
    went_to(room.admin.post(f"{over}/end"))
    approved(room, name="Candy sale", links="", starts="2026-09-20")
    approved(room)
    ask(room, name="Plant sale", links="")
    html = room.viewer.get("/fundraisers").text
    found = re.findall(r'<h2 id="stand-(\w+)"|class="page-name" href="([^"]+)"><bdi>([^<]+)', html)
    assert ["/".join(filter(None, (a, c))) for a, _, c in found] == [
        *("waiting", "Plant sale", "running", "Band car wash", "coming", "Candy sale"),
        *("ended", "Bake sale", "refused", "Phone cases"),
    ]
    for _, path, _ in found:
        assert not path or room.viewer.get(path).status_code == 200
    assert "A private account." in room.viewer.get(refused).text


def test_an_ended_fundraiser_lets_nothing_through_any_more(room: Room) -> None:
    adapter = room.district.add_page("1001")
    path = approved(room)
    assert room.viewer.post(f"{path}/end").status_code == 403
    assert room.admin.as_(Role.MANAGER).post(f"{path}/end").status_code == 403
    went_to(room.admin.post(f"{path}/end"))
    went_to(room.admin.post(f"{path}/end"))
    assert room.audited().count("fundraiser.ended") == 1
    room.district.clock.advance(60)
    adapter.add(OFFER)
    room.district.poll(adapter)
    assert room.district.newest_decision(adapter.page).verdict is Verdict.HIDE
    assert "Nothing any more" in room.admin.get(path).text
    assert went_to(room.admin.post(f"{path}/leave-up", {"decision": "1"})).endswith("none-left")


def test_an_empty_form_is_told_field_by_field(room: Room) -> None:
    answer = room.viewer.post("/fundraisers/new", {})
    needed = {"name", "purpose", "school", "beneficiary", "starts", "ends"}
    assert (answer.status_code, set(faults(answer))) == (422, needed)


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        pytest.param({"starts": "soon"}, "starts", "year-month-day", id="no day"),
        pytest.param({"ends": "2026-02-30"}, "ends", "year-month-day", id="February 30"),
        pytest.param({"ends": "99999-01-01"}, "ends", "year-month-day", id="year 99999"),
        pytest.param({"ends": "9999-12-31"}, "ends", "year-month-day", id="the last of all days"),
        pytest.param({"ends": "0001-01-01"}, "ends", "year-month-day", id="the first of all days"),
        pytest.param({"ends": "2026-09-08"}, "ends", "has passed", id="over"),
        pytest.param(
            {"starts": "2026-09-20", "ends": "2026-09-15"}, "ends", "before the first", id="order"
        ),
        pytest.param({"links": "our page"}, "links", "our page is no link", id="no link"),
        pytest.param({"links": "javascript://x.y/z"}, "links", "is no link", id="javascript"),
        pytest.param({"links": "file:///etc/passwd.x"}, "links", "is no link", id="file"),
        pytest.param(
            {"links": "\n".join(f"a{n}.org" for n in range(21))}, "links", "at most 20", id="many"
        ),
        pytest.param({"accounts": "x" * 201}, "accounts", "longer than 200", id="long"),
        pytest.param({"name": "x" * 201}, "name", "longer than 200", id="long name"),
        pytest.param({"name": "a\u202eb"}, "name", "cannot be seen", id="bidi"),
        pytest.param({"links": "a\u202eb.org"}, "links", "cannot be seen", id="bidi link"),
    ],
)
def test_a_fault_is_told_by_its_field_and_nothing_typed_is_lost(
    room: Room, changes: dict[str, str], field: str, says: str
) -> None:
    answer = room.viewer.post("/fundraisers/new", {**SALE_FORM, **changes})
    assert answer.status_code == 422
    assert says in faults(answer)[field] and set(faults(answer)) == {field}
    assert ">\nNew uniforms</textarea>" in answer.text
    assert room.audited() == []


def test_today_can_be_the_last_day(room: Room) -> None:
    path = approved(room, starts="2026-09-09", ends="2026-09-09")
    assert "September 9, 2026 to September 9, 2026" in text_of(room.admin.get(path))


def test_two_approvers_at_once_approve_once(room: Room) -> None:
    path, ready, ends = ask(room), threading.Barrier(2), list[int]()
    who = [room.admin.as_(Role.ADMIN) for _ in range(2)]

    def approve(number: int) -> None:
        ready.wait()
        ends.append(who[number].post(f"{path}/approve", ROLE).status_code)

    threads = [threading.Thread(target=approve, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == [303, 409]
    assert room.audited().count("fundraiser.added") == 1


def test_whoever_comes_second_is_told(room: Room) -> None:
    path = ask(room)
    went_to(room.admin.post(f"{path}/refuse", {"reason": "No."}))
    for end, sent in (
        ("approve", ROLE),
        ("approve", {}),
        ("refuse", {"reason": "x"}),
        ("refuse", {}),
    ):
        answer = room.admin.post(f"{path}/{end}", sent)
        assert answer.status_code == 409 and "Somebody else answered first" in answer.text


def test_nobody_approves_his_own_while_there_is_another_approver(room: Room) -> None:
    mine = went_to(room.admin.post("/fundraisers/new", SALE_FORM)).partition("?")[0]
    room.approver()
    assert "somebody else has to approve it" in text_of(room.admin.get(mine))
    assert room.admin.post(f"{mine}/approve", ROLE).status_code == 403
    assert "fundraiser.added" not in room.audited()
    went_to(room.admin.post(f"{mine}/refuse", {"reason": "Asked by mistake."}))


def test_the_only_approver_may_approve_his_own(room: Room) -> None:
    mine = went_to(room.admin.post("/fundraisers/new", SALE_FORM)).partition("?")[0]
    assert went_to(room.admin.post(f"{mine}/approve", ROLE)).startswith("/fundraisers/1")


def test_a_request_whose_last_day_passed_while_it_waited_cannot_be_approved(room: Room) -> None:
    path = ask(room)
    room.district.clock.advance(30 * 24 * 3600)
    site = room.admin.as_(Role.ADMIN)
    answer = site.post(f"{path}/approve", ROLE)
    assert (answer.status_code, faults(answer)) == (422, {"role": "This day has passed."})


@pytest.mark.parametrize("number", ["0", "7", "x", "9" * 30, "1%00"])
def test_what_is_not_there_is_not_found(room: Room, number: str) -> None:
    for path in (f"/fundraisers/{number}", f"/fundraisers/requests/{number}"):
        assert room.admin.get(path).status_code == 404
    for path in ("end", "leave-up"):
        assert room.admin.post(f"/fundraisers/{number}/{path}").status_code == 404
    for path in ("approve", "refuse"):
        assert room.admin.post(f"/fundraisers/requests/{number}/{path}").status_code == 404


def test_a_fundraiser_that_was_approved_at_the_server_is_shown(room: Room) -> None:
    registry.add_fundraiser(
        room.district.database,
        name="</h1><script>x</script>",
        approved_by="Dr. <Lee>",
        approver_role="Principal",
        details="see our {{ page }}",
        links=["a.b/<img>"],
        actor=LEE,
        now=room.district.clock.now(),
    )
    for path in ("/fundraisers", "/fundraisers/1"):
        html = room.admin.get(path).text
        assert "<script>x" not in html and "<img>" not in html
        assert "Dr. &lt;Lee&gt;" in html and "Principal" in html and "without dates" in html
