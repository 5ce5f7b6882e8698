"""The demo day comes out even: every comment, edit and deletion of the feed is in the record."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import requests
from rich.console import Console
from sqlmodel import select

from modbot.demo import run_live
from modbot.domain import ActionKind, ActionState
from modbot.service import Service
from modbot.settings import load_config
from modbot.tables import ActionRow
from tests.web.serving import served

pytestmark = pytest.mark.campaigns


@pytest.fixture(scope="module")
def account() -> dict[str, Any]:
    """The demo as a user runs it: one process, one JSON object on standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "modbot", "demo", "--once", "--json"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "failed" not in done.stderr, done.stderr[-2000:]  # such as a search that X refuses
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_every_comment_edit_and_deletion_is_accounted_for(account: dict[str, Any]) -> None:
    assert (account["comments"], account["edits"], account["deletions"]) == (300, 9, 8)
    assert account["edits_as_new"] == 1  # X cannot edit a reply
    assert account["versions"] == 309


def test_nothing_is_lost_and_nothing_judged_twice(account: dict[str, Any]) -> None:
    assert (account["lost"], account["judged_twice"]) == (0, 0)
    assert sum(account["decisions"]["by_verdict"].values()) == account["versions"]


def test_the_platforms_hide_what_the_log_says(account: dict[str, Any]) -> None:
    hides = account["hides"]
    assert hides["on_platform"] == hides["confirmed"] > 0
    assert hides["requested"] >= hides["confirmed"]


def test_the_chain_is_sound_and_every_platform_was_called(account: dict[str, Any]) -> None:
    assert account["audit"]["ok"] and account["audit"]["rows"] > 2 * account["versions"]
    assert set(account["api_calls"]) == {"facebook", "instagram", "x"}


def test_every_request_is_one_that_the_vendor_takes(account: dict[str, Any]) -> None:
    assert account["requests"]["deviations"] == []
    assert account["requests"]["checked"] == sum(account["api_calls"].values())


class RunningDemo:
    """A demo whose day is over after some seconds, in a thread of its own."""

    def __init__(self, folder: Path):
        self.told, self.stop = StringIO(), threading.Event()
        self.service: Service | None = None
        self.thread = threading.Thread(target=self._run, args=(folder,))

    def _run(self, folder: Path) -> None:
        run_live(
            load_config(None),
            speed=4_000.0,
            data_dir=folder,
            console=Console(file=self.told, width=200),
            serve=self._serve,
            stop=self.stop,
            stay=True,
        )

    @contextmanager
    def _serve(self, service: Service) -> Iterator[str]:
        self.service = service
        with served(service, demo=True) as address:
            yield f"{address}/"

    def link(self) -> str:
        found = re.search(r"http://\S+/demo/[\w-]{43}", self.told.getvalue())
        return found[0] if found else ""

    def hides_confirmed(self) -> int:
        assert self.service is not None
        with self.service.database.read() as s:
            hides = s.exec(select(ActionRow).where(ActionRow.kind == ActionKind.HIDE)).all()
        return sum(hide.state == ActionState.CONFIRMED for hide in hides)


def wait_until(what: Callable[[], object], *, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < ends, "waited for nothing"
        time.sleep(0.1)


def visible_item(browser: requests.Session, room: str) -> requests.Response:
    """The first of the queue that is not hidden already."""
    page = browser.get(f"{room}/queue", timeout=20)
    for _ in range(40):
        if "visible now" in page.text:
            return page
        page = browser.get(f"{room}/queue?after={page.url.rpartition('/')[2]}", timeout=20)
    raise AssertionError(f"nothing that waits is visible; the last page was {page.url}")


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[RunningDemo]:
    running = RunningDemo(tmp_path)
    running.thread.start()
    yield running
    running.stop.set()
    running.thread.join(60)


def test_after_the_day_the_room_goes_on_as_fast_as_life(demo: RunningDemo) -> None:
    wait_until(demo.link, seconds=60)
    room = demo.link().partition("/demo/")[0]
    with requests.Session() as browser:
        assert "Demo manager" in browser.get(demo.link(), timeout=20).text
        wait_until(lambda: "The room stays open" in demo.told.getvalue(), seconds=120)
        page = visible_item(browser, room)
        assert "Demo manager" in page.text, "whoever came in during the day is still signed in"
        before = demo.hides_confirmed()
        verdict = re.search(r"/decisions/\d+/verdict", page.text)
        token = re.search(r'name="csrf" value="([^"]+)"', page.text)
        assert verdict is not None and token is not None
        fields = {"csrf": token[1], "verdict": "hide", "note": "seen"}
        browser.post(room + verdict[0], fields, timeout=20)
    wait_until(lambda: demo.hides_confirmed() == before + 1, seconds=30)
