"""The drill: a service works, a backup is taken meanwhile, the machine is lost, another goes on."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from modbot.audit import head
from modbot.store import Database
from tests.campaigns.kill_account import Stored, account, missing, read_stored
from tests.campaigns.kill_campaign import Campaign, district

pytestmark = pytest.mark.campaigns

PATIENCE_SECONDS = 240.0
BEFORE = 60  # comments


@dataclass(frozen=True, kw_only=True)
class Drill:
    """What was seen on the way."""

    made: dict[str, Any]  # what `modbot backup` said
    in_backup: Stored
    restored: dict[str, Any]
    verified: dict[str, Any]
    account: dict[str, Any]
    after: Stored
    before: Stored  # on the first machine, at its end
    hidden: dict[tuple[str, str], bool]  # on the platforms -> whether it was edited


def modbot(campaign: Campaign, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [str(campaign.modbot), "--config", str(campaign.folder / "config"), *arguments, "--json"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        env=campaign.environ,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def wait_until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < end, "the service does not keep up"
        time.sleep(0.2)


def wait_for(campaign: Campaign, done: Callable[[Stored], bool]) -> None:
    wait_until(lambda: done(read_stored(campaign.database)))


@contextmanager
def writing(campaign: Campaign) -> Iterator[None]:
    """People go on writing while the block runs, and for a moment after it."""
    over = threading.Event()

    def write() -> None:
        while not over.wait(0.5):
            campaign.write(4)
        campaign.write(20)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def serving(campaign: Campaign) -> Iterator[None]:
    """The service at work; it has to end cleanly."""
    child = campaign.start()
    try:
        yield
        child.process.terminate()
        assert child.process.wait(PATIENCE_SECONDS) == 0
    finally:
        child.kill()
        child.process.wait()


def all_done(campaign: Campaign) -> Callable[[Stored], bool]:
    return lambda stored: not missing(campaign.world, stored) and not stored.states()["requested"]


def newest_row(path: Path) -> int:
    opened = Database.open(f"sqlite:///{path}", read_only=True)
    with closing(opened) as database, database.read() as s:
        return head(s).seq


def witness(campaign: Campaign, safe: Path) -> str:
    """A signing key, and a checkpoint that is taken away from the machine; its fingerprint."""
    made = modbot(campaign, "checkpoint", "keygen", str(safe / "key"))
    with (campaign.folder / "config" / "modbot.toml").open("a") as file:
        file.write(f'[checkpoints]\nkey = "file:{safe / "key"}"\n')
    checkpoint = Path(modbot(campaign, "checkpoint", "make")["file"])
    shutil.copy(checkpoint, safe / "checkpoint.json")
    return str(made["fingerprint"])


def move_elsewhere(campaign: Campaign, folder: Path) -> None:
    """The first machine is gone: configuration and tokens are brought to another."""
    shutil.copytree(campaign.folder / "config", folder / "config")
    settings = folder / "config" / "modbot.toml"
    there, here = str(campaign.database), str(folder / campaign.database.name)
    settings.write_text(settings.read_text().replace(there, here))
    campaign.folder = folder
    for trap in campaign.traps:
        trap.database = campaign.database


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> Drill:
    first, second, safe = (tmp_path_factory.mktemp(name) for name in ("first", "second", "safe"))
    with district(first, seed=11) as campaign:
        campaign.write(BEFORE)
        with serving(campaign):
            wait_for(campaign, lambda stored: len(stored.versions) >= BEFORE)
            fingerprint = witness(campaign, safe)
            with writing(campaign):
                wait_for(campaign, lambda stored: len(stored.versions) > BEFORE)
                made = modbot(campaign, "backup", str(safe / "copy.db"))
                own_row = int(made["head"]["seq"]) + 1  # says that a backup was made
                wait_until(lambda: newest_row(campaign.database) > own_row)
            wait_for(campaign, all_done(campaign))
        before = read_stored(campaign.database)
        in_backup = read_stored(safe / "copy.db")
        move_elsewhere(campaign, second)
        proof = ("--against", str(safe / "checkpoint.json"), "--fingerprint", fingerprint)
        restored = modbot(campaign, "restore", str(safe / "copy.db"), *proof)
        verified = modbot(campaign, "verify", *proof)
        with serving(campaign):
            wait_for(campaign, all_done(campaign))
        after = read_stored(campaign.database)
        return Drill(
            made=made,
            in_backup=in_backup,
            restored=restored,
            verified=verified,
            account=account(campaign.world, after),
            after=after,
            before=before,
            hidden={
                (c.platform, c.id): c.edited_at is not None
                for c in campaign.world.all_comments()
                if c.hidden
            },
        )


def test_the_service_went_on_recording_past_the_moment_of_the_copy(drill: Drill) -> None:
    lost = set(drill.before.versions) - set(drill.in_backup.versions)
    assert lost, "the backup is of a moment, not of the end"


def test_the_backup_is_of_one_moment_and_holds_all_that_was_recorded_by_then(drill: Drill) -> None:
    assert drill.in_backup.integrity == "ok"
    assert len(drill.in_backup.versions) >= BEFORE
    assert set(drill.in_backup.versions.values()) == {1}
    assert drill.made["rows"]["version"] == len(drill.in_backup.versions)


def test_what_was_restored_agrees_with_the_checkpoint_of_before(drill: Drill) -> None:
    assert drill.restored["checkpoints_compared"] == 1
    assert drill.restored["before"] is None
    assert drill.verified["ok"]
    assert drill.verified["head"] == drill.restored["head"]


def test_the_service_goes_on_there_and_judges_nothing_twice(drill: Drill) -> None:
    assert set(drill.in_backup.versions) <= set(drill.after.versions)
    told = {name: drill.account[name] for name in ("lost", "judged_twice", "unjudged")}
    assert told == {"lost": 0, "judged_twice": 0, "unjudged": 0}


def test_nothing_is_hidden_a_second_time_and_what_is_on_record_is_hidden(drill: Drill) -> None:
    assert drill.account["hidden"] > 0
    names = ("double_effects", "recorded_but_not_hidden")
    assert {name: drill.account[name] for name in names} == dict.fromkeys(names, 0)


def test_what_the_lost_rows_alone_explain_was_edited_since_it_was_hidden(drill: Drill) -> None:
    """docs/operate.md says so: the old text is gone from the platform, so nobody can judge it."""
    unexplained = set(drill.hidden) - drill.after.confirmed
    assert unexplained <= drill.before.confirmed
    assert all(drill.hidden[key] for key in unexplained)
