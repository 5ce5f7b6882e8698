"""Platform adapters: one file a platform, and the list of them.

Each is imported when its first page is opened: the vendors' clients are slow to load.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from modbot.domain import Capability, Page
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

_CLASSES = {
    "facebook": ("platforms.facebook", "FacebookAdapter"),
    "instagram": ("platforms.instagram", "InstagramAdapter"),
    "x": ("platforms.x", "XAdapter"),
    "youtube": ("platforms.youtube", "YouTubeAdapter"),
    "wordpress": ("platforms.wordpress", "WordPressAdapter"),
    "feed": ("platforms.feed", "FeedAdapter"),
    "manual": ("platforms.manual", "ManualAdapter"),
}


@cache
def capabilities(platform: str) -> frozenset[Capability]:
    """What a platform's adapter can do, without a page or a token. Raises KeyError."""
    module, name = _CLASSES[platform]
    found: frozenset[Capability] = getattr(import_module(module), name).capabilities
    return found
