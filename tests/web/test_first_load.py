"""What a browser has to load before it shows a screen for the first time: under 100 kB, and all of
it from here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from modbot import registry
from modbot.domain import Actor
from modbot.people import Role
from modbot.people.invitations import Grant, invite
from tests.web.queue_day import open_queue_day
from tests.web.serving import served
from tests.web.signed_in import Site

MOST_BYTES = 100_000
DANA = Actor(kind="person", name="Dana Whitfield")
SCREENS = (
    *("/queue/8", "/queue/many?rule=sales", "/log", "/log/days", "/decisions/1"),
    *("/pages", "/pages/facebook:1001", "/pages/new", "/fundraisers", "/fundraisers/new"),
    *("/alerts", "/undo", "/people", "/me", "/rule?id=sales", "/nowhere"),
    *("/people/1", "/fundraisers/1"),
    "/undo/preview?kind=rule&subject=offensive:pig&since=2026-01-01T00:00",
)
OUTSIDE = ("/sign-in", "/invited/{link}")  # before somebody is signed in


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A school day that left twenty comments waiting."""
    service = open_queue_day(tmp_path_factory.mktemp("day"))
    registry.add_fundraiser(
        service.database,
        name="Cheer cookie dough",
        approved_by="Dana Whitfield",
        approver_role="Principal",
        links=("lhs-cheer.example",),
        actor=DANA,
        now=service.clock.now(),
    )
    with served(service) as address:
        yield Site(address=address, service=service)
    service.database.close()


@pytest.fixture(scope="module")
def link(day: Site) -> str:
    """The last part of an invitation's address."""
    assert day.service is not None
    now, grant = day.service.clock.now(), Grant(role=Role.MANAGER)
    with day.service.database.write() as s:
        return invite(s, "new@lps.test", grant, by=DANA, now=now, lasts=timedelta(days=7))


@pytest.mark.parametrize("path", SCREENS)
def test_a_first_load_is_below_100_kilobytes(path: str, day: Site) -> None:
    assert weight(day, path, status=404 if path == "/nowhere" else 200) < MOST_BYTES


@pytest.mark.parametrize("path", OUTSIDE)
def test_so_is_that_of_somebody_who_is_not_signed_in(path: str, day: Site, link: str) -> None:
    assert weight(day.as_nobody(), path.format(link=link), status=200) < MOST_BYTES


def weight(site: Site, path: str, *, status: int) -> int:
    """Bytes of a screen and of all that it loads, which comes from here."""
    answer = site.get(path)
    assert answer.status_code == status
    loaded = set(re.findall(rb'(?:<link[^>]* href|src)="([^"]+)"', answer.content))
    assert loaded and all(part.startswith(b"/static/") for part in loaded), loaded
    return len(answer.content) + sum(len(site.get(part.decode()).content) for part in loaded)
