"""What visitors post on a Page: public words on the district's page like a comment, and moderated
as one.

Fields and `is_hidden` of a post: Meta's specification of PagePost (v25.0). That a Page may hide a
visitor's post by it, and that `include_hidden` keeps hidden ones in the list, is what the names
say; no live Page was tried. A hide is believed only when it is read back.
"""

from __future__ import annotations

from modbot.domain import Comment, Page
from platforms.graph_items import Item, flag_of, id_of, object_of, text_of, time_of

EDGE = "visitor_posts"
FIELDS = "message,from{id,name},is_hidden,permalink_url"


def is_visitor_post(page: Page, comment_id: str) -> bool:
    """Posts are "{page}_{post}"; comments "{post}_{comment}"."""
    return comment_id.startswith(f"{page.external_id}_")


def wall(page: Page) -> str:
    """What visitors' posts stand under: no post, but the Page itself."""
    return page.external_id


def visitor_post(page: Page, item: Item, raw: bytes) -> Comment | None:
    """The post as a comment. None: the Page wrote it itself, or it has no words (a photo)."""
    author = object_of(item, "from")
    author_id, text = text_of(author, "id"), text_of(item, "message")
    if author_id == page.external_id or not text:
        return None
    return Comment(
        page_id=page.id,
        platform=page.platform,
        id=id_of(item),
        post_id=wall(page),
        text=text,
        created_at=time_of(item, "created_time"),
        author_id=author_id,
        author_name=text_of(author, "name"),
        hidden=flag_of(item, "is_hidden"),
        can_hide=True,
        permalink=text_of(item, "permalink_url"),
        raw=raw,
    )
