"""What the platform tests share: one running WordPress for the whole run, one driver a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from platforms import ADAPTERS, capabilities
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from platforms.sandbox.x import XApi
from tests.fakes import ManualClock
from tests.platforms.contract import Driver, SandboxDriver, WordPressDriver
from tests.platforms.graph_sandbox import GraphSandbox, graph_sandbox
from tests.platforms.read_only_drivers import FeedDriver, ManualDriver
from tests.platforms.wordpress_site import WordPressSite, running_wordpress
from tests.platforms.x_district import District
from tests.platforms.youtube_channel import Channel, youtube_channel
from tests.platforms.youtube_driver import YouTubeDriver


@pytest.fixture(scope="session")
def wordpress() -> Iterator[WordPressSite]:
    """A real site on loopback; each test makes its own post in it."""
    with running_wordpress() as site:
        yield site


DRIVERS: dict[str, Callable[[ExitStack], Driver]] = {
    "youtube": YouTubeDriver,
    "feed": FeedDriver,
    "manual": ManualDriver,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes a `driver` is each adapter's that declares all that it `needs` and nothing
    that it `lacks`. Nothing else leaves an adapter out."""
    if "driver" not in metafunc.fixturenames:
        return
    wanted = {one for mark in metafunc.definition.iter_markers("needs") for one in mark.args}
    unwanted = {one for mark in metafunc.definition.iter_markers("lacks") for one in mark.args}
    metafunc.parametrize(
        "driver",
        [
            pytest.param(name, marks=pytest.mark.servers if name == "wordpress" else ())
            for name in ADAPTERS
            if wanted <= capabilities(name) and not unwanted & capabilities(name)
        ],
        indirect=True,
    )


@pytest.fixture
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    with ExitStack() as stack:
        if request.param == "wordpress":
            yield WordPressDriver(request.getfixturevalue("wordpress"), stack)
        elif request.param in DRIVERS:
            yield DRIVERS[request.param](stack)
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
