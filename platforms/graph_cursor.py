"""Where reading a Graph page stands, as the text that is stored between two polls."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from platforms.graph_counts import Tally, from_stored, to_stored

CURSOR_VERSION = 1
EDGES = ("comments", "replies")

# Whatever a text that is no cursor of ours can lead to.
_NOT_UNDERSTOOD = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    OSError,
    RecursionError,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A listing to be read on, until its comments are older than `floor` (UNIX time)."""

    post_id: str
    node: str
    edge: str
    after: str
    floor: int
    shown_to: int = 0  # how far back the page before it went, when it stood newest first


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where reading stands. `newest`, `swept`: UNIX times; 0: never."""

    newest: int = 0
    swept: int = 0
    pending: tuple[Pending, ...] = ()
    tallies: Mapping[str, Tally] = field(default_factory=dict)  # by post
    posts_after: str = ""  # an unfinished list of posts goes on here ...
    posts_read: int = 0  # ... below as many
    read_anew: bool = False  # it was begun again, as where it was left was no longer valid

    @property
    def unread(self) -> str:
        """CommentBatch.unread: a list of posts that was left for good has no place to go on at."""
        left = self.posts_read and not self.posts_after
        return f"only the newest {self.posts_read:,} posts were read" if left else ""

    def ended(self) -> Place:
        """Once the list of posts was read as far as need be."""
        return replace(self, posts_after="", posts_read=0, read_anew=False)

    def anew(self) -> Place:
        """When the list of posts does not go on where it was left: from its top, and the second
        time no further, or a vendor that never lets it go on would be read for ever."""
        if self.read_anew:
            return replace(self, posts_after="", read_anew=False)
        return replace(self, posts_after="", posts_read=0, read_anew=True)

    def to_cursor(self, platform: str) -> str:
        left = [[p.post_id, p.node, p.edge, p.after, p.floor] for p in self.pending]
        place = {"v": CURSOR_VERSION, "for": platform, "newest": self.newest, "swept": self.swept}
        more = {
            "left": left,
            "counts": to_stored(self.tallies),
            "posts_after": self.posts_after,
            "posts_read": self.posts_read,
            "read_anew": self.read_anew,
        }
        return json.dumps(place | {name: value for name, value in more.items() if value})


def read_cursor(cursor: str | None, platform: str) -> Place:
    """The place that a cursor stands for; a broken or foreign one starts anew."""
    if cursor is None:
        return Place()
    try:
        stored = json.loads(cursor)
        if stored["v"] != CURSOR_VERSION or stored["for"] != platform:
            raise ValueError("a cursor of another kind")
        left = [_pending(*entry) for entry in stored.get("left", ())]
        place = Place(
            newest=stored["newest"],
            swept=stored["swept"],
            pending=tuple(left),
            tallies=from_stored(stored.get("counts", {})),
            posts_after=stored.get("posts_after", ""),
            posts_read=stored.get("posts_read", 0),
            read_anew=bool(stored.get("read_anew")),
        )
        if not (isinstance(place.posts_after, str) and isinstance(place.posts_read, int)):
            raise TypeError("a cursor of another kind")
        datetime.fromtimestamp(place.newest + place.swept, UTC)
    except _NOT_UNDERSTOOD as error:
        logger.warning(
            "%s cursor not understood (%s): reading the watched hours again",
            platform,
            type(error).__name__,
        )
        return Place()
    return place


def _pending(post_id: str, node: str, edge: str, after: str, floor: int) -> Pending:
    if not all(isinstance(text, str) for text in (post_id, node, after)) or edge not in EDGES:
        raise ValueError("a cursor of another kind")
    return Pending(post_id=post_id, node=node, edge=edge, after=after, floor=int(floor))
