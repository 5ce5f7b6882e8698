"""Lists of ids of any length in one bound parameter."""

from __future__ import annotations

from modbot.dialects import in_list

__all__ = ["in_list"]
