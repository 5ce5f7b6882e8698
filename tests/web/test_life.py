"""The whole life of a comment on the page of a decision, however long it is."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest

from modbot import store
from modbot.domain import ActionKind, ActionState, Verdict
from modbot.people import Role
from modbot.store import Judged
from modbot.web.differences import differences
from tests.fakes import make_comment, make_page
from tests.web.conftest import Site
from tests.web.school import ALLOWED, FakeService, record, swearing

TEXT = "what the frick"


def edit(service: FakeService, text: str, **changes: object) -> None:
    comment = make_comment(text, page=make_page(1), id="c0")
    judged = Judged(comment=comment, decision=ALLOWED, **changes)  # type: ignore[arg-type]
    with service.database.write() as s:
        store.record_judged(s, make_page(1), [judged], service.clock.advance(60))


def decide(service: FakeService, decision: int, verdict: Verdict, reason: str = "") -> int:
    with service.database.write() as s:
        made = store.record_person_decision(
            s,
            decision_id=decision,
            verdict=verdict,
            hide=verdict is Verdict.HIDE,
            actor="Ana Peña",
            reason=reason,
            action=ActionKind.HIDE if verdict is Verdict.HIDE else None,
            now=service.clock.advance(60),
        )
    assert made.decision_id is not None
    return made.decision_id


def test_what_changed_between_two_texts_is_drawn_and_said(service: FakeService, site: Site) -> None:
    record(service, [("we love the red bus", ALLOWED)])
    edit(service, "we love the blue bus")
    html = site.get("/decisions/2").text
    assert re.search(r"<del>.*?red.*?</del>", html) and re.search(r"<ins>.*?blue.*?</ins>", html)
    assert "added:" in html and "removed:" in html
    assert "The text without marks" in html


def test_actions_are_told_with_times_tries_and_answers(service: FakeService, site: Site) -> None:
    (done,) = record(service, [(TEXT, swearing(TEXT, "frick"))], action=ActionKind.HIDE)
    assert done.action_id is not None
    now = service.clock.now()
    with service.database.write() as s:
        store.retry_action(s, done.action_id, now, "RateLimited: <later>", now)
        store.finish_action(s, done.action_id, ActionState.FAILED, "BadRequest: no <b>", now)
    html = site.get("/decisions/1").text
    assert "BadRequest: no &lt;b&gt;" in html and "The platform refused to hide it" in html
    assert '<td class="number">1</td>' in html


def test_every_audit_row_of_the_comment_is_there_with_both_hashes(
    service: FakeService, site: Site
) -> None:
    (done,) = record(service, [(TEXT, swearing(TEXT, "frick"))], action=ActionKind.HIDE)
    assert done.action_id is not None
    with service.database.write() as s:
        store.finish_action(s, done.action_id, ActionState.CONFIRMED, "done", service.clock.now())
    decide(service, 1, Verdict.ALLOW, "quoted")
    html = site.get("/decisions/1").text
    with service.database.read() as s:
        links = store.audit_links(s, store.audit_of_comment(s, done.comment_row))
    assert [link.kind for link in links] == [
        *("comment.seen", "decision.made", "action.requested"),
        *("action.confirmed", "comment.visibility", "decision.made"),
    ]
    for link in links:
        assert link.hash in html and link.row_sha256 in html


def test_the_timeline_names_what_people_said_and_leads_both_ways(
    service: FakeService, site: Site
) -> None:
    record(service, [(TEXT, swearing(TEXT, "frick"))])
    decide(service, 1, Verdict.ALLOW, "It is <quoted>.")
    decide(service, 2, Verdict.HIDE, "No, it is not.")
    html = site.get("/decisions/2").text
    assert "It is &lt;quoted&gt;." in html and "No, it is not." in html
    assert '<a href="/decisions/1" rel="prev">' in html
    assert '<a href="/decisions/3" rel="next">' in html
    assert "A later decision stands:" in html
    assert "A later decision stands:" not in site.get("/decisions/3").text


def test_two_hundred_texts_and_decisions_are_told_a_piece_at_a_time(
    service: FakeService, site: Site
) -> None:
    record(service, [("text 0", ALLOWED)])
    for number in range(1, 200):
        edit(service, f"text {number} " + "word " * 200)
    newest = 200
    for _ in range(200):
        newest = decide(service, newest, Verdict.REVIEW)
    began = time.monotonic()
    answer = site.get("/decisions/150")
    assert answer.status_code == 200
    assert time.monotonic() - began < 3
    assert len(answer.content) < 300_000
    assert answer.text.count("<li") < 250
    seen = set()
    path = "/decisions/150"
    for _ in range(40):
        html = site.get(path).text
        seen |= set(re.findall(r"<strong>Version (\d+)</strong>", html))
        further = re.search(r'href="(/decisions/150\?v=\d+)#texts"', html)
        if further is None:
            break
        path = further[1]
    assert seen == {str(n) for n in range(1, 201)}


def test_the_thread_and_the_authors_other_comments_are_beside_it(
    service: FakeService, site: Site
) -> None:
    page = make_page(1)
    first = make_comment("earlier words", page=page, id="e1")
    parent = replace(make_comment("a question", page=page, id="q1"), author_id="u2")
    answer = make_comment("an answer", page=page, id="a1", parent_id="q1")
    judged = [Judged(comment=c, decision=ALLOWED) for c in (first, parent, answer)]
    with service.database.write() as s:
        store.record_judged(s, page, judged, service.clock.now())
    html = site.get("/decisions/3").text
    assert "In answer to" in html and "a question" in html
    assert "Earlier on our pages, by the same author" in html and "earlier words" in html


def test_a_rule_leads_to_where_it_is_written(service: FakeService, site: Site) -> None:
    record(service, [(TEXT, swearing(TEXT, "frick"))])
    assert 'href="/rule?id=profanity_en%3Ax"' in site.get("/decisions/1").text
    html = site.get("/rule?id=profanity_en%3Ax").text
    assert "rules/profanity_en.txt" in html and "<dd>7</dd>" in html and "frick" in html
    assert "/etc/modbot" not in html
    assert "not in the configuration" in site.get("/rule?id=<b>").text
    assert site.get("/rule").status_code == 400
    assert site.get("/rule?id=" + "x" * 400).status_code == 400


@pytest.mark.parametrize("query", ["v=0", "v=x", "d=-1", "a=1e3", "a=" + "9" * 30])
def test_an_odd_piece_is_refused(service: FakeService, site: Site, query: str) -> None:
    record(service, [("hello", ALLOWED)])
    assert site.get(f"/decisions/1?{query}").status_code == 400


def test_the_newest_word_is_taken_back(service: FakeService, site: Site) -> None:
    (done,) = record(service, [(TEXT, swearing(TEXT, "frick"))], action=ActionKind.HIDE)
    assert done.action_id is not None
    with service.database.write() as s:
        store.finish_action(s, done.action_id, ActionState.CONFIRMED, "done", service.clock.now())
    assert 'action="/decisions/1/undo"' in site.get("/decisions/1").text
    answer = site.post("/decisions/1/undo", {"reason": "It is quoted."})
    assert answer.headers["location"] == "/decisions/2?said=undone"
    html = site.get("/decisions/2").text
    assert "It is quoted." in html and "Restoring is under way" in html
    # Taken back once more, the bot's word counts again: it waits for a person, and is not hidden.
    answer = site.post("/decisions/2/undo", {})
    assert answer.headers["location"] == "/decisions/3?said=undone-review"
    with service.database.read() as s:
        assert store.decision(s, 3).verdict is Verdict.REVIEW
        assert not store.asked_to_hide(s, done.comment_row)


def test_only_the_newest_word_can_be_taken_back(service: FakeService, site: Site) -> None:
    record(service, [(TEXT, swearing(TEXT, "frick")), ("hello", ALLOWED)])
    decide(service, 1, Verdict.HIDE)
    assert "/undo" not in re.findall(r'action="/decisions[^"]*"', site.get("/decisions/1").text)
    for number, said in ((1, "undo-newer"), (2, "undo-nothing")):
        answer = site.post(f"/decisions/{number}/undo", {})
        assert answer.headers["location"] == f"/decisions/{number}?said={said}"
    with service.database.read() as s:
        assert store.newest_decision(s) == 3


def test_a_person_of_other_pages_sees_and_undoes_nothing(service: FakeService, site: Site) -> None:
    record(service, [(TEXT, swearing(TEXT, "frick"))])
    other = site.as_(Role.MANAGER, pages={"x:1002"})
    assert other.get("/decisions/1").status_code == 404
    assert other.post("/decisions/1/undo", {}).status_code == 404
    viewer = site.as_(Role.VIEWER)
    assert "/decisions/1/undo" not in viewer.get("/decisions/1").text
    assert viewer.post("/decisions/1/undo", {}).status_code == 403


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "a"),
        ("a", ""),
        ("the red bus", "the blue bus"),
        ("same", "same"),
        ("a a a a", "a a"),
        ("x" * 50, "x" * 49),
        ("one two\nthree", "one  two\n\nthree four"),
    ],
)
def test_differences_give_both_texts_again(old: str, new: str) -> None:
    runs = differences(old, new)
    told = [("".join(p.text for p in run.pieces), run.kind) for run in runs]
    assert "".join(text for text, kind in told if kind != "added") == old
    assert "".join(text for text, kind in told if kind != "removed") == new


def test_very_long_texts_are_compared_soon() -> None:
    old, new = "a b " * 30_000, "b c " * 30_000
    began = time.monotonic()
    runs = differences(old, new)
    assert time.monotonic() - began < 1
    assert sum(len(p.text) for run in runs for p in run.pieces) < 20_000
