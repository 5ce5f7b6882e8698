"""`modbot run` or `modbot web` on a clock that was set back to where a large record ends: there its
newest rows are of today.

Run by tests/benchmarks/room_town.py: python -m tests.benchmarks.room_service run|web CONFIG START
"""

from __future__ import annotations

import sys
from datetime import datetime
from functools import partial

from modbot import service
from modbot.cli import main
from modbot.clocks import FastClock


def serve() -> None:
    """Runs until it is told to stop."""
    command, config, start = sys.argv[1:]
    clock = FastClock(datetime.fromisoformat(start), 1.0)
    service.build_service = partial(service.build_service, clock=clock)
    sys.argv = ["modbot", command, "--config", config]
    main()


if __name__ == "__main__":
    serve()
