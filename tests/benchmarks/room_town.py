"""What goes on beside the people of the room's benchmark: a service polls, the public writes.

60 pages of stand-ins, half on Facebook and half on X, are registered beside those of the record,
which are paused: nobody answers for them.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.error import URLError

from sqlalchemy import update

from modbot import registry
from modbot.clocks import FastClock
from modbot.domain import Mode
from modbot.settings import init_config
from modbot.store import Database
from modbot.tables import PageRow
from platforms.sandbox.graph import GraphApi
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from platforms.sandbox.x import LIMITS, XApi
from tests.benchmarks import large_record
from tests.campaigns.district import MANY_CALLS, STAFF
from tests.campaigns.holdings import look

START = large_record.START + large_record.MONTHS_18 + timedelta(minutes=5)  # the record's end
PAGES, POLLS_A_SECOND = 60, 4.0  # as many polls as of 200 pages at the shipped intervals
STOP_SECONDS, START_SECONDS = 20.0, 60.0
IDS_A_PAGE = 1000  # more than a run makes
MODBOT_TOML = """
[database]
url = "sqlite:///{database}"
[web]
enabled = {enabled}
port = {port}
[log]
level = "info"
format = "json"
[polling]
min_seconds = {interval}
max_seconds = {interval}
[budget]
x_cents_a_post = 0.0
x_cents_a_hide = 0.0
[classifier]
name = "embedded"
"""


@dataclass(frozen=True, kw_only=True)
class Town:
    """The running service, as its people see it."""

    address: str
    pids: tuple[int, ...]
    world: World

    @property
    def cpu_seconds(self) -> float:
        """What the service has used since it was started."""
        return sum(look(pid, 0.0).cpu_seconds for pid in self.pids)


def write_config(folder: Path, database: Path, port: int, *, apart: bool) -> Path:
    """The shipped configuration on the record; its folder. `apart`: `modbot run` serves no page."""
    init_config(folder / "config")
    text = MODBOT_TOML.format(
        database=database,
        port=port,
        enabled=str(not apart).lower(),
        interval=PAGES / POLLS_A_SECOND,
    )
    (folder / "config" / "modbot.toml").write_text(text, "utf-8")
    return folder / "config"


@contextmanager
def town(
    config: Path, database: Path, port: int, *, comments: float, apart: bool
) -> Iterator[Town]:
    """The service at work on the record, until the `with` block ends, while people write so many
    comments a second. `apart`: its pages come from a process of their own, `modbot web`."""
    world = World(FastClock(START, 1.0))
    for what in ("facebook", *(f"x:{one}" for one in LIMITS)):
        world.limits[what] = MANY_CALLS
    with (
        SandboxServer(world, apis=(GraphApi(world), XApi(world))) as platforms,
        ExitStack() as open_,
    ):
        environ = dict(os.environ)
        posts = _register(database, world, platforms.url, environ)
        log = config.parent / "service.log"
        commands = ("run", "web") if apart else ("run",)
        children = [open_.enter_context(_running(each, config, environ, log)) for each in commands]
        address = f"http://127.0.0.1:{port}"
        _await_answer(f"{address}/livez", children, log)
        open_.enter_context(_public(world, posts, comments))
        pids = tuple(child.pid for child in children)
        yield Town(address=address, pids=pids, world=world)


@contextmanager
def _running(
    command: str, config: Path, environ: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the service, asked to end with the `with` block."""
    module = [sys.executable, "-m", "tests.benchmarks.room_service"]
    with log.open("ab") as file:
        child = subprocess.Popen(
            [*module, command, str(config), START.isoformat()],
            env=environ,
            stdout=file,
            stderr=file,
        )
    try:
        yield child
    finally:
        child.terminate()
        child.wait(STOP_SECONDS)


def _register(database: Path, world: World, url: str, environ: dict[str, str]) -> list[str]:
    """The pages that are polled, and no others: no stand-in answers for those. Gives the ids of
    their posts; their tokens go into `environ`."""
    posts = []
    opened = Database.open(f"sqlite:///{database}")
    with opened.write() as s:
        there = s.connection().execute(update(PageRow).values(paused=True)).rowcount
    for _ in range(there * IDS_A_PAGE):  # ids of this run's own: a record may be used again
        world.ids.make("author", "facebook", START)
    for number in range(PAGES):
        platform = "x" if number % 2 else "facebook"
        account = world.add_page(platform, f"Polled school {number}")
        environ[f"ROOM_TOKEN_{number}"] = world.issue_token(account)
        posts += [world.add_post(account, f"News {n}") for n in range(2)]
        new = registry.NewPage(
            platform=platform,
            external_id=account,
            name=f"Polled school {number}",
            token_ref=f"env:ROOM_TOKEN_{number}",
            district_owned=True,
            base_url=url,
            government_use="a stand-in on this machine" if platform == "x" else "",
        )
        page = registry.add_page(opened, new, STAFF, START, platforms={"facebook", "x"})
        registry.set_mode(opened, page.id, Mode.ENFORCE, STAFF, START)
    opened.close()
    return posts


def _await_answer(address: str, children: Sequence[subprocess.Popen[bytes]], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and not any(each.poll() for each in children):
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise SystemExit(f"the service did not start:\n{log.read_text('utf-8')[-2000:]}")


@contextmanager
def _public(world: World, posts: list[str], comments: float) -> Iterator[None]:
    """People write on the pages, at random moments."""
    over, rng = threading.Event(), random.Random(3)
    texts = large_record.Texts(rng)

    def write() -> None:
        while not over.wait(rng.expovariate(comments)):
            text = texts.make(rng.choice(("en", "en", "es")))
            world.add_comment(rng.choice(posts), text, author_id=f"u{rng.randrange(3000)}")

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
