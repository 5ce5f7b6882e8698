"""deploy/compose.yaml, carried out: a container that systemd-nspawn makes of what it and the
Dockerfile say (no test has a Docker) polls, hides by a secret file, and ends when asked to."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from modbot.cli.app import app
from modbot.clocks import SystemClock
from modbot.settings import init_config, load_config
from platforms.sandbox.graph import GraphApi
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from tests.prerequisites import give_up
from tests.systemd_machine import (
    ROOT,
    Machine,
    container,
    new_machine,
    stored_facebook_page,
    wait_for,
)

PROGRAMS = "/opt/modbot/.venv/bin"
SIZES = {"m": 2**20, "g": 2**30}
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text("utf-8"))
SERVICE: dict[str, Any] = COMPOSE["services"]["modbot"]
IMAGE = (ROOT / "Dockerfile").read_text("utf-8")


def of_image(instruction: str) -> str:
    """The last line of the image that begins so, continued ones joined."""
    found = re.findall(rf"^{instruction} (.+)$", IMAGE.replace("\\\n", " "), re.MULTILINE)
    return str(found[-1])


def command_of(line: str) -> list[str]:
    """The list that an instruction ends with."""
    return list(json.loads(line[line.index("[") :]))


def port() -> int:
    return int(of_image("EXPOSE"))


# What the files say to each other and to the program


def test_the_image_runs_a_command_of_the_program_on_its_own_port() -> None:
    program, *words = command_of(of_image("CMD"))
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert program == "modbot" and words[0] in commands
    assert load_config(environ={}).settings.web.port == port()
    assert f"http://127.0.0.1:{port()}/livez" in of_image("HEALTHCHECK")


def test_the_database_lies_in_the_volume_where_nothing_else_is_said() -> None:
    url = load_config(environ={}).settings.database.url
    assert url == "sqlite:///modbot.db", "relative to where the image works"
    mounted = [one.split(":") for one in SERVICE["volumes"]]
    assert ["data", of_image("WORKDIR")] in mounted and of_image("VOLUME") == of_image("WORKDIR")


def test_what_the_service_names_is_declared_and_what_is_declared_is_used() -> None:
    named = {one.split(":")[0] for one in SERVICE["volumes"] if not one.startswith(".")}
    assert named == set(COMPOSE["volumes"])
    assert {one["source"] for one in SERVICE["secrets"]} == set(COMPOSE["secrets"])
    assert set(COMPOSE) == {"services", "secrets", "volumes"}


def test_everything_that_the_image_copies_is_there_and_nothing_that_it_needs_is_left_out() -> None:
    copied = {
        name
        for line in re.findall(r"^COPY (.+)$", IMAGE, re.MULTILINE)
        for name in line.split()[:-1]
    }
    assert all((ROOT / name).exists() for name in copied)
    packages = {p.parent.name for p in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages | {"config", "pyproject.toml", "requirements.lock", "README.md"} <= copied


# And the whole, started


def restrictions(service: dict[str, Any]) -> list[str]:
    """What nspawn is to be told for each key that is about more than starting anew and logs. A key
    that is not known here fails: it has not been tried."""
    left = set(service) - {"build", "image", "restart", "stop_grace_period", "ports", "volumes"}
    left -= {"secrets", "logging", "pids_limit", "mem_limit"}  # looked at while it runs
    told = []
    for key in sorted(left):
        value = service[key]
        told += {
            "init": lambda v: ["--as-pid2"] if v else [],
            "environment": lambda v: [f"--setenv={name}={what}" for name, what in v.items()],
            "read_only": lambda v: ["--read-only"] if v else [],
            "tmpfs": lambda v: [f"--tmpfs={place}" for place in v],
            "cap_drop": lambda v: [f"--drop-capability={','.join(v).lower()}"],
            "security_opt": lambda v: [
                f"--no-new-privileges={'yes' if 'no-new-privileges:true' in v else 'no'}"
            ],
            "ulimits": lambda v: [f"--rlimit={name.upper()}={what}" for name, what in v.items()],
        }[key](value)
    return told


@dataclass
class Started:
    world: World
    page: str
    process: subprocess.Popen[bytes]
    data: Path
    log: Path

    def service(self) -> int:
        """Its process, by its number on this side; 0 while there is none."""
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                lines = status.read_text()
                words = status.with_name("cmdline").read_bytes().split(b"\0")
            except OSError:  # it has ended
                continue
            inside = (
                f"NSpid:\t{status.parent.name}\t" in lines and f"\nUid:\t{user_id()}\t" in lines
            )
            if inside and b"run" in words:
                return int(status.parent.name)
        return 0

    def of_service(self, name: str) -> int:
        lines = Path(f"/proc/{self.service()}/status").read_text()
        found = re.search(rf"^{name}:\s+(\S+)", lines, re.MULTILINE)
        assert found
        return int(found[1], 16 if name.startswith("Cap") else 10)

    def healthy(self) -> bool:
        program, *words = command_of(of_image("HEALTHCHECK"))
        assert program == "python"
        return subprocess.run([sys.executable, *words], capture_output=True).returncode == 0


def user_id() -> int:
    found = re.search(r"--uid (\d+)", IMAGE)
    assert found
    return int(found[1])


def prepare(beside: Path, world: World, page: str, url: str) -> None:
    """The folder beside the compose file as docs/operate.md, "Containers", says, and a database."""
    init_config(beside / "config")
    settings = beside / "config/modbot.toml"
    text = settings.read_text("utf-8")
    assert 'host = "127.0.0.1"' in text
    settings.write_text(text.replace('host = "127.0.0.1"', 'host = "0.0.0.0"'), "utf-8")
    for name, secret in COMPOSE["secrets"].items():
        path = beside / secret["file"]
        path.parent.mkdir(exist_ok=True)
        path.write_text(world.issue_token(page) if name == "facebook" else "unused")
        path.chmod(0o400)
        os.chown(path, user_id(), user_id())
    (beside / "data").mkdir()
    stored_facebook_page(
        beside / "data/modbot.db", page, token_ref="file:/run/secrets/facebook", url=url
    )
    for path in (beside / "data", *(beside / "data").iterdir()):
        os.chown(path, user_id(), user_id())


def mounts(beside: Path) -> Iterator[str]:
    for one in SERVICE["volumes"]:
        source, place, *how = one.split(":")
        here = beside / source  # a named volume is a folder of that name here
        yield f"--bind{'-ro' if how == ['ro'] else ''}={here.resolve()}:{place}"
    for one in SERVICE["secrets"]:
        there = one.get("target", f"/run/secrets/{one['source']}")
        file = beside / COMPOSE["secrets"][one["source"]]["file"]
        yield f"--bind-ro={file.resolve()}:{there}"


@contextmanager
def container_of(machine: Machine, beside: Path) -> Iterator[subprocess.Popen[bytes]]:
    for place in ("var/lib/modbot", "etc/modbot"):
        (machine.folder / place).mkdir(parents=True, exist_ok=True)
    more = [*restrictions(SERVICE), *mounts(beside), f"--chdir={of_image('WORKDIR')}"]
    more += [f"--user={of_image('USER')}", f"--setenv=PATH={PROGRAMS}:/usr/bin:/bin"]
    command = [*container(machine.folder, []), *more, *command_of(of_image("CMD"))]
    with (beside / "log").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    machine = new_machine(tmp_path_factory.mktemp("image") / "root")
    with socket.socket() as s:
        if s.connect_ex(("127.0.0.1", port())) == 0:
            give_up(f"something answers on port {port()} of this machine already")
    beside = tmp_path_factory.mktemp("deploy")
    world = World(SystemClock())
    page = world.add_page("facebook", "LHS")
    with SandboxServer(world, apis=[GraphApi(world)]) as server:
        prepare(beside, world, page, server.url)
        with container_of(machine, beside) as process:
            yield Started(world, page, process, beside / "data", beside / "log")


@pytest.mark.servers
def test_it_starts_says_that_it_is_healthy_and_hides_by_its_secret(started: Started) -> None:
    def healthy() -> bool:
        assert started.process.poll() is None, started.log.read_text("utf-8", "replace")
        return started.healthy()

    wait_for(healthy)
    post = started.world.add_post(started.page, "News")
    comment = started.world.add_comment(post, "what a fucking shame")
    wait_for(lambda: started.world.comment(comment).hidden)


@pytest.mark.servers
def test_it_has_no_more_rights_and_takes_no_more_than_the_file_allows(started: Started) -> None:
    wait_for(started.healthy)
    assert started.of_service("CapBnd") == 0 and started.of_service("CapEff") == 0
    assert started.of_service("NoNewPrivs") == 1
    assert started.of_service("Threads") < SERVICE["pids_limit"] / 2
    limit = SERVICE["mem_limit"]
    assert started.of_service("VmRSS") * 1024 < int(limit[:-1]) * SIZES[limit[-1]] / 2


@pytest.mark.servers
def test_it_ends_cleanly_within_the_time_that_it_is_given(started: Started) -> None:
    wait_for(started.healthy)
    os.kill(started.service(), signal.SIGTERM)
    began, allowed = time.monotonic(), int(SERVICE["stop_grace_period"].removesuffix("s"))
    assert started.process.wait(allowed) == 0, shlex.join(map(str, started.process.args))
    assert time.monotonic() - began < allowed
    assert {path.name for path in started.data.glob("*.db")} == {"modbot.db"}
