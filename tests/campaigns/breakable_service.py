"""`modbot`, in which two things can be broken from outside.

SIGUSR1: the scheduler's thread dies of an error. SIGUSR2: the wall clock is wrong by as many
seconds as the file named by TRIAL_CLOCK says; libfaketime cannot do that, as it breaks
`time.sleep()` on this Python, so the names that the clock is read by are replaced.

    TRIAL_CLOCK=/tmp/offset python -m tests.campaigns.breakable_service run --config DIR
"""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from types import SimpleNamespace

import apscheduler.executors.base
import apscheduler.schedulers.base
from apscheduler.schedulers.background import BackgroundScheduler

import modbot.clocks
import modbot.scheduler
from modbot.cli import main

_offset = [0.0]


class WrongDatetime(datetime):
    """Tells a wrong time."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return (datetime.now(UTC) + timedelta(seconds=_offset[0])).astimezone(tz)


def _move(_number: int, _frame: object) -> None:
    _offset[0] = float(Path(os.environ["TRIAL_CLOCK"]).read_text())


def _break(_number: int, _frame: object) -> None:
    def fail(_self: object) -> float:
        raise RuntimeError("broken for a trial")

    BackgroundScheduler._process_jobs = fail


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _break)
    signal.signal(signal.SIGUSR2, _move)
    for module in (
        apscheduler.executors.base,
        apscheduler.schedulers.base,
        modbot.clocks,
        modbot.scheduler,
    ):
        module.datetime = WrongDatetime  # type: ignore[attr-defined]
    modbot.scheduler.time = SimpleNamespace(  # type: ignore[attr-defined]
        time=lambda: time.time() + _offset[0], monotonic=time.monotonic, sleep=time.sleep
    )
    sys.exit(main())
