"""What the platforms hold, and what the sandbox writes down about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(kw_only=True)
class SandboxPage:
    """An account of the district."""

    id: str
    platform: str
    name: str
    handle: str
    created_at: datetime
    about: str = ""


@dataclass(kw_only=True)
class SandboxPost:
    """What a page published."""

    id: str
    page_id: str
    platform: str
    text: str
    created_at: datetime
    edge: str = "published_posts"  # Facebook: or another edge of the Page
    author_id: str = ""  # of a visitor; empty: the page itself
    author_name: str = ""
    hidden: bool = False
    story: str | None = None  # a video's or photo's post, when their comments are the same


@dataclass(kw_only=True)
class SandboxComment:
    """A comment with what only the platform knows of it."""

    id: str
    page_id: str
    post_id: str
    platform: str
    text: str
    created_at: datetime
    parent_id: str | None = None  # as posted; Facebook shows the top-level one
    author_id: str = ""
    author_name: str = ""
    hidden: bool = False
    held_as: str = "heldForReview"  # YouTube: or "likelySpam", as its own filter says
    can_hide: bool = True
    edited_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def by_page(self) -> bool:
        return self.author_id == self.page_id


SandboxItem = SandboxPost | SandboxComment


@dataclass(kw_only=True)
class Token:
    """An access token and what it may do."""

    token: str = field(repr=False)
    platform: str
    page_id: str
    scopes: frozenset[str]
    kind: str = "page"  # "page" | "user" | "app"
    expired: bool = False
    error_subcode: int = 463  # Facebook's reason when expired: 463 expired, 460 password, ...


@dataclass(kw_only=True)
class InstagramWays:
    """What Instagram documents nowhere or only in words; a test sets the harder answer."""

    window_only: bool = False  # no cursor leads past the newest 50 comments
    replies_oldest_first: bool = False
    scoped_authors: bool = False  # `from` names the account itself by another id
    in_development: bool = False  # comments are counted, none is shown
    restricted: set[str] = field(default_factory=set)  # authors counted, but not shown
    uncounted: set[str] = field(default_factory=set)  # comments the count does not have yet


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A comment's hidden state changed."""

    at: datetime
    platform: str
    page_id: str
    comment_id: str
    hidden: bool


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that a stand-in answered."""

    at: datetime
    platform: str
    method: str
    path: str
    status: int
