"""What can go wrong around a running service: each fault lasts while its `with` block lasts."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platforms.sandbox.faults import Fault
from platforms.sandbox.world import World

LOCKER = """
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
c.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
c.execute("ROLLBACK")
"""
VENDOR_FAULTS = ("html", "empty", "truncated", "wrong_type", "reset", "slow")


@contextmanager
def disk_full(folder: Path) -> Iterator[None]:
    """Fills the file system of the folder to the last byte."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def database_locked(path: Path) -> Iterator[None]:
    """Another process holds the lock that a writer needs."""
    command = [sys.executable, "-c", LOCKER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as locker:
        assert locker.stdin is not None and locker.stdout is not None
        if locker.stdout.readline() != b"locked\n":
            raise RuntimeError("the other process did not get the lock")
        try:
            yield
        finally:
            locker.stdin.close()
            locker.wait(30)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """The process stands still, as under `docker pause`."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def out_of_handles(pid: int) -> Iterator[None]:
    """The process can open no file and no connection more than it has open."""
    now = len(os.listdir(f"/proc/{pid}/fd"))
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (now, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


@contextmanager
def broken_configuration(folder: Path) -> Iterator[None]:
    """A key that there is not, in modbot.toml."""
    path = folder / "modbot.toml"
    sound = path.read_text("utf-8")
    path.write_text(f"{sound}\n[polling2]\nmin_seconds = 1\n", "utf-8")
    try:
        yield
    finally:
        path.write_text(sound, "utf-8")


@contextmanager
def dead_scheduler(pid: int) -> Iterator[None]:
    """As breakable_service understands it."""
    os.kill(pid, signal.SIGUSR1)
    yield


@contextmanager
def wrong_clock(pid: int, file: Path, seconds: float) -> Iterator[None]:
    """The process's wall clock is so much ahead, as breakable_service understands it."""
    file.write_text(str(seconds))
    os.kill(pid, signal.SIGUSR2)
    try:
        yield
    finally:
        file.write_text("0")
        os.kill(pid, signal.SIGUSR2)


@contextmanager
def vendors_answer(world: World, kind: str, match: str = "") -> Iterator[None]:
    """Every answer is spoilt in this way, or those to calls whose path holds `match`."""
    world.faults.push(Fault(kind=kind, match=match, times=10**9))
    try:
        yield
    finally:
        world.faults.clear()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """A file system of its own for the folder; False where this user may not mount one."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}M", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        for _ in range(20 if mounted else 0):
            if subprocess.run(["umount", str(folder)], capture_output=True).returncode == 0:
                break
            time.sleep(0.25)
