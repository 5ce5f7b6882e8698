"""A blog with a comment feed, as others' software writes one."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import format_datetime
from html import escape

from tests.fakes import ManualClock
from tests.platforms.loopback import Call, Reply

RSS = {"Content-Type": "application/rss+xml; charset=UTF-8"}
NAMESPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
)


class Blog:
    """A blog whose feed shows its newest comments, ten unless a test says otherwise."""

    def __init__(
        self,
        clock: ManualClock,
        *,
        about: str = "Snow day",
        shown: int = 10,
        markup: str = "<p>{}</p>",
    ):
        self.clock, self.about, self.shown, self.markup = clock, about, shown, markup
        self.comments: dict[str, tuple[str, str]] = {}  # id: text, date
        self._written = 0
        self.spoilt: Callable[[Reply], Reply] = lambda reply: reply

    def write(self, text: str) -> str:
        self.clock.advance(60)
        self._written += 1
        comment_id = f"https://blog.example/?p=1#comment-{self._written}"
        self.comments[comment_id] = (text, format_datetime(self.clock.now()))
        return comment_id

    def edit(self, comment_id: str, text: str) -> None:
        self.comments[comment_id] = (text, self.comments[comment_id][1])

    def feed(self) -> bytes:
        newest = list(self.comments.items())[: -self.shown - 1 : -1]
        items = "".join(
            f"<item><title>Comment on {self.about} by Ana</title><dc:creator>Ana</dc:creator>"
            f"<link>https://blog.example/snow/#c{one[-1]}</link>"
            f'<guid isPermaLink="false">{one}</guid><pubDate>{date}</pubDate>'
            f"<content:encoded>{escape(self.markup.format(escape(text)))}</content:encoded></item>"
            for one, (text, date) in newest
        )
        head = f'<rss version="2.0" {NAMESPACES}><channel>'
        head += f"<title>Comments on {escape(self.about)}</title>"
        return f"{head}{items}</channel></rss>".encode("utf-8", "surrogatepass")

    def answer(self, call: Call) -> Reply:
        body = self.feed()
        etag = f'"{hash(body)}"'
        if call.headers.get("If-None-Match") == etag:
            return self.spoilt(Reply(status=304, headers={"ETag": etag}))
        return self.spoilt(Reply(headers={**RSS, "ETag": etag}, body=body))

    def says(self, status: int, body: bytes = b"", **headers: str) -> None:
        shown = {name.replace("_", "-"): value for name, value in headers.items()}
        self.spoilt = lambda _: Reply(status=status, headers={**RSS, **shown}, body=body)
