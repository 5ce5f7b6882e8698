"""Checkpoints: what they hold, when they are made, where they go, and what fails."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from modbot.alerts import Alert, Alerter
from modbot.audit import head, verify
from modbot.checkpoints import Checkpoints, SigningKey, new_key, parse, read_all
from modbot.errors import BadConfig, CheckpointRefused
from modbot.settings.sections import CheckpointsSection
from modbot.store import Database
from modbot.tables import AuditRow
from tests.fakes import ManualClock
from tests.mail_server import mail_server
from tests.records import fill, open_database

SEED = new_key()
DAY = 24 * 3600.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path)
    fill(database)
    yield database
    database.close()


class Keeper:
    """Checkpoints with a test's places, key and clock."""

    def __init__(self, database: Database, clock: ManualClock, **places: Any) -> None:
        self.database, self.clock, self.alerts = database, clock, list[Alert]()
        self.environ = {"KEY": SEED}
        self.alerter = Alerter((self.alerts.append,))
        self.section = CheckpointsSection(key="env:KEY", **places)

    @property
    def checkpoints(self) -> Checkpoints:
        """Made anew each time, as after a restart."""
        return Checkpoints(
            self.database,
            self.section,
            clock=self.clock,
            environ=self.environ,
            alerter=self.alerter,
        )

    def noted(self) -> list[tuple[str, dict[str, Any]]]:
        with self.database.read() as s:
            rows = s.exec(
                select(AuditRow).where(AuditRow.row_table == "checkpoint").order_by(AuditRow.seq)  # type: ignore[arg-type]
            )
            return [(row.kind, json.loads(row.detail)) for row in rows]

    def kinds(self) -> list[str]:
        return [kind.removeprefix("checkpoint.") for kind, _ in self.noted()]


def test_a_checkpoint_holds_the_head_and_is_signed(database: Database, clock: ManualClock) -> None:
    keeper = Keeper(database, clock)
    with database.read() as s:
        newest = head(s)
    made = keeper.checkpoints.make("Ada")

    assert made.head == newest and made.counts["comment"] == 11
    assert made.fingerprint == SigningKey.read("env:KEY", keeper.environ).fingerprint
    kept = read_all(database.path.parent / "checkpoints")
    assert kept == [made]
    assert verify(database, [made.head]).ok
    assert keeper.kinds() == ["made"]


@pytest.mark.parametrize("field", ["seq", "hash", "counts", "made_at", "fingerprint", "signature"])
def test_a_checkpoint_with_any_field_changed_is_refused(
    database: Database, clock: ManualClock, field: str
) -> None:
    made = json.loads(Keeper(database, clock).checkpoints.make("Ada").to_bytes())
    changed = {"seq": 1, "counts": {"comment": 1}, "made_at": "2020-01-01T00:00:00+00:00"}
    made[field] = changed.get(field, "0" * len(str(made[field])))
    with pytest.raises(CheckpointRefused, match=r"kept\.json: is not as it was signed"):
        parse(json.dumps(made).encode(), "kept.json")


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"seq": 1}', b"[" * 100_000])
def test_what_is_no_checkpoint_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(CheckpointRefused, match=r"^kept\.json: is not"):
        parse(data, "kept.json")


def test_one_is_made_a_day_and_brought_to_the_share_once(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    share = tmp_path / "share"
    share.mkdir()
    keeper = Keeper(database, clock, folders=[str(share)])
    for _ in range(3):
        keeper.checkpoints.keep()
        clock.advance(DAY / 4)
    assert len(read_all(share)) == 1
    clock.advance(DAY / 4)
    keeper.checkpoints.keep()

    assert len(read_all(share)) == 2
    assert keeper.kinds() == ["made", "delivered"] * 2
    assert keeper.alerts == []
    assert verify(database, [one.head for one in read_all(share)]).ok


@pytest.mark.sqlite  # past the guards, in SQLite's words
def test_a_record_that_was_changed_is_told_and_not_signed(
    database: Database, clock: ManualClock
) -> None:
    keeper = Keeper(database, clock)
    keeper.checkpoints.keep()
    clock.advance(DAY)
    with database.write() as s:
        s.connection().exec_driver_sql("DROP TRIGGER decision_update")
        s.connection().exec_driver_sql("UPDATE decision SET reason = 'other' WHERE id = 1")
    for _ in range(2):
        keeper.checkpoints.keep()

    assert [(a.kind, a.page_id) for a in keeper.alerts] == [("record_unsound", "record")]
    assert "decision 1" in keeper.alerts[0].detail
    assert keeper.kinds() == ["made"]
    assert keeper.checkpoints.make("Ada"), "a person may"


def test_a_share_that_is_away_is_alerted_once_and_tried_until_it_is_back(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    share = tmp_path / "share"
    keeper = Keeper(database, clock, folders=[str(share)])
    for _ in range(3):
        (outcome,) = keeper.checkpoints.keep()
        assert "is the share mounted?" in outcome.error
    assert [(a.kind, a.page_id) for a in keeper.alerts] == [
        ("checkpoint_failed", f"folder {share}")
    ]
    share.mkdir()
    keeper.checkpoints.keep()
    assert keeper.kinds() == ["made", "failed", "delivered"]
    assert keeper.checkpoints.keep() == []
    shutil.rmtree(share)
    clock.advance(DAY)
    keeper.checkpoints.keep()
    assert len(keeper.alerts) == 2  # a new incident


def test_another_file_of_that_name_is_never_written_over(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    keeper = Keeper(database, clock, folders=[str(tmp_path / "share")])
    made = keeper.checkpoints.make("Ada")
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / made.file_name).write_text("forged")
    (outcome,) = keeper.checkpoints.deliver()
    assert "who put it there?" in outcome.error
    assert (tmp_path / "share" / made.file_name).read_text() == "forged"


def git(*words: str, folder: Path) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode()


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    path = tmp_path / "remote.git"
    git("init", "-q", "--bare", str(path), folder=tmp_path)
    return path


def test_git_and_ssh_are_told_where_things_are_and_no_token(
    database: Database, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\nenv > {told}\nexit 1\n", "utf-8")
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    monkeypatch.setenv("FACEBOOK_TOKEN", "CANARY")
    keeper = Keeper(database, clock, git_remotes=["ssh://git@vendor.invalid/checkpoints"])
    (outcome,) = keeper.checkpoints.keep()
    assert "failed" in outcome.error
    environ = told.read_text("utf-8")
    assert "PATH=" in environ and "CANARY" not in environ


def test_a_git_remote_gets_a_commit_for_each_checkpoint_even_after_the_clone_was_lost(
    database: Database, clock: ManualClock, remote: Path
) -> None:
    keeper = Keeper(database, clock, git_remotes=[str(remote)])
    keeper.checkpoints.keep()
    clock.advance(DAY)
    for clone in (database.path.parent / "checkpoints").glob("git-*"):
        shutil.rmtree(clone)
    keeper.checkpoints.keep()

    assert keeper.alerts == []
    log = git("log", "--format=%s", "checkpoints", folder=remote).splitlines()
    assert len(log) == 2 and all(line.startswith("Checkpoint of audit row") for line in log)
    names = git("ls-tree", "--name-only", "checkpoints", folder=remote).split()
    kept = [git("show", f"checkpoints:{name}", folder=remote) for name in names]
    assert verify(database, [parse(text.encode(), "git").head for text in kept]).ok


def test_a_remote_whose_history_was_rewritten_is_told(
    database: Database, clock: ManualClock, remote: Path
) -> None:
    keeper = Keeper(database, clock, git_remotes=[str(remote)])
    keeper.checkpoints.keep()
    tree = git("mktree", folder=remote).strip()  # an empty one
    author = ("-c", "user.name=eve", "-c", "user.email=eve@example.org")
    forged = git(*author, "commit-tree", tree, "-m", "nothing was here", folder=remote).strip()
    git("update-ref", "refs/heads/checkpoints", forged, folder=remote)
    clock.advance(DAY)
    (outcome,) = keeper.checkpoints.keep()

    assert "git push failed" in outcome.error
    assert keeper.kinds()[-1] == "failed" and len(keeper.alerts) == 1


def mailing(port: int, *to: str) -> dict[str, Any]:
    return {
        "mail_to": list(to),
        "mail_from": "modbot@example.org",
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_security": "none",
    }


def test_a_mail_carries_the_checkpoint(database: Database, clock: ManualClock) -> None:
    with mail_server() as server:
        keeper = Keeper(database, clock, **mailing(server.port, "clerk@example.org"))
        keeper.checkpoints.keep()
        (mail,) = map(message_from_bytes, server.mails)
    assert keeper.kinds() == ["made", "delivered"]
    attached = mail.get_payload(1).get_payload(decode=True)  # type: ignore[union-attr]
    assert parse(attached, "mail").head.seq > 1  # type: ignore[arg-type]


def test_a_mail_that_one_reader_cannot_get_has_failed(
    database: Database, clock: ManualClock
) -> None:
    with mail_server() as server:
        to = ("clerk@example.org", "gone@example.org")
        keeper = Keeper(database, clock, **mailing(server.port, *to))
        server.refused.add("gone@example.org")
        (outcome,) = keeper.checkpoints.keep()
    assert "refused gone@example.org" in outcome.error
    (again,) = keeper.checkpoints.keep()  # the server is gone too
    assert "Refused" in again.error
    assert keeper.kinds() == ["made", "failed", "failed"]


def test_a_key_that_cannot_be_read_is_alerted_and_never_shown(
    database: Database, clock: ManualClock
) -> None:
    keeper = Keeper(database, clock)
    keeper.environ = {"KEY": "not hex but secret"}
    keeper.checkpoints.keep()
    keeper.checkpoints.keep()
    (alert,) = keeper.alerts
    assert (alert.kind, alert.page_id) == ("checkpoint_failed", "key")
    assert "secret" not in alert.detail and "checkpoint keygen" in alert.detail
    keeper.environ = {"KEY": SEED}
    keeper.checkpoints.keep()
    assert keeper.kinds() == ["made"]


def test_without_a_key_none_is_made(database: Database, clock: ManualClock) -> None:
    keeper = Keeper(database, clock)
    keeper.section = CheckpointsSection()
    assert keeper.checkpoints.keep() == [] and keeper.kinds() == []
    with pytest.raises(BadConfig, match="keygen"):
        keeper.checkpoints.make("Ada")


def test_the_private_key_is_in_no_file_that_modbot_writes(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    keeper = Keeper(database, clock, folders=[str(tmp_path)])
    keeper.checkpoints.keep()
    assert SEED not in repr(SigningKey.read("env:KEY", keeper.environ))
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or SEED.encode() not in file.read_bytes()
        assert not file.is_file() or bytes.fromhex(SEED) not in file.read_bytes()


@pytest.mark.parametrize(
    "section",
    [
        {"folders": ["/mnt/share"]},
        {"key": "env:K", "mail_to": ["a@b"]},
        {"key": "env:K", "git_remotes": ["https://user:secret@example.org/x.git"]},
        {"key": "env:K", "git_remotes": ["--upload-pack=x"]},
    ],
)
def test_places_that_cannot_work_are_refused(section: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="1 validation error"):
        CheckpointsSection(**section)
