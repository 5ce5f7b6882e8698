"""A strict stand-in of the X API v2, as far as moderating replies needs it.

Paths, parameters and limits follow X's OpenAPI description 2.167; key names follow the samples of
its documentation (tweet.fields, referenced_tweets), which is what tweepy speaks. Where X publishes
no answer (hiding another's reply, unknown accounts) the shape is constructed. Of the expansions it
knows author_id alone, so that a test sees what asking for users would cost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from platforms.sandbox.faults import Answer, Fault, RateLimit, RateState, Request
from platforms.sandbox.records import SandboxComment, SandboxItem, SandboxPost, Token
from platforms.sandbox.world import World
from platforms.sandbox.x_bill import XBill
from platforms.sandbox.x_parameters import (
    PROBLEMS,
    Bounds,
    Refused,
    hidden_wanted,
    invalid,
    max_results,
    names,
    parameters,
    post_ids,
    route_of,
    token_below,
)
from platforms.sandbox.x_search import Searched, SearchQuery

TWEET_FIELDS = (
    *("attachments", "author_id", "context_annotations", "conversation_id", "created_at"),
    *("edit_controls", "edit_history_tweet_ids", "entities", "geo", "id", "in_reply_to_user_id"),
    *("lang", "note_tweet", "possibly_sensitive", "public_metrics", "referenced_tweets"),
    *("reply_settings", "source", "text", "withheld"),
)
SHOWN = {"tweet.fields", "expansions"}
LISTED = SHOWN | {
    *("max_results", "pagination_token", "start_time", "end_time", "since_id", "until_id")
}
SEARCHED = LISTED | {"query", "next_token", "sort_order"}
SEARCH_REACH = timedelta(days=7)
READ = frozenset({"tweet.read", "users.read"})
MODERATE = "tweet.moderate.write"
# Calls of one user in 15 minutes; World.limits["x:hidden"] and so on set others.
LIMITS = {
    "mentions": 300,
    "tweets": 900,
    "lookup": 900,
    "search": 300,
    "me": 75,
    "hidden": 50,
}
WINDOW_SECONDS = 15 * 60.0
NEWEST_LISTED = {"mentions": 800, "tweets": 3200}
SHORT_TEXT = 280  # of a longer post `text` is the beginning, note_tweet the whole


class XApi:
    """Serves /2/... of a world; called with the world's lock held.

    Tokens are World's: kind "app" is an app-only bearer token, "oauth1" the access token of OAuth
    1.0a keys (whose signature is not checked), anything else an OAuth 2.0 user token.
    """

    def __init__(self, world: World):
        self.world = world
        self.bill = XBill()
        self.unnamed: set[str] = set()  # replies whose authors took the account's @name out

    def serves(self, path: str) -> bool:
        return path.startswith("/2/")

    def platform_of(self, request: Request) -> str:
        return "x" if self.serves(request.path) else ""

    def answer(self, request: Request) -> Answer:
        headers: dict[str, str] = {}
        body: Mapping[str, object]
        try:
            route, path_id = route_of(request)
            token = self._token(request)
            if token.kind == "oauth1":
                headers["x-access-level"] = "read-write" if MODERATE in token.scopes else "read"
            headers |= self._spend(route, token)
            status, body = 200, self._answered(route, path_id, token, request)
        except Refused as refused:
            status, body = refused.status, refused.body
            headers |= refused.headers
        kind = "application/json; charset=utf-8" if status == 200 else "application/problem+json"
        headers["Content-Type"] = kind
        return Answer(status=status, headers=headers, body=json.dumps(body).encode())

    def _token(self, request: Request) -> Token:
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme == "OAuth":
            named = re.search(r'oauth_token="([^"]+)"', rest)
            rest = named[1] if named and "oauth_signature=" in rest else ""
        token = self.world.tokens.get(rest)
        if (
            token is None
            or token.platform != "x"
            or token.expired
            or scheme != ("OAuth" if token.kind == "oauth1" else "Bearer")
        ):
            raise Refused(401, title="Unauthorized")
        return token

    def _spend(self, route: str, token: Token) -> dict[str, str]:
        default = RateLimit(calls=LIMITS[route], window_seconds=WINDOW_SECONDS)
        limit = self.world.limits.get(f"x:{route}", default)
        state = self.world.meter.spend(f"x:{route}:{token.token}", limit, self.world.now())
        if state.exceeded:
            body = {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}
            raise Refused(429, body, headers=_rate_headers(state))
        return _rate_headers(state)

    def _answered(
        self, route: str, path_id: str, token: Token, request: Request
    ) -> dict[str, object]:
        if route in ("me", "hidden") and token.kind == "app":
            raise Refused(
                403,
                title="Unsupported Authentication",
                detail="Authenticating with OAuth 2.0 Application-Only is forbidden for this "
                "endpoint.",
                kind="unsupported-authentication",
            )
        if token.kind != "app" and not token.scopes >= READ:
            raise Refused(403, title="Forbidden")
        if request.undescribed:
            raise invalid("", [], request.undescribed)
        if route == "hidden":
            return self._hide(path_id, token, request)
        if route == "me":
            parameters(request, set())
            return {"data": self._user(token.page_id)}
        if route == "lookup":
            return self._look_up(request)
        if route == "search":
            return self._search(request)
        return self._list(route, path_id, token, request)

    def _hide(self, comment_id: str, token: Token, request: Request) -> dict[str, object]:
        if MODERATE not in token.scopes:
            kind = "oauth1-permissions" if token.kind == "oauth1" else ""
            raise Refused(403, title="Forbidden", kind=kind)
        parameters(request, set())
        hidden = hidden_wanted(request)
        item = self._item(comment_id)
        if item is None:
            raise Refused(404, title="Not Found Error", kind="resource-not-found")
        if (
            isinstance(item, SandboxPost)
            or item.page_id != token.page_id
            or item.author_id == token.page_id
        ):
            raise Refused(403, title="Forbidden")
        self.world.set_hidden(item.id, hidden)
        self.bill.hide(self._today())
        return {"data": {"hidden": hidden}}

    def _look_up(self, request: Request) -> dict[str, object]:
        query = parameters(request, SHOWN | {"ids"})
        ids = post_ids(query)
        found = {one: self._item(one) for one in ids}
        there = [item for item in found.values() if item]
        gone = [_not_found("tweet", "ids", one) for one, item in found.items() if not item]
        body = self._shown(there, query, own_listing=False)
        return {**body, "errors": gone} if gone else body

    def _list(self, route: str, user_id: str, token: Token, request: Request) -> dict[str, object]:
        query = parameters(request, LISTED | ({"exclude"} if route == "tweets" else set()))
        bounds, size = Bounds.read(query), max_results(query)
        page = self.world.page(user_id)
        if page is None or page.platform != "x" or page.id != user_id:
            return {"errors": [_not_found("user", "id", user_id)]}
        listed = self._mentions(user_id) if route == "mentions" else self._timeline(user_id, query)
        newest = sorted(listed, key=lambda item: int(item.id), reverse=True)
        within = [i for i in newest[: NEWEST_LISTED[route]] if bounds.hold(i.id, i.created_at)]
        return self._page(within, size, query, own_listing=token.page_id == user_id)

    def _search(self, request: Request) -> dict[str, object]:
        """What the operators that we know find, newest first, of the last seven days."""
        query = parameters(request, SEARCHED)
        bounds, size = Bounds.read(query), max_results(query, least=10)
        if "since_id" in query and "start_time" in query:
            raise invalid("since_id", [query["since_id"]], "'since_id' and 'start_time' given")
        asked = SearchQuery.read(query.get("query", ""))
        oldest = self.world.now() - SEARCH_REACH
        if bounds.start > datetime.min.replace(tzinfo=UTC) and bounds.start < oldest:
            raise invalid("start_time", [query["start_time"]], "'start_time' is too long ago")
        everything: list[SandboxItem] = [*self._replies()]
        for page in self.world.pages("x"):
            everything += self.world.posts(page.id)
        within = [
            item
            for item in everything
            if item.created_at >= oldest
            and bounds.hold(item.id, item.created_at)
            and asked.fits(self._searched(item))
        ]
        within.sort(key=lambda item: int(item.id), reverse=True)
        return self._page(within, size, query, own_listing=False)

    def _searched(self, item: SandboxItem) -> Searched:
        """What the operators look at."""
        root, to = item.id, ""
        if isinstance(item, SandboxComment):
            root = item.post_id
            above = self._item(item.parent_id or item.post_id)
            to = self._handle(_author(above)) if above else ""
        names = {word.strip("@,.!?:").casefold() for word in item.text.split() if "@" in word}
        if isinstance(item, SandboxComment) and item.id not in self.unnamed:
            names.add(self._handle(item.page_id))  # X puts it in front of each reply
        author = self._handle(_author(item))
        return Searched(conversation=root, to=to, author=author, names=frozenset(names))

    def _handle(self, account: str) -> str:
        page = self.world.page(account)
        return page.handle.casefold() if page else f"u{account}"

    def _page(
        self,
        within: Sequence[SandboxItem],
        size: int,
        query: Mapping[str, str],
        *,
        own_listing: bool,
    ) -> dict[str, object]:
        shown = within[:size]
        meta: dict[str, object] = {"result_count": len(shown)}
        if shown:
            meta |= {"newest_id": shown[0].id, "oldest_id": shown[-1].id}
        if len(within) > size:
            meta["next_token"] = token_below(shown[-1].id)
        return {**self._shown(shown, query, own_listing=own_listing), "meta": meta}

    def _mentions(self, page_id: str) -> list[SandboxItem]:
        """Every reply in the page's conversations, and whatever else on X names it."""
        page = self.world.page(page_id)
        if page is None:
            return []
        named = f"@{page.handle}".casefold()
        own: list[SandboxItem] = [*self.world.comments_on(page_id), *self.world.posts(page_id)]
        found = {item.id: item for item in own if item.id not in self.unnamed}
        for item in self.world.naming("x"):
            if named in item.text.casefold():
                found[item.id] = item
        return [item for item in found.values() if _author(item) != page_id]

    def _timeline(self, page_id: str, query: Mapping[str, str]) -> list[SandboxItem]:
        excluded = names("exclude", query, ("replies", "retweets"))
        items: list[SandboxItem] = [*self.world.posts(page_id)]
        if "replies" not in excluded:
            items += [c for c in self._replies() if c.author_id == page_id]
        return items

    def _replies(self) -> list[SandboxComment]:
        return [c for c in self.world.all_comments("x") if c.deleted_at is None]

    def _item(self, item_id: str) -> SandboxItem | None:
        item = self.world.comment(item_id) or self.world.post(item_id)
        return item if item and item.platform == "x" and item.id == item_id else None

    def _shown(
        self, items: Sequence[SandboxItem], query: Mapping[str, str], *, own_listing: bool
    ) -> dict[str, Any]:
        """`data` (absent when empty) and `includes`. What is shown is charged."""
        fields = names("tweet.fields", query, TWEET_FIELDS)
        expansions = names("expansions", query, ("author_id",))
        if not items:
            return {}
        for item in items:
            self.bill.read("post", item.id, self._today(), own_listing=own_listing)
        body: dict[str, Any] = {"data": [self._post(item, fields) for item in items]}
        if expansions:
            users = sorted({_author(item) for item in items})
            for user in users:
                self.bill.read("user", user, self._today())
            body["includes"] = {"users": [self._user(user) for user in users]}
        return body

    def _post(self, item: SandboxItem, fields: Sequence[str]) -> dict[str, object]:
        text, root = _escaped(item.text), item.id
        more: dict[str, object] = {}
        if len(item.text) > SHORT_TEXT:
            more["note_tweet"] = {"text": text}
            text = _escaped(item.text[: SHORT_TEXT - 1]) + "…"
        if isinstance(item, SandboxComment):
            root, answered = item.post_id, item.parent_id or item.post_id
            more["referenced_tweets"] = [{"type": "replied_to", "id": answered}]
            if above := self._item(answered):
                more["in_reply_to_user_id"] = _author(above)
        more |= {
            "author_id": _author(item),
            "conversation_id": root,
            "created_at": _time(item.created_at),
        }
        shown = {name: more[name] for name in fields if name in more}
        return {"id": item.id, "text": text, "edit_history_tweet_ids": [item.id], **shown}

    def _user(self, user_id: str) -> dict[str, object]:
        page = self.world.page(user_id)
        if page is None:
            return {"id": user_id, "name": "A Parent", "username": f"u{user_id}"}
        return {"id": user_id, "name": page.name, "username": page.handle}

    def _today(self) -> date:
        return self.world.now().astimezone(UTC).date()


def credits_depleted(*, times: int = 1) -> Fault:
    """402: the prepaid credits are used up."""
    body = {
        "title": "Payment Required",
        "detail": "credits depleted",
        "type": "https://api.x.com/2/problems/credits-depleted",
    }
    return _fault(402, body, times)


def usage_capped(*, times: int = 1) -> Fault:
    """A 429 that is no rate limit: the month's cap is used up."""
    body = {
        "product_name": "standard-basic",
        "title": "UsageCapExceeded",
        "period": "Monthly",
        "scope": "Product",
        "detail": "Usage cap exceeded: Monthly product cap",
        "type": f"{PROBLEMS}usage-capped",
    }
    return _fault(429, body, times)


def _fault(status: int, body: Mapping[str, object], times: int) -> Fault:
    headers = {"x-rate-limit-limit": "300", "x-rate-limit-remaining": "299"}
    return Fault(
        kind="status",
        platform="x",
        status=status,
        headers=headers,
        body=json.dumps(body).encode(),
        times=times,
    )


def _author(item: SandboxItem) -> str:
    return item.page_id if isinstance(item, SandboxPost) else item.author_id


def _not_found(kind: str, parameter: str, value: str) -> dict[str, object]:
    return {
        "value": value,
        "detail": f"Could not find {kind} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": value,
        "type": f"{PROBLEMS}resource-not-found",
    }


def _escaped(text: str) -> str:
    """X sends these three as HTML entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _rate_headers(state: RateState) -> dict[str, str]:
    return {
        "x-rate-limit-limit": str(state.limit),
        "x-rate-limit-remaining": str(state.remaining),
        "x-rate-limit-reset": str(int(state.reset_at.timestamp())),
    }
