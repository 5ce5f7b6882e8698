"""What a vendor says of its limits, and when it asks for silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from modbot.clocks import is_to_come


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """A limit as the vendor's last answer told it."""

    used: float  # share, 0 to 1
    at: datetime
    left: int | None = None  # calls, where the vendor counts them
    limit: int | None = None
    resets_at: datetime | None = None  # None: a window that slides

    def holds(self, now: datetime) -> bool:
        """Does it still say something?"""
        return self.resets_at is None or is_to_come(self.resets_at, now)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        resets_at = self.resets_at and self.resets_at.isoformat()
        return {
            "used": round(self.used, 4),
            "at": self.at.isoformat(),
            "left": self.left,
            "limit": self.limit,
            "resets_at": resets_at,
        }

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Gauge:
        """What plain() gave."""
        resets_at = plain["resets_at"]
        return cls(
            used=plain["used"],
            at=datetime.fromisoformat(plain["at"]),
            left=plain["left"],
            limit=plain["limit"],
            resets_at=resets_at and datetime.fromisoformat(resets_at),
        )


@dataclass(frozen=True, kw_only=True)
class Block:
    """No call before a time."""

    until: datetime
    why: str
    at: datetime  # when it was noted
    paid: bool = False  # because paid credits are used up: a person has to act

    def holds(self, now: datetime) -> bool:
        """Is it still to be waited for? One of a clock that was wrong is not."""
        return is_to_come(self.until, now, noted_at=self.at)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        times = {"until": self.until.isoformat(), "at": self.at.isoformat()}
        return times | {"why": self.why, "paid": self.paid}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Block:
        """What plain() gave."""
        until = datetime.fromisoformat(plain["until"])
        at = datetime.fromisoformat(plain.get("at", plain["until"]))  # once they were kept without
        return cls(until=until, at=at, why=plain["why"], paid=plain["paid"])
