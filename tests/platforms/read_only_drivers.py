"""The contract suite's drivers where nothing can be hidden: a feed, an account without an API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack

from modbot.domain import Comment, Page
from modbot.ports import Connection, PlatformAdapter
from platforms import ADAPTERS
from tests.fakes import ManualClock
from tests.platforms.blog import RSS, Blog
from tests.platforms.contract import HOSTILE_TEXTS, HTML, JSON, WRONG_TYPES
from tests.platforms.loopback import Call, LoopbackServer, Reply

FEED_PATH = "/comments/feed/?lang=es"
NOT_IN_XML = ("NUL", "lone surrogate")
SHOWN = 150  # comments: more than any test writes between two polls


class Stranger:
    """What both have in common: nobody signs in, and nobody can be asked to hide anything."""

    platform: str
    replies_go_along = False
    burst = 110
    raw_begins = b"<item>"

    def __init__(self, url: str) -> None:
        self.clock = ManualClock()
        self.url = url

    def wait(self, hours: float) -> None:
        self.clock.advance(hours * 3600)

    def adapter(self) -> PlatformAdapter:
        page = Page(
            id=f"{self.platform}:lhs",
            platform=self.platform,
            external_id="lhs",
            name="Lawrence High",
            base_url=self.url,
        )
        connection = Connection(
            secrets={}, now=self.clock.now, timeout_seconds=5, deadline_seconds=10
        )
        return ADAPTERS[self.platform](page, connection)

    read_only_adapter = blind_adapter = adapter

    def mine(self, comment: Comment) -> bool:
        return True

    def own_comment(self, text: str) -> str:
        raise NotImplementedError("whose words they are is not told here")

    def expire_token(self) -> None:
        raise NotImplementedError("there is none")


class FeedDriver(Stranger):
    """A blog, of which nothing but its comment feed is there."""

    platform = "feed"

    def __init__(self, stack: ExitStack):
        self._server = stack.enter_context(LoopbackServer(self._answer))
        super().__init__(self._server.url + FEED_PATH)
        self._blog = Blog(self.clock, about="Open house", shown=SHOWN, markup="{}")
        self._act: Callable[[], object] = lambda: None

    def comment(self, text: str, *, parent: str | None = None) -> str:
        return self._blog.write(text)

    def edit(self, comment_id: str, text: str) -> str:
        self.clock.advance(60)
        self._blog.edit(comment_id, text)
        return comment_id

    def remove(self, comment_id: str) -> None:
        del self._blog.comments[comment_id]

    def is_public(self, comment_id: str, text: str) -> bool:
        return comment_id in self._blog.comments

    def limit_rate(self) -> float:
        self._blog.says(429, Retry_After="120")
        return 120.0

    def spoil(self, kind: str) -> None:
        body = self._blog.feed()
        page = {"Content-Type": "text/html"}
        spoilt = {
            "html": Reply(headers=page, body=HTML),
            "empty": Reply(headers=RSS),
            "truncated": Reply(headers=RSS, body=body[: len(body) // 2]),
            "wrong_type": Reply(headers=JSON, body=WRONG_TYPES),
            "reset": Reply(headers=RSS, body=body[:1], length=len(body)),
            "server_error": Reply(status=500, headers=page, body=HTML),
        }[kind]
        self._blog.spoilt = lambda _: spoilt

    def answer_with(self, status: int, body: bytes) -> None:
        self._blog.says(status, body)

    def mend(self) -> None:
        self._blog.spoilt = lambda reply: reply
        self._act = lambda: None

    def at_each_call(self, act: Callable[[], object]) -> None:
        self._act = act

    def hostile_texts(self) -> Mapping[str, str]:
        """XML has no way to write some; what a feed makes of them is shown in test_feed.py."""
        return {name: HOSTILE_TEXTS[name] for name in HOSTILE_TEXTS.keys() - set(NOT_IN_XML)}

    def _answer(self, call: Call) -> Reply:
        self._act()
        if (call.method, call.target) != ("GET", FEED_PATH):
            return Reply(status=418)  # nothing but that one address was ever named
        return self._blog.answer(call)


class ManualDriver(Stranger):
    """An account on a platform without an API, which nobody but people can look at."""

    platform = "manual"

    def __init__(self, stack: ExitStack):
        super().__init__("")
        self._written: dict[str, str] = {}

    def comment(self, text: str, *, parent: str | None = None) -> str:
        comment_id = f"seen-{len(self._written)}"
        self._written[comment_id] = text
        return comment_id

    def edit(self, comment_id: str, text: str) -> str:
        self._written[comment_id] = text
        return comment_id

    def remove(self, comment_id: str) -> None:
        del self._written[comment_id]

    def is_public(self, comment_id: str, text: str) -> bool:
        return self._written.get(comment_id) == text

    def limit_rate(self) -> float:
        raise NotImplementedError("nobody is called")

    def spoil(self, kind: str) -> None:
        raise NotImplementedError("nobody answers")

    def answer_with(self, status: int, body: bytes) -> None:
        raise NotImplementedError("nobody answers")

    def mend(self) -> None:
        """Nothing breaks."""

    def at_each_call(self, act: Callable[[], object]) -> None:
        """There are no calls."""

    def hostile_texts(self) -> Mapping[str, str]:
        return HOSTILE_TEXTS
