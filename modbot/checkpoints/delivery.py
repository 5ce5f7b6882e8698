"""Brings a checkpoint to a place outside this machine: a file share, a git remote, a mailbox."""

from __future__ import annotations

import hashlib
import os
import signal
import smtplib
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol, TypeVar

from modbot.checkpoints.signed import Checkpoint
from modbot.errors import DeliveryFailed
from modbot.plain_text import one_line
from modbot.settings import read_secret
from modbot.settings.sections import CheckpointsSection

GIT_BRANCH = "checkpoints"
DEADLINE_SECONDS = 60.0  # of one step: a copy, a git command, a talk with the mail server
STALE_SECONDS = 600.0  # after which no git command of ours can be under way
_PASSED_ON = (
    *("PATH", "HOME", "USER", "LOGNAME", "TZ", "TMPDIR", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"),
    "KRB5CCNAME",
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"),
    *("ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"),
)
_OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
_GIT = ("git", "-c", "core.hooksPath=/dev/null", "-c", "commit.gpgsign=false")
_AUTHOR = ("-c", "user.name=modbot", "-c", "user.email=modbot@localhost")


T = TypeVar("T")


class Destination(Protocol):
    """A place outside this machine."""

    @property
    def name(self) -> str:
        """What the log calls it."""

    def deliver(self, checkpoint: Checkpoint) -> None:
        """Brings it there, or finds it there already. Raises DeliveryFailed."""


def destinations(
    section: CheckpointsSection, clones: Path, environ: Mapping[str, str]
) -> list[Destination]:
    """The configured places. Clones of git remotes are kept in the folder `clones`."""
    found: list[Destination] = [FolderOfShare(Path(folder)) for folder in section.folders]
    found += [GitRemote(remote, clones) for remote in section.git_remotes]
    if section.mail_to:
        found.append(Mailbox(section, environ))
    return found


_LEFT_BEHIND: dict[str, threading.Thread] = {}  # by what the log calls the place


def _in_time(name: str, seconds: float, work: Callable[[], None], late: str) -> None:
    """Does the work. Raises what it raises, and DeliveryFailed(`late`) when it takes too long.

    A share or server that has gone may hold a call for ever: that thread is left behind, and no
    other follows it while it waits, or days of that would leave no room for a thread.
    """
    failure: list[BaseException] = []

    def attempt() -> None:
        try:
            work()
        except BaseException as error:
            failure.append(error)

    before = _LEFT_BEHIND.get(name)
    if before is not None and before.is_alive():
        raise DeliveryFailed(late)
    thread = threading.Thread(target=attempt, name=f"checkpoint to {name}", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        _LEFT_BEHIND[name] = thread
        raise DeliveryFailed(late)
    if failure:
        raise failure[0]


@dataclass(frozen=True)
class FolderOfShare:
    """A folder that another machine holds."""

    folder: Path
    deadline_seconds: float = DEADLINE_SECONDS

    @property
    def name(self) -> str:
        return f"folder {self.folder}"

    def deliver(self, checkpoint: Checkpoint) -> None:
        """Writes the file whole or not at all; one that is there is never written over."""
        late = f"{self.folder} did not answer: is the share's server up?"
        _in_time(self.name, self.deadline_seconds, lambda: self._write(checkpoint), late)

    def _write(self, checkpoint: Checkpoint) -> None:
        if not self.folder.is_dir():
            raise DeliveryFailed(f"{self.folder} is not there: is the share mounted?")
        target, data = self.folder / checkpoint.file_name, checkpoint.to_bytes()
        partial = self.folder / f".{checkpoint.file_name}.{os.getpid()}.partial"
        try:
            if target.exists():
                if target.read_bytes() != data:
                    raise DeliveryFailed(f"{target} holds something else: who put it there?")
                return
            with partial.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        except OSError as error:
            raise DeliveryFailed(f"{target} cannot be written ({error.strerror})") from None


@dataclass(frozen=True)
class GitRemote:
    """A git remote that takes pushes to a branch of its own, without a person typing a password.

    The remote's history is never taken over once it is known: one that was rewritten refuses the
    push, and that is told.
    """

    url: str
    clones: Path
    deadline_seconds: float = DEADLINE_SECONDS

    @property
    def name(self) -> str:
        return f"git {self.url}"

    def deliver(self, checkpoint: Checkpoint) -> None:
        """Commits the file and pushes it."""
        clone = self.clones / f"git-{hashlib.sha256(self.url.encode()).hexdigest()[:12]}"
        try:
            clone.mkdir(parents=True, exist_ok=True)
            if not (clone / ".git" / "HEAD").is_file():
                self._git(clone, "init", "-q")
            _unlock(clone)
            if not self._has_commits(clone):
                self._take_over(clone)
            (clone / checkpoint.file_name).write_bytes(checkpoint.to_bytes())
        except OSError as error:
            raise DeliveryFailed(f"{clone} cannot be written ({error.strerror})") from None
        self._git(clone, "add", "--", checkpoint.file_name)
        if self._git(clone, "status", "--porcelain", "--", checkpoint.file_name):
            message = f"Checkpoint of audit row {checkpoint.seq}"
            self._git(clone, *_AUTHOR, "commit", "-q", "-m", message)
        self._git(clone, "push", "-q", self.url, f"HEAD:refs/heads/{GIT_BRANCH}")

    def _has_commits(self, clone: Path) -> bool:
        return bool(self._git(clone, "for-each-ref", "refs/heads"))

    def _take_over(self, clone: Path) -> None:
        """What the remote holds, if this machine has lost its clone or never had one."""
        if self._git(clone, "ls-remote", "--heads", self.url, GIT_BRANCH):
            self._git(clone, "fetch", "-q", self.url, f"refs/heads/{GIT_BRANCH}")
            self._git(clone, "reset", "-q", "--hard", "FETCH_HEAD")

    def _git(self, clone: Path, *words: str) -> str:
        try:
            process = subprocess.Popen(
                (*_GIT, *words),
                cwd=clone,
                env=_surroundings(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except FileNotFoundError:
            raise DeliveryFailed("git is not installed") from None
        with process:
            try:
                out, complaint = process.communicate(timeout=self.deadline_seconds)
            except BaseException as error:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # its ssh too, which would wait on
                if not isinstance(error, subprocess.TimeoutExpired):
                    raise
                seconds = f"{self.deadline_seconds:g} seconds"
                raise DeliveryFailed(f"{self.url} did not answer within {seconds}") from None
        if process.returncode:
            said = one_line(complaint.decode("utf-8", "replace").strip())[:300]
            raise DeliveryFailed(f"{self.url}: git {words[0]} failed: {said}")
        return out.decode("utf-8", "replace")


def _unlock(clone: Path) -> None:
    """Takes away what a git left locked that was ended in the middle, and that refuses all later
    ones. Raises OSError."""
    for lock in (clone / ".git").rglob("*.lock"):
        if abs(time.time() - lock.stat().st_mtime) > STALE_SECONDS:
            lock.unlink(missing_ok=True)


def _surroundings() -> dict[str, str]:
    """What git and ssh may know of ours: where things are and how to sign in there, and none of
    the tokens that may stand beside it."""
    known = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED_ON or (name.startswith(("GIT_", "SSH_")) and name not in _OF_A_HOOK)
    }
    known.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=20")
    return {**known, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def _is_there(server: smtplib.SMTP) -> None:
    code, said = server.noop()
    if code != 250:
        raise smtplib.SMTPResponseException(code, said)


@dataclass(frozen=True)
class Mailbox:
    """People who keep the mail with the checkpoint attached."""

    section: CheckpointsSection
    environ: Mapping[str, str]
    deadline_seconds: float = DEADLINE_SECONDS

    @property
    def name(self) -> str:
        return f"mail {', '.join(self.section.mail_to)}"

    def deliver(self, checkpoint: Checkpoint) -> None:
        """Hands the mail to the server; what the server does with it cannot be told."""
        _in_time(self.name, self.deadline_seconds, lambda: self._send(checkpoint), self._late)

    @property
    def _late(self) -> str:
        return f"{self.section.smtp_host}:{self.section.smtp_port} did not answer in time"

    def try_server(self) -> None:
        """Whether the server lets us in; nothing is sent. Raises DeliveryFailed."""
        _in_time(self.name, self.deadline_seconds, lambda: self._ask(_is_there), self._late)

    def _send(self, checkpoint: Checkpoint) -> None:
        mail = self._mail(checkpoint)
        refused = self._ask(lambda server: server.send_message(mail))
        if refused:
            raise DeliveryFailed(f"{self.section.smtp_host} refused {', '.join(sorted(refused))}")

    def _ask(self, what: Callable[[smtplib.SMTP], T]) -> T:
        try:
            with self._server() as server:
                self._let_in(server)
                return what(server)
        except (OSError, smtplib.SMTPException) as error:
            where = f"{self.section.smtp_host}:{self.section.smtp_port}"
            said = one_line(str(error))[:300]
            raise DeliveryFailed(f"{where}: {type(error).__name__}: {said}") from None

    def _server(self) -> smtplib.SMTP:
        section = self.section
        address = (section.smtp_host, section.smtp_port)
        if section.smtp_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                *address, timeout=self.deadline_seconds / 2, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(*address, timeout=self.deadline_seconds / 2)
        return server

    def _let_in(self, server: smtplib.SMTP) -> None:
        if self.section.smtp_security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if self.section.smtp_login:
            login = read_secret(self.section.smtp_login, self.environ)
            server.login(login.get("user", ""), login.get("password", ""))

    def _mail(self, checkpoint: Checkpoint) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = f"modbot checkpoint {checkpoint.seq}"
        mail["From"], mail["To"] = self.section.mail_from, ", ".join(self.section.mail_to)
        mail.set_content(
            f"The record of comment moderation had {checkpoint.seq} audit rows at "
            f"{checkpoint.made_at}.\nHash of the newest: {checkpoint.hash}\n"
            f"Signed by the key {checkpoint.fingerprint}\n\n"
            "Keep this mail: it shows whether the record was changed later.\n"
        )
        data = checkpoint.to_bytes()
        name = checkpoint.file_name
        mail.add_attachment(data, maintype="application", subtype="json", filename=name)
        return mail
