"""X (Twitter) through tweepy: the replies in the account's own conversations.

A quiet poll is one call (the mentions since the last one) that returns, and so costs, nothing. A
poll that brings a mention which what is known does not explain makes a second call, the account's
own posts since then, and a third for each 100 conversations that neither call explains. No user is
ever expanded: X bills each one. A few times a day a search finds what names nobody (x_sweep.py).

X calls a thread a conversation and names it after its first post; only that post's author can hide
replies in it. Replies cannot be edited, only deleted, and no listing says which were.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from modbot.domain import Capability, Comment, CommentBatch, Page
from modbot.errors import (
    BadAnswer,
    CommentGone,
    MissingScope,
    PlatformError,
    Unsupported,
)
from modbot.ports import Connection
from platforms import x_budget
from platforms.hiding import HIDES_A_CALL, hide_each
from platforms.x_answers import XPost, problem_kind, read_answer
from platforms.x_client import XClient, checked_id
from platforms.x_conversations import Conversations
from platforms.x_cursor import Cursor, highest, snowflake
from platforms.x_sweep import ABOVE_ALL, Sweep

# Ids are in order of time only within about a second, and a reply may be listed late. What is
# listed twice within one UTC day is billed once.
OVERLAP = timedelta(minutes=2)
OWN_POSTS_EVERY = timedelta(hours=1)  # while new mentions come that need none of them


class XAdapter:
    """Replies to one X account. Tokens: `token` (OAuth 2.0 user token, lives 2 hours and is not
    renewed here) or the four OAuth 1.0a keys (no expiry: the better choice for a service). Without
    `consumer_key`, `client_id` names the developer app that X bills."""

    capabilities = frozenset(Capability) - {
        Capability.DELETE,
        Capability.READ_HIDDEN,
        Capability.LISTS_EDITS,
        Capability.EDITS,
    }
    hides_a_call = HIDES_A_CALL

    def __init__(self, page: Page, connection: Connection):
        self.page = page
        self._connection = connection
        self._client = XClient(page, connection)
        self.budget = self._client.budget
        self._sweep = Sweep(page, connection, self._client)
        self._conversations = Conversations(page.external_id, page.id, self._client.look_up)
        self._own_read_at: datetime | None = None

    def check(self) -> None:
        """Raises AuthExpired, or MissingScope when the token is another account's or read-only.

        X tells only OAuth 1.0a clients what they may do; a missing tweet.moderate.write shows at
        the first hide.
        """
        response = self._client.send(self._client.api.get_me)
        me = read_answer(response).data.get("id")
        if not isinstance(me, str):
            raise BadAnswer("X did not say whose token this is")
        if me != self.page.external_id:
            raise MissingScope(f"the token is account {me}'s, not {self.page.external_id}'s")
        if self._client.user_auth and response.headers.get("x-access-level") == "read":
            raise MissingScope("the keys may only read; give the app write permission")

    def fetch_since(self, cursor: str | None) -> CommentBatch:
        """New replies in own conversations, and in others' those that answer the account, which
        cannot be hidden. The account's own replies come when a mention needs them, or hourly."""
        self.budget.before_poll(needs=x_budget.needs(self._connection.spending))
        start = self._connection.now() - timedelta(hours=self._connection.watch_hours)
        at = Cursor.read(cursor, start=start)
        mentions, after, usage = self._mentions(at)
        sweeps = self._sweep.is_due(after)
        own: list[XPost] = []
        if sweeps or self._needs_own(mentions, at):
            own = self._own_posts(at, start)
            after = replace(after, own=highest([at.own, *(o.id for o in own)]))
        found = [*mentions, *own]
        if sweeps:
            swept = self._sweep.run(after, own)
            found += swept.items
            after = swept.cursor
        self._conversations.learn(found)
        comments = {c.id: c for item in found if (c := self._conversations.comment(item))}
        posts = {p.id: p for item in found if (p := self._conversations.post_of(item))}
        return CommentBatch(
            comments=tuple(sorted(comments.values(), key=lambda c: (c.created_at, int(c.id)))),
            cursor=after.text,
            posts=tuple(posts.values()),
            more=bool(after.until),
            usage=usage,
        )

    def fetch_one(self, comment_id: str) -> Comment | None:
        """The reply as it is now. None: deleted, or its author's account no longer public."""
        return self.fetch_many([comment_id])[comment_id]

    def looks_left(self) -> int:
        """As many as half of the caps pays for: new replies come first (x_budget.LOOKS_SHARE)."""
        return x_budget.looks_left(self.budget, self._connection.spending)

    def fetch_many(self, comment_ids: Sequence[str]) -> Mapping[str, Comment | None]:
        """One call for each 100 ids; X bills each reply once a UTC day."""
        found = self._client.look_up(comment_ids)
        self._conversations.note([item for item in found.values() if item])
        return {
            wanted: self._conversations.comment(item, looked_up=True) if item else None
            for wanted, item in found.items()
        }

    def hide(self, comment_id: str) -> None:
        """Moves the reply behind "view hidden replies". Repeating it changes nothing."""
        self._set_hidden(comment_id, self._client.api.hide_reply, hidden=True)

    def hide_many(self, comment_ids: Sequence[str]) -> Mapping[str, PlatformError | None]:
        """A call for each, 50 in 15 minutes; what they save is the look-up of each before."""
        return hide_each(comment_ids, self.hide)

    def restore(self, comment_id: str) -> None:
        """Undoes hide()."""
        self._set_hidden(comment_id, self._client.api.unhide_reply, hidden=False)

    def delete(self, comment_id: str) -> None:
        """Always raises Unsupported."""
        raise Unsupported(f"X lets nobody delete another account's reply ({comment_id})")

    def _set_hidden(self, comment_id: str, call: Callable[..., Any], *, hidden: bool) -> None:
        if self._conversations.is_anothers(comment_id):
            raise Unsupported("the reply is in another account's conversation")
        try:
            answer = read_answer(self._client.send(call, checked_id(comment_id)))
        except MissingScope:
            # X answers the same 403 to a wrong scope and to a reply that is not ours to hide.
            item = self._client.look_up([comment_id])[comment_id]
            if item is None:
                raise CommentGone from None
            self._conversations.learn([item])
            if self._conversations.post_of(item) is None:
                raise Unsupported("the reply is in another account's conversation") from None
            raise
        if any(problem_kind(p) == "resource-not-found" for p in answer.problems):
            raise CommentGone
        if answer.data.get("hidden") is not hidden:
            raise BadAnswer(f"X did not confirm that reply {comment_id} is hidden={hidden}")

    def _mentions(self, at: Cursor) -> tuple[list[XPost], Cursor, float | None]:
        """New mentions, the cursor behind them, and the share of the rate budget spent."""
        since = at.since if at.until else self._overlapped(at.newest)
        begin = datetime.fromisoformat(at.start)
        within: dict[str, object] = {"since_id": since} if since else {"start_time": begin}
        if at.until:
            within["until_id"] = at.until
        items, more, usage = self._client.listed(self._client.api.get_users_mentions, within)
        lowest = min((int(i.id) for i in items), default=0)
        more = more and lowest < int(at.until or ABOVE_ALL)  # else the list goes in circles
        after = replace(
            at,
            newest=highest([at.newest, *(i.id for i in items)]),
            since=since if more else "",
            until=str(lowest) if more else "",
        )
        return items, after, usage

    def _needs_own(self, mentions: Sequence[XPost], at: Cursor) -> bool:
        """Is there a new mention under a post, or of a reply, that has not been read yet?"""
        new = [m for m in mentions if int(m.id) > int(at.newest or 0)]
        now, read_at = self._connection.now(), self._own_read_at
        late = read_at is None or now - read_at >= OWN_POSTS_EVERY
        self._conversations.note(mentions)  # a reply to one that came with it is explained by it
        return bool(new) and (late or not all(map(self._conversations.explains, new)))

    def _own_posts(self, at: Cursor, start: datetime) -> list[XPost]:
        """The account's newest posts and replies: at most 400, and none from before `start`."""
        fresh = at.own and int(at.own) >= snowflake(start)
        within: dict[str, object] = {"since_id": at.own} if fresh else {"start_time": start}
        # Without them what was read and paid for is worth nothing: they may cost the last cent.
        items, _, _ = self._client.listed(
            self._client.api.get_users_tweets,
            {**within, "exclude": ["retweets"]},
            for_reads=False,
        )
        self._own_read_at = self._connection.now()
        return items

    def _overlapped(self, newest: str) -> str:
        """`newest`, or the id of OVERLAP ago if that is lower."""
        if not newest:
            return ""
        return str(max(1, min(int(newest), snowflake(self._connection.now() - OVERLAP))))
