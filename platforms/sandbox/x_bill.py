"""What X would charge for the calls that the stand-in answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

# US cents, pay-per-use price list of August 2026. That hiding is "Content: Manage" is a guess.
CENTS = {"post": 0.5, "owned_post": 0.1, "user": 1.0, "hide": 0.5}


@dataclass(kw_only=True)
class XBill:
    """US cents by UTC day. What is read twice in a day is charged once."""

    owns_app: bool = False  # the account also owns the developer app: its listings are cheaper
    cents: dict[date, float] = field(default_factory=dict)
    _read: dict[date, set[str]] = field(default_factory=dict)

    def read(self, kind: str, item_id: str, day: date, *, own_listing: bool = False) -> None:
        """Charges for one "post" or "user" of an answer."""
        seen = self._read.setdefault(day, set())
        if item_id not in seen:
            seen.add(item_id)
            owned = kind == "post" and own_listing and self.owns_app
            self._charge("owned_post" if owned else kind, day)

    def hide(self, day: date) -> None:
        """Charges for hiding or showing one reply."""
        self._charge("hide", day)

    def _charge(self, kind: str, day: date) -> None:
        self.cents[day] = round(self.cents.get(day, 0.0) + CENTS[kind], 3)
