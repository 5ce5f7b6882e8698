"""Ids shaped as each vendor's, and which of ours they stand for."""

from __future__ import annotations

from datetime import datetime

X_EPOCH_MS = 1_288_834_974_657  # snowflake: milliseconds since then, shifted by 22 bits


class VendorIds:
    """Makes ids, the same ones in every run, and finds them both ways."""

    def __init__(self) -> None:
        self._count = 0
        self._last_snowflake = 0
        self._by_feed: dict[str, list[str]] = {}
        self._feed: dict[str, str] = {}
        self._authors: dict[tuple[str, str], str] = {}

    def make(self, kind: str, platform: str, at: datetime, parent: str = "") -> str:
        """An unused id for a "page", "post", "comment" or "author"; `parent` is the id above."""
        self._count += 1
        if platform == "x":
            return str(self._snowflake(at)) if kind in ("post", "comment") else self._digits(9, 10)
        if platform == "facebook" and kind in ("post", "comment"):
            return f"{parent.rpartition('_')[2]}_{self._digits(1, 15)}"
        if platform == "youtube":
            return self._of_youtube(kind, parent)
        if platform == "instagram":
            return self._digits(178, 17)
        return self._digits(10, 15)

    def bind(self, feed_id: str, vendor_id: str) -> None:
        """From now on `feed_id` means `vendor_id`; earlier ones still lead back to it."""
        self._by_feed.setdefault(feed_id, []).append(vendor_id)
        self._feed[vendor_id] = feed_id

    def vendor_ids(self, feed_id: str) -> tuple[str, ...]:
        """Every id the thing has had, oldest first."""
        return tuple(self._by_feed.get(feed_id, ()))

    def feed_id(self, vendor_id: str) -> str:
        return self._feed[vendor_id]

    def resolve(self, any_id: str) -> str:
        """The vendor's id for an id of either kind; KeyError when unknown."""
        if any_id in self._feed:
            return any_id
        return self._by_feed[any_id][-1]

    def author(self, platform: str, author_id: str, at: datetime) -> str:
        """The vendor's id of a person, the same each time; a vendor's id stays as it is."""
        key = (platform, author_id)
        if author_id in self._authors.values():
            return author_id
        if key not in self._authors:
            self._authors[key] = self.make("author", platform, at)
        return self._authors[key]

    def _of_youtube(self, kind: str, parent: str) -> str:
        if kind == "post":
            return f"v{self._digits(1, 10)}"
        if kind != "comment":
            return f"UC{self._digits(1, 22)}"
        if parent.startswith("Ug"):  # one level of replies, each under its thread
            return f"{parent.partition('.')[0]}.{self._digits(9, 22)}"
        return f"Ugx{self._digits(1, 23)}"

    def _digits(self, prefix: int, length: int) -> str:
        tail = length - len(str(prefix))
        return f"{prefix}{self._count * 7_919:0{tail}d}"

    def _snowflake(self, at: datetime) -> int:
        ms = int(at.timestamp() * 1000)
        self._last_snowflake = max(self._last_snowflake + 1, (ms - X_EPOCH_MS) << 22)
        return self._last_snowflake
