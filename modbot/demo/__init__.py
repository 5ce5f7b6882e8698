"""The demo: a fictional district's school day on stand-ins of the platforms' APIs."""

from modbot.demo.live import run_live
from modbot.demo.once import run_once

__all__ = ["run_live", "run_once"]
