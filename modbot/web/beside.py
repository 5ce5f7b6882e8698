"""A comment that stands around the one that is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from modbot.store import Said
from modbot.web.marking import Piece, pieces
from modbot.web.veiling import may_offend


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What was said, as it is shown."""

    said: Said
    pieces: tuple[Piece, ...]
    veiled: bool  # blurred until somebody asks for it


def beside(*said: Said) -> tuple[Beside, ...]:
    """These comments as they are shown, in the same order."""
    return tuple(
        Beside(said=one, pieces=tuple(pieces(one.text, [])), veiled=may_offend(one.categories))
        for one in said
    )
