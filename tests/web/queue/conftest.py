"""A school day's queue, served, and the people who work on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modbot.people import Role
from tests.web.queue_day import open_queue_day
from tests.web.school import FakeService
from tests.web.serving import served
from tests.web.signed_in import Site


@pytest.fixture
def service(tmp_path: Path) -> Iterator[FakeService]:
    service = open_queue_day(tmp_path)
    yield service
    service.database.close()


@pytest.fixture
def address(service: FakeService) -> Iterator[str]:
    with served(service) as address:
        yield address


@pytest.fixture
def ana(address: str, service: FakeService) -> Site:
    return Site(address=address, service=service).as_(Role.MANAGER, name="Ana Ruiz")


@pytest.fixture
def ben(ana: Site) -> Site:
    return ana.as_(Role.MANAGER, name="Ben Lee")


@pytest.fixture
def chief(ana: Site) -> Site:
    return ana.as_(Role.ADMIN, name="Cleo Vance")
