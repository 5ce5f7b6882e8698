"""The log page, the page of one decision, and the probes."""

from modbot.web.app import create_app

__all__ = ["create_app"]
