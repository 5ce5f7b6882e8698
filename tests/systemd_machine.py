"""A small machine with systemd as its first process: a container of systemd-nspawn whose files are
a folder of the test's and whose programs, Python and checkout are this machine's, read-only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from modbot import registry
from modbot.clocks import SystemClock
from modbot.domain import Actor, Mode
from modbot.store import Database
from tests.prerequisites import need

ROOT = Path(__file__).parents[1]
UNIT = "modbot.service"
USER_ID = 10001
STAFF = Actor(kind="person", name="Ada")
PATIENCE_SECONDS = 180.0
HIERARCHIES = [Path("/sys/fs/cgroup"), *Path("/sys/fs/cgroup").glob("*")]
PYTHON, LIBRARIES, SOURCE = "/opt/python", "/opt/libraries", "/opt/source"
PROGRAM = f"""#!/bin/sh
export PYTHONPATH={SOURCE}:{LIBRARIES} PYTHONDONTWRITEBYTECODE=1
exec {PYTHON}/bin/python3 -c 'from modbot.cli import main; main()' "$@"
"""


class Machine:
    """`folder` is its root directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._first = 0  # the process that is its number 1

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        path.chmod(mode)
        return path

    def systemctl(self, *words: str) -> str:
        """What systemctl answers, asked inside."""
        inside = ("nsenter", "--target", str(self._first), "--mount", "--pid", "--")
        done = subprocess.run(
            [*inside, "systemctl", *words], capture_output=True, text=True, timeout=PATIENCE_SECONDS
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def property(self, name: str) -> str:
        return self.systemctl("show", UNIT, "--value", f"--property={name}")

    def main_process(self) -> int:
        """The service's process, by its number on this side. Never 0, which to kill() means the
        test itself: raises LookupError where the service has none."""
        inside = self.property("MainPID")
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                lines = dict(
                    x.split(":\t", 1) for x in status.read_text().splitlines() if ":\t" in x
                )
                same = os.readlink(status.with_name("ns") / "pid") == self._processes()
            except OSError:  # it has ended
                continue
            if same and lines["NSpid"].split()[-1] == inside:
                return int(lines["Pid"])
        raise LookupError(f"no process {inside} inside")

    def _processes(self) -> str:
        return os.readlink(f"/proc/{self._first}/ns/pid")

    @contextmanager
    def running(self) -> Iterator[None]:
        """It is started with the unit, and switched off at the end."""
        groups = [h / f"modbot-test-{os.getpid()}" for h in HIERARCHIES if _takes_processes(h)]
        command = [*container(self.folder, groups), "/lib/systemd/systemd", f"--unit={UNIT}"]
        with (self.folder.parent / "console.log").open("wb") as console:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        try:
            wait_for(lambda: self._found(process))
            yield
        finally:
            if self._first:
                os.kill(self._first, signal.SIGKILL)  # what is inside goes with it
            process.kill()
            process.wait()
            for group in groups:
                wait_for(lambda group=group: _removed(group))

    def _found(self, process: subprocess.Popen[bytes]) -> bool:
        assert process.poll() is None, (self.folder.parent / "console.log").read_text()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for child in children:
            if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                self._first = int(child)
        return self._first > 0 and (self.folder / "run").exists() and self._answers()

    def _answers(self) -> bool:
        try:
            return self.property("LoadState") == "loaded"
        except AssertionError:
            return False


def wait_for(what: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it does not come about"
        time.sleep(0.2)


def new_machine(folder: Path) -> Machine:
    """One with users, Python, modbot and the shipped unit. Where no such container can be started
    the test is skipped, and says why; as root, under CI=true, a missing program is a failure."""
    if os.geteuid() != 0:
        pytest.skip("only root can start systemd in a container")
    need("systemd", "systemd-nspawn")
    machine = Machine(folder)
    for name in ("usr", "proc", "sys", "dev", "run", "tmp", "root", "var/lib", "opt"):
        (folder / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (folder / name).symlink_to(f"usr/{name}")
    people = (("root", 0, "/root"), ("modbot", USER_ID, "/var/lib/modbot"), ("nobody", 65534, "/"))
    machine.write(
        "etc/passwd", "".join(f"{n}:x:{i}:{i}::{home}:/bin/sh\n" for n, i, home in people)
    )
    machine.write("etc/group", "".join(f"{n}:x:{i}:\n" for n, i, _ in people))
    machine.write("etc/machine-id", "")
    machine.write("etc/ld.so.conf", f"{PYTHON}/lib\n")
    machine.write("opt/modbot/.venv/bin/modbot", PROGRAM, 0o755)
    for unneeded in Path("/usr/lib/systemd/system/sysinit.target.wants").iterdir():
        mask = folder / "etc/systemd/system" / unneeded.name
        mask.parent.mkdir(parents=True, exist_ok=True)
        mask.symlink_to("/dev/null")
    shutil.copy("/etc/os-release", folder / "etc/os-release")
    shutil.copy(ROOT / "deploy" / UNIT, machine.write(f"etc/systemd/system/{UNIT}", ""))
    tried = subprocess.run(
        [*container(folder, []), "/sbin/ldconfig"], capture_output=True, text=True
    )
    if tried.returncode != 0:
        pytest.skip(f"systemd-nspawn does not work here: {tried.stderr.strip()[-300:]}")
    return machine


def container(folder: Path, groups: list[Path]) -> list[str]:
    """The command that starts one, from control groups of its own."""
    join = "".join(f"mkdir -p {g}; echo $$ > {g}/cgroup.procs; " for g in groups)
    shown = {
        "/usr": "/usr",
        sys.base_prefix: PYTHON,
        sysconfig.get_paths()["purelib"]: LIBRARIES,
        str(ROOT): SOURCE,
    }
    return [
        *("sh", "-ec", f'{join}exec "$@"', "sh", "systemd-nspawn", "--quiet", "--console=pipe"),
        *("--register=no", "--keep-unit", f"--directory={folder}", "--machine=modbot-test"),
        *(f"--bind-ro={here}:{there}" for here, there in shown.items()),
    ]


def _takes_processes(hierarchy: Path) -> bool:
    """Whether nspawn makes groups there: in systemd's own hierarchy and in the second version."""
    named = hierarchy.name in ("systemd", "unified") or (hierarchy / "cgroup.controllers").exists()
    return named and (hierarchy / "cgroup.procs").exists()


def _removed(group: Path) -> bool:
    for folder, _, _ in os.walk(group, topdown=False):
        try:
            Path(folder).rmdir()
        except OSError:  # its processes are still ending
            return False
    return True


def stored_facebook_page(database: Path, page: str, *, token_ref: str, url: str) -> None:
    """A new database with a page of Facebook's stand-in in it, in enforce."""
    opened = Database.open(f"sqlite:///{database}")
    with closing(opened):
        asked = registry.NewPage(
            platform="facebook",
            external_id=page,
            name="LHS",
            token_ref=token_ref,
            district_owned=True,
            base_url=url,
        )
        now = SystemClock().now()
        added = registry.add_page(opened, asked, STAFF, now, platforms={"facebook"})
        registry.set_mode(opened, added.id, Mode.ENFORCE, STAFF, now)
