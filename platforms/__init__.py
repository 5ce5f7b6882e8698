"""Platform adapters: one file a platform, and the list of them.

Each is imported when its first page is opened: the vendors' clients are slow to load.
"""

from __future__ import annotations

from modbot.domain import Page
from modbot.ports import AdapterFactory, Connection, PlatformAdapter


def _facebook(page: Page, connection: Connection) -> PlatformAdapter:
    from platforms.facebook import FacebookAdapter

    return FacebookAdapter(page, connection)


def _instagram(page: Page, connection: Connection) -> PlatformAdapter:
    from platforms.instagram import InstagramAdapter

    return InstagramAdapter(page, connection)


def _x(page: Page, connection: Connection) -> PlatformAdapter:
    from platforms.x import XAdapter

    return XAdapter(page, connection)


def _wordpress(page: Page, connection: Connection) -> PlatformAdapter:
    from platforms.wordpress import WordPressAdapter

    return WordPressAdapter(page, connection)


def _youtube(page: Page, connection: Connection) -> PlatformAdapter:
    from platforms.youtube import YouTubeAdapter

    return YouTubeAdapter(page, connection)


def _feed(page: Page, connection: Connection) -> PlatformAdapter:
    from platforms.feed import FeedAdapter

    return FeedAdapter(page, connection)


def _manual(page: Page, connection: Connection) -> PlatformAdapter:
    from platforms.manual import ManualAdapter

    return ManualAdapter(page, connection)


ADAPTERS: dict[str, AdapterFactory] = {
    "facebook": _facebook,
    "instagram": _instagram,
    "x": _x,
    "youtube": _youtube,
    "wordpress": _wordpress,
    "feed": _feed,
    "manual": _manual,
}
