"""Measures what each vendor's calls cost and writes the table into docs/platforms.md.

    python -m tests.benchmarks.bench_costs          # prints it, and writes it
    python -m tests.benchmarks.bench_costs --dry    # prints it only

A test measures the same and fails when the document says otherwise.
"""

from __future__ import annotations

import sys
from pathlib import Path

from platforms.transport import VendorTransport
from tests.benchmarks.costs import COMMENTS, HIDES, POSTS, UNITS, Costs, measured, measured_feed
from tests.platforms.recorder import RECORDER, summary

DOCUMENT = Path(__file__).parents[2] / "docs" / "platforms.md"
BEGIN, END = "<!-- costs: measured -->", "<!-- costs: end -->"
PLATFORMS = ("facebook", "instagram", "x", "youtube", "wordpress")


def table(costs: list[Costs], feed: int) -> str:
    """The lines between the two marks."""
    head = (
        f"| | a quiet poll, {POSTS} posts | naive | {COMMENTS:,} comments | naive"
        f" | {HIDES} hides | naive | all |"
    )
    lines = [head, "|---|---|---|---|---|---|---|---|"]
    for one in costs:
        quiet, reading, hiding = one.naive
        unit = UNITS.get(one.platform, "calls")
        times = (reading + hiding) / (one.reading + (one.hiding or 0))
        paid = {name: f" ({cents / 100:.2f} $)" for name, cents in one.cents.items()}
        lines.append(
            f"| {one.platform} ({unit}) | {one.quiet_poll} | {quiet}"
            f" | {one.reading:,}{paid.get('reading', '')} | {reading:,}"
            f" | {one.hiding:,}{paid.get('hiding', '')} | {hiding:,} | {times:.1f} times fewer |"
        )
    lines.append(f"| feed (calls) | {feed} | {POSTS} | | | cannot | | |")
    return "\n".join(lines)


def written(document: str, lines: str) -> str:
    """The document with the table in its place."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{lines}\n\n{END}{after}"


def main() -> None:
    VendorTransport.watchers.append(RECORDER)
    lines = table([measured(platform) for platform in PLATFORMS], measured_feed())
    print(lines)
    print(summary(RECORDER.checked, len(RECORDER.deviations)))
    if "--dry" not in sys.argv:
        DOCUMENT.write_text(written(DOCUMENT.read_text("utf-8"), lines), "utf-8")


if __name__ == "__main__":
    main()
