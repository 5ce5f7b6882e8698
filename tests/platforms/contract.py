"""One driver a platform: what its public and its owner can do, so that one suite fits all adapters.

Facebook, Instagram, X and YouTube are stand-ins on loopback; WordPress is a real site behind a
proxy that spoils answers to order. Feeds and pages without an API: read_only_drivers.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import ClassVar, Protocol

import requests

from modbot.domain import Comment, CommentBatch, Page
from modbot.ports import Connection, PlatformAdapter
from platforms import ADAPTERS
from platforms.sandbox.faults import Fault, RateLimit, Request
from platforms.sandbox.server import SandboxServer
from platforms.sandbox.world import SCOPES, World
from tests.fakes import ManualClock
from tests.platforms.loopback import Call, LoopbackServer, Reply
from tests.platforms.wordpress_site import TIMEOUT_SECONDS, WordPressSite

SECONDS_BETWEEN_COMMENTS = 7
# What a spoilt answer is: nothing of it may be taken for comments, or for a success.
SPOILT = ("html", "empty", "truncated", "wrong_type", "reset", "server_error")
HTML = b"<!DOCTYPE html><html><body>Sorry, something went wrong.</body></html>"
WRONG_TYPES = b'{"data":7}'
JSON = {"Content-Type": "application/json; charset=UTF-8"}
_numbers = itertools.count(1)
Version = tuple[str, str]  # comment id and text: what is stored once and judged once


class Driver(Protocol):
    """A page with one post, its public, and its owner's ways to break things."""

    platform: str
    replies_go_along: bool  # when the comment above them is deleted
    burst: int  # more comments than one poll of the adapter reads, where a test can make so many
    raw_begins: bytes  # a comment as the vendor sends it

    def wait(self, hours: float) -> None:
        """Time passes, where the test can make it."""
        ...

    def adapter(self) -> PlatformAdapter:
        """A new object each time, as after a restart."""
        ...

    def read_only_adapter(self) -> PlatformAdapter:
        """One whose token may not hide."""
        ...

    def blind_adapter(self) -> PlatformAdapter:
        """One whose token may not even read."""
        ...

    def mine(self, comment: Comment) -> bool:
        """Is the comment on this test's page and post?"""
        ...

    def comment(self, text: str, *, parent: str | None = None) -> str:
        """A stranger's comment; gives its id."""
        ...

    def own_comment(self, text: str) -> str: ...

    def edit(self, comment_id: str, text: str) -> str:
        """Gives the id that the comment has from now on."""
        ...

    def remove(self, comment_id: str) -> None:
        """Deletes for good, and not through the adapter; on Meta's platforms the replies too."""
        ...

    def is_public(self, comment_id: str, text: str) -> bool: ...

    def expire_token(self) -> None: ...

    def limit_rate(self) -> float:
        """Every kind of call that was made once is too many from now on; gives the longest wait
        asked for, in seconds."""
        ...

    def spoil(self, kind: str) -> None:
        """Every answer from now on is of one of the kinds in SPOILT."""
        ...

    def answer_with(self, status: int, body: bytes) -> None:
        """Every answer from now on is this one, said to be JSON."""
        ...

    def mend(self) -> None: ...

    def at_each_call(self, act: Callable[[], object]) -> None:
        """`act` runs before each call is answered, until mend()."""
        ...

    def hostile_texts(self) -> Mapping[str, str]:
        """Name and text of what people could send, as far as the platform itself takes it."""
        ...


HOSTILE_TEXTS = {
    "NUL": "a\x00b",
    "lone surrogate": "a\ud800b",
    "bidi": "\u202egnirts\u2066 \u200f",
    "100 kB": "ñ" * 50_000,
    "markup": '<script>alert(1)</script> &amp; <b a="',
    "accents": "\u00e9 e\u0301 \U0001f600",
}


def poll(driver: Driver, cursor: str | None) -> tuple[list[Comment], str, list[CommentBatch]]:
    """All there is since the cursor, by a new adapter for each call, and the next cursor."""
    batches = [driver.adapter().fetch_since(cursor)]
    while batches[-1].more:
        assert len(batches) < 50, "a poll that does not come to an end"
        batches.append(driver.adapter().fetch_since(batches[-1].cursor))
    for batch in batches:
        ids = [c.id for c in batch.comments]
        assert len(ids) == len(set(ids)), "one comment twice in a batch"
        times = [c.created_at for c in batch.comments]
        assert times == sorted(times), "not oldest first"
    found = [c for batch in batches for c in batch.comments if driver.mine(c)]
    return found, batches[-1].cursor, batches


def versions(comments: Iterable[Comment]) -> set[Version]:
    return {(c.id, c.text) for c in comments}


class SandboxDriver:
    """A stand-in's page in a world of its own."""

    raw_begins = b"{"

    def __init__(self, platform: str, stack: ExitStack):
        self.platform = platform
        self.replies_go_along = platform in ("facebook", "instagram")
        self.burst = 450 if platform == "x" else 1100
        self.clock = ManualClock()
        self.seconds_between = SECONDS_BETWEEN_COMMENTS
        self.world = World(self.clock)
        self._url = stack.enter_context(SandboxServer(self.world)).url
        self._page_id = self.world.add_page(platform, "Lawrence High", handle="lhs")
        self._post_id = self.world.add_post(self._page_id, "Open house on Thursday")
        self._token = self.world.issue_token(self._page_id)
        self.clock.advance(self.seconds_between)

    def wait(self, hours: float) -> None:
        self.clock.advance(hours * 3600)

    def adapter(self) -> PlatformAdapter:
        return self._adapter(self._token)

    def read_only_adapter(self) -> PlatformAdapter:
        may_hide = {
            "pages_manage_engagement",
            "instagram_manage_comments",
            "tweet.moderate.write",
        }
        scopes = [scope for scope in SCOPES[self.platform] if scope not in may_hide]
        return self._adapter(self.world.issue_token(self._page_id, scopes))

    def blind_adapter(self) -> PlatformAdapter:
        return self._adapter(self.world.issue_token(self._page_id, []))

    def mine(self, comment: Comment) -> bool:
        return True

    def comment(self, text: str, *, parent: str | None = None) -> str:
        self.clock.advance(self.seconds_between)
        return self.world.add_comment(self._post_id, text, parent=parent)

    def own_comment(self, text: str) -> str:
        self.clock.advance(self.seconds_between)
        return self.world.add_comment(self._post_id, text, author_id=self._page_id)

    def edit(self, comment_id: str, text: str) -> str:
        self.clock.advance(self.seconds_between)
        return self.world.edit_comment(comment_id, text)

    def remove(self, comment_id: str) -> None:
        self.world.delete_comment(comment_id, with_replies=self.replies_go_along)

    def is_public(self, comment_id: str, text: str) -> bool:
        return self.world.is_public(comment_id)

    def expire_token(self) -> None:
        self.world.expire_token(self._token)

    def limit_rate(self) -> float:
        window_seconds = 900.0
        limit = RateLimit(calls=1, window_seconds=window_seconds)
        kinds = ("mentions", "tweets", "lookup", "me", "hidden")
        self.world.limits.update({"facebook": limit, "instagram": limit})
        self.world.limits.update({f"x:{kind}": limit for kind in kinds})
        return window_seconds

    def spoil(self, kind: str) -> None:
        if kind == "server_error":
            fault = Fault(kind="html", status=500, times=1000)
        else:
            fault = Fault(kind=kind, times=1000)
        self.world.faults.push(fault)

    def answer_with(self, status: int, body: bytes) -> None:
        self.world.faults.push(Fault(kind="status", status=status, body=body, times=1000))

    def mend(self) -> None:
        self.world.faults.clear()

    def at_each_call(self, act: Callable[[], object]) -> None:
        def acting(request: Request) -> bool:
            act()
            return False  # the answer itself stays as it is

        self.world.faults.push(Fault(kind="empty", match=acting))

    def hostile_texts(self) -> Mapping[str, str]:
        return HOSTILE_TEXTS

    def _secrets(self, token: str) -> Mapping[str, str]:
        return {"token": token}

    def _adapter(self, token: str) -> PlatformAdapter:
        return ADAPTERS[self.platform](self.page(), self.connection(token))

    def page(self) -> Page:
        return Page(
            id=f"{self.platform}:{self._page_id}",
            platform=self.platform,
            external_id=self._page_id,
            name="Lawrence High",
            handle="lhs",
            base_url=self._url,
        )

    def connection(self, token: str = "") -> Connection:
        """With the page's own token unless another is given."""
        return Connection(
            secrets=self._secrets(token or self._token),
            now=self.clock.now,
            timeout_seconds=5,
            deadline_seconds=10,
        )


class WordPressDriver:
    """One post of the real site."""

    platform = "wordpress"
    replies_go_along = False
    burst = 110
    raw_begins = b"{"
    _accounts: ClassVar[dict[tuple[str, str], tuple[Mapping[str, str], str]]] = {}

    def __init__(self, site: WordPressSite, stack: ExitStack):
        self._site = site
        self._spoilt = ""
        self._fixed: Reply | None = None
        self._act: Callable[[], object] = lambda: None
        self._proxy = stack.enter_context(LoopbackServer(self._answer))
        self._number = next(_numbers)
        self._post = int(site.add_post(f"Open house {self._number}")["id"])
        self._secrets, self._where = self._account("editor")

    def wait(self, hours: float) -> None:
        """A real site lives by the real clock."""

    def adapter(self) -> PlatformAdapter:
        return self._adapter(self._secrets)

    def read_only_adapter(self) -> PlatformAdapter:
        """WordPress knows no role that may read held comments but not hold them."""
        return self.blind_adapter()

    def blind_adapter(self) -> PlatformAdapter:
        return self._adapter(self._account("author")[0])

    def mine(self, comment: Comment) -> bool:
        return comment.post_id == str(self._post)

    def comment(self, text: str, *, parent: str | None = None) -> str:
        return self._site.comment(
            self._post, text, author=f"Kid{next(_numbers)}", parent=int(parent or 0)
        )

    def own_comment(self, text: str) -> str:
        own = WordPressSite(
            url=self._site.url, access_log=self._site.access_log, **dict(self._secrets)
        )
        return str(own.rest("POST", "comments", post=self._post, content=text)["id"])

    def edit(self, comment_id: str, text: str) -> str:
        self._site.edit(comment_id, text)
        return comment_id

    def remove(self, comment_id: str) -> None:
        self._site.remove(comment_id)

    def is_public(self, comment_id: str, text: str) -> bool:
        return text in self._site.public_text(self._post)

    def expire_token(self) -> None:
        self._site.rest("DELETE", self._where)
        del self._accounts[self._site.url, "editor"]

    def limit_rate(self) -> float:
        self._spoilt = "too_many"
        return 120.0

    def spoil(self, kind: str) -> None:
        self._spoilt = kind

    def answer_with(self, status: int, body: bytes) -> None:
        self._fixed = Reply(status=status, headers=JSON, body=body)

    def mend(self) -> None:
        self._spoilt = ""
        self._fixed = None
        self._act = lambda: None

    def at_each_call(self, act: Callable[[], object]) -> None:
        self._act = act

    def hostile_texts(self) -> Mapping[str, str]:
        """PHP refuses lone surrogates, its database texts over 64 kB, its filter markup; what the
        adapter makes of these from less careful hosts is shown in test_wordpress_answers.py."""
        taken = ("bidi", "accents")
        return {name: HOSTILE_TEXTS[name] for name in taken} | {"60 kB": "ñ" * 30_000}

    def _account(self, role: str) -> tuple[Mapping[str, str], str]:
        """One account of each role for all tests, until its password is revoked."""
        key = (self._site.url, role)
        if key not in self._accounts:
            self._accounts[key] = self._site.account(f"{role}{next(_numbers)}", role)
        return self._accounts[key]

    def _adapter(self, secrets: Mapping[str, str]) -> PlatformAdapter:
        page = Page(
            id="wordpress:blog",
            platform="wordpress",
            external_id="blog",
            name="District blog",
            base_url=self._proxy.url,
        )
        connection = Connection(
            secrets=secrets,
            now=lambda: datetime.now(UTC),
            timeout_seconds=5,
            deadline_seconds=10,
        )
        return ADAPTERS["wordpress"](page, connection)

    def _answer(self, call: Call) -> Reply:
        self._act()
        if self._fixed is not None:
            return self._fixed
        if self._spoilt == "html":
            return Reply(headers={"Content-Type": "text/html"}, body=HTML)
        if self._spoilt == "server_error":
            return Reply(status=500, headers={"Content-Type": "text/html"}, body=HTML)
        if self._spoilt == "too_many":
            return Reply(status=429, headers={"Retry-After": "120"}, body=HTML)
        if self._spoilt == "empty":
            return Reply(headers=JSON)
        if self._spoilt == "wrong_type":
            return Reply(headers=JSON, body=WRONG_TYPES)
        if self._spoilt == "reset":
            return Reply(headers=JSON, body=b"{", length=1000)
        reply = self._forward(call)
        if self._spoilt == "truncated":
            return Reply(
                status=reply.status, headers=reply.headers, body=reply.body[: len(reply.body) // 2]
            )
        return reply

    def _forward(self, call: Call) -> Reply:
        passed_on = ("Authorization", "Content-Type", "User-Agent", "Accept")
        answer = requests.request(
            call.method,
            self._site.url + call.target,
            headers={name: call.headers[name] for name in passed_on if name in call.headers},
            data=call.body,
            timeout=TIMEOUT_SECONDS,
        )
        passed_back = ("Content-Type", "X-WP-Total")
        headers = {name: answer.headers[name] for name in passed_back if name in answer.headers}
        return Reply(status=answer.status_code, headers=headers, body=answer.content)
