"""The queue under attack: strangers' texts, stale and repeated forms, people who race."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace

import pytest

from modbot import store
from modbot.domain import Category, Evidence, Signal
from modbot.people import Role
from tests.fakes import make_comment
from tests.web.queue.answers import THREAT, decide, made
from tests.web.queue_day import LPS, judged, shipped_policy
from tests.web.school import FakeService
from tests.web.signed_in import Site

HOSTILE = [
    "<script>document.title='owned'</script>",
    "<img src=http://evil.example/x onerror=alert(1)>",
    "{{ 7*7 }} {% raw %} ${7*7} %(x)s %s",
    "abc \u202e fed \u2066 x \u200b",
    "nul \x00 and \ud800 lone",
    "\x1b[31mred\x1b[0m",
    "</bdi></blockquote></li></ol><a href='javascript:alert(1)'>x</a>",
    "' onmouseover='alert(1)\" autofocus onfocus=\"alert(1)",
    '=HYPERLINK("http://evil.example")',
    "w" * 65_536,
    "a\u0301" * 20_000,
    "\n" * 5_000 + "end",
]


def store_hostile(service: FakeService, text: str) -> int:
    """A comment of which everything that a stranger writes is hostile; its decision."""
    signal = Signal(
        source="rules",
        category=Category.OFFENSIVE,
        score=0.8,
        evidence=Evidence(rule=f"offensive:{text[:200]}", text=text[:500], start=0, end=len(text)),
    )
    comment = replace(
        make_comment(text, page=LPS, id=f"x{text[:50]}", created_at=service.clock.now()),
        author_id=text[:200],
        author_name=text[:200],
    )
    item = store.Judged(comment=comment, decision=judged(shipped_policy(), text, signal))
    with service.database.write() as s:
        (recorded,) = store.record_judged(s, LPS, [item], service.clock.now())
    assert recorded.decision_id is not None
    return recorded.decision_id


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_stays_text_on_every_screen(
    ana: Site, chief: Site, service: FakeService, text: str
) -> None:
    number = store_hostile(service, text)
    seen = [ana.get(f"/queue/{number}"), ana.get(f"/queue/many?author_of={number}")]
    seen.append(decide(ana, number, "escalate"))  # asks for a note
    note = text[:900].encode("utf-8", "replace").decode().strip() or "x"  # what a form can send
    escalated = decide(ana, number, "escalate", note=note)
    assert escalated.status_code == 303
    handed_on = made(service)[-1].id or 0
    seen.append(ana.get(escalated.headers["location"]))  # the notice names the author
    seen.append(chief.get(f"/queue/{handed_on}"))  # the note
    decide(chief, handed_on, "hide", note=note)
    seen.append(decide(chief, handed_on, "hide", note=note))  # refused, quoting the reason
    for answer in seen:
        assert answer.status_code in (200, 409, 422), answer.text[:500]
        page = answer.text
        for bad in (
            "<script>doc",
            "<img",
            "href='javascript",
            "49 {%",
            "\x00",
            "\u202e",
            "' onmouse",
        ):
            assert bad not in page
        assert "evil.example/x onerror" not in page.replace("&lt;img src=http://evil.example/x", "")
        assert len(page) < 1_500_000


def test_verdicts_that_race_over_http_leave_one(ana: Site, service: FakeService) -> None:
    people = [ana.as_(Role.MANAGER) for _ in range(4)]
    gate = threading.Barrier(len(people) * 2)
    ends: Counter[int] = Counter()

    def send(site: Site, verdict: str) -> None:
        gate.wait()
        ends[decide(site, THREAT, verdict, note="mine").status_code] += 1

    threads = [
        threading.Thread(target=send, args=(site, verdict))
        for site in people
        for verdict in ("hide", "allow")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert ends == {303: 1, 409: 7}
    assert len(made(service)) == 1


def test_a_take_back_sent_twice_counts_once(ana: Site, service: FakeService) -> None:
    decide(ana, THREAT, "hide", note="x")
    number = made(service)[-1].id
    gate, ends = threading.Barrier(3), Counter[int]()

    def send() -> None:
        gate.wait()
        ends[ana.post(f"/decisions/{number}/take-back").status_code] += 1

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert ends == {303: 1, 409: 2}
    assert len(made(service)) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"note": "\x00\x1b[31m\u202e"},
        {"note": "x" * 900_000},
        {"reason": "\ud7ff<script>" * 50},
        {"by_hand": "1"},
    ],
    ids=["control", "huge", "reason", "by hand where a program can"],
)
def test_hostile_fields_of_a_form_break_nothing(
    ana: Site, service: FakeService, fields: dict[str, str]
) -> None:
    answer = decide(ana, THREAT, "hide", **fields)
    assert answer.status_code in (303, 422)
    if made(service):
        with service.database.read() as s:
            entry = store.decision(s, made(service)[-1].id or 0)
        assert "removed by hand" not in entry.action_answer
    assert ana.get("/queue").status_code == 303
