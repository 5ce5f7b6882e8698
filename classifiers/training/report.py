"""How a training tells how far it is."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """A line on standard error."""
    sys.stderr.write(line + "\n")
