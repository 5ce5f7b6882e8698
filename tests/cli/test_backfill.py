"""`modbot pages backfill`: a page's past, read from a terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from modbot import registry, store
from modbot.domain import Mode
from modbot.store import Database
from modbot.tables import ActionRow, DecisionRow
from platforms.sandbox.faults import Fault
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from tests.cli.conftest import ADA, Run
from tests.fakes import ManualClock

SWEARS = "you stupid bitch, fuck you"


@dataclass(frozen=True, kw_only=True)
class Town:
    """A Facebook page on a stand-in, with comments of before it was registered."""

    world: World
    page: str
    database: Database

    def decided(self) -> list[tuple[str, bool]]:
        """Mode and wish of each decision."""
        with self.database.read() as s:
            return [(d.mode, d.hide) for d in s.exec(select(DecisionRow))]

    def asked_of_the_platform(self) -> int:
        with self.database.read() as s:
            return len(s.exec(select(ActionRow)).all())


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Iterator[Town]:
    now = datetime.now(UTC)
    world = World(ManualClock(now))
    account = world.add_page("facebook", "School")
    for day in range(20, 2, -1):
        at = now - timedelta(days=day, hours=1)
        post = world.add_post(account, f"news of day {day}", at=at)
        world.add_comment(post, SWEARS if day == 5 else f"nice {day}", at=at)
    token = tmp_path / "token"
    token.touch(0o600)
    token.write_text(world.issue_token(account), "utf-8")
    with SandboxServer(world) as server:
        new = registry.NewPage(
            platform="facebook",
            external_id=account,
            name="School",
            token_ref=f"file:{token}",
            district_owned=True,
            base_url=server.url,
        )
        page = registry.add_page(database, new, ADA, now, platforms=["facebook"])
        registry.set_mode(database, page.id, Mode.ENFORCE, ADA, now)
        yield Town(world=world, page=page.id, database=database)


def test_the_past_of_a_page_is_judged_as_in_observe_and_nothing_is_hidden(
    run: Run, town: Town
) -> None:
    told = run("pages", "backfill", town.page, "--days", "10", "--json").json
    assert (told["state"], told["kept"], told["new"], told["share"]) == ("done", 7, 7, 1.0)
    assert told["error"] == ""
    assert {mode for mode, _ in town.decided()} == {"observe"}
    assert any(hide for _, hide in town.decided())
    assert town.asked_of_the_platform() == 0
    assert all(town.world.is_public(c.id) for c in town.world.all_comments())
    again = run("pages", "backfill", town.page, "--days", "30")
    assert "done, 18 comments are kept of those since" in again.out
    assert "11 of them were not known before" in again.out


def test_what_was_interrupted_goes_on_with_the_same_command(run: Run, town: Town) -> None:
    town.world.faults.push(Fault(kind="html", platform="facebook", status=503))
    cut = run("pages", "backfill", town.page, "--days", "10")
    assert cut.code == 0 and "running, 0 comments" in cut.out
    assert "it goes on while `modbot run` runs, or when this command is given again" in cut.out
    assert "no call before" in cut.out and "Unreachable" in cut.out
    with town.database.write() as s:  # as if that time were over
        row = store.backfills.running_backfill(s, town.page)
        assert row is not None and row.id is not None
        store.backfills.note_backfill(s, row.id, not_before=None)
    assert run("pages", "backfill", town.page, "--json").json["state"] == "done"


def test_what_runs_can_be_ended(run: Run, town: Town) -> None:
    town.world.faults.push(Fault(kind="html", platform="facebook", status=503, times=99))
    run("pages", "backfill", town.page, "--days", "10")
    assert run("pages", "backfill", town.page, "--stop", "--json").json["state"] == "stopped"
    nothing = run("pages", "backfill", town.page, "--stop")
    assert (nothing.code, "no back-fill runs on" in nothing.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("facebook:nobody", "--days", "5"), "no page 'facebook:nobody' is registered"),
        (("PAGE", "--days", "0"), "--days must be 1 to 365"),
        (("PAGE", "--days", "366"), "--days must be 1 to 365"),
        (("PAGE",), "say how many days to read: --days 30"),
    ],
)
def test_what_cannot_be_done_is_said(
    run: Run, town: Town, arguments: tuple[str, ...], said: str
) -> None:
    asked = [town.page if one == "PAGE" else one for one in arguments]
    answer = run("pages", "backfill", *asked)
    assert answer.code != 0 and said in answer.err
    assert town.decided() == []


def test_a_paused_page_is_told_at_once_for_nothing_would_come_of_waiting(
    run: Run, town: Town
) -> None:
    run("pages", "pause", town.page)
    answer = run("pages", "backfill", town.page, "--days", "5")
    assert answer.code == 2 and "is paused, so nothing is read" in answer.err
    assert run("pages", "backfill", town.page, "--stop").code == 2
    run("pages", "resume", town.page)
    assert run("pages", "backfill", town.page, "--days", "5", "--json").json["state"] == "done"


def test_a_refused_token_is_said_and_what_was_asked_stays(run: Run, town: Town) -> None:
    (token,) = town.world.tokens
    town.world.expire_token(token, 463)
    told = run("pages", "backfill", town.page, "--days", "10", "--json").json
    assert (told["state"], told["kept"]) == ("running", 0)
    assert told["error"].startswith("AuthExpired") and told["not_before"]


def read_all(terminal: int, into: bytearray) -> None:
    """What a terminal shows, until the last who writes to it is gone: it holds 4 kB alone."""
    with suppress(OSError):  # EIO: nobody is left
        while chunk := os.read(terminal, 65_536):
            into += chunk


def test_a_terminal_shows_how_far_it_is(town: Town, folder: Path) -> None:
    command = ["--config", str(folder), "pages", "backfill", town.page, "--days", "20"]
    program = f"from modbot.cli import main; main({json.dumps(command)})"
    ours, theirs = pty.openpty()
    seen = bytearray()
    reader = threading.Thread(target=read_all, args=(ours, seen))
    reader.start()
    done = subprocess.run(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        timeout=120,
        check=True,
    )
    os.close(theirs)
    reader.join(30)
    os.close(ours)
    shown = seen.decode()
    assert "comments" in shown and "%" in shown
    assert b"done, 17 comments" in done.stdout
