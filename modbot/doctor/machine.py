"""The machine: its clock, its disk, its time zone."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import requests

from modbot.doctor.findings import Finding, Findings, ago, broken, doubtful, megabytes, well
from modbot.domain import Page

ROOM_BYTES = 20_000_000  # below that /readyz says no
LITTLE_ROOM_BYTES = 500_000_000
WATCH_SECONDS = 0.3
JUMP_SECONDS = 0.1  # that the wall clock may move by meanwhile
OFF_SECONDS, FAR_OFF_SECONDS = 10.0, 120.0  # platforms refuse what is signed 5 minutes off
ASK_SECONDS = 10.0
VENDORS = {
    "facebook": "https://graph.facebook.com/",
    "instagram": "https://graph.facebook.com/",
    "x": "https://api.x.com/",
    "youtube": "https://youtube.googleapis.com/",
}
MEND_CLOCK = "switch time synchronisation on (timedatectl set-ntp true)"


def clock(newest_record: datetime | None) -> Findings:
    """The wall clock beside a clock that cannot be set, and beside the newest row of the log."""
    wall, steady = time.time(), time.monotonic()
    time.sleep(WATCH_SECONDS)
    moved = (time.time() - wall) - (time.monotonic() - steady)
    now = datetime.now(UTC)
    if abs(moved) > JUMP_SECONDS:
        yield doubtful("clock", f"it moved by {moved:+.1f} s while it was watched", MEND_CLOCK)
    elif newest_record is not None and (newest_record - now).total_seconds() > OFF_SECONDS:
        behind = ago(newest_record - now)
        yield broken("clock", f"it is {behind} behind the newest row of the log", MEND_CLOCK)
    else:
        yield well("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC, steady")


def platform_clocks(pages: Sequence[Page]) -> Findings:
    """The clock beside those of the platforms: one plain call to each, without a token."""
    addresses = {page.base_url or VENDORS.get(page.platform, "") for page in pages}
    for address in sorted(addresses - {""}):
        yield _platform_clock(address)


def _platform_clock(address: str) -> Finding:
    name = f"clock of {address}"
    try:
        answer = requests.head(address, timeout=ASK_SECONDS, allow_redirects=False)
        theirs = parsedate_to_datetime(answer.headers["date"])
        off = (datetime.now(UTC) - theirs).total_seconds()
    except requests.RequestException as error:
        advice = "look at the network, the proxy and the firewall"
        return doubtful(name, f"no answer ({type(error).__name__})", advice)
    except (KeyError, ValueError, TypeError):
        return doubtful(name, "its answer has no usable date", "compare the clock by hand")
    said = f"ours is {abs(off):.0f} s {'ahead' if off > 0 else 'behind'}"
    if abs(off) > FAR_OFF_SECONDS:
        return broken(name, said, f"{MEND_CLOCK}; signed calls will be refused")
    return doubtful(name, said, MEND_CLOCK) if abs(off) > OFF_SECONDS else well(name, said)


def disk(database: Path) -> Finding:
    """Room beside the database, which grows and is copied there."""
    folder = next(f for f in (database.parent, *database.absolute().parents) if f.exists())
    free = shutil.disk_usage(folder).free
    size = database.stat().st_size if database.exists() else 0
    said = f"{megabytes(free)} free beside a database of {megabytes(size)}"
    if free < ROOM_BYTES:
        return broken("disk", said, "make room now: nothing can be recorded, so nothing is hidden")
    if free < max(LITTLE_ROOM_BYTES, 2 * size):
        return doubtful("disk", said, "make room before a backup or an upgrade needs it")
    return well("disk", said)


def time_zone(name: str) -> Finding:
    """Where the district is: times in pages and messages."""
    here = datetime.now(ZoneInfo(name))
    return well("time zone", f"{name}, where it is {here:%A %H:%M} now")
