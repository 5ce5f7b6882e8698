"""/undo over HTTP: the form, the preview, the run, and who may do what."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest

from modbot import store, undo
from modbot.domain import ActionKind, ActionState, Verdict
from modbot.people import Role
from modbot.room_tables import UndoRunRow
from modbot.store import Recorded
from modbot.web.undo import rights_of
from tests.fakes import make_page
from tests.web.conftest import Site
from tests.web.school import ALLOWED, FakeService, record, swearing

RULE = "profanity_en:x"
SINCE = "2026-09-09T00:00"
TEXT = "what the frick"


def hidden(
    service: FakeService, number: int = 3, *, page: int = 1, prefix: str = "c"
) -> list[Recorded]:
    """Comments that the rule hid; the platform has confirmed it."""
    of = make_page(1) if page == 1 else make_page(2, platform="x")
    done = record(
        service,
        [(TEXT, swearing(TEXT, "frick"))] * number,
        page=of,
        action=ActionKind.HIDE,
        prefix=prefix,
    )
    with service.database.write() as s:
        for one in done:
            assert one.action_id is not None
            store.finish_action(
                s, one.action_id, ActionState.CONFIRMED, "done", service.clock.now()
            )
    service.clock.advance(60)
    return done


def fields(html: str) -> dict[str, str]:
    """The hidden fields of the form that starts a run."""
    form = html[html.index('action="/undo"') :]
    found = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    found.pop("csrf")
    return {
        name: value.replace("&#43;", "+").replace("&#39;", "'") for name, value in found.items()
    }


def preview(site: Site, **query: str) -> str:
    asked = {"kind": "rule", "subject": RULE, "since": SINCE, **query}
    return site.get(f"/undo/preview?{urlencode(asked)}").text


def begin(site: Site, **query: str) -> str:
    """The path of a run that was previewed and agreed to."""
    form = fields(preview(site, **query))
    answer = site.post("/undo", {**form, "reason": "The rule was wrong."})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


def carry_on(service: FakeService, *, confirm: bool = True) -> None:
    """What the running service does."""
    now = service.clock.advance(60)
    undo.carry_on(service.database, rights_of(service), now)
    if not confirm:
        return
    with service.database.read() as s:
        due = store.due_actions(s, now)
    with service.database.write() as s:
        for action in due:
            store.finish_action(s, action.action_id, ActionState.CONFIRMED, "done", now)
    undo.carry_on(service.database, rights_of(service), now)


def test_the_form_offers_what_was_busy_and_leads_to_its_preview(
    service: FakeService, site: Site
) -> None:
    hidden(service)
    html = site.get("/undo").text
    assert "Busy lately" in html and RULE in html
    address = re.search(r'href="(/undo/preview[^"]*)"', html)
    assert address is not None
    seen = site.get(address[1].replace("&amp;", "&")).text
    assert "What would become of 3 comments" in seen
    assert "Take back 3 decisions" in seen


def test_the_preview_counts_by_page_category_and_platform_and_changes_nothing(
    service: FakeService, site: Site
) -> None:
    hidden(service, 3)
    hidden(service, 2, page=2)
    html = preview(site)
    for part in ("School 1", "School 2", "Profanity", "Comes back", "Facebook", ">X<", "$0.02"):
        assert part in html, part
    assert 'href="/decisions/1"' in html
    with service.database.read() as s:
        assert store.undo_runs(s) == []
        assert store.newest_decision(s) == 5


def test_a_run_shows_its_progress_and_a_receipt_for_each(service: FakeService, site: Site) -> None:
    hidden(service)
    path = begin(site)
    html = site.get(f"{path}?said=undo-started").text
    assert "0 of 3 comments have their receipt" in html and "The run has begun" in html
    carry_on(service, confirm=False)
    assert "The platform is asked" in site.get(path).text
    carry_on(service)
    html = site.get(path).text
    assert "3 of 3 comments have their receipt" in html
    assert html.count("Restored, confirmed by the platform") == 4  # in the counts, and for each
    assert "The rule was wrong." in html and TEXT in html
    part = site.get(f"{path}/progress").text
    assert 'data-over="yes"' in part and "<html" not in part
    assert "Go on" not in html and "Stop for good" not in html


def test_receipts_are_filtered_and_paged(service: FakeService, site: Site) -> None:
    hidden(service, 60)
    path = begin(site)
    first = site.get(path).text
    assert first.count('<p class="receipt">') == 50
    after = re.search(r"after=(\d+)#", first)
    assert after is not None
    assert site.get(f"{path}?after={after[1]}").text.count('<p class="receipt">') == 10
    assert site.get(f"{path}?receipt=gone").text.count('<p class="receipt">') == 0
    assert site.get(f"{path}?receipt=waiting").text.count('<p class="receipt">') == 50


def test_the_receipts_come_as_a_table_that_holds_no_formula(
    service: FakeService, site: Site
) -> None:
    text = "=cmd|'frick'!A1"
    record(service, [(text, swearing(text, "frick"))], author="@SUM(1)")
    service.clock.advance(60)
    path = begin(site)
    carry_on(service)
    answer = site.post(f"{path}/receipts.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert row["receipt"] == "stands" and row["text"] == f"'{text}" and row["author_name"][0] == "'"
    with service.database.read() as s:
        links = store.audit_of(s, int(row["decision_made"]))
    assert links[-1].actor.startswith("Demo admin")


def test_a_run_is_paused_taken_up_and_stopped(service: FakeService, site: Site) -> None:
    hidden(service)
    path = begin(site)
    assert site.post(f"{path}/pause").headers["location"].endswith("said=undo-paused")
    carry_on(service)
    assert "0 of 3 comments" in site.get(path).text
    assert site.post(f"{path}/resume").headers["location"].endswith("said=undo-resumed")
    assert site.post(f"{path}/stop").headers["location"].endswith("said=undo-stopped")
    assert site.post(f"{path}/resume").headers["location"].endswith("said=undo-too-late")
    assert site.post(f"{path}/dance").status_code == 404
    carry_on(service)
    assert "The run was stopped before its turn" in site.get(path).text


def test_a_comment_that_came_after_the_preview_is_not_taken_back(
    service: FakeService, site: Site
) -> None:
    hidden(service, 2)
    form = fields(preview(site, until="2026-09-09T20:00"))
    hidden(service, 1, prefix="late")
    path = site.post("/undo", {**form, "reason": "r"}).headers["location"].partition("?")[0]
    assert "of 2 comments" in site.get(path).text


@pytest.mark.parametrize(
    "changes",
    [
        {"agreed": "f" * 64},
        {"agreed": ""},
        {"through": "1"},
        {"since": "2026-09-09T23:00"},
        {"subject": "profanity_en:y"},
        {"page": "x:1002"},
    ],
)
def test_a_form_that_was_tampered_with_starts_nothing(
    service: FakeService, site: Site, changes: dict[str, str]
) -> None:
    hidden(service)
    form = fields(preview(site))
    answer = site.post("/undo", {**form, "reason": "r", **changes})
    assert answer.status_code in (400, 409)
    with service.database.read() as s:
        assert store.undo_runs(s) == []


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_run_needs_a_reason_and_the_form_comes_back_as_it_was(
    service: FakeService, site: Site, reason: str
) -> None:
    hidden(service)
    answer = site.post("/undo", {**fields(preview(site)), "reason": reason})
    assert answer.status_code == 400
    assert "Say why" in answer.text and "Take back 3 decisions" in answer.text


def test_the_rules_id_may_hold_any_character(service: FakeService, site: Site) -> None:
    odd = 'a "b" \\ %_\' ñ <i> 💥:x'
    judged = swearing(TEXT, "frick")
    (signal,) = judged.signals
    from dataclasses import replace

    named = replace(signal, evidence=replace(signal.evidence, rule=odd))
    record(service, [(TEXT, replace(judged, signals=(named,)))])
    service.clock.advance(60)
    html = preview(site, subject=odd)
    assert "What would become of 1 comment" in html and "<i>" not in html
    from html import unescape

    form = {name: unescape(value) for name, value in fields(html).items()}
    path = site.post("/undo", {**form, "reason": "r"}).headers["location"].partition("?")[0]
    carry_on(service)
    assert "1 of 1 comment" in site.get(path).text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_who_may_not_take_back_is_refused(service: FakeService, site: Site, role: Role) -> None:
    hidden(service)
    form = fields(preview(site))
    path = begin(site)
    other = site.as_(role)
    for address in ("/undo", f"/undo/preview?kind=rule&subject={quote(RULE)}&since={SINCE}"):
        assert other.get(address).status_code == 403
    assert other.post("/undo", {**form, "reason": "r"}).status_code == 403
    for change in ("pause", "resume", "stop"):
        assert other.post(f"{path}/{change}").status_code == 403
    assert other.get(path).status_code == 200  # what was done is no secret
    assert other.post(f"{path}/receipts.csv").status_code == (200 if role is Role.AUDITOR else 403)


def test_a_manager_sees_and_takes_back_only_on_their_pages(
    service: FakeService, site: Site
) -> None:
    hidden(service, 3)
    hidden(service, 2, page=2)
    mine = site.as_(Role.MANAGER, pages={"x:1002"})
    html = preview(mine)
    assert "What would become of 2 comments" in html
    assert "School 1" not in html + mine.get("/undo").text
    asked = urlencode({"kind": "rule", "subject": RULE, "since": SINCE, "page": "facebook:1001"})
    assert mine.get(f"/undo/preview?{asked}").status_code == 400
    theirs = begin(site)
    for path in (theirs, f"{theirs}/progress"):
        assert mine.get(path).status_code == 404
    for change in ("pause", "stop", "receipts.csv"):
        assert mine.post(f"{theirs}/{change}").status_code == 404
    assert "Run 1<" not in mine.get("/undo").text
    own = begin(mine)
    assert own != theirs and mine.get(own).status_code == 200
    # A form of the whole district, sent by a manager of one page, does not fit what they may see.
    form = fields(preview(site))
    assert mine.post("/undo", {**form, "reason": "r"}).status_code == 409


@pytest.mark.parametrize("number", ["0", "2", "abc", "9" * 30, "-1", "1.0"])
def test_a_run_that_is_not_there_is_not_found(
    service: FakeService, site: Site, number: str
) -> None:
    hidden(service, 1)
    begin(site)
    for path in (f"/undo/{number}", f"/undo/{number}/progress"):
        assert site.get(path).status_code == 404
    assert site.post(f"/undo/{number}/stop").status_code == 404


@pytest.mark.parametrize("query", ["receipt=x", "after=0", "after=x", "after=-1"])
def test_an_odd_address_of_a_run_is_refused(service: FakeService, site: Site, query: str) -> None:
    hidden(service, 1)
    assert site.get(f"{begin(site)}?{query}").status_code == 400


def test_in_spanish_every_word_is_spanish(service: FakeService, site: Site) -> None:
    hidden(service)
    path = begin(site)
    carry_on(service)
    spanish = {"accept-language": "es"}
    for address in ("/undo", path):
        html = site.get(address, **spanish).text
        assert "Deshacer" in html and "Undo run" not in html
        assert "confirmed by" not in html


def test_what_a_person_did_is_taken_back_to_the_bots_word(service: FakeService, site: Site) -> None:
    record(service, [("hello", ALLOWED)])
    with service.database.write() as s:
        store.record_person_decision(
            s,
            decision_id=1,
            verdict=Verdict.HIDE,
            hide=True,
            actor="Ana Peña",
            reason="",
            action=ActionKind.HIDE,
            now=service.clock.now() + timedelta(seconds=5),
        )
    service.clock.advance(60)
    html = preview(site, kind="person", subject="Ana Peña")
    assert "Comes back" in html
    path = begin(site, kind="person", subject="Ana Peña")
    carry_on(service)
    assert "Restored, confirmed" in site.get(path).text


def test_a_manager_of_one_page_pages_through_every_run_of_theirs(
    service: FakeService, site: Site
) -> None:
    """Their own are old; the newest hundreds are on pages of others."""
    hidden(service, 1)
    hidden(service, 1, page=2)
    mine = site.as_(Role.MANAGER, pages={"x:1002"})
    begin(mine)
    now = service.clock.now()
    with service.database.write() as s:
        run = store.undo_run(s, 1)
        for number in range(2, 302):
            pages = ["x:1002"] if number <= 61 else ["facebook:1001", "x:1002"]
            s.add(UndoRunRow(**{**run.model_dump(), "id": number, "pages": pages, "made_at": now}))
    first = mine.get("/undo").text
    assert re.findall(r">Run (\d+)<", first) == [str(n) for n in range(61, 11, -1)]
    older = re.search(r'href="(/undo\?before=\d+)#runs"', first)
    assert older is not None
    second = mine.get(older[1]).text
    assert re.findall(r">Run (\d+)<", second) == [str(n) for n in range(11, 0, -1)]
    assert "Older runs" not in second and "The newest runs" in second
    assert site.get("/undo?before=x").status_code == 400
