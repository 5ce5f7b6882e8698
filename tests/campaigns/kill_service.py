"""One life of the service under test, and the stand-in that can end it at a given call."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

from platforms.sandbox.faults import Answer, Request
from platforms.sandbox.server import VendorApi
from tests.campaigns.holdings import look, waited_seconds
from tests.campaigns.kill_account import WRITING, Where, is_requested

STOP_SECONDS = 15.0


class Trap:
    """A stand-in that watches the service's calls, and kills it at the one it is set to."""

    def __init__(self, api: VendorApi, database: Where):
        self.api = api
        self.database = database
        self.victim: Child | None = None
        self.unrecorded_writes = 0

    def serves(self, path: str) -> bool:
        return self.api.serves(path)

    def platform_of(self, request: Request) -> str:
        return self.api.platform_of(request)

    def answer(self, request: Request) -> Answer:
        victim = self.victim
        if victim is None or victim.dead:
            return self.api.answer(request)  # what was on its way when the service died
        writes = request.method in WRITING
        if writes and not is_requested(self.database, request.path):
            self.unrecorded_writes += 1
        fatal = victim.called(writes=writes)
        if fatal.startswith("before"):
            victim.kill()
            return Answer(status=503)
        answer = self.api.answer(request)
        if fatal == "after a write":
            victim.kill()
        elif fatal:
            victim.kill_soon()
        return answer


class Child:
    """One life of `modbot run`."""

    def __init__(self, command: list[str], environ: dict[str, str], log: Path):
        self.dead = False
        self.first_call_seconds: float | None = None
        self.cpu_seconds = 0.0  # that it had had by its first call
        self.waited_seconds = 0.0  # that it had waited for a core by then
        self._calls = self._writes = 0
        self._fatal, self._fatal_number, self._digest_seconds = "", 0, 0.0
        self._started = time.monotonic()
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                command, env=environ, stdout=file, stderr=file, stdin=subprocess.DEVNULL
            )

    def die_at(self, fatal: str, number: int, digest_seconds: float) -> None:
        """`fatal`: one of KILLS that is about a call or write; `number`: which one."""
        self._fatal, self._fatal_number = fatal, number
        self._digest_seconds = digest_seconds

    def called(self, *, writes: bool) -> str:
        """Notes a call; the kind of kill that it is to bring, if any."""
        self._calls += 1
        self._writes += writes
        if self.first_call_seconds is None:
            self.first_call_seconds = self.age_seconds
            self._note_start()
        counts = writes or not self._fatal.endswith("write")
        count = self._writes if self._fatal.endswith("write") else self._calls
        return self._fatal if counts and count == self._fatal_number else ""

    def _note_start(self) -> None:
        """On a busy machine the clock alone does not tell how long a start takes."""
        with suppress(OSError):  # it was killed just now
            self.cpu_seconds = look(self.process.pid, 0.0).cpu_seconds
            self.waited_seconds = waited_seconds(self.process.pid)

    @property
    def age_seconds(self) -> float:
        return time.monotonic() - self._started

    @property
    def unhindered_seconds(self) -> float:
        """Its age without the time that it waited for a core: how long it had to do something."""
        with suppress(OSError):
            return self.age_seconds - waited_seconds(self.process.pid)
        return self.age_seconds  # it has ended

    @property
    def work_seconds(self) -> float:
        """Since its first call; below 0 before that."""
        if self.first_call_seconds is None:
            return -1.0
        return self.age_seconds - self.first_call_seconds

    def kill(self) -> None:
        self.dead = True
        self.process.kill()

    def kill_soon(self) -> None:
        """Leaves it the time to begin with the answer."""
        threading.Timer(self._digest_seconds, self.kill).start()

    def wait_dead(self) -> None:
        """Kills, unless that happened already, and waits for the end."""
        if not self.dead and self.process.poll() is not None:
            raise RuntimeError(f"the service ended by itself ({self.process.returncode})")
        self.kill()
        self.process.wait()

    def stop(self) -> int:
        """Asks it to end; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.wait_dead()
            return -signal.SIGKILL
