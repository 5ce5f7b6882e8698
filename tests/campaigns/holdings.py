"""What a process holds, as Linux tells it, and how that changes over time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

BAR_WIDTH = 40
MINUTE = 60.0


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """At one moment, `at` seconds after the first look."""

    at: float
    memory_mb: float  # resident
    handles: int
    threads: int
    cpu_seconds: float  # since it was started


def look(pid: int, at: float) -> Holdings:
    """What the process holds now. Raises OSError when there is no such process."""
    process = Path(f"/proc/{pid}")
    status = dict(
        line.split(":", 1) for line in (process / "status").read_text().splitlines() if ":" in line
    )
    if "VmRSS" not in status:
        raise ProcessLookupError(f"process {pid} has ended")
    ticks = (process / "stat").read_text().rpartition(")")[2].split()
    return Holdings(
        at=round(at, 1),
        memory_mb=int(status["VmRSS"].split()[0]) / 1024,
        handles=len(os.listdir(process / "fd")),
        threads=int(status["Threads"]),
        cpu_seconds=(int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK"),
    )


def waited_seconds(pid: int) -> float:
    """How long that of its threads has waited for a core which has waited longest. Raises OSError
    when there is no such process."""
    told = [(task / "schedstat").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    return max((int(one.split()[1]) for one in told), default=0) / 1e9


def slope_percent(looks: Sequence[Holdings]) -> float:
    """How much memory grows from the first to the last look, by a straight line through all, in
    per cent of where the line begins."""
    if len(looks) < 2:
        return 0.0
    times = np.array([one.at for one in looks])
    slope, start = np.polyfit(times - times[0], [one.memory_mb for one in looks], 1)
    return float(100 * slope * (times[-1] - times[0]) / start)


def table(looks: Sequence[Holdings], step: float = MINUTE) -> str:
    """A line a minute, with a bar for the memory."""
    most = max(one.memory_mb for one in looks)
    lines = ["   min  memory MB  handles  threads   cpu s"]
    due = 0.0
    for one in looks:
        if one.at < due and one is not looks[-1]:
            continue
        due = one.at + step - 1
        bar = "#" * round(BAR_WIDTH * one.memory_mb / most)
        lines.append(
            f"{one.at / MINUTE:6.1f} {one.memory_mb:10.1f} {one.handles:8} {one.threads:8}"
            f" {one.cpu_seconds:7.1f}  {bar}"
        )
    return "\n".join(lines) + "\n"
