"""The contract suite's driver for YouTube: a channel with one video."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

from modbot.ports import PlatformAdapter
from platforms.sandbox.faults import RateLimit
from tests.platforms.contract import SandboxDriver


class YouTubeDriver(SandboxDriver):
    """A channel with one video. Its tokens are refresh tokens."""

    def __init__(self, stack: ExitStack):
        super().__init__("youtube", stack)
        self.replies_go_along = True  # a thread is its top-level comment and all below it
        self._elsewhere = self.world.add_page("youtube", "A viewer's channel")

    def read_only_adapter(self) -> PlatformAdapter:
        """Anybody may read a channel's comments; only its owner may hold them."""
        return self._adapter(self.world.issue_token(self._elsewhere))

    def limit_rate(self) -> float:
        longest_day_seconds = 25 * 3600.0
        limit = RateLimit(calls=0, window_seconds=longest_day_seconds)
        self.world.limits["youtube"] = limit
        return longest_day_seconds

    def _secrets(self, token: str) -> Mapping[str, str]:
        return {
            "client_id": "77-modbot.apps.googleusercontent.com",
            "client_secret": "word",
            "refresh_token": token,
        }
