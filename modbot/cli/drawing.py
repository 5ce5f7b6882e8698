"""Numbers drawn in a terminal with plain characters: bars to compare, curves to read off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from modbot.plain_text import one_line

if TYPE_CHECKING:
    from rich.console import Console

BAR_WIDTH = 40
PLOT_WIDTH, PLOT_HEIGHT = 51, 11  # a column is 0.02 of a score, a row 10 %
_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(value: float, most: float, width: int = BAR_WIDTH) -> str:
    """`value` drawn against `most`; anything above nothing shows."""
    if most <= 0 or value <= 0:
        return ""
    eighths = max(1, round(8 * width * min(value, most) / most))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def draw_bars(console: Console, title: str, numbers: Mapping[str, float]) -> None:
    """One bar a name, longest number first; `title` says what is counted."""
    if not numbers:
        return
    console.print(title)
    names = sorted(numbers, key=lambda name: (-numbers[name], name))
    width = min(30, max(len(one_line(name)) for name in names))
    most = max(numbers.values())
    for name in names:
        label = one_line(name)[:width].ljust(width)
        console.print(f"  {label} {numbers[name]:>6g} {bar(numbers[name], most)}", soft_wrap=True)


def plot(curves: Mapping[str, Sequence[tuple[float, float]]]) -> list[str]:
    """Curves in the unit square as lines of text: `curves` maps a mark of one character to points.

    The left edge names shares of 0 to 100 %, the bottom scores of 0 to 1. Where two curves meet the
    mark is `*`.
    """
    grid = [[" "] * PLOT_WIDTH for _ in range(PLOT_HEIGHT)]
    for mark, points in curves.items():
        for x, y in points:
            column = round(min(max(x, 0.0), 1.0) * (PLOT_WIDTH - 1))
            row = PLOT_HEIGHT - 1 - round(min(max(y, 0.0), 1.0) * (PLOT_HEIGHT - 1))
            there = grid[row][column]
            grid[row][column] = mark if there in (" ", mark) else "*"
    lines = [
        f"{100 - 10 * number:>4} % ┤{''.join(cells).rstrip()}" for number, cells in enumerate(grid)
    ]
    ticks = "".join(
        f"{0.2 * number:.1f}".ljust((PLOT_WIDTH - 1) // 5) for number in range(6)
    ).rstrip()
    return [*lines, f"       └{'─' * PLOT_WIDTH}", f"        {ticks}"]
