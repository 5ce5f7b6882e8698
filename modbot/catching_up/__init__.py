"""What the fast poll does not see of a page's past: back-fills, and the nightly sweep."""

from modbot.catching_up.backfill import (
    MOST_DAYS,
    Backfill,
    ask,
    backfill_of,
    carry_on,
    refuse_where_nothing_is_read,
    stop,
)
from modbot.catching_up.nightly import last_slot, sweep_is_due
from modbot.catching_up.past_reader import PastReader
from modbot.catching_up.sweep import Sweep, SweepResult

__all__ = [
    "MOST_DAYS",
    "Backfill",
    "PastReader",
    "Sweep",
    "SweepResult",
    "ask",
    "backfill_of",
    "carry_on",
    "last_slot",
    "refuse_where_nothing_is_read",
    "stop",
    "sweep_is_due",
]
