"""Puts the sections of docs/quality.md together, with what is needed to measure them again."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

_HEAD = """\
# Quality

What modbot reaches, measured by `make quality`; made by a program, not to be changed by hand.
How to make it again: `make quality DATA=DIR`, DIR holding the public data sets as
`dev.jsonl.gz` (one `{"text", "lang", "labels", "set"}` a line; docs/model.md names them).
Without DATA all but the sections on public sets is measured."""
NO_DATA = "Not measured: it takes the public data sets. `make quality DATA=DIR` measures it."


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page."""

    title: str
    body: str


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """What was measured, when, and by which command."""

    command: str
    day: date
    revision: str
    models: str


def rendered(sections: Sequence[Section], stamp: Stamp) -> str:
    """The whole page."""
    measured = (
        f"Measured on {stamp.day.isoformat()} at revision {stamp.revision} by `{stamp.command}`,"
        f" with {stamp.models}, Python {platform.python_version()}."
    )
    parts = [_HEAD, measured]
    for number, section in enumerate(sections, 1):
        parts.append(f"## {number}. {section.title}\n\n{section.body}")
    return "\n\n".join(parts) + "\n"


def revision(folder: Path) -> str:
    """The short name of the commit, and whether files differ from it."""
    try:
        name = _git(folder, "rev-parse", "--short=12", "HEAD")
        # What this program itself writes makes no other revision.
        changes = _git(folder, "status", "--porcelain", "--", ".", ":!docs")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{name} with changes" if changes else name


def _git(folder: Path, *arguments: str) -> str:
    ran = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True
    )
    return ran.stdout.strip()
