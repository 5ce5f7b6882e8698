"""Facebook Pages: comments on the page, and what visitors post there, through the Graph API.

A quiet poll is one call for all posts. Replies to replies are flattened by Facebook. A hidden
comment stays visible to its author and the author's friends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modbot.domain import Capability, Comment, CommentBatch, Page, Post
from modbot.errors import (
    BadAnswer,
    BadRequest,
    CommentGone,
    MissingScope,
    PlatformError,
    Unsupported,
)
from modbot.ports import Connection
from platforms import facebook_visitors
from platforms.graph import MULTI_GET_LIMIT, UNUSED_RIGHTS_LAST, GraphClient
from platforms.graph_cursor import Pending
from platforms.graph_items import Item, flag_of, id_of, object_of, text_of, time_of
from platforms.graph_listing import CommentListing
from platforms.graph_lookup import fetch_all
from platforms.hiding import HIDES_A_CALL, hide_and_read_back

COMMENT_FIELDS = (
    "id,message,created_time,from{id,name},parent{id},is_hidden,can_hide,can_remove,"
    "attachment,message_tags,permalink_url"
)
# What a video and a photo have in place of a post's message.
TEXT_FIELDS = {"video_reels": "description", "videos": "description", "photos": "name"}
EDGE_PARAMS = {"photos": {"type": "uploaded"}, "visitor_posts": {"include_hidden": "true"}}
VISITOR_FIELDS = f"id,created_time,{facebook_visitors.FIELDS}"
POST_TEXTS = ("message", "description", "name")


class FacebookShapes:
    """Posts and comments of a Facebook Page."""

    platform = "facebook"
    posts_edge = "published_posts"
    other_edges: tuple[str, ...] = (
        "visitor_posts",
        "ads_posts",
        "video_reels",
        "videos",
        "photos",
    )
    stream = True

    def __init__(self, page: Page, client: GraphClient) -> None:
        self.page = page
        self.client = client
        self._without_text: set[str] = set()

    def edge_params(self, edge: str) -> Mapping[str, str]:
        """Without `type` the vendor lists the photos that show the Page as its profile picture."""
        return EDGE_PARAMS.get(edge, {})

    def may_lack_text(self, edge: str) -> bool:
        """The names of these fields are from memory: where the vendor knows them not, the comments
        are read without the text above them."""
        return edge in TEXT_FIELDS and edge not in self._without_text

    def ask_without_text(self, edge: str) -> None:
        """From now on."""
        self._without_text.add(edge)

    def post_fields(self, edge: str, since: int, comments: int) -> str:
        text = f",{TEXT_FIELDS.get(edge, 'message')}"
        if edge == facebook_visitors.EDGE:
            text = f",{facebook_visitors.FIELDS}"
        elif edge in self._without_text:
            text = ""
        listing = (
            f"comments.filter(stream).order(reverse_chronological).since({since}).limit({comments})"
        )
        return f"id,created_time{text},{listing}.summary(true){{{COMMENT_FIELDS}}}"

    def comment_params(self, since: int, comments: int) -> Mapping[str, str]:
        return {
            "filter": "stream",
            "order": "reverse_chronological",
            "since": str(since),
            "limit": str(comments),
            "fields": COMMENT_FIELDS,
        }

    def post(self, item: Item) -> Post:
        return Post(
            id=id_of(item),
            text=next(filter(None, (text_of(item, one) for one in POST_TEXTS)), ""),
            created_at=time_of(item, "created_time"),
        )

    def said_by(self, edge: str, item: Item, raw: bytes) -> Comment | None:
        return (
            facebook_visitors.visitor_post(self.page, item, raw)
            if edge == facebook_visitors.EDGE
            else None
        )

    def wall(self, edge: str) -> str:
        return facebook_visitors.wall(self.page) if edge == facebook_visitors.EDGE else ""

    def count(self, item: Item) -> int | None:  # noqa: ARG002
        return None

    def comments(
        self, text: str, path: tuple[str, ...], post_id: str
    ) -> tuple[list[Comment], list[Pending]]:
        found = [self.comment(item, raw, post_id) for item, raw in self.client.items(text, path)]
        return found, []

    def comment(self, item: Item, raw: bytes, post_id: str) -> Comment:
        """Stickers and photos have no message: their text is empty."""
        author = object_of(item, "from")
        author_id = text_of(author, "id")
        can_hide = flag_of(item, "can_hide")
        return Comment(
            page_id=self.page.id,
            platform=self.platform,
            id=id_of(item),
            post_id=post_id,
            text=text_of(item, "message") or "",
            created_at=time_of(item, "created_time"),
            parent_id=text_of(object_of(item, "parent"), "id"),
            author_id=author_id,
            author_name=text_of(author, "name"),
            hidden=flag_of(item, "is_hidden"),
            can_hide=True if can_hide is None else can_hide,
            by_page=author_id is not None and author_id == self.page.external_id,
            permalink=text_of(item, "permalink_url"),
            raw=raw,
        )


class FacebookAdapter:
    """The comments of one Facebook Page. Secrets: "token" (a Page token), "app_secret"."""

    capabilities = frozenset(Capability)
    hides_a_call = HIDES_A_CALL
    unused_rights_last = UNUSED_RIGHTS_LAST

    def __init__(self, page: Page, connection: Connection) -> None:
        self.page = page
        self._client = GraphClient(connection, page.base_url)
        self.budget = self._client.budget
        self._shapes = FacebookShapes(page, self._client)
        self._listing = CommentListing(page, self._client, connection, self._shapes)

    def check(self) -> None:
        """Reads once what a poll reads. Whether the token may hide shows at the first hide."""
        me = self._client.get("me", fields="id,name").body
        if id_of(me) != self.page.external_id:
            raise MissingScope("the token is not this Page's own; make a Page access token for it")
        try:
            self._client.get(
                self.page.external_id,
                "published_posts",
                limit="1",
                fields="id,comments.filter(stream).limit(1){id,message,from{id}}",
            )
        except CommentGone as error:
            raise MissingScope(str(error), code=error.code) from None

    def fetch_since(self, cursor: str | None) -> CommentBatch:
        self.budget.before_poll()
        return self._listing.fetch_since(cursor)

    def fetch_one(self, comment_id: str) -> Comment | None:
        visitors = self._is_visitor_post(comment_id)
        fields = VISITOR_FIELDS if visitors else COMMENT_FIELDS
        try:
            answer = self._client.get(comment_id, fields=fields)
        except CommentGone:
            return None
        item, raw = next(self._client.items(answer.text, ()))
        return self._comment(comment_id, item, raw)

    def fetch_many(self, comment_ids: Sequence[str]) -> Mapping[str, Comment | None]:
        posts = [one for one in comment_ids if self._is_visitor_post(one)]
        others = [one for one in comment_ids if not self._is_visitor_post(one)]
        found: dict[str, Comment | None] = {}
        for ids, fields in ((others, COMMENT_FIELDS), (posts, VISITOR_FIELDS)):
            for start in range(0, len(ids), MULTI_GET_LIMIT):
                chunk = ids[start : start + MULTI_GET_LIMIT]
                for one, item in fetch_all(self._client, fields, chunk).items():
                    found[one] = item and self._comment(one, *item)
        return found

    def _comment(self, comment_id: str, item: Item, raw: bytes) -> Comment | None:
        if self._is_visitor_post(comment_id):
            return facebook_visitors.visitor_post(self.page, item, raw)
        return self._shapes.comment(item, raw, self._post_id(comment_id))

    def _is_visitor_post(self, comment_id: str) -> bool:
        return facebook_visitors.is_visitor_post(self.page, comment_id)

    def hide(self, comment_id: str) -> None:
        self._set_hidden(comment_id, True)

    def hide_many(self, comment_ids: Sequence[str]) -> Mapping[str, PlatformError | None]:
        """A call for each, and one to read all of them back."""
        return hide_and_read_back(
            comment_ids, lambda one: self._write_hidden(one, True), self.fetch_many
        )

    def restore(self, comment_id: str) -> None:
        self._set_hidden(comment_id, False)

    def write_again(self, comment: Comment) -> None:
        self._write_hidden(comment.id, bool(comment.hidden))

    def delete(self, comment_id: str) -> None:
        """Takes the replies with it. One that is gone already counts as deleted."""
        try:
            done = self._client.delete(comment_id)
        except CommentGone:
            return
        if not done:
            raise BadAnswer("Facebook did not confirm the deletion")

    def _set_hidden(self, comment_id: str, hidden: bool) -> None:
        refusal = None
        try:
            self._write_hidden(comment_id, hidden)
        except (MissingScope, BadRequest) as error:
            refusal = error  # perhaps it was so already: what counts is what can be read back
        fields = "is_hidden" if self._is_visitor_post(comment_id) else "is_hidden,can_hide"
        state = self._client.get(comment_id, fields=fields).body
        if flag_of(state, "is_hidden") is hidden:
            return
        if flag_of(state, "can_hide") is False:
            raise Unsupported("Facebook does not let the Page hide this comment")
        raise refusal or BadAnswer("Facebook confirmed, but the comment is as it was")

    def _write_hidden(self, comment_id: str, hidden: bool) -> None:
        self._client.post(comment_id, form={"is_hidden": "true" if hidden else "false"})

    def _post_id(self, comment_id: str) -> str:
        """Comment ids are "{post}_{comment}", post ids "{page}_{post}"; "" when it cannot tell."""
        post, _, _ = comment_id.rpartition("_")
        return f"{self.page.external_id}_{post}" if post else ""
