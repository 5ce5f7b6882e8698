"""When a page's nightly sweep is due."""

from __future__ import annotations

import hashlib
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

SPREAD = timedelta(hours=3)  # the pages begin one after the other, so that no vendor is stormed


def last_slot(page_id: str, now: datetime, *, at: time, zone: ZoneInfo) -> datetime:
    """When the page's newest sweep should have begun: each night at its own minute after `at`."""
    share = int.from_bytes(hashlib.sha256(page_id.encode()).digest()[:4]) / 2**32
    local = now.astimezone(zone)
    slot = datetime.combine(local.date(), at, zone) + SPREAD * share
    if slot > local:
        slot = datetime.combine(local.date() - timedelta(days=1), at, zone) + SPREAD * share
    return slot.astimezone(now.tzinfo)


def sweep_is_due(
    page_id: str, swept_at: datetime | None, now: datetime, *, at: time, zone: ZoneInfo
) -> bool:
    """Was the page not swept since its newest slot? After an outage it is, once."""
    return swept_at is None or swept_at < last_slot(page_id, now, at=at, zone=zone)
