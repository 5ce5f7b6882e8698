"""Asking for a page's past in the room: who may, what is said meanwhile, how it is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modbot import catching_up
from modbot.past_tables import BackfillState
from modbot.people import Role
from modbot.store import backfills
from tests.web.rooms import Room, faults, open_room, text_of, went_to

PAGE_ID = "facebook:1001"
PAGE = f"/pages/{PAGE_ID}"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with open_room(tmp_path) as room:
        room.district.add_page("1001")
        yield room


def state(room: Room) -> BackfillState | None:
    found = catching_up.backfill_of(room.district.database, PAGE_ID)
    return None if found is None else found.state


def test_older_comments_are_asked_for_and_stopped(room: Room) -> None:
    answer = room.admin.post(f"{PAGE}/past", {"days": "30"})
    assert went_to(answer) == f"{PAGE}?said=past-asked"
    answer = room.admin.get(PAGE)
    assert "are being read" in text_of(answer)
    assert '<progress max="100" value="0"' in answer.text
    assert state(room) is BackfillState.RUNNING
    assert went_to(room.admin.post(f"{PAGE}/past/stop", {})) == f"{PAGE}?said=past-stopped"
    assert state(room) is BackfillState.STOPPED
    assert "was stopped" in text_of(room.admin.get(PAGE))


def test_how_far_it_is_is_drawn_and_said(room: Room) -> None:
    room.admin.post(f"{PAGE}/past", {"days": "12"})
    with room.district.database.write() as s:
        row = backfills.running_backfill(s, PAGE_ID)
        assert row is not None and row.id is not None
        middle = row.since + (row.until - row.since) / 4
        backfills.note_backfill(s, row.id, reached=middle, kept=1234, new=1200)
    answer = room.admin.get(PAGE)
    assert '<progress max="100" value="75"' in answer.text
    assert "1,234 are kept, of which 1,200 were not known before" in text_of(answer)


@pytest.mark.parametrize("days", ["", "0", "366", "-3", "ten", "٣٠", "9" * 400])
def test_days_that_are_none_are_told_beside_their_field(room: Room, days: str) -> None:
    answer = room.admin.post(f"{PAGE}/past", {"days": days})
    assert answer.status_code == 422
    assert faults(answer)["days"] == "Write how many days, from 1 to 365."
    assert state(room) is None


def test_only_who_sets_modes_may_ask(room: Room) -> None:
    manager = room.admin.as_(Role.MANAGER, name="Mia Manager")
    assert "Days back" not in manager.get(PAGE).text
    assert manager.post(f"{PAGE}/past", {"days": "30"}).status_code == 403
    assert state(room) is None
