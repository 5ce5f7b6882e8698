"""kill -9 while an alert is on its way: it arrives after the restart, once."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from modbot.alerts import Alert, Alerter, IncidentBook
from modbot.alerts.sender import Sender
from modbot.settings import Settings
from modbot.store import Database
from tests.databases import new_database
from tests.fakes import ManualClock
from tests.hook_server import hook_server

ALERTS = {
    "destinations": {"lead": "env:LEAD"},
    "on_call": [{"after_minutes": 0, "to": ["lead"]}],
    "local_hosts": ["127.0.0.1"],
    "deadline_seconds": 60.0,
}
SETTINGS = Settings.model_validate({"alerts": ALERTS})
THREAT = Alert(kind="threat", page_id="facebook:1001", decision_id=1)


def main(path: str, url: str) -> None:
    """What the killed process does: it opens an alert and sends it."""
    from modbot.clocks import SystemClock

    database, clock = Database.open(f"sqlite:///{path}"), SystemClock()
    sender = Sender(database, clock, lambda: SETTINGS, {"LEAD": url})
    book = IncidentBook(database, clock, lambda: SETTINGS.alerts)
    Alerter((), book).send(THREAT)
    sender.round()
    sender.wait(300)


def wait_until(what: object, seconds: float = 90.0) -> None:
    end = time.monotonic() + seconds
    while not what():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.05)


def test_an_alert_that_was_on_its_way_arrives_once_after_the_restart(tmp_path: Path) -> None:
    path = tmp_path / "modbot.db"
    database = new_database(path)
    with hook_server() as hooks:
        address = f"json://127.0.0.1:{hooks.port}"
        words = (
            sys.executable,
            "-m",
            "tests.test_alert_kill",
            str(path),
            f"{address}/hangs?rto=90",
        )
        with subprocess.Popen(words) as process:
            wait_until(lambda: hooks.asked == 1)
            process.send_signal(signal.SIGKILL)
            process.wait()
        clock = ManualClock(datetime.now(UTC) + timedelta(seconds=1))
        sender = Sender(database, clock, lambda: SETTINGS, {"LEAD": f"{address}/now"})
        book = IncidentBook(database, clock, lambda: SETTINGS.alerts)
        assert not Alerter((), book).send(THREAT)  # polled again after the restart
        for _ in range(5):  # a minute passes, then nothing is left to be sent
            clock.advance(61)
            sender.round()
            sender.wait(90)
        assert len(hooks.taken) == 1 and b"Threat" in hooks.taken[0]
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
