"""Puts a running service through what can go wrong around it, and looks whether it comes out whole.

A supervisor starts it again whenever it ends, as systemd does. While each fault lasts, and before
and after it, people write; then all of it has to be stored and acted on, once.

    python -m tests.campaigns.fault_campaign --json --locked-seconds 60
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.campaigns import machine_faults as faults
from tests.campaigns.kill_account import account, missing, read_stored, verify
from tests.campaigns.kill_campaign import DATABASE, NOUGHT, Campaign, district
from tests.campaigns.kill_service import Child

COMMENTS = 20  # before, during and after each fault
DISK_MB = 96
CATCH_UP_SECONDS = 90.0
WEB_SECONDS = 6.0
WEB = '[web]\nenabled = true\nport = {port}\n[log]\nformat = "json"\n'
CLOCK_FILE = "clock"
CLOCKS = {  # seconds ahead, and then right again
    "back 1 h": -3600.0,
    "on 1 h": 3600.0,
    "on 90 days": 90 * 86400.0,
    "on 10 years": 3650 * 86400.0,
    "back 10 years": -3650 * 86400.0,
}
EXIT_ALREADY_RUNNING, EXIT_WATCHDOG = 75, 70


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One fault: how to bring it about, for how long, and how the service may take it."""

    name: str
    fault: Callable[[Supervised], AbstractContextManager[object]]
    seconds: float
    ends_with: tuple[int, ...] = ()  # exit codes that are right; none: it has to stay alive
    answers: bool = True  # the web page has to answer all the while
    ready: bool | None = None  # what /readyz has to say in the end of it; None: whatever


@dataclass(kw_only=True)
class Supervised:
    """A district, and the service that is started whenever it ended."""

    campaign: Campaign
    port: int
    child: Child
    exit_codes: list[int] = field(default_factory=list)

    @property
    def pid(self) -> int:
        return self.child.process.pid

    def look_after(self) -> None:
        if (code := self.child.process.poll()) is not None:
            self.exit_codes.append(code)
            self.child = start(self.campaign)

    def probe(self) -> tuple[int, float]:
        """The status of /readyz (0: no answer) and how long it took."""
        began = time.monotonic()
        try:
            address = f"http://127.0.0.1:{self.port}/readyz"
            with urllib.request.urlopen(address, timeout=WEB_SECONDS * 2) as answer:
                status = answer.status
        except urllib.error.HTTPError as error:
            status = error.code
        except OSError:
            status = 0
        return status, time.monotonic() - began

    def caught_up(self) -> bool:
        stored = read_stored(self.campaign.database)
        return not missing(self.campaign.world, stored) and not stored.states()["requested"]

    def wait_until(self, what: Callable[[], bool], seconds: float) -> float:
        """How long it took; infinity when it took too long."""
        began = time.monotonic()
        while not what():
            if time.monotonic() - began > seconds:
                return float("inf")
            self.look_after()
            time.sleep(0.25)
        return time.monotonic() - began


def start(campaign: Campaign) -> Child:
    """As a supervisor does."""
    command = [sys.executable, "-m", "tests.campaigns.breakable_service", "run"]
    command += ["--config", str(campaign.folder / "config")]
    campaign.environ["TRIAL_CLOCK"] = str(campaign.folder / CLOCK_FILE)
    child = Child(command, campaign.environ, campaign.folder.parent / "service.log")
    for trap in campaign.traps:
        trap.victim = child
    return child


def trials(locked_seconds: float, stopped_seconds: float, *, small_disk: bool) -> list[Trial]:
    """All of them, in the order in which they are made."""
    found = [
        *(Trial(name=f"vendors: {k}", fault=_vendors(k), seconds=6) for k in faults.VENDOR_FAULTS),
        Trial(name="one page hangs", fault=_one_page_hangs, seconds=20, ready=True),
        Trial(name="database locked 4 s", fault=_locked, seconds=4),
        Trial(name=f"database locked {locked_seconds:g} s", fault=_locked, seconds=locked_seconds),
        _deaf(f"stopped for {stopped_seconds:g} s", faults.stopped, stopped_seconds),
        _deaf("out of file handles", faults.out_of_handles, 15),
        Trial(name="broken configuration", fault=_configuration, seconds=12, ready=True),
        *(
            Trial(name=f"clock {name}", fault=_clock(seconds), seconds=15)
            for name, seconds in CLOCKS.items()
        ),
        _deaf("scheduler's thread dies", faults.dead_scheduler, 10, EXIT_WATCHDOG),
    ]
    if small_disk:
        found.append(Trial(name="disk full", fault=_disk_full, seconds=20, ready=False))
    return found


def _deaf(
    name: str,
    fault: Callable[[int], AbstractContextManager[None]],
    seconds: float,
    *ends_with: int,
) -> Trial:
    """One that is done to the process, which need not answer meanwhile."""
    return Trial(
        name=name,
        fault=lambda s: fault(s.pid),
        seconds=seconds,
        ends_with=ends_with,
        answers=False,
    )


def _disk_full(s: Supervised) -> AbstractContextManager[None]:
    return faults.disk_full(s.campaign.folder)


def _configuration(s: Supervised) -> AbstractContextManager[None]:
    return faults.broken_configuration(s.campaign.folder / "config")


def _vendors(kind: str) -> Callable[[Supervised], AbstractContextManager[None]]:
    return lambda s: faults.vendors_answer(s.campaign.world, kind)


def _clock(seconds: float) -> Callable[[Supervised], AbstractContextManager[None]]:
    return lambda s: faults.wrong_clock(s.pid, s.campaign.folder / CLOCK_FILE, seconds)


def _one_page_hangs(s: Supervised) -> AbstractContextManager[None]:
    account_id = next(iter(s.campaign.world._pages))
    return faults.vendors_answer(s.campaign.world, "slow", account_id)


def _locked(s: Supervised) -> AbstractContextManager[None]:
    return faults.database_locked(s.campaign.database)


def make_trial(service: Supervised, trial: Trial) -> dict[str, Any]:
    """What became of it; `misses` says in words what is not as it has to be."""
    service.exit_codes.clear()
    service.campaign.write(COMMENTS)
    probes = []
    with trial.fault(service):
        service.campaign.write(COMMENTS)
        end = time.monotonic() + trial.seconds
        while time.monotonic() < end:
            service.look_after()
            if trial.answers:
                probes.append(service.probe())
            time.sleep(0.5)
    service.campaign.write(COMMENTS)
    caught_up = service.wait_until(service.caught_up, CATCH_UP_SECONDS)
    ready = service.wait_until(lambda: service.probe()[0] == 200, CATCH_UP_SECONDS)
    codes = tuple(service.exit_codes)
    misses = {
        "not caught up": caught_up > CATCH_UP_SECONDS,
        "not ready again": ready > CATCH_UP_SECONDS,
        f"ended with {codes}": codes != trial.ends_with,
        "the page did not answer in time": any(
            not status or seconds > WEB_SECONDS for status, seconds in probes
        ),
        "/readyz told something else": bool(probes)
        and trial.ready is not None
        and (probes[-1][0] == 200) is not trial.ready,
    }
    return {
        "fault": trial.name,
        "seconds": trial.seconds,
        "exit_codes": list(codes),
        "readyz": sorted({status for status, _ in probes}),
        "slowest_answer": round(max((seconds for _, seconds in probes), default=0.0), 2),
        "caught_up_seconds": round(caught_up, 1),
        "misses": [what for what, missed in misses.items() if missed],
    }


def second_instance(service: Supervised) -> dict[str, Any]:
    """The first one must not notice."""
    command = [str(service.campaign.modbot), "run"]
    command += ["--config", str(service.campaign.folder / "config")]
    second = subprocess.run(command, capture_output=True, env=service.campaign.environ, timeout=60)
    row = {"fault": "a second instance", "exit_codes": [second.returncode], "misses": []}
    if second.returncode != EXIT_ALREADY_RUNNING or service.child.process.poll() is not None:
        row["misses"] = ["it was not refused, or the first one ended"]
    return row


def run_faults(
    folder: Path, *, seed: int, locked_seconds: float, stopped_seconds: float, only: str = ""
) -> dict[str, Any]:
    """The account of all faults; `sound` says whether each was come through."""
    data = folder / "data"
    data.mkdir()
    with faults.small_disk(data, DISK_MB) as small, district(data, seed) as campaign:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        settings = data / "config" / "modbot.toml"
        text = settings.read_text("utf-8").replace("[web]\nenabled = false\n", "")
        settings.write_text(text + WEB.format(port=port), "utf-8")
        service = Supervised(campaign=campaign, port=port, child=start(campaign))
        try:
            service.wait_until(lambda: service.probe()[0] == 200, CATCH_UP_SECONDS)
            rows = []
            for trial in trials(locked_seconds, stopped_seconds, small_disk=small):
                if only in trial.name:
                    rows.append(make_trial(service, trial))
                    sys.stderr.write(f"{json.dumps(rows[-1])}\n")
            rows.append(second_instance(service))
        finally:
            exit_code = service.child.stop()
        result = account(campaign.world, read_stored(data / DATABASE))
        result |= {
            "faults": rows,
            "audit": verify(campaign.modbot, data / "config"),
            "unrecorded_writes": sum(trap.unrecorded_writes for trap in campaign.traps),
            "deviations": sorted({str(one) for one in campaign.world.deviations}),
            "exit_code": exit_code,
            "disk_full": "tried" if small else "not tried: only root may mount a small disk",
        }
    result["sound"] = (
        not any(result[name] for name in NOUGHT)
        and not any(row["misses"] for row in rows)
        and result["audit"]["ok"]
        and result["integrity"] == "ok"
        and exit_code == 0
    )
    return result


def main() -> int:
    """Exit 0 when every fault was come through and nothing lost or done twice."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--locked-seconds", type=float, default=60)
    parser.add_argument("--stopped-seconds", type=float, default=40)
    parser.add_argument("--only", default="", help="faults whose name holds this")
    parser.add_argument("--json", action="store_true", help="one JSON object, on one line")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="modbot-faults-") as folder:
        result = run_faults(
            Path(folder),
            seed=asked.seed,
            locked_seconds=asked.locked_seconds,
            stopped_seconds=asked.stopped_seconds,
            only=asked.only,
        )
        if not result["sound"]:
            sys.stderr.write((Path(folder) / "service.log").read_text("utf-8")[-20_000:])
    sys.stdout.write(json.dumps(result, indent=None if asked.json else 2) + "\n")
    return 0 if result["sound"] else 1


if __name__ == "__main__":
    sys.exit(main())
