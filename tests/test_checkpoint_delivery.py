"""Checkpoints whose way out is closed: for days, by silence, by what a killed git left behind."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path

import pytest

from modbot.audit import Head, verify
from modbot.checkpoints import Checkpoint, SigningKey, new_key, parse, read_all, sign
from modbot.checkpoints.delivery import FolderOfShare, GitRemote, Mailbox
from modbot.errors import DeliveryFailed
from modbot.settings.sections import CheckpointsSection
from modbot.store import Database
from tests.fakes import ManualClock
from tests.mail_server import MailServer, mail_server
from tests.records import NOON
from tests.test_checkpoints import DAY, Keeper, git, mailing

DAYS_AWAY = 5


@pytest.fixture
def checkpoint() -> Checkpoint:
    key = SigningKey(bytes.fromhex(new_key()))
    return sign(key, Head(seq=7, hash="ab" * 32), {"comment": 3}, NOON)


class Outside:
    """A share, a git remote and a mail server, which go away together and come back."""

    def __init__(self, folder: Path, server: MailServer) -> None:
        self.share, self.remote, self.server = folder / "share", folder / "remote.git", server
        self.share.mkdir()
        git("init", "-q", "--bare", str(self.remote), folder=folder)

    @contextmanager
    def away(self) -> Iterator[None]:
        for path in (self.share, self.remote):
            path.rename(path.with_suffix(".away"))
        self.server.refused.add("clerk@example.org")
        yield
        self.server.refused.clear()
        for path in (self.share, self.remote):
            path.with_suffix(".away").rename(path)


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    with mail_server() as server:
        yield Outside(tmp_path, server)


def heads_in_git(remote: Path) -> list[Head]:
    names = git("ls-tree", "--name-only", "checkpoints", folder=remote).split()
    kept = [git("show", f"checkpoints:{name}", folder=remote) for name in names]
    return [parse(text.encode(), "git").head for text in kept]


def heads_in_mails(server: MailServer) -> list[Head]:
    attached = [message_from_bytes(mail).get_payload(1) for mail in server.mails]
    return [parse(one.get_payload(decode=True), "mail").head for one in attached]  # type: ignore[arg-type, union-attr]


def test_what_is_away_for_days_is_alerted_once_each_and_gets_the_newest_when_it_is_back(
    database: Database, clock: ManualClock, outside: Outside
) -> None:
    places = mailing(outside.server.port, "clerk@example.org")
    places |= {"folders": [str(outside.share)], "git_remotes": [str(outside.remote)]}
    keeper = Keeper(database, clock, **places)
    assert [one.error for one in keeper.checkpoints.keep()] == ["", "", ""]
    with outside.away():
        for _ in range(4 * DAYS_AWAY):
            clock.advance(DAY / 4)
            assert all(one.error for one in keeper.checkpoints.keep())
    told = [alert.page_id.partition(" ")[0] for alert in keeper.alerts]
    assert sorted(told) == ["folder", "git", "mail"]
    assert keeper.kinds().count("made") == 1 + DAYS_AWAY
    assert keeper.kinds().count("failed") == 3 * DAYS_AWAY, "a row a day and place, not one a try"

    assert [one.error for one in keeper.checkpoints.keep()] == ["", "", ""]
    newest = read_all(database.path.parent / "checkpoints")[-1].head
    for kept in (
        [one.head for one in read_all(outside.share)],
        heads_in_git(outside.remote),
        heads_in_mails(outside.server),
    ):
        assert max(kept, key=lambda head: head.seq) == newest
        assert verify(database, kept).ok


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "checkpoint to" in thread.name]


def test_a_share_that_answers_nothing_keeps_one_thread_waiting_however_often_it_is_tried(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / checkpoint.file_name)  # reading it waits for a writer, who never comes
    share = FolderOfShare(tmp_path, deadline_seconds=0.2)
    for _ in range(5):
        with pytest.raises(DeliveryFailed, match="did not answer: is the share's server up"):
            FolderOfShare(tmp_path, deadline_seconds=0.2).deliver(checkpoint)
    assert threads() == [f"checkpoint to {share.name}"]

    (tmp_path / checkpoint.file_name).write_bytes(checkpoint.to_bytes())  # the thread reads it
    until = time.monotonic() + 8
    while threads() and time.monotonic() < until:
        time.sleep(0.02)
    (tmp_path / checkpoint.file_name).unlink()
    share.deliver(checkpoint)
    assert read_all(tmp_path) == [checkpoint]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def test_a_mail_server_that_says_nothing_is_left_at_the_deadline(
    checkpoint: Checkpoint, silent_port: int
) -> None:
    section = CheckpointsSection(key="env:KEY", **mailing(silent_port, "clerk@example.org"))
    began = time.monotonic()
    with pytest.raises(DeliveryFailed, match=f"127.0.0.1:{silent_port}"):
        Mailbox(section, {}, deadline_seconds=0.5).deliver(checkpoint)
    assert time.monotonic() - began < 5


def test_a_git_remote_that_hangs_is_left_and_nothing_that_git_began_goes_on(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n", "utf-8")
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    remote = GitRemote("ssh://git@vendor.invalid/x", tmp_path / "clones", deadline_seconds=2)
    with pytest.raises(DeliveryFailed, match="did not answer within 2 seconds"):
        remote.deliver(checkpoint)
    pid = int((tmp_path / "pid").read_text())
    until = time.monotonic() + 8
    while is_at_work(pid):
        assert time.monotonic() < until, "its ssh goes on"
        time.sleep(0.02)


def is_at_work(pid: int) -> bool:
    try:
        return "sleep" in Path(f"/proc/{pid}/cmdline").read_text()  # empty: ended, nobody looked
    except OSError:
        return False


def delivered(checkpoint: Checkpoint, folder: Path) -> tuple[GitRemote, Path]:
    """A new remote that has it, and the clone through which it went there."""
    git("init", "-q", "--bare", str(folder / "remote.git"), folder=folder)
    remote = GitRemote(str(folder / "remote.git"), folder / "clones")
    remote.deliver(checkpoint)
    (clone,) = (folder / "clones").iterdir()
    return remote, clone


def test_what_a_git_left_behind_that_was_killed_does_not_stop_the_next(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    remote, clone = delivered(checkpoint, tmp_path)
    for lock in ("index.lock", "refs/heads/master.lock", "HEAD.lock"):
        (clone / ".git" / lock).touch()
        os.utime(clone / ".git" / lock, (1, 1))
    key = SigningKey(bytes.fromhex(new_key()))
    later = sign(key, Head(seq=8, hash="cd" * 32), {"comment": 4}, NOON)
    remote.deliver(later)
    assert heads_in_git(tmp_path / "remote.git") == [checkpoint.head, later.head]


def test_a_lock_of_a_git_that_may_be_at_work_is_left_alone(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    remote, clone = delivered(checkpoint, tmp_path)
    (clone / checkpoint.file_name).unlink()
    git("rm", "-q", "--cached", checkpoint.file_name, folder=clone)
    (clone / ".git" / "index.lock").touch()
    with pytest.raises(DeliveryFailed, match="git add failed"):
        remote.deliver(checkpoint)
