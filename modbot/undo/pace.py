"""How fast comments may be restored: what a platform's quota leaves beside polls and hides.

Restores of a run wait behind every hide that is due (store.due_actions()); these limits keep them
from spending what later hides and polls need.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from modbot import store

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Limits of a page, or of all pages of the platform together where they share one quota."""

    open_at_once: int  # restores that are asked for and not answered yet
    an_hour: int
    a_day: int
    shared: bool = False
    dollars: float = 0.0  # a restore: what the vendor charges for the look-up and the call


PACES: Mapping[str, Pace] = {
    # Three calls each (look up, restore, read back); a page has at least 200 calls an hour.
    "facebook": Pace(open_at_once=10, an_hour=50, a_day=1200),
    "instagram": Pace(open_at_once=10, an_hour=50, a_day=1200),
    # 50 hides or restores in 15 minutes for one account; the other half is for hides. A post read
    # costs $0.005, and so, as far as the vendor says, does the call.
    "x": Pace(open_at_once=5, an_hour=100, a_day=1000, shared=True, dollars=0.01),
    # 54 units each (three to look up, 51 to restore) of 10,000 a day, of which half is left alone.
    "youtube": Pace(open_at_once=5, an_hour=30, a_day=90, shared=True),
    # The district's own server.
    "wordpress": Pace(open_at_once=20, an_hour=1200, a_day=20_000),
}
OTHERWISE = Pace(open_at_once=5, an_hour=60, a_day=500)


def pace_of(platform: str) -> Pace:
    """The limits of a platform."""
    return PACES.get(platform, OTHERWISE)


def room(session: Session, page_id: str, platform: str, now: datetime) -> int:
    """How many restores may be asked for on a page now."""
    pace = pace_of(platform)
    where = {"platform": platform} if pace.shared else {"page_id": page_id}
    left = pace.open_at_once - store.restores_open(session, **where)
    for most, span in ((pace.an_hour, HOUR), (pace.a_day, DAY)):
        left = min(left, most - store.restores_within(session, now, span, **where))
    return max(0, left)


def takes(restores: Mapping[tuple[str, str], int]) -> timedelta:
    """How long so many restores (by page and platform) take where nothing else goes on."""
    queues: dict[tuple[str, str], int] = {}
    for (page_id, platform), number in restores.items():
        key = (platform, "" if pace_of(platform).shared else page_id)
        queues[key] = queues.get(key, 0) + number
    return max(
        (_alone(pace_of(key[0]), number) for key, number in queues.items()), default=HOUR * 0
    )


def _alone(pace: Pace, number: int) -> timedelta:
    days, rest = divmod(max(0, number - 1), pace.a_day)
    hours = math.floor(rest / pace.an_hour)
    seconds = 2.0 * (rest % pace.an_hour + 1)  # two seconds each, as measured on the stand-ins
    return min(days * DAY + hours * HOUR + timedelta(seconds=seconds), (days + 1) * DAY) * (
        number > 0
    )


def dollars(restores: Mapping[tuple[str, str], int]) -> float:
    """What the vendors charge for so many restores."""
    return sum(pace_of(platform).dollars * number for (_, platform), number in restores.items())
