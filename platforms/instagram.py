"""Instagram professional accounts: comments on the account's media, through the Graph API.

A quiet poll is one call. Instagram shows the newest 50 top-level comments of a medium with their
replies and takes no date; it cannot hide the account's own comments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modbot.domain import Capability, Comment, CommentBatch, Page, Post
from modbot.errors import BadAnswer, CommentGone, MissingScope, PlatformError, Unsupported
from modbot.ports import Connection
from platforms.graph import MULTI_GET_LIMIT, UNUSED_RIGHTS_LAST, GraphClient
from platforms.graph_cursor import Pending
from platforms.graph_items import (
    Item,
    count_of,
    flag_of,
    id_of,
    list_of,
    next_cursor,
    object_of,
    text_of,
    time_of,
)
from platforms.graph_listing import CommentListing
from platforms.graph_lookup import fetch_all
from platforms.hiding import HIDES_A_CALL, hide_and_read_back

LISTED = 50  # comments a call, at most
# `user` is there for the account's own comments only.
REPLY_FIELDS = "id,text,timestamp,username,from,user,hidden,parent_id"
COMMENT_FIELDS = f"{REPLY_FIELDS},media"


class InstagramShapes:
    """Media and comments of an Instagram account."""

    platform = "instagram"
    posts_edge = "media"
    other_edges: tuple[str, ...] = ()
    stream = False

    def __init__(self, page: Page, client: GraphClient) -> None:
        self.page = page
        self.client = client

    def edge_params(self, edge: str) -> Mapping[str, str]:  # noqa: ARG002
        return {}

    def may_lack_text(self, edge: str) -> bool:  # noqa: ARG002
        return False

    def ask_without_text(self, edge: str) -> None:
        """Never asked for."""

    def said_by(self, edge: str, item: Item, raw: bytes) -> Comment | None:  # noqa: ARG002
        return None

    def wall(self, edge: str) -> str:  # noqa: ARG002
        return ""

    def post_fields(self, edge: str, since: int, comments: int) -> str:  # noqa: ARG002
        listed = f"comments.limit({comments}){{{_with_replies(comments)}}}"
        return f"id,caption,timestamp,comments_count,{listed}"

    def comment_params(self, since: int, comments: int) -> Mapping[str, str]:  # noqa: ARG002
        return {"limit": str(min(comments, LISTED)), "fields": _with_replies(min(comments, LISTED))}

    def post(self, item: Item) -> Post:
        return Post(
            id=id_of(item),
            text=text_of(item, "caption") or "",
            created_at=time_of(item, "timestamp"),
        )

    def count(self, item: Item) -> int | None:
        """Replies are counted; whether hidden comments are is documented nowhere."""
        return count_of(item, "comments_count")

    def comments(
        self, text: str, path: tuple[str, ...], post_id: str
    ) -> tuple[list[Comment], list[Pending]]:
        found: list[Comment] = []
        pending: list[Pending] = []
        for item, raw in self.client.items(text, path):
            comment = self.comment(item, raw, post_id)
            found.append(comment)
            replies = object_of(item, "replies")
            if replies:
                list_of(replies, "data")
            inner = raw.decode("utf-8", "surrogatepass")
            below = [
                self.comment(reply, reply_raw, post_id, comment.id)
                for reply, reply_raw in self.client.items(inner, ("replies", "data", "*"))
            ]
            found += below
            if after := next_cursor(replies):
                pending.append(_rest_of(comment, after, below))
        return found, pending

    def comment(
        self, item: Item, raw: bytes, post_id: str, parent_id: str | None = None
    ) -> Comment:
        author = object_of(item, "from")
        author_id = text_of(author, "id")
        name = text_of(item, "username") or text_of(author, "username")
        own = (
            author_id == self.page.external_id
            or bool(object_of(item, "user"))
            or (bool(self.page.handle) and name == self.page.handle)
        )
        return Comment(
            page_id=self.page.id,
            platform=self.platform,
            id=id_of(item),
            post_id=post_id,
            text=text_of(item, "text") or "",
            created_at=time_of(item, "timestamp"),
            parent_id=text_of(item, "parent_id") or parent_id,
            author_id=author_id,
            author_name=name,
            hidden=flag_of(item, "hidden"),
            can_hide=not own,
            by_page=own,
            raw=raw,
        )


def _rest_of(comment: Comment, after: str, shown: Sequence[Comment]) -> Pending:
    """What of a thread is still to be read."""
    times = [int(one.created_at.timestamp()) for one in shown]
    newest_first = len(times) > 1 and times == sorted(times, reverse=True) and times[0] > times[-1]
    return Pending(
        post_id=comment.post_id,
        node=comment.id,
        edge="replies",
        after=after,
        floor=0,
        shown_to=times[-1] if newest_first else 0,
    )


def _with_replies(limit: int) -> str:
    return f"{REPLY_FIELDS},replies.limit({limit}){{{REPLY_FIELDS}}}"


class InstagramAdapter:
    """The comments of one Instagram account. Secrets: "token", "app_secret"."""

    capabilities = frozenset(Capability)
    hides_a_call = HIDES_A_CALL
    unused_rights_last = UNUSED_RIGHTS_LAST

    def __init__(self, page: Page, connection: Connection) -> None:
        self.page = page
        self._client = GraphClient(connection, page.base_url, platform="instagram")
        self.budget = self._client.budget
        self._shapes = InstagramShapes(page, self._client)
        self._listing = CommentListing(page, self._client, connection, self._shapes)

    def check(self) -> None:
        """Reads once what a poll reads. In development mode Instagram counts comments but shows
        none: MissingScope."""
        account, media = self.page.external_id, None
        try:
            self._client.get(account, fields="id,username")
            media = self._client.get(
                account, "media", limit="25", fields="id,comments_count,comments.limit(1){id}"
            )
        except CommentGone as error:
            raise MissingScope(str(error), code=error.code) from None
        counted = [one for one in list_of(media.body, "data") if count_of(one, "comments_count")]
        if counted and not any(object_of(one, "comments").get("data") for one in counted):
            raise MissingScope("Instagram counts comments but shows none: is the app live?")

    def fetch_since(self, cursor: str | None) -> CommentBatch:
        self.budget.before_poll()
        return self._listing.fetch_since(cursor)

    def fetch_one(self, comment_id: str) -> Comment | None:
        try:
            answer = self._client.get(comment_id, fields=COMMENT_FIELDS)
        except CommentGone:
            return None
        item, raw = next(self._client.items(answer.text, ()))
        return self._shapes.comment(item, raw, _media_id(item))

    def fetch_many(self, comment_ids: Sequence[str]) -> Mapping[str, Comment | None]:
        found: dict[str, Comment | None] = {}
        for start in range(0, len(comment_ids), MULTI_GET_LIMIT):
            chunk = list(comment_ids[start : start + MULTI_GET_LIMIT])
            for one, item in fetch_all(self._client, COMMENT_FIELDS, chunk).items():
                found[one] = item and self._shapes.comment(*item, _media_id(item[0]))
        return found

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
        """One that is gone already counts as deleted."""
        try:
            done = self._client.delete(comment_id)
        except CommentGone:
            return
        if not done:
            raise BadAnswer("Instagram did not confirm the deletion")

    def _set_hidden(self, comment_id: str, hidden: bool) -> None:
        self._write_hidden(comment_id, hidden)
        state = self.fetch_one(comment_id)
        if state is None:
            raise CommentGone("the comment went away while it was being changed")
        if state.hidden is hidden:
            return
        if state.by_page:
            raise Unsupported("Instagram does not hide the account's own comments")
        raise BadAnswer("Instagram confirmed, but the comment is as it was")

    def _write_hidden(self, comment_id: str, hidden: bool) -> None:
        self._client.post(comment_id, hide="true" if hidden else "false")


def _media_id(item: Item) -> str:
    return text_of(object_of(item, "media"), "id") or ""
