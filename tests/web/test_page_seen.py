"""Pages without an API in the room: what people saw is brought, and its removal guided."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from modbot import manual, registry, store
from modbot.domain import Mode
from modbot.people import Role
from modbot.ports import Connection
from platforms.manual import ManualAdapter
from tests.web.district import LEE
from tests.web.rooms import Room, faults, open_room, text_of, went_to
from tests.web.signed_in import Site

PAGE_ID = "manual:snapchat-lps"
PAGE = f"/pages/{PAGE_ID}"
SEEN = f"{PAGE}/seen"
RUDE = "you are a stupid bitch"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with open_room(tmp_path) as room:
        made = room.district.add_page(
            "snapchat-lps", "LPS Snapchat", platform="manual", mode=Mode.OBSERVE
        )
        connection = Connection(secrets={}, now=room.district.clock.now)
        room.district.platform.adapters[PAGE_ID] = ManualAdapter(made.page, connection)  # type: ignore[assignment]
        yield room


def upload(site: Site, content: bytes, **fields: str) -> requests.Response:
    """A file, sent as a browser sends it."""
    return site.post(SEEN, fields, files={"file": ("seen.csv", content, "text/csv")})


def decision_in(answer: requests.Response) -> str:
    """The number of the only task on a screen."""
    (number,) = re.findall(r'name="decision" value="(\d+)"', answer.text)
    return str(number)


def to_remove(room: Room) -> list[str]:
    return [task.text for task in manual.tasks(room.district.database)]


def test_one_comment_is_judged_and_its_removal_guided_and_confirmed(room: Room) -> None:
    answer = room.admin.post(SEEN, {"text": RUDE, "author": "kid7", "post": "Homecoming"})
    assert answer.status_code == 200
    said = text_of(answer)
    assert "1 comment is new." in said and RUDE in said and "kid7" in said
    assert "Snapchat: tap your picture" in said and "I have removed it" in said
    sent = {"decision": decision_in(answer), "answer": "removed"}
    assert went_to(room.admin.post(f"{PAGE}/removed", sent)).startswith(f"{PAGE}?said=removed-by")
    assert to_remove(room) == []
    again = room.admin.post(f"{PAGE}/removed", sent)
    assert went_to(again) == f"{PAGE}?said=removed-before"
    assert "Nothing has to be removed." in text_of(room.admin.get(PAGE))
    assert room.sound()


def test_a_comment_that_may_stay_is_no_task_any_more(room: Room) -> None:
    answer = room.admin.post(SEEN, {"text": RUDE})
    sent = {"decision": decision_in(answer), "answer": "stays"}
    assert "stays-by-hand" in went_to(room.admin.post(f"{PAGE}/removed", sent))
    assert to_remove(room) == []
    assert room.sound()


def test_only_who_decides_there_confirms_and_only_what_is_there(room: Room) -> None:
    decision = decision_in(room.admin.post(SEEN, {"text": RUDE}))
    sent = {"decision": decision, "answer": "removed"}
    seen_by_all = room.viewer.get(PAGE)
    assert RUDE in text_of(seen_by_all) and "I have removed it" not in seen_by_all.text
    assert room.viewer.post(f"{PAGE}/removed", sent).status_code == 403
    room.district.add_page("1001")
    assert room.admin.post("/pages/facebook:1001/removed", sent).status_code == 404
    for number in ("0", "99", "x", ""):
        answer = room.admin.post(f"{PAGE}/removed", {**sent, "decision": number})
        assert answer.status_code in (400, 404)
    assert to_remove(room) == [RUDE]


def test_what_waits_in_the_queue_shows_the_steps_of_its_app(room: Room) -> None:
    now = room.district.clock.now()
    registry.set_mode(room.district.database, PAGE_ID, Mode.ASSIST, LEE, now)
    decision = decision_in(room.admin.post(SEEN, {"text": RUDE}))
    guided = text_of(room.admin.get(f"/queue/{decision}?by_hand=1"))
    assert "Snapchat: tap your picture" in guided and "I have removed it" in guided


def test_a_pasted_list_with_tabs_from_a_spreadsheet_is_taken(room: Room) -> None:
    pasted = f"text\tauthor\n{RUDE}\tkid7\ngo team\tkid8\n"
    answer = room.admin.post(SEEN, {"list": pasted}, files={"file": ("", b"")})
    assert "2 comments are new." in text_of(answer)
    assert to_remove(room) == [RUDE]


def test_a_file_is_taken_and_sent_again_adds_nothing(room: Room) -> None:
    content = f"text;author\r\n{RUDE};kid7\r\n{RUDE};kid7\r\n".encode("utf-8-sig")
    assert "2 comments are new." in text_of(upload(room.admin, content))
    again = text_of(upload(room.admin, content.replace(b";", b",").replace(b"\r", b"")))
    assert "0 comments are new. 2 were known already" in again
    assert to_remove(room) == [RUDE, RUDE]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"text\nhi\ncaf\xe9\n", "Line 3 cannot be taken, so nothing of the list was. It is not"),
        (b"text,time\nhi,9/9/26\n", "Line 2 cannot be taken, so nothing of the list was. Write"),
        (b"author\nkid\n", "Line 1 cannot be taken, so nothing of the list was. The first line"),
        (b"text\n" + b"hi\n" * 2001, "Line 2002 cannot be taken"),
        (b"", "Line 1 cannot be taken"),
    ],
)
def test_a_faulty_file_is_told_with_its_line_and_nothing_is_taken(
    room: Room, content: bytes, said: str
) -> None:
    answer = upload(room.admin, content)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert "file" in faults(answer)
    with room.district.database.read() as s:
        assert store.decision_log(s, limit=5) == []


def test_a_fault_comes_back_with_what_was_typed(room: Room) -> None:
    answer = room.admin.post(SEEN, {"text": "so rude", "author": "kid7", "time": "noon"})
    assert faults(answer)["time"] == "Write the time like 2026-09-09 14:30, not like 'noon'."
    assert "so rude</textarea>" in answer.text and 'value="kid7"' in answer.text
    answer = room.admin.post(SEEN, {"list": "author\nkid7"})
    assert faults(answer)["list"].startswith("Line 1 cannot be taken")
    assert faults(room.admin.post(SEEN, {"text": " "}))["text"] == "The text is empty."
    both = upload(room.admin, b"text\nhi\n", list="text\nho\n")
    assert faults(both)["file"] == "Give a file or a pasted list, not both."


def test_a_list_larger_than_other_forms_is_taken_and_one_larger_than_that_is_told(
    room: Room,
) -> None:
    rows = b"text\n" + b"".join(b"%d %s\n" % (n, b"go team " * 150) for n in range(1_000))
    assert len(rows) > 1_000_000
    assert "1000 comments are new." in text_of(upload(room.admin, rows))
    too_large = upload(room.admin, b"x" * 4_100_000)
    assert too_large.status_code == 413
    assert "a list of comments four million" in text_of(too_large)


def test_only_who_decides_there_brings_lists(room: Room) -> None:
    assert "Bring what you saw" not in room.viewer.get(PAGE).text
    assert room.viewer.post(SEEN, {"text": "hi"}).status_code == 403
    manager = room.admin.as_(Role.MANAGER, name="Mia Manager", pages={PAGE_ID})
    assert "1 comment is new." in text_of(manager.post(SEEN, {"text": "hi"}))
    other = room.admin.as_(Role.MANAGER, name="Max Manager", pages={"facebook:1001"})
    assert other.post(SEEN, {"text": "hi"}).status_code == 404


def test_a_page_that_modbot_reads_takes_no_lists(room: Room) -> None:
    room.district.add_page("1001")
    assert room.admin.post("/pages/facebook:1001/seen", {"text": "hi"}).status_code == 404
    assert "Bring what you saw" not in room.admin.get("/pages/facebook:1001").text


def test_the_screen_and_its_steps_speak_spanish(room: Room) -> None:
    room.admin.post(SEEN, {"text": RUDE})
    answer = room.admin.get(PAGE, **{"accept-language": "es"})
    assert "Traiga lo que vio" in text_of(answer)
    assert "Snapchat: toque su foto" in text_of(answer)


def test_hostile_texts_stay_texts(room: Room) -> None:
    bad = "<script>alert(1)</script> stupid bitch \u202e"
    answer = room.admin.post(SEEN, {"text": bad, "author": "<b>x</b>", "post": "<i>y</i>"})
    assert "<script>alert" not in answer.text and "<b>x" not in answer.text
    assert "<i>y" not in answer.text and "\u202e" not in answer.text


def test_a_back_fill_of_such_a_page_is_refused(room: Room) -> None:
    assert room.admin.post(f"{PAGE}/past", {"days": "30"}).status_code == 403
    assert went_to(room.admin.post(f"{PAGE}/pause", {"reason": "Moving"})).startswith(PAGE)
