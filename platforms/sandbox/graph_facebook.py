"""Facebook Pages in the sandbox's Graph API: posts, comments, hide and delete.

Field and parameter names are those of the vendor's published specification; which comments an
undocumented `since` brings (those created at or after it) and the default order are constructed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from platforms.sandbox.graph_errors import GraphFailure, bad_parameter
from platforms.sandbox.graph_nodes import (
    Caller,
    Edge,
    Json,
    NodeType,
    checked_enum,
    graph_time,
    newest_first,
    parse_bool,
    parse_since,
)
from platforms.sandbox.records import SandboxComment, SandboxPage, SandboxPost

FILTERS = ("stream", "toplevel")
ORDERS = ("chronological", "reverse_chronological")
LIVE_FILTERS = ("filter_low_quality", "no_filter")


def _author(caller: Caller, comment: SandboxComment) -> Json | None:
    if caller.world.withholds_authors and not comment.by_page:
        return None
    return {"id": comment.author_id, "name": comment.author_name}


def _top_level(caller: Caller, comment: SandboxComment) -> SandboxComment | None:
    """Facebook has one level of replies: a reply to a reply hangs on the top-level comment."""
    top = None
    parent_id = comment.parent_id
    while parent_id is not None:
        top = caller.world.ever(parent_id)
        parent_id = top.parent_id
    return top


def _parent(caller: Caller, comment: SandboxComment) -> Json | None:
    parent = _top_level(caller, comment)
    if parent is None:
        return None
    return {
        "id": parent.id,
        "message": parent.text,
        "created_time": graph_time(parent.created_at),
    }


def _comments(caller: Caller, node: Any, params: Mapping[str, str]) -> Sequence[SandboxComment]:
    caller.needs("pages_read_engagement")
    caller.needs("pages_read_user_content")
    stream = checked_enum(params, "filter", FILTERS, "toplevel") == "stream"
    checked_enum(params, "live_filter", LIVE_FILTERS, "filter_low_quality")
    if caller.token.kind == "user":
        return []
    found = _below(caller, node, stream)
    if "since" in params:
        since = parse_since(params["since"])
        found = [comment for comment in found if comment.created_at >= since]
    found.sort(key=lambda comment: (comment.created_at, comment.id), reverse=_newest_first(params))
    return found


def _below(caller: Caller, node: Any, stream: bool) -> list[SandboxComment]:
    if isinstance(node, SandboxPost):
        comments = caller.world.comments(node.story or node.id)
        return [c for c in comments if stream or c.parent_id is None]
    comments = caller.world.comments(node.post_id)
    return [c for c in comments if (top := _top_level(caller, c)) and top.id == node.id]


def _newest_first(params: Mapping[str, str]) -> bool:
    return checked_enum(params, "order", ORDERS, "chronological") == "reverse_chronological"


def _summary(caller: Caller, node: Any, params: Mapping[str, str]) -> Json:
    stream = params.get("filter") == "stream"
    total = 0 if caller.token.kind == "user" else len(_below(caller, node, stream))
    return {
        "order": params.get("order", "chronological"),
        "total_count": total,
        "can_comment": True,
    }


def _posts(
    edge: str, caller: Caller, page: SandboxPage, params: Mapping[str, str]
) -> Sequence[SandboxPost]:
    caller.needs("pages_read_engagement")
    posts = [post for post in caller.world.posts(page.id) if post.edge == edge]
    if params.get("include_hidden") != "true":
        posts = [post for post in posts if not post.hidden]
    if "since" in params:
        posts = [post for post in posts if post.created_at >= parse_since(params["since"])]
    if "until" in params:
        posts = [post for post in posts if post.created_at <= parse_since(params["until"])]
    return sorted(posts, key=lambda post: (post.created_at, post.id), reverse=True)


def _post_author(caller: Caller, post: SandboxPost) -> Json | None:
    if not post.author_id:
        return {"id": post.page_id, "name": _page_name(caller, post)}
    if caller.world.withholds_authors:
        return None
    return {"id": post.author_id, "name": post.author_name}


def _page_name(caller: Caller, post: SandboxPost) -> str:
    page = caller.world.page(post.page_id)
    return page.name if page else ""


def _comment_type() -> NodeType:
    return COMMENT


COMMENTS = Edge(
    target=_comment_type,
    items=_comments,
    descending=_newest_first,
    params=frozenset({"filter", "order", "live_filter", "since", "summary"}),
    summary=_summary,
)

COMMENT: NodeType = NodeType(
    name="Comment",
    default=("created_time", "from", "message", "id"),
    values={
        "id": lambda c: c.id,
        "message": lambda c: c.text,
        "created_time": lambda c: graph_time(c.created_at),
        "is_hidden": lambda c: c.hidden,
        "can_hide": lambda c: c.can_hide,
        "can_reply_privately": lambda c: not c.by_page,
        "permalink_url": lambda c: (
            f"https://www.facebook.com/{c.post_id}/?comment_id={c.id.rpartition('_')[2]}"
        ),
    },
    looked_up={
        "from": _author,
        "parent": _parent,
        "comment_count": lambda caller, c: len(_below(caller, c, True)),
    },
    constant={
        "is_private": False,
        "can_remove": True,
        "can_comment": True,
        "can_like": True,
        "like_count": 0,
        "user_likes": False,
    },
    empty=frozenset(
        {
            "admin_creator",
            "application",
            "attachment",
            "live_broadcast_timestamp",
            "message_tags",
            "object",
            "private_reply_conversation",
        }
    ),
    edges={"comments": COMMENTS},
    nested={
        "from": frozenset({"id", "name"}),
        "parent": frozenset({"id", "message", "created_time"}),
        "attachment": frozenset({"description", "media", "target", "title", "type", "url"}),
    },
)

POST = NodeType(
    name="PagePost",
    default=("created_time", "message", "id"),
    values={
        "id": lambda p: p.id,
        "message": lambda p: p.text,
        "created_time": lambda p: graph_time(p.created_at),
        "updated_time": lambda p: graph_time(p.created_at),
        "is_hidden": lambda p: p.hidden,
        "permalink_url": lambda p: f"https://www.facebook.com/{p.id}",
    },
    looked_up={
        "from": _post_author,
    },
    constant={
        "is_published": True,
        "is_expired": False,
    },
    empty=frozenset(
        {
            "actions",
            "admin_creator",
            "application",
            "backdated_time",
            "call_to_action",
            "full_picture",
            "icon",
            "message_tags",
            "parent_id",
            "picture",
            "place",
            "privacy",
            "promotable_id",
            "properties",
            "scheduled_publish_time",
            "shares",
            "status_type",
            "story",
            "story_tags",
            "targeting",
        }
    ),
    edges={"comments": COMMENTS},
    nested={"from": frozenset({"id", "name"})},
)

VIDEO = NodeType(
    name="Video",
    default=("updated_time", "description", "id"),
    values={
        "id": lambda v: v.id,
        "description": lambda v: v.text,
        "created_time": lambda v: graph_time(v.created_at),
        "updated_time": lambda v: graph_time(v.created_at),
    },
    edges={"comments": COMMENTS},
)

PHOTO = NodeType(
    name="Photo",
    default=("created_time", "name", "id"),
    values={
        "id": lambda p: p.id,
        "name": lambda p: p.text,
        "created_time": lambda p: graph_time(p.created_at),
    },
    edges={"comments": COMMENTS},
)


def kind_of(post: SandboxPost) -> NodeType:
    """Reels are videos."""
    return {"video_reels": VIDEO, "videos": VIDEO, "photos": PHOTO}.get(post.edge, POST)


PAGE = NodeType(
    name="Page",
    default=("name", "id"),
    values={
        "id": lambda p: p.id,
        "name": lambda p: p.name,
        "username": lambda p: p.handle,
        "about": lambda p: p.about,
    },
    constant={
        "is_published": True,
    },
    empty=frozenset(
        {"bio", "category", "description", "fan_count", "followers_count", "link", "website"}
    ),
    edges={
        "published_posts": Edge(
            target=lambda: POST,
            items=partial(_posts, "published_posts"),
            descending=newest_first,
            params=frozenset({"include_hidden", "show_expired", "with", "since", "until"}),
        ),
        "visitor_posts": Edge(
            target=lambda: POST,
            items=partial(_posts, "visitor_posts"),
            descending=newest_first,
            params=frozenset({"include_hidden", "show_expired", "with"}),
        ),
        "ads_posts": Edge(
            target=lambda: POST,
            items=partial(_posts, "ads_posts"),
            descending=newest_first,
            params=frozenset({"exclude_dynamic_ads", "include_inline_create", "since", "until"}),
        ),
        "video_reels": Edge(
            target=lambda: VIDEO,
            items=partial(_posts, "video_reels"),
            descending=newest_first,
        ),
        "videos": Edge(
            target=lambda: VIDEO,
            items=partial(_posts, "videos"),
            descending=newest_first,
            params=frozenset({"type"}),
        ),
        "photos": Edge(
            target=lambda: PHOTO,
            items=partial(_posts, "photos"),
            descending=newest_first,
            params=frozenset({"type"}),
        ),
    },
)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who stands behind a user token: not the Page."""

    id: str
    name: str = "Page Admin"


PERSON = NodeType(
    name="User",
    default=("name", "id"),
    values={"id": lambda person: person.id, "name": lambda person: person.name},
)


def update_comment(caller: Caller, comment: SandboxComment, params: Mapping[str, str]) -> Json:
    """POST on a comment: is_hidden, or message on one of the page's own."""
    for name in params:
        if name not in ("is_hidden", "message", "attachment_id", "attachment_url"):
            raise bad_parameter(f"Unknown parameter {name} on Comment")
    caller.needs("pages_manage_engagement", code=200)
    if caller.token.kind == "user":
        raise GraphFailure(1705, "There was an error posting as this person")
    if "message" in params:
        if not comment.by_page:
            raise GraphFailure(200, "(#200) Only its author can edit a comment", status=403)
        caller.world.edit_comment(comment.id, params["message"])
    if "is_hidden" in params:
        hidden = parse_bool(params, "is_hidden")
        if not comment.can_hide:
            raise GraphFailure(200, "(#200) This comment cannot be hidden", status=403)
        caller.world.set_hidden(comment.id, hidden)
    return {"success": True}


def update_post(caller: Caller, post: SandboxPost, params: Mapping[str, str]) -> Json:
    """POST on a visitor's post: is_hidden."""
    caller.needs("pages_manage_engagement", code=200)
    if set(params) != {"is_hidden"}:
        raise bad_parameter("Only is_hidden can be set on a visitor's post")
    post.hidden = parse_bool(params, "is_hidden")
    return {"success": True}


def delete_comment(caller: Caller, comment: SandboxComment) -> Json:
    """Takes the replies with it."""
    caller.needs("pages_manage_engagement", code=200)
    caller.world.delete_comment(comment.id, with_replies=True)
    return {"success": True}
