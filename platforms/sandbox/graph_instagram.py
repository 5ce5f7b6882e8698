"""Instagram professional accounts in the sandbox's Graph API (Facebook Login).

Names are those of the vendor's published specification. That cursors lead past the newest 50
comments was seen in practice, the documents show none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from platforms.sandbox.graph_errors import bad_parameter
from platforms.sandbox.graph_nodes import (
    Caller,
    Edge,
    Json,
    NodeType,
    graph_time,
    newest_first,
    parse_bool,
    parse_since,
)
from platforms.sandbox.records import SandboxComment, SandboxPage, SandboxPost

LISTED = 50


def _media(caller: Caller, page: SandboxPage, params: Mapping[str, str]) -> Sequence[SandboxPost]:
    caller.needs("instagram_basic")
    media = caller.world.posts(page.id)
    if "since" in params:
        media = [one for one in media if one.created_at >= parse_since(params["since"])]
    if "until" in params:
        media = [one for one in media if one.created_at <= parse_since(params["until"])]
    return sorted(media, key=lambda one: (one.created_at, one.id), reverse=True)


def _comments(
    caller: Caller, media: SandboxPost, _params: Mapping[str, str]
) -> Sequence[SandboxComment]:
    """Top level only, newest first."""
    caller.needs("instagram_manage_comments")
    found = [c for c in caller.world.comments(media.id) if c.parent_id is None]
    return _shown(caller, found, newest_first=True)


def _replies(
    caller: Caller, comment: SandboxComment, _params: Mapping[str, str]
) -> Sequence[SandboxComment]:
    caller.needs("instagram_manage_comments")
    found = [c for c in caller.world.comments(comment.post_id) if _root(caller, c) == comment.id]
    return _shown(caller, found, newest_first=not caller.world.instagram.replies_oldest_first)


def _shown(
    caller: Caller, comments: Sequence[SandboxComment], *, newest_first: bool
) -> list[SandboxComment]:
    """In order, without those of people whom the account restricts; maybe 50 and no more."""
    ways = caller.world.instagram
    shown = [c for c in comments if c.author_id not in ways.restricted]
    shown.sort(key=lambda c: (c.created_at, c.id), reverse=newest_first)
    if ways.in_development:
        return []
    return shown[:LISTED] if ways.window_only else shown


def _root(caller: Caller, comment: SandboxComment) -> str | None:
    """A reply to a reply is put under the top-level comment."""
    root = None
    above = comment.parent_id
    while above is not None:
        root, above = above, caller.world.ever(above).parent_id
    return root


def _author(caller: Caller, comment: SandboxComment) -> Json:
    own = comment.by_page and caller.world.instagram.scoped_authors
    author_id = f"9{comment.author_id}" if own else comment.author_id
    return {"id": author_id, "username": comment.author_name}


def _handle(caller: Caller, media: SandboxPost) -> str:
    page = caller.world.page(media.page_id)
    return page.handle if page else ""


def _count(caller: Caller, media: SandboxPost) -> int:
    """Replies count; it may lag behind the list."""
    late = caller.world.instagram.uncounted
    return sum(c.id not in late for c in caller.world.comments(media.id))


def _comment_type() -> NodeType:
    return COMMENT


COMMENT: NodeType = NodeType(
    name="IGComment",
    default=("timestamp", "text", "id"),
    values={
        "id": lambda c: c.id,
        "text": lambda c: c.text,
        "timestamp": lambda c: graph_time(c.created_at),
        "username": lambda c: c.author_name,
        "hidden": lambda c: c.hidden,
        "media": lambda c: {"id": c.post_id},
        "user": lambda c: {"id": c.author_id} if c.by_page else None,
    },
    looked_up={
        "parent_id": _root,
        "from": _author,
    },
    constant={
        "like_count": 0,
    },
    empty=frozenset({"legacy_instagram_comment_id"}),
    edges={
        "replies": Edge(
            target=_comment_type,
            items=_replies,
            descending=newest_first,
            ascending=lambda caller: caller.world.instagram.replies_oldest_first,
            max_limit=50,
        )
    },
    nested={"from": frozenset({"id", "username"}), "media": frozenset({"id"})},
)

MEDIA = NodeType(
    name="IGMedia",
    default=("id",),
    values={
        "id": lambda m: m.id,
        "caption": lambda m: m.text,
        "timestamp": lambda m: graph_time(m.created_at),
        "permalink": lambda m: f"https://www.instagram.com/p/{m.id}/",
    },
    looked_up={
        "comments_count": _count,
        "username": lambda caller, m: _handle(caller, m),
    },
    constant={
        "like_count": 0,
        "is_comment_enabled": True,
        "media_type": "IMAGE",
        "media_product_type": "FEED",
    },
    empty=frozenset(
        {
            "alt_text",
            "ig_id",
            "media_url",
            "owner",
            "shortcode",
            "thumbnail_url",
            "video_title",
            "view_count",
        }
    ),
    edges={
        "comments": Edge(
            target=_comment_type,
            items=_comments,
            descending=newest_first,
            max_limit=50,
        )
    },
)

USER = NodeType(
    name="IGUser",
    default=("id",),
    values={
        "id": lambda u: u.id,
        "username": lambda u: u.handle,
        "name": lambda u: u.name,
        "biography": lambda u: u.about,
    },
    looked_up={
        "media_count": lambda caller, u: len(caller.world.posts(u.id)),
    },
    empty=frozenset(
        {"followers_count", "follows_count", "ig_id", "profile_picture_url", "website"}
    ),
    edges={
        "media": Edge(
            target=lambda: MEDIA,
            items=_media,
            descending=newest_first,
            params=frozenset({"since", "until"}),
        )
    },
)


def update_comment(caller: Caller, comment: SandboxComment, params: Mapping[str, Any]) -> Json:
    """POST ?hide=. The account's own comments stay visible although the answer says success."""
    for name in params:
        if name not in ("hide", "ad_id"):
            raise bad_parameter(f"Unknown parameter {name} on IGComment")
    caller.needs("instagram_manage_comments")
    if "hide" not in params:
        raise bad_parameter("The parameter hide is required")
    hidden = parse_bool(params, "hide")
    if not comment.by_page:
        caller.world.set_hidden(comment.id, hidden)
    return {"success": True}


def delete_comment(caller: Caller, comment: SandboxComment) -> Json:
    caller.needs("instagram_manage_comments")
    caller.world.delete_comment(comment.id, with_replies=True)
    return {"success": True}
