"""Taking back what one form decided, over HTTP: by whoever did it, with a receipt for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modbot import store, undo
from modbot.domain import ActionState
from modbot.people import Role
from modbot.web.undo import rights_of
from tests.web.queue.answers import count, decide, made, place
from tests.web.queue.test_many import RULE, add, send
from tests.web.queue_day import HIGH, LPS, open_queue_day
from tests.web.school import FakeService
from tests.web.serving import served
from tests.web.signed_in import Site


@pytest.fixture
def service(tmp_path: Path) -> Iterator[FakeService]:
    service = open_queue_day(tmp_path)
    add(service, LPS, "you rat", times=3, author="Rita")
    add(service, HIGH, "what a rat", times=2)
    yield service
    service.database.close()


@pytest.fixture
def ana(service: FakeService) -> Iterator[Site]:
    with served(service) as address:
        yield Site(address=address, service=service).as_(Role.MANAGER, name="Ana Ruiz")


@pytest.fixture
def bulk(ana: Site, service: FakeService) -> str:
    """The path of what Ana hid together: five comments."""
    path = place(send(ana, ana.get(f"/queue/many?rule={RULE}").text, "hide"))
    confirm(service)
    return path.partition("?")[0]


def confirm(service: FakeService) -> None:
    """The platforms do what was asked of them."""
    now = service.clock.advance(60)
    with service.database.read() as s:
        due = store.due_actions(s, now)
    with service.database.write() as s:
        for action in due:
            store.finish_action(s, action.action_id, ActionState.CONFIRMED, "done", now)


def carry_on(service: FakeService) -> None:
    """What the running service does."""
    for _ in range(3):
        undo.carry_on(service.database, rights_of(service), service.clock.advance(60))
        confirm(service)


def test_one_button_takes_all_of_it_back_with_a_receipt_for_each(
    ana: Site, service: FakeService, bulk: str
) -> None:
    waiting = count(service)
    page = ana.get(bulk).text
    assert "5 comments decided" in page and "Take back 5 decisions" in page
    assert page.count('href="/decisions/') == 5
    run = place(ana.post(f"{bulk}/undo")).partition("?")[0]
    carry_on(service)
    receipts = ana.get(run).text
    assert "5 of 5 comments have their receipt" in receipts
    assert "What was decided together" in receipts and "Ana Ruiz #2" in receipts
    assert receipts.count("Restored, confirmed by the platform") == 6  # the count, and each
    back = made(service)[5:]
    assert {(d.verdict, d.hide, d.actor) for d in back} == {("review", False, "Ana Ruiz #2")}
    assert all(d.key.startswith("person:undo:1:") for d in back)
    assert count(service) == waiting + 5
    assert ana.get(bulk).text.count('action="/queue/many/') == 0  # it is taken back
    assert place(ana.post(f"{bulk}/undo")).startswith(run)  # no second run


def test_what_somebody_decided_since_stands(ana: Site, service: FakeService, bulk: str) -> None:
    first = made(service)[0]
    assert place(decide(ana.as_(Role.MANAGER), first.id or 0, "allow", note="a mascot"))
    run = place(ana.post(f"{bulk}/undo")).partition("?")[0]
    carry_on(service)
    assert "Already let stand" in ana.get(run).text
    assert len([d for d in made(service) if d.key.startswith("person:undo:")]) == 4


def test_a_stopped_undo_may_be_begun_again(ana: Site, service: FakeService, bulk: str) -> None:
    run = place(ana.post(f"{bulk}/undo")).partition("?")[0]
    assert place(ana.post(f"{run}/stop"))
    assert f'action="{bulk}/undo"' in ana.get(bulk).text
    again = place(ana.post(f"{bulk}/undo")).partition("?")[0]
    assert again != run
    carry_on(service)
    assert "5 of 5 comments have their receipt" in ana.get(again).text


def test_only_whoever_did_it_takes_it_back_with_one_button(
    ana: Site, service: FakeService, bulk: str
) -> None:
    for role in (Role.MANAGER, Role.ADMIN):
        other = ana.as_(role)
        assert f'action="{bulk}/undo"' not in other.get(bulk).text
        assert other.post(f"{bulk}/undo").status_code == 403
    for role in (Role.VIEWER, Role.AUDITOR):
        assert ana.as_(role).get(bulk).status_code == 403
        assert ana.as_(role).post(f"{bulk}/undo").status_code == 403
    with service.database.read() as s:
        assert store.undo_runs(s) == []


def test_who_minds_other_pages_sees_only_what_is_on_their_own(
    ana: Site, service: FakeService, bulk: str
) -> None:
    there = ana.as_(Role.MANAGER, pages=[HIGH.id])
    assert "2 comments decided" in there.get(bulk).text
    elsewhere = ana.as_(Role.MANAGER, pages=["facebook:404"])
    assert elsewhere.get(bulk).status_code == 404
    assert elsewhere.post(f"{bulk}/undo").status_code == 404


@pytest.mark.parametrize("name", ["0" * 32, "%", "x:1", "%27%20OR%201=1", "%00", "person:bulk"])
def test_a_bulk_that_was_never_made_is_not_there(ana: Site, bulk: str, name: str) -> None:
    assert ana.get(f"/queue/many/{name}").status_code == 404
    assert ana.post(f"/queue/many/{name}/undo").status_code == 404


def test_what_an_undo_decides_does_not_count_as_work_of_the_sitting(
    ana: Site, service: FakeService, bulk: str
) -> None:
    ana.post(f"{bulk}/undo")
    carry_on(service)
    assert len(made(service)) == 10
    with service.database.read() as s:
        assert store.decided_since(s, "Ana Ruiz #2", made(service)[0].decided_at) == 5
