"""Accounts on platforms without any API for comments: Snapchat, Myspace and their like.

Nothing is ever called. People bring what they saw (`modbot manual add`), and take out of sight by
hand what is to be hidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modbot.domain import Capability, Comment, CommentBatch, Page
from modbot.errors import Unsupported
from modbot.ports import Connection

BY_HAND = "nothing is called here: remove it in the app, then confirm with `modbot manual done`"


class ManualAdapter:
    """One account that only people can reach. Needs no secrets."""

    capabilities: frozenset[Capability] = frozenset()

    def __init__(self, page: Page, connection: Connection):  # noqa: ARG002 - a factory's signature
        self.page = page

    def check(self) -> None:
        """There is nothing to check."""

    def fetch_since(self, cursor: str | None) -> CommentBatch:
        """Always nothing."""
        return CommentBatch(comments=(), cursor=cursor or "by hand")

    def fetch_one(self, comment_id: str) -> Comment | None:
        """Always raises Unsupported."""
        raise Unsupported(f"{comment_id}: {BY_HAND}")

    def fetch_many(self, comment_ids: Sequence[str]) -> Mapping[str, Comment | None]:  # noqa: ARG002
        """Nothing is known of any."""
        return {}

    def hide(self, comment_id: str) -> None:
        """Always raises Unsupported."""
        raise Unsupported(f"{comment_id}: {BY_HAND}")

    def restore(self, comment_id: str) -> None:
        """Always raises Unsupported."""
        raise Unsupported(f"{comment_id}: {BY_HAND}")

    def delete(self, comment_id: str) -> None:
        """Always raises Unsupported."""
        raise Unsupported(f"{comment_id}: {BY_HAND}")
