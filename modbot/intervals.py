"""Shares with the interval that their small numbers leave open."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z_95 = 1.959963984540054  # two-sided 95 % of the normal distribution


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share with its 95 % interval."""

    right: int
    of: int

    @property
    def value(self) -> float | None:
        return self.right / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound; see wilson()."""
        return wilson(self.right, self.of)

    @property
    def between(self) -> str:
        """The interval in words: "89.1% to 95.0%"."""
        low, high = self.interval
        return f"{low:.1%} to {high:.1%}"


def wilson(right: int, of: int, z: float = Z_95) -> tuple[float, float]:
    """The score interval of a share, 95 % unless `z` says otherwise; (0, 1) for none of none.

    E. B. Wilson, JASA 22 (1927) 209-212; recommended for small numbers by L. Brown, T. Cai and
    A. DasGupta, Statistical Science 16 (2001) 101-133, section 3.1.1.
    """
    if of == 0:
        return 0.0, 1.0
    share, spread = right / of, z * z / of
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    return max(0.0, centre - half), min(1.0, centre + half)


def needed_without_fault(wanted: float, z: float = Z_95) -> int:
    """How many right out of as many put Wilson's lower bound, n / (n + z²), at `wanted`."""
    return math.ceil(wanted * z * z / (1 - wanted)) if wanted < 1 else 0
