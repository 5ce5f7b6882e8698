"""Tables and figures as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from modbot.intervals import Share

NOTHING = "–"


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; cells are put on one line and cannot end early."""
    lines = [_line(columns), _line(["---"] * len(columns))]
    lines.extend(_line(row) for row in rows)
    return "\n".join(lines)


def rate(share: Share) -> str:
    """`97.2 % (103 of 106; 92.0–99.0)`: the share, its counts, its 95 % interval."""
    if share.value is None:
        return "no rows"
    low, high = share.interval
    counts = f"{share.right:,} of {share.of:,}; {100 * low:.1f}–{100 * high:.1f}"
    return f"{100 * share.value:.1f} % ({counts})"


def figure(value: float | None, digits: int = 3) -> str:
    return NOTHING if value is None else f"{value:.{digits}f}"


def picture(name: str, says: str) -> str:
    return f"![{says}](pictures/{name})"


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(c).replace("\n", " ").replace("|", "\\|") for c in cells) + " |"
