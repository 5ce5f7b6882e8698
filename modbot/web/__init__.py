"""The log page, the page of one decision, and the probes."""

from modbot.web.app import build_server, create_app

__all__ = ["build_server", "create_app"]
