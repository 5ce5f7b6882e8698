"""People whose pages are other ones, sending by hand what no form of theirs would: everything about
a page that is not in their care is as if it were not there."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from sqlalchemy import text

from modbot import store
from modbot.alert_tables import AlertRow, BrakeRow
from modbot.domain import ActionKind, Verdict
from modbot.people import Role
from modbot.room_tables import UndoItemRow, UndoRunRow
from tests.fakes import SCHOOL_DAY, make_page
from tests.web.school import FakeService, open_school, record, swearing
from tests.web.serving import served
from tests.web.signed_in import Site

MINE, THEIRS = make_page(1).id, make_page(2, platform="x").id
SECRET = "what the frick, Secretia Example"
BULK = "b" * 32
SCOPED = (Role.MANAGER, Role.VIEWER)
TABLES = ("decision", "action", "undo_run", "undo_item", "claim", "page", "alert", "brake")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Decision 1 is on the page in their care; 2 to 4, a run, a bulk, an alert and a brake are on
    another page."""
    service = open_school(tmp_path_factory.mktemp("trespass"))
    record(service, [("what the frick", swearing("what the frick", "frick"))])
    there = make_page(2, platform="x")
    judged = [(SECRET, swearing(SECRET, "frick"))] * 2
    record(service, judged, page=there, action=ActionKind.HIDE, prefix="t")
    with service.database.write() as s:
        store.record_person_decision(
            s,
            decision_id=3,
            verdict=Verdict.ALLOW,
            hide=False,
            actor="Otto Other #99",
            reason="Secretia",
            action=None,
            now=service.clock.now(),
            key=f"bulk:{BULK}:3",
        )
        s.add(_run())
        s.flush()
        s.add(UndoItemRow(run_id=1, comment_row=2, decision_id=2, page_id=THEIRS, calls=True))
        s.add(AlertRow(kind="threat", page_id=THEIRS, urgent=True, opened_at=SCHOOL_DAY))
        s.add(
            BrakeRow(
                page_id=THEIRS,
                key="rule profanity_en:x",
                pulled_at=SCHOOL_DAY,
                hides=9,
                comments=10,
                share=0.5,
                window_minutes=60,
            )
        )
    service.clock.advance(60)
    with served(service) as address:
        yield Site(address=address, service=service)
    service.database.close()


def _run() -> UndoRunRow:
    return UndoRunRow(
        kind="rule",
        subject="profanity_en:x",
        since=SCHOOL_DAY,
        until=SCHOOL_DAY,
        through=4,
        pages=[THEIRS],
        reason="Secretia",
        set_sha256="a" * 64,
        made_by="Otto Other #99",
        made_at=SCHOOL_DAY,
    )


def state(service: FakeService) -> list[list[object]]:
    """Every row that somebody could have changed."""
    with service.database.read() as s:
        return [list(map(tuple, s.execute(text(f"SELECT * FROM {t}")).all())) for t in TABLES]


PAGE = quote(THEIRS, safe=":")
SINCE = "2020-01-01T00:00"
READ = [
    *("/decisions/2", "/decisions/4", "/queue/2", "/undo/1", "/undo/1/progress"),
    *(f"/queue/many/{BULK}", "/queue/many?author_of=2", f"/pages/{PAGE}", f"/pages/{PAGE}/mode"),
    *(f"/log?page={PAGE}", f"/log/days?page={PAGE}", f"/newest?page={PAGE}"),
    f"/undo/preview?kind=rule&subject=profanity_en:x&since={SINCE}&page={PAGE}",
]
SENT: list[tuple[str, dict[str, str]]] = [
    ("/decisions/2/verdict", {"verdict": "allow", "note": "x"}),
    ("/decisions/2/verdict", {"verdict": "hide", "by_hand": "1"}),
    ("/decisions/2/undo", {"reason": "x"}),
    ("/decisions/4/take-back", {}),
    ("/queue/2/claim", {}),
    ("/queue/many", {"ids": "2,3", "signature": "", "verdict": "hide"}),
    (f"/queue/many/{BULK}/undo", {}),
    ("/undo/1/pause", {}),
    ("/undo/1/stop", {}),
    ("/undo/1/receipts.csv", {}),
    ("/alerts/1/acknowledge", {}),
    ("/alerts/brakes/1/release", {"reason": "x"}),
    (f"/pages/{PAGE}/pause", {"reason": "x"}),
    (f"/pages/{PAGE}/resume", {}),
    (f"/pages/{PAGE}/mode", {"to": "enforce", "seen": "observe", "reason": "x"}),
    (f"/pages/{PAGE}/token", {"token_ref": "env:MODBOT_TOKEN_X"}),
    ("/log.csv", {"page": THEIRS}),
    ("/people/1", {"role": "admin", "scope": "all"}),
    ("/people/1/link", {}),
]
UNDO = {"kind": "rule", "subject": "profanity_en:x", "since": SINCE, "reason": "x", "through": "4"}


@pytest.mark.parametrize("role", SCOPED)
@pytest.mark.parametrize("path", READ)
def test_nothing_of_another_page_is_shown(room: Site, role: Role, path: str) -> None:
    answer = room.as_(role, pages=[MINE]).get(path)
    assert answer.status_code in (400, 403, 404)
    assert "Secretia" not in answer.text


@pytest.mark.parametrize("role", [*SCOPED, Role.AUDITOR])
@pytest.mark.parametrize(("path", "data"), SENT, ids=lambda value: str(value)[:60])
def test_nothing_of_another_page_is_changed_by_ids_sent_by_hand(
    room: Site, role: Role, path: str, data: dict[str, str]
) -> None:
    assert room.service is not None
    before = state(room.service)  # type: ignore[arg-type]
    who = room.as_(role, pages=None if role is Role.AUDITOR else [MINE])
    answer = who.post(path, data)
    reads = role is Role.AUDITOR and path.endswith(".csv")  # of all pages, and that alone
    assert answer.status_code == 200 if reads else answer.status_code in (400, 403, 404)
    assert reads or "Secretia" not in answer.text
    assert state(room.service) == before  # type: ignore[arg-type]


@pytest.mark.parametrize("agreed", ["", "none", "a" * 64])
@pytest.mark.parametrize("page", ["", THEIRS])
def test_no_run_is_begun_on_another_page(room: Site, agreed: str, page: str) -> None:
    assert room.service is not None
    before = state(room.service)  # type: ignore[arg-type]
    who = room.as_(Role.MANAGER, pages=[MINE])
    answer = who.post("/undo", {**UNDO, "agreed": agreed, **({"page": page} if page else {})})
    assert answer.status_code in (400, 403, 404, 409)
    assert "Secretia" not in answer.text and state(room.service) == before  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/log", "/log/days", "/decisions/1", "/queue", "/undo", "/alerts", "/pages", "/me"),
        *(f"/undo/preview?kind=person&subject=Otto+Other&since={SINCE}", "/fundraisers"),
    ],
)
def test_the_screens_of_ones_own_page_tell_nothing_of_others(room: Site, path: str) -> None:
    answer = room.as_(Role.MANAGER, pages=[MINE]).get(path)
    assert answer.status_code in (200, 303)
    for told in ("Secretia", "School 2", "Otto Other #99", THEIRS):
        assert told not in answer.text, told


def test_a_table_of_ones_own_page_has_no_row_of_another(room: Site) -> None:
    answer = room.as_(Role.MANAGER, pages=[MINE]).post("/log.csv", {})
    assert answer.status_code == 200 and "Secretia" not in answer.text
    assert MINE in answer.text


def test_a_run_on_other_pages_too_is_not_named_on_the_life_of_a_comment(room: Site) -> None:
    assert room.service is not None
    with room.service.database.write() as s:
        run = store.undo_run(s, 1)
        s.add(UndoRunRow(**{**run.model_dump(), "id": 2, "pages": [MINE, THEIRS]}))
        s.flush()
        s.add(UndoItemRow(run_id=2, comment_row=1, decision_id=1, page_id=MINE, calls=True))
    assert 'href="/undo/2"' in room.get("/decisions/1").text
    assert 'href="/undo/2"' not in room.as_(Role.MANAGER, pages=[MINE]).get("/decisions/1").text
