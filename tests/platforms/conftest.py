"""What the platform tests share: one running WordPress for the whole run, one driver a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.platforms.contract import Driver, SandboxDriver, WordPressDriver
from tests.platforms.wordpress_site import WordPressSite, running_wordpress


@pytest.fixture(scope="session")
def wordpress() -> Iterator[WordPressSite]:
    """A real site on loopback; each test makes its own post in it."""
    with running_wordpress() as site:
        yield site


PLATFORMS = [
    "facebook",
    "instagram",
    "x",
    pytest.param("wordpress", marks=pytest.mark.servers),
]


@pytest.fixture(params=PLATFORMS)
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    with ExitStack() as stack:
        if request.param == "wordpress":
            yield WordPressDriver(request.getfixturevalue("wordpress"), stack)
        else:
            yield SandboxDriver(request.param, stack)
