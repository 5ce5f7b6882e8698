"""What a browser has to load before it shows a screen for the first time: under 100 kB, and all of
it from here."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.web.queue_day import open_queue_day
from tests.web.serving import served
from tests.web.signed_in import Site

MOST_BYTES = 100_000
SCREENS = (
    *("/queue/8", "/queue/many?rule=sales", "/log", "/log/days", "/decisions/1"),
    *("/pages", "/pages/facebook:1001", "/pages/new", "/fundraisers", "/fundraisers/new"),
    *("/alerts", "/undo", "/people", "/me", "/rule?id=sales", "/nowhere"),
)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A school day that left twenty comments waiting."""
    service = open_queue_day(tmp_path_factory.mktemp("day"))
    with served(service) as address:
        yield Site(address=address, service=service)
    service.database.close()


@pytest.mark.parametrize("path", SCREENS)
def test_a_first_load_is_below_100_kilobytes(path: str, day: Site) -> None:
    page = day.get(path).content
    loaded = set(re.findall(rb'(?:<link[^>]* href|src)="([^"]+)"', page))
    assert loaded and all(part.startswith(b"/static/") for part in loaded), loaded
    weight = len(page) + sum(len(day.get(part.decode()).content) for part in loaded)
    assert weight < MOST_BYTES, f"{weight} bytes"
