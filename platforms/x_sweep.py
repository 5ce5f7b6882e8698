"""Replies that do not name the account: X's mentions leave them out, only a search finds them.

Recent search reaches seven days back. A query takes 512 characters, and operators for who began the
conversation, whom a reply answers, who is named and who writes (docs.x.com, build a query). Posts
that name the account are left out of the answer, since they are read and paid for as mentions.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from modbot.domain import Page
from modbot.errors import AuthExpired, PlatformError
from modbot.ports import Connection
from platforms import x_budget
from platforms.x_answers import X_ID, XPost, read_answer, refuse_incomplete
from platforms.x_client import FIELDS, XClient
from platforms.x_cursor import Cursor, snowflake

QUERY_CAP = 512
REACH = timedelta(days=7) - timedelta(minutes=5)
OVERLAP = timedelta(minutes=10)  # a new post is searchable within seconds; this is ample
ABOVE_ALL = 10**19
MOST_ROOTS = 200  # own posts; older ones are found by `to:` alone

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Search:
    """A query that has not been read to its end: between two ids, newest first."""

    query: str
    since_id: str
    until_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What searches brought, and the cursor after them."""

    items: tuple[XPost, ...]
    cursor: Cursor


class Sweep:
    """Searches a few times a day, within its own part of the day's money."""

    def __init__(self, page: Page, connection: Connection, client: XClient):
        self._page = page
        self._connection = connection
        self._client = client

    def is_due(self, at: Cursor) -> bool:
        """Not while a burst of mentions is being read, nor without money for it. Without the @name
        of the account a search would find, and cost, all that the mentions have shown already."""
        spending = self._connection.spending
        if at.until or not spending.sweep_cents_a_day or not self._page.handle:
            return False
        tried = datetime.fromisoformat(at.tried) if at.tried else None
        every = timedelta(hours=spending.sweep_hours)
        return tried is None or self._connection.now() - tried >= every

    def run(self, at: Cursor, own: Sequence[XPost]) -> Swept:
        """All since the last search. What a failure or the end of the money cuts off is kept in the
        cursor and read before anything newer is searched for; no failure but a refused token is
        one of the poll. `own`: the account's posts that were read since the last search."""
        now = self._connection.now()
        roots = _recent({*filter(None, at.roots.split(",")), *_roots(own)}, now - REACH)
        moment = now.isoformat(timespec="seconds")
        after = replace(at, roots=",".join(roots), tried=moment)
        oldest = str(snowflake(now - REACH))
        waiting = [s for s in _read(at.searches) if int(s.until_id or ABOVE_ALL) > int(oldest)]
        if not waiting:
            since = str(snowflake(max(_last(at) - OVERLAP, now - REACH)))
            found = queries(roots, self._page.handle)
            waiting = [Search(query=query, since_id=since) for query in found]
            after = replace(after, swept=moment)
        items: list[XPost] = []
        try:
            while waiting and (rest := self._some(waiting[0], oldest, items)) is not waiting[0]:
                waiting[:1] = [rest] if rest else []
        except AuthExpired:
            raise
        except PlatformError as error:
            logger.warning("x: the search for replies without the @name failed: %s", error)
        searches = json.dumps([asdict(one) for one in waiting]) if waiting else ""
        return Swept(items=tuple(items), cursor=replace(after, searches=searches))

    def _some(self, search: Search, oldest: str, items: list[XPost]) -> Search | None:
        """Adds a page of the answer to `items`; what is left to read of it. None: nothing; the
        search itself: there is no money for more."""
        size = self._size()
        if not size:
            return search
        within = {"until_id": search.until_id} if search.until_id else {}
        response = self._client.send(
            self._client.api.search_recent_tweets,
            search.query,
            max_results=size,
            since_id=max(search.since_id, oldest, key=int),
            tweet_fields=FIELDS,
            **within,
        )
        answer = read_answer(response)
        refuse_incomplete(answer)
        items += answer.items
        lowest = min((int(i.id) for i in answer.items), default=0)
        if answer.next_token is None or not 0 < lowest < int(search.until_id or ABOVE_ALL):
            return None  # the end, or a list that goes in circles
        return replace(search, until_id=str(lowest))

    def _size(self) -> int:
        budget, spending = self._client.budget, self._connection.spending
        kinds = (x_budget.CENTS, x_budget.SWEEP_CENTS)
        sizes = [x_budget.page_size(budget, spending, what=kind) for kind in kinds]
        return min(sizes) if min(sizes) >= x_budget.SMALLEST_SEARCH else 0


def queries(roots: Sequence[str], handle: str) -> Iterator[str]:
    """As few as hold every conversation and the answers to what is older."""
    handle = handle.removeprefix("@")
    named = f" -@{handle} -from:{handle}"
    parts = [*(f"conversation_id:{one}" for one in roots), f"to:{handle}"]
    group: list[str] = []
    for part in parts:
        if group and len(_joined([*group, part], named)) > QUERY_CAP:
            yield _joined(group, named)
            group = []
        group.append(part)
    yield _joined(group, named)


def _joined(parts: Sequence[str], named: str) -> str:
    return f"({' OR '.join(parts)}){named}"


def _roots(own: Sequence[XPost]) -> list[str]:
    return [post.id for post in own if post.id == post.conversation_id]


def _recent(ids: set[str], since: datetime) -> list[str]:
    newest = sorted((i for i in ids if int(i) >= snowflake(since)), key=int, reverse=True)
    return newest[:MOST_ROOTS]


def _last(at: Cursor) -> datetime:
    return datetime.fromisoformat(at.swept or at.start).astimezone(UTC)


def _read(searches: str) -> list[Search]:
    """Those that a cursor keeps; none where they cannot be read."""
    try:
        kept = [Search(**values) for values in json.loads(searches or "[]")]
        ids = [one for s in kept for one in (s.since_id, s.until_id or "0")]
        return kept if all(map(X_ID.fullmatch, ids)) else []
    except (ValueError, TypeError, RecursionError):
        return []
