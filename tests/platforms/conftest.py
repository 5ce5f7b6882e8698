"""What the platform tests share: one running WordPress for the whole run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.platforms.wordpress_site import WordPressSite, running_wordpress


@pytest.fixture(scope="session")
def wordpress() -> Iterator[WordPressSite]:
    """A real site on loopback; each test makes its own post in it."""
    with running_wordpress() as site:
        yield site
