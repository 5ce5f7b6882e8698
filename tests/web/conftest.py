"""A running page over a small district."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.chromium import browser
from tests.web.school import FakeService, open_school
from tests.web.serving import served
from tests.web.signed_in import Site

__all__ = ["Site", "browser"]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[FakeService]:
    service = open_school(tmp_path)
    yield service
    service.database.close()


@pytest.fixture
def bare_address(service: FakeService) -> Iterator[str]:
    """The address of pages that nobody has an account for yet."""
    with served(service) as address:
        yield address


@pytest.fixture
def site(service: FakeService, bare_address: str) -> Site:
    return Site(address=bare_address, service=service)
