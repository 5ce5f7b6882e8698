"""Which parts of a comment stand between quotation marks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_QUOTED: Final = re.compile('["“„«][^"“”„«»\n]{1,400}["”“»]')


@dataclass(frozen=True, slots=True)
class Quotes:
    """The quoted stretches of one text."""

    spans: tuple[tuple[int, int], ...]

    @classmethod
    def read(cls, text: str) -> Quotes:
        return cls(tuple(match.span() for match in _QUOTED.finditer(text)))

    def hold(self, start: int, end: int) -> bool:
        """Does the stretch lie inside quotation marks?"""
        return any(first <= start and end <= last for first, last in self.spans)
