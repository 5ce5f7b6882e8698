"""When a page's nightly sweep is due."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SPREAD = timedelta(hours=3)  # the pages begin one after the other, so that no vendor is stormed


def last_slot(page_id: str, now: datetime, *, at: time, zone: ZoneInfo) -> datetime:
    """When the page's newest sweep should have begun: each night at its own minute after `at`."""
    share = int.from_bytes(hashlib.sha256(page_id.encode()).digest()[:4]) / 2**32
    today = now.astimezone(zone).date()

    def slot(day: date) -> datetime:
        # Compared in UTC: in the night in which clocks go forward a slot of the hour that is left
        # out is later than the wall says, and would be due again and again until then.
        return (datetime.combine(day, at, zone) + SPREAD * share).astimezone(UTC)

    begun = slot(today)
    return begun if begun <= now else slot(today - timedelta(days=1))


def sweep_is_due(
    page_id: str, swept_at: datetime | None, now: datetime, *, at: time, zone: ZoneInfo
) -> bool:
    """Was the page not swept since its newest slot? After an outage it is, once."""
    return swept_at is None or swept_at < last_slot(page_id, now, at=at, zone=zone)
