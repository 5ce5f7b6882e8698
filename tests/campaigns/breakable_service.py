"""`modbot`, whose scheduler's thread dies of an error when the process gets SIGUSR1.

    python -m tests.campaigns.breakable_service run --config DIR
"""

from __future__ import annotations

import signal
import sys

from apscheduler.schedulers.background import BackgroundScheduler

from modbot.cli import main


def _break(_number: int, _frame: object) -> None:
    def fail(_self: object) -> float:
        raise RuntimeError("broken for a trial")

    BackgroundScheduler._process_jobs = fail


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _break)
    sys.exit(main())
