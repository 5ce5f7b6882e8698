"""Calls to X's API: tweepy over our bounded transport, within the budget."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import requests
import tweepy

from modbot.domain import Page
from modbot.errors import AuthExpired, BadAnswer, BadRequest, CommentGone
from modbot.ports import Connection
from platforms import x_budget
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
FIELDS = [
    *("author_id", "conversation_id", "created_at", "in_reply_to_user_id", "note_tweet"),
    "referenced_tweets",
]
PAGES_A_POLL = 4
# What a listing asks for first while little comes: what it may cost is counted before it is made,
# and that is what a crash loses.
QUIET_SIZE = 10
LOOKUP_SIZE = 100
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


class XClient:
    """X's API as one account. `api` has tweepy's methods, to be called through send()."""

    def __init__(self, page: Page, connection: Connection):
        self._page = page
        self._connection = connection
        self.budget = x_budget.budget_of(page, connection)
        secrets = connection.secrets
        keys = {name: secrets[name] for name in OAUTH1_KEYS if secrets.get(name)}
        self.user_auth = len(keys) == len(OAUTH1_KEYS)  # OAuth 1.0a; else an OAuth 2.0 user token
        if not self.user_auth and not secrets.get("token"):
            raise AuthExpired(f"X needs `token`, or all of {', '.join(OAUTH1_KEYS)}")
        self.api = tweepy.Client(
            bearer_token=None if self.user_auth else secrets["token"],
            return_type=requests.Response,
            wait_on_rate_limit=False,  # tweepy would sleep up to 15 minutes inside the call
            **(keys if self.user_auth else {}),
        )
        transport = VendorTransport(
            platform="x",
            timeout_seconds=connection.timeout_seconds,
            deadline_seconds=connection.deadline_seconds,
            base_url=page.base_url,
            gate=x_budget.gate(self.budget, connection),
            answered=connection.answered,
        )
        transport.carry(self.api.session, CLIENT_HOST)
        self._shown: dict[str, int] = {}  # by listing, how many posts its last first page held

    def send(self, call: Callable[..., Any], *args: object, **kwargs: object) -> requests.Response:
        """A 2xx answer; raises a PlatformError for anything else."""
        try:
            return call(*args, user_auth=self.user_auth, **kwargs)  # type: ignore[no-any-return]
        except tweepy.HTTPException as error:
            secrets = filter(None, self._connection.secrets.values())
            lane = x_budget.lane_of(error.response.request)
            failed = failure(error.response, self._connection.now(), lane, secrets)
            x_budget.note(self.budget, failed, lane)
            raise failed from None
        except (AttributeError, TypeError, ValueError) as error:
            # tweepy reads error answers with no regard to their types. What fails in the budget,
            # which is asked from inside tweepy's call, is our own fault and no answer of X's.
            if _is_ours(error):
                raise
            what = type(error).__name__
            raise BadAnswer(f"X sent an error that cannot be read ({what})") from None

    def listed(
        self, call: Callable[..., Any], within: Mapping[str, object], *, for_reads: bool = True
    ) -> tuple[list[XPost], bool, float | None]:
        """An account's listing, up to PAGES_A_POLL large pages, newest first; whether there are
        more; the share of its rate limit that is spent. Pages are as large as the money left
        allows."""
        spending = self._connection.spending
        items: list[XPost] = []
        token: str | None = None
        for number in range(PAGES_A_POLL + (self._first_size(call.__name__) == QUIET_SIZE)):
            size = x_budget.page_size(self.budget, spending, for_reads=for_reads)
            if not number:
                size = min(size, self._first_size(call.__name__))
            if not size and number:  # the rest comes once there is money again
                break
            self.budget.before_poll(needs=x_budget.needs(spending) if not size else None)
            try:
                response = self.send(
                    call,
                    self._page.external_id,
                    max_results=size,
                    pagination_token=token,
                    tweet_fields=FIELDS,
                    **within,
                )
            except CommentGone:
                raise BadRequest(f"X has no account {self._page.external_id}") from None
            answer = read_answer(response)
            refuse_incomplete(answer)
            if not number:
                self._shown[call.__name__] = len(answer.items)
            items += answer.items
            token = answer.next_token
            if token is None:
                break
        return items, token is not None and bool(items), answer.usage

    def _first_size(self, listing: str) -> int:
        """Small after a quiet poll, whole after one that brought more than half of that."""
        busy = self._shown.get(listing, 0) > QUIET_SIZE // 2
        return x_budget.LARGEST_PAGE if busy else QUIET_SIZE

    def look_up(self, ids: Sequence[str]) -> dict[str, XPost | None]:
        """Each id's post. None: X says that it is gone. Raises BadAnswer if X says neither."""
        found: dict[str, XPost | None] = {}
        wanted = list(dict.fromkeys(checked_id(i) for i in ids))
        for first in range(0, len(wanted), LOOKUP_SIZE):
            some = wanted[first : first + LOOKUP_SIZE]
            answer = read_answer(self.send(self.api.get_tweets, some, tweet_fields=FIELDS))
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


def checked_id(comment_id: str) -> str:
    """Raises BadRequest for what cannot be an id of X's, before it becomes part of an address."""
    if not X_ID.fullmatch(comment_id):
        raise BadRequest("not an id of X's")
    return comment_id


def _is_ours(error: Exception) -> bool:
    """Did it come through the service's own code?"""
    frames = traceback.walk_tb(error.__traceback__)
    names = (str(frame.f_globals.get("__name__", "")) for frame, _ in frames)
    return any(name.startswith("modbot.") for name in names)
