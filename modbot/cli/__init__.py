"""The command line: `modbot COMMAND`."""

from modbot.cli.app import main

__all__ = ["main"]
