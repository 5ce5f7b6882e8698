"""A running page over a small district."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.web.school import FakeService, open_school
from tests.web.serving import served


@dataclass(frozen=True, kw_only=True)
class Site:
    """The pages as a browser without script sees them."""

    address: str

    def get(self, path: str, **headers: str) -> requests.Response:
        """One answer, in English unless another language is asked for; redirects are not taken."""
        return requests.get(
            self.address + path,
            headers={"accept-language": "en", **headers},
            timeout=10,
            allow_redirects=False,
        )


@pytest.fixture
def service(tmp_path: Path) -> Iterator[FakeService]:
    service = open_school(tmp_path)
    yield service
    service.database.close()


@pytest.fixture
def site(service: FakeService) -> Iterator[Site]:
    with served(service) as address:
        yield Site(address=address)
