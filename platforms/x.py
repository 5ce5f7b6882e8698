"""X (Twitter) through tweepy: the replies in the account's own conversations.

A quiet poll is one call (the mentions since the last one) that returns, and so costs, nothing. A
poll that brings a new mention makes a second call, the account's own posts since then, and a third
for each 100 conversations that neither call explains. No user is ever expanded: X bills each one.

X calls a thread a conversation and names it after its first post; only that post's author can hide
replies in it. Replies cannot be edited, only deleted, and no listing says which were.
"""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import requests
import tweepy

from modbot.domain import Capability, Comment, CommentBatch, Page, Post
from modbot.errors import (
    AuthExpired,
    BadAnswer,
    BadRequest,
    CommentGone,
    MissingScope,
    PlatformError,
    Unsupported,
)
from modbot.ports import Connection
from platforms import x_budget
from platforms.hiding import HIDES_A_CALL, hide_each
from platforms.transport import VendorTransport
from platforms.x_answers import (
    GONE,
    X_ID,
    XPost,
    failure,
    problem_kind,
    read_answer,
    refuse_incomplete,
)

CLIENT_HOST = "https://api.twitter.com"  # written into tweepy
# note_tweet holds the whole of a post over 280 characters, whose `text` X cuts off.
FIELDS = ["author_id", "conversation_id", "created_at", "note_tweet", "referenced_tweets"]
PAGES_A_POLL = 4
LOOKUP_SIZE = 100
KNOWN_CONVERSATIONS = 2000
# Ids are in order of time only within about a second, and a reply may be listed late. What is
# listed twice within one UTC day is billed once.
OVERLAP = timedelta(minutes=2)
SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
OAUTH1_KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
# These write the Authorization header, its parts or whole answers to the log at DEBUG.
LOGGERS_WITH_SECRETS = (
    "tweepy.client",
    "oauthlib.oauth1.rfc5849",
    "requests_oauthlib.oauth1_auth",
)


def _no_debug(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


for _name in LOGGERS_WITH_SECRETS:
    logging.getLogger(_name).addFilter(_no_debug)


@dataclass(frozen=True, kw_only=True)
class _Cursor:
    """Where reading stands; ids as X's decimal text, empty: none yet."""

    start: str  # ISO time before which nothing is read
    newest: str = ""  # the newest mention read
    own: str = ""  # the newest own post read
    since: str = ""  # an unfinished listing goes on above this id ...
    until: str = ""  # ... and below this one

    @classmethod
    def read(cls, cursor: str | None, *, start: datetime) -> _Cursor:
        """The cursor that `text` wrote; a foreign or broken one starts anew at `start`."""
        anew = cls(start=start.isoformat(timespec="seconds"))
        try:
            values = json.loads(cursor or "")
            if values.pop("v") != 1 or not all(isinstance(v, str) for v in values.values()):
                return anew
            read = cls(**values)
            ids = (read.newest, read.own, read.since, read.until)
            begins = datetime.fromisoformat(read.start)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return anew
        return read if begins.tzinfo and all(not i or X_ID.fullmatch(i) for i in ids) else anew

    @property
    def text(self) -> str:
        return json.dumps({"v": 1, **asdict(self)}, separators=(",", ":"))


class XAdapter:
    """Replies to one X account. Tokens: `token` (OAuth 2.0 user token, lives 2 hours and is not
    renewed here) or the four OAuth 1.0a keys (no expiry: the better choice for a service)."""

    capabilities = frozenset({Capability.HIDE, Capability.RESTORE})
    hides_a_call = HIDES_A_CALL

    def __init__(self, page: Page, connection: Connection):
        self.page = page
        self._connection = connection
        self.budget = x_budget.budget_of(page, connection)
        secrets = connection.secrets
        keys = {name: secrets[name] for name in OAUTH1_KEYS if secrets.get(name)}
        self._user_auth = len(keys) == len(OAUTH1_KEYS)
        if not self._user_auth and not secrets.get("token"):
            raise AuthExpired(f"X needs `token`, or all of {', '.join(OAUTH1_KEYS)}")
        self._client = tweepy.Client(
            bearer_token=None if self._user_auth else secrets["token"],
            return_type=requests.Response,
            wait_on_rate_limit=False,  # tweepy would sleep up to 15 minutes inside the call
            **(keys if self._user_auth else {}),
        )
        transport = VendorTransport(
            platform="x",
            timeout_seconds=connection.timeout_seconds,
            deadline_seconds=connection.deadline_seconds,
            base_url=page.base_url,
            gate=x_budget.gate(self.budget, connection),
        )
        self._client.session.mount(CLIENT_HOST, transport)
        # Whose conversation it is: the account's post, or None for anybody else's.
        self._conversations: OrderedDict[str, Post | None] = OrderedDict()

    def check(self) -> None:
        """Raises AuthExpired, or MissingScope when the token is another account's or read-only.

        X tells only OAuth 1.0a clients what they may do; a missing tweet.moderate.write shows at
        the first hide.
        """
        response = self._send(self._client.get_me)
        me = read_answer(response).data.get("id")
        if not isinstance(me, str):
            raise BadAnswer("X did not say whose token this is")
        if me != self.page.external_id:
            raise MissingScope(f"the token is account {me}'s, not {self.page.external_id}'s")
        if self._user_auth and response.headers.get("x-access-level") == "read":
            raise MissingScope("the keys may only read; give the app write permission")

    def fetch_since(self, cursor: str | None) -> CommentBatch:
        """New replies in own conversations; replies without the @name of the account are not
        among X's mentions, and its own replies come with the next mention."""
        self.budget.before_poll(needs=x_budget.needs(self._connection.spending))
        start = self._connection.now() - timedelta(hours=self._connection.watch_hours)
        at = _Cursor.read(cursor, start=start)
        mentions, after, usage = self._mentions(at)
        own: list[XPost] = []
        if any(int(m.id) > int(at.newest or 0) for m in mentions):
            own = self._own_posts(at, start)
            after = replace(after, own=_highest([at.own, *(o.id for o in own)]))
        self._learn_conversations(own, mentions)
        comments = {c.id: c for item in [*mentions, *own] if (c := self._comment(item))}
        posts = {p.id: p for i in [*mentions, *own] if (p := self._conversation(i))}
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

    def fetch_many(self, comment_ids: Sequence[str]) -> Mapping[str, Comment | None]:
        """One call for each 100 ids; X bills each reply once a UTC day."""
        found = self._look_up(comment_ids)
        return {
            wanted: self._comment(item, any_conversation=True) if item else None
            for wanted, item in found.items()
        }

    def hide(self, comment_id: str) -> None:
        """Moves the reply behind "view hidden replies". Repeating it changes nothing."""
        self._set_hidden(comment_id, self._client.hide_reply, hidden=True)

    def hide_many(self, comment_ids: Sequence[str]) -> Mapping[str, PlatformError | None]:
        """A call for each, 50 in 15 minutes; what they save is the look-up of each before."""
        return hide_each(comment_ids, self.hide)

    def restore(self, comment_id: str) -> None:
        """Undoes hide()."""
        self._set_hidden(comment_id, self._client.unhide_reply, hidden=False)

    def delete(self, comment_id: str) -> None:
        """Always raises Unsupported."""
        raise Unsupported(f"X lets nobody delete another account's reply ({comment_id})")

    def _set_hidden(self, comment_id: str, call: Callable[..., Any], *, hidden: bool) -> None:
        try:
            answer = read_answer(self._send(call, _checked_id(comment_id)))
        except MissingScope:
            # X answers the same 403 to a wrong scope and to a reply that is not ours to hide.
            item = self._look_up([comment_id])[comment_id]
            if item is None:
                raise CommentGone from None
            self._learn_conversations([], [item])
            if self._conversation(item) is None:
                raise Unsupported("the reply is in another account's conversation") from None
            raise
        if any(problem_kind(p) == "resource-not-found" for p in answer.problems):
            raise CommentGone
        if answer.data.get("hidden") is not hidden:
            raise BadAnswer(f"X did not confirm that reply {comment_id} is hidden={hidden}")

    def _mentions(self, at: _Cursor) -> tuple[list[XPost], _Cursor, float | None]:
        """New mentions, the cursor behind them, and the share of the rate budget spent."""
        since = at.since if at.until else self._overlapped(at.newest)
        begin = datetime.fromisoformat(at.start)
        within: dict[str, object] = {"since_id": since} if since else {"start_time": begin}
        if at.until:
            within["until_id"] = at.until
        items, more, usage = self._listed(self._client.get_users_mentions, within)
        after = replace(
            at,
            newest=_highest([at.newest, *(i.id for i in items)]),
            since=since if more else "",
            until=min((i.id for i in items), key=int) if more else "",
        )
        return items, after, usage

    def _own_posts(self, at: _Cursor, start: datetime) -> list[XPost]:
        """The account's newest posts and replies: at most 400, and none from before `start`."""
        fresh = at.own and int(at.own) >= _snowflake(start)
        within: dict[str, object] = {"since_id": at.own} if fresh else {"start_time": start}
        # Without them what was read and paid for is worth nothing: they may cost the last cent.
        items, _, _ = self._listed(
            self._client.get_users_tweets, {**within, "exclude": ["retweets"]}, for_reads=False
        )
        return items

    def _listed(
        self, call: Callable[..., Any], within: Mapping[str, object], *, for_reads: bool = True
    ) -> tuple[list[XPost], bool, float | None]:
        """Up to PAGES_A_POLL pages, newest first; whether there are more; the budget spent."""
        spending = self._connection.spending
        items: list[XPost] = []
        token: str | None = None
        for number in range(PAGES_A_POLL):
            size = x_budget.page_size(self.budget, spending, for_reads=for_reads)
            if not size and number:  # the rest comes once there is money again
                break
            self.budget.before_poll(needs=x_budget.needs(spending) if not size else None)
            try:
                response = self._send(
                    call,
                    self.page.external_id,
                    max_results=size,
                    pagination_token=token,
                    tweet_fields=FIELDS,
                    **within,
                )
            except CommentGone:
                raise BadRequest(f"X has no account {self.page.external_id}") from None
            answer = read_answer(response)
            refuse_incomplete(answer)
            items += answer.items
            token = answer.next_token
            if token is None:
                break
        return items, token is not None and bool(items), answer.usage

    def _look_up(self, ids: Sequence[str]) -> dict[str, XPost | None]:
        """Each id's post. None: X says that it is gone. Raises BadAnswer if X says neither."""
        found: dict[str, XPost | None] = {}
        wanted = list(dict.fromkeys(_checked_id(i) for i in ids))
        for first in range(0, len(wanted), LOOKUP_SIZE):
            some = wanted[first : first + LOOKUP_SIZE]
            answer = read_answer(self._send(self._client.get_tweets, some, tweet_fields=FIELDS))
            gone = {
                p.get("resource_id", p.get("value"))
                for p in answer.problems
                if problem_kind(p) in GONE and p.get("parameter", "ids") == "ids"
            }
            by_id: dict[str, XPost | None] = {i.id: i for i in answer.items}
            found |= {i: by_id.get(i) for i in some if i in by_id or i in gone}
            if missing := [i for i in some if i not in found]:
                raise BadAnswer(f"X left out {len(missing)} of {len(some)} posts asked for")
        return found

    def _learn_conversations(self, own: Sequence[XPost], others: Sequence[XPost]) -> None:
        """Afterwards every item's conversation is known; asks X for those that were not."""
        for item in [*own, *others]:
            if item.id == item.conversation_id:
                self._remember(item.id, item)
        needed = {i.conversation_id for i in [*own, *others]}
        unknown = needed - self._conversations.keys()
        for conversation_id, found in self._look_up(sorted(unknown, key=int)).items():
            self._remember(conversation_id, found)
        for conversation_id in needed:
            self._conversations.move_to_end(conversation_id)
        while len(self._conversations) > KNOWN_CONVERSATIONS:
            self._conversations.popitem(last=False)

    def _remember(self, conversation_id: str, item: XPost | None) -> None:
        post = None
        if item is not None and item.author_id == self.page.external_id:
            post = Post(id=item.id, text=item.text, created_at=item.created_at)
        self._conversations[conversation_id] = post

    def _conversation(self, item: XPost) -> Post | None:
        """The own post that the item stands under. None: another account's conversation."""
        return self._conversations.get(item.conversation_id)

    def _comment(self, item: XPost, *, any_conversation: bool = False) -> Comment | None:
        post = self._conversation(item)
        if item.id == item.conversation_id or not (post or any_conversation):
            return None
        top_level = item.replied_to in (None, item.conversation_id)
        return Comment(
            page_id=self.page.id,
            platform="x",
            id=item.id,
            post_id=item.conversation_id,
            parent_id=None if top_level else item.replied_to,
            text=item.text,
            created_at=item.created_at,
            author_id=item.author_id,
            by_page=item.author_id == self.page.external_id,
            permalink=f"https://x.com/i/web/status/{item.id}",
            raw=item.raw,
            post_text=post.text if post else "",
        )

    def _overlapped(self, newest: str) -> str:
        """`newest`, or the id of OVERLAP ago if that is lower."""
        if not newest:
            return ""
        return str(max(1, min(int(newest), _snowflake(self._connection.now() - OVERLAP))))

    def _send(self, call: Callable[..., Any], *args: object, **kwargs: object) -> requests.Response:
        """A 2xx answer; raises a PlatformError for anything else."""
        try:
            return call(*args, user_auth=self._user_auth, **kwargs)  # type: ignore[no-any-return]
        except tweepy.HTTPException as error:
            secrets = filter(None, self._connection.secrets.values())
            lane = x_budget.lane_of(error.response.request)
            failed = failure(error.response, self._connection.now(), lane, secrets)
            x_budget.note(self.budget, failed, lane)
            raise failed from None
        except (AttributeError, TypeError, ValueError):
            # tweepy reads error answers with no regard to their types.
            raise BadAnswer("X sent an error that cannot be read") from None


def _snowflake(moment: datetime) -> int:
    """The lowest id that X gives out at that moment (42 bits of milliseconds, 22 of the rest)."""
    return max(0, int(moment.timestamp() * 1000) - SNOWFLAKE_EPOCH_MS) << 22


def _highest(ids: Iterable[str]) -> str:
    return max(ids, key=lambda i: int(i or 0), default="")


def _checked_id(comment_id: str) -> str:
    """Raises BadRequest for what cannot be an id of X's, before it becomes part of an address."""
    if not X_ID.fullmatch(comment_id):
        raise BadRequest("not an id of X's")
    return comment_id
