"""The demo's pages are registered whole, as a district's have to be: whoever opens one in the room
reads whose it is, what for, and who is in charge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from modbot import registry
from modbot.clocks import SteppedClock
from modbot.demo.district import REGISTERED, Registered
from modbot.demo.stage import Stage, day_begins, demo_feed, set_stage
from modbot.domain import Mode
from modbot.settings import load_config
from tests.web.rooms import text_of
from tests.web.serving import served
from tests.web.signed_in import Site

ASKED = [field.name for field in fields(Registered)]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    feed = demo_feed()
    with set_stage(load_config(None), feed, SteppedClock(day_begins(feed)), tmp_path) as stage:
        yield stage


def test_every_page_says_school_purpose_manager_and_administrator_in_charge(stage: Stage) -> None:
    found = registry.list_pages(stage.service.database)
    assert {one.page.id for one in found} == set(stage.page_ids.values())
    assert len(found) == len(REGISTERED) > 10
    for one in found:
        told = {name: getattr(one.facts, name) for name in ASKED}
        assert all(told.values()), (one.page.name, told)
        assert one.page.mode is Mode.ENFORCE and one.facts.registered_by


def test_each_page_bears_what_is_said_of_it_and_of_no_other(stage: Stage) -> None:
    of = {one.page.id: one.facts for one in registry.list_pages(stage.service.database)}
    for feed_id, page_id in stage.page_ids.items():
        told = Registered(**{name: getattr(of[page_id], name) for name in ASKED})
        assert told == REGISTERED[feed_id], feed_id


def test_the_room_shows_it(stage: Stage) -> None:
    with served(stage.service) as address:
        site = Site(address=address, service=stage.service)
        told = text_of(site.get(f"/pages/{stage.page_ids['pg02']}"))
        assert "Tobias Renwick" in told and "Dr. Ileana Quirós, principal" in told
        assert "What goes on at the high school" in told and "Lawrence High School" in told
        assert "not given" not in told
