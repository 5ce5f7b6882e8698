"""The systemd unit, started for real: systemd as the first process of a container of its own runs
deploy/modbot.service as it ships, on a platform that stands in for Facebook."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from modbot.clocks import SystemClock
from modbot.settings import init_config
from platforms.sandbox.graph import GraphApi
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import World
from tests.hook_server import hook_server
from tests.systemd_machine import (
    UNIT,
    USER_ID,
    Machine,
    new_machine,
    stored_facebook_page,
    wait_for,
)

pytestmark = pytest.mark.servers

CREDENTIALS = "file:/run/credentials/modbot.service"
MODBOT_TOML = """
[database]
url = "sqlite:////var/lib/modbot/modbot.db"
[web]
port = {port}
[polling]
min_seconds = 1
max_seconds = 1
[classifier]
name = "embedded"
[alerts]
destinations = {{ duty = "{credentials}/duty" }}
on_call = [{{ after_minutes = 0, to = ["duty"] }}]
local_hosts = ["127.0.0.1"]
"""
# Beside the unit as it ships: where a log can be read without a journal, the secrets, and a watch
# that need not be waited for two minutes. Where control groups are of the first version, systemd in
# a container is not told that a killed service's group is empty, and waits until the time is up.
FOR_THE_TEST = """
[Service]
StandardOutput=append:%h/log
StandardError=append:%h/log
LoadCredential=facebook:/etc/modbot-secrets/facebook
LoadCredential=duty:/etc/modbot-secrets/duty
WatchdogSec=30
TimeoutStopSec=15
"""


@dataclass
class Served:
    machine: Machine
    world: World
    page: str
    port: int
    told: list[bytes]  # what the alerts' destination was sent

    def ready(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=10).ok
        except requests.RequestException:
            return False

    def log(self) -> str:
        return (self.machine.folder / "root/log").read_text("utf-8", "replace")

    def write(self, text: str) -> str:
        return self.world.add_comment(self.world.add_post(self.page, "News"), text)

    def hides(self, text: str) -> bool:
        """Whether a comment that somebody writes now gets hidden."""
        comment = self.write(text)
        wait_for(lambda: self.world.comment(comment).hidden)
        return True


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def prepare(machine: Machine, world: World, page: str, url: str, port: int, duty: str) -> None:
    init_config(machine.folder / "etc/modbot")
    settings = MODBOT_TOML.format(port=port, credentials=CREDENTIALS)
    machine.write("etc/modbot/modbot.toml", settings)
    machine.write("etc/modbot-secrets/facebook", world.issue_token(page), 0o600)
    machine.write("etc/modbot-secrets/duty", duty, 0o600)
    machine.write(f"etc/systemd/system/{UNIT}.d/test.conf", FOR_THE_TEST)
    state = machine.folder / "var/lib/modbot"
    state.mkdir()
    stored_facebook_page(state / "modbot.db", page, token_ref=f"{CREDENTIALS}/facebook", url=url)
    for path in (state, *state.iterdir()):
        os.chown(path, USER_ID, USER_ID)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    machine = new_machine(tmp_path_factory.mktemp("machine") / "root")
    world, port = World(SystemClock()), free_port()
    page = world.add_page("facebook", "LHS")
    with SandboxServer(world, apis=[GraphApi(world)]) as server, hook_server() as hooks:
        duty = f"json://127.0.0.1:{hooks.port}/duty"
        prepare(machine, world, page, server.url, port, duty)
        with machine.running():
            yield Served(machine, world, page, port, hooks.taken)


def begun_anew(served: Served, before: int) -> bool:
    """Whether systemd has started it once more and it says that it works."""
    wait_for(lambda: int(served.machine.property("NRestarts")) > before)
    wait_for(lambda: served.machine.property("ActiveState") == "active")
    wait_for(served.ready)
    return True


def test_it_says_that_it_works_and_does_so_with_a_credential_of_systemd(served: Served) -> None:
    wait_for(lambda: served.machine.property("ActiveState") == "active")
    wait_for(served.ready)
    assert served.hides("what a fucking shame")
    assert served.machine.property("NRestarts") == "0", served.log()


def test_an_alert_leaves_it_by_a_process_of_its_own(served: Served) -> None:
    served.write("I am going to kill that teacher tomorrow")
    wait_for(lambda: served.told)
    assert b"Threat" in served.told[0]


def test_it_has_no_rights_that_the_unit_does_not_leave_it(served: Served) -> None:
    process = served.machine.main_process()
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    assert status["Uid"].split() == [str(USER_ID)] * 4
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    seen = Path(f"/proc/{process}/root")
    mounts = Path(f"/proc/{process}/mountinfo").read_text().splitlines()
    options = {fields[4]: fields[5].split(",") for fields in map(str.split, mounts)}
    assert "ro" in options["/"] and "rw" in options["/var/lib/modbot"]
    assert not (seen / "root/log").exists(), "ProtectHome"
    assert (served.machine.folder / "var/lib/modbot").stat().st_mode & 0o777 == 0o700


def test_killed_it_is_started_again_and_goes_on(served: Served) -> None:
    before = int(served.machine.property("NRestarts"))
    os.kill(served.machine.main_process(), signal.SIGKILL)
    assert begun_anew(served, before)
    assert served.hides("you fucking idiots")


def test_one_that_stands_still_is_killed_and_started_again(served: Served) -> None:
    before = int(served.machine.property("NRestarts"))
    still = served.machine.main_process()
    os.kill(still, signal.SIGSTOP)
    assert begun_anew(served, before)
    assert served.machine.main_process() != still
    assert served.hides("this is bullshit")


def test_asked_to_stop_it_ends_cleanly(served: Served) -> None:
    served.machine.systemctl("stop", UNIT)
    ended = [served.machine.property(x) for x in ("ActiveState", "Result", "ExecMainStatus")]
    assert ended == ["inactive", "success", "0"]
    assert json.loads(served.log().splitlines()[-1])["event"]
    served.machine.systemctl("start", UNIT)
    wait_for(served.ready)


def test_with_a_broken_configuration_it_stays_down_until_that_is_mended(served: Served) -> None:
    served.machine.systemctl("stop", UNIT)
    settings = served.machine.folder / "etc/modbot/modbot.toml"
    good = settings.read_text("utf-8")
    settings.write_text(good + "[polling", "utf-8")
    served.machine.systemctl("start", "--no-block", UNIT)
    wait_for(lambda: served.machine.property("ActiveState") == "failed")
    assert served.machine.property("ExecMainStatus") == "78"
    assert served.machine.property("SubState") == "failed", "not waiting to be started again"
    assert "modbot.toml" in served.log().splitlines()[-1]
    settings.write_text(good, "utf-8")
    served.machine.systemctl("start", UNIT)
    assert served.machine.property("ActiveState") == "active"
