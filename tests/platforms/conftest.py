"""What the platform tests share: one running WordPress for the whole run, one driver a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from platforms.sandbox.x import XApi
from tests.fakes import ManualClock
from tests.platforms.contract import Driver, SandboxDriver, WordPressDriver
from tests.platforms.graph_sandbox import GraphSandbox, graph_sandbox
from tests.platforms.wordpress_site import WordPressSite, running_wordpress
from tests.platforms.x_district import District
from tests.platforms.youtube_channel import Channel, youtube_channel
from tests.platforms.youtube_driver import YouTubeDriver


@pytest.fixture(scope="session")
def wordpress() -> Iterator[WordPressSite]:
    """A real site on loopback; each test makes its own post in it."""
    with running_wordpress() as site:
        yield site


PLATFORMS = [
    "facebook",
    "instagram",
    "x",
    "youtube",
    pytest.param("wordpress", marks=pytest.mark.servers),
]


@pytest.fixture(params=PLATFORMS)
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    with ExitStack() as stack:
        if request.param == "wordpress":
            yield WordPressDriver(request.getfixturevalue("wordpress"), stack)
        elif request.param == "youtube":
            yield YouTubeDriver(stack)
        else:
            yield SandboxDriver(request.param, stack)


@pytest.fixture
def district(clock: ManualClock) -> Iterator[District]:
    world = World(clock)
    api = XApi(world)
    with SandboxServer(world, apis=[api]) as server:
        yield District(clock, server, api)


@pytest.fixture
def channel(clock: ManualClock) -> Iterator[Channel]:
    with youtube_channel(clock) as made:
        yield made


@pytest.fixture
def sandbox() -> Iterator[GraphSandbox]:
    with graph_sandbox() as made:
        yield made


@pytest.fixture
def world(sandbox: GraphSandbox) -> World:
    return sandbox.world
