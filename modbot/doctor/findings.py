"""What an examination finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"  # it works, and somebody should look
    FAILURE = "failure"  # something does not work


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line: what was looked at, how it is, and what to do where it is not well."""

    name: str  # "disk", "page facebook:1001", ...
    state: State
    said: str
    advice: str = ""


Findings = Iterator[Finding]


def well(name: str, said: str) -> Finding:
    """Nothing to do."""
    return Finding(name=name, state=State.OK, said=said)


def doubtful(name: str, said: str, advice: str) -> Finding:
    """A warning."""
    return Finding(name=name, state=State.WARNING, said=said, advice=advice)


def broken(name: str, said: str, advice: str) -> Finding:
    """A failure."""
    return Finding(name=name, state=State.FAILURE, said=said, advice=advice)


def ago(age: timedelta) -> str:
    """An age as people say it: "40 s", "12 min", "3 h", "9 days"."""
    seconds = age.total_seconds()
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def megabytes(size: int) -> str:
    """A size on disk."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
