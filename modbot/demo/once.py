"""The whole day as fast as it can, on a clock that stands still while a page is polled.

The clock does not pass an edit or a deletion until its page was polled, so that every version of
every comment is seen once.
"""

from __future__ import annotations

import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from modbot.clocks import SteppedClock
from modbot.demo.report import account
from modbot.demo.stage import Stage, day_begins, demo_feed, paced, set_stage
from modbot.settings import Config

JUST_BEFORE = timedelta(microseconds=1)
POLL_SECONDS = 900.0  # between polls of a page, at least: a whole day takes some 1,000 polls


def run_once(config: Config) -> dict[str, Any]:
    """Plays the day and gives the account of it (see report.account)."""
    started = time.monotonic()
    feed = demo_feed()
    config = paced(config, least_seconds=POLL_SECONDS)
    clock = SteppedClock(day_begins(feed))
    with (
        tempfile.TemporaryDirectory(prefix="modbot-demo-") as folder,
        set_stage(config, feed, clock, Path(folder)) as stage,
    ):
        play(stage, clock)
        return account(stage, seconds=time.monotonic() - started)


def play(stage: Stage, clock: SteppedClock) -> None:
    """Polls every page when it is due, and each page just before an edit or deletion on it; goes
    on after the day until deletions can no longer be missed."""
    due = dict.fromkeys(stage.page_ids.values(), clock.now())
    gates = [e for e in stage.feed if e.kind in ("edit", "delete") and e.at > clock.now()]
    polling = stage.service.config.settings.polling
    last = stage.feed[-1].at
    end = last + timedelta(minutes=polling.recheck_minutes, seconds=2 * polling.max_seconds)
    while (at := min(due.values())) <= end:
        if gates and gates[0].at <= at:
            gate = gates.pop(0)
            clock.move_to(gate.at - JUST_BEFORE)
            _poll(stage, stage.page_ids[gate.page], due)
            continue
        clock.move_to(at)
        _poll(stage, min(due, key=due.__getitem__), due)
    stage.service.carry_out_due()


def _poll(stage: Stage, page_id: str, due: dict[str, datetime]) -> None:
    stage.service.poll_page(page_id)
    wait = stage.service.next_poll_seconds(page_id)
    due[page_id] = stage.service.clock.now() + timedelta(seconds=wait)
