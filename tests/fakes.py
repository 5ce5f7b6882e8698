"""What tests use in place of time and of a platform: a clock moved by hand, a page in memory."""

from __future__ import annotations

import copy
import itertools
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from modbot.domain import Capability, Comment, CommentBatch, Coverage, Fundraiser, Mode, Page, Post
from modbot.errors import CommentGone, Unsupported
from modbot.ports import Connection

T = TypeVar("T")

SCHOOL_DAY = datetime(2026, 9, 9, 12, 0, tzinfo=UTC)  # a Wednesday, 8 in the morning in Lawrence
EVERYTHING = frozenset(Capability)


class ManualClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, start: datetime = SCHOOL_DAY, *, speed: float = 1.0):
        self._now = start
        self.speed = speed

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> datetime:
        """Returns the new time."""
        self._now += timedelta(seconds=seconds)
        return self._now

    def move_to(self, moment: datetime) -> None:
        self._now = moment


def make_page(number: int = 1, *, platform: str = "facebook", mode: Mode = Mode.ENFORCE) -> Page:
    external_id = str(1000 + number)
    return Page(
        id=f"{platform}:{external_id}",
        platform=platform,
        external_id=external_id,
        name=f"School {number}",
        mode=mode,
    )


def make_comment(
    text: str,
    *,
    page: Page | None = None,
    id: str = "c1",
    post_id: str = "p1",
    created_at: datetime = SCHOOL_DAY,
    parent_id: str | None = None,
    hidden: bool | None = False,
    by_page: bool = False,
    post_text: str = "",
    parent_text: str = "",
    approved_fundraisers: tuple[Fundraiser | str, ...] = (),
) -> Comment:
    """A comment as an adapter would bring it, its raw bytes included."""
    page = page or make_page()
    return Comment(
        page_id=page.id,
        platform=page.platform,
        id=id,
        post_id=post_id,
        text=text,
        created_at=created_at,
        parent_id=parent_id,
        author_id=page.external_id if by_page else "u1",
        author_name="A parent",
        hidden=hidden,
        by_page=by_page,
        raw=b'{"message":"' + text.encode("utf-8", "surrogatepass") + b'"}',
        post_text=post_text,
        parent_text=parent_text,
        approved_fundraisers=approved_fundraisers,
    )


class FakeAdapter:
    """A page in memory: the public writes with add(), edit() and remove(), the service reads.

    Every call is kept in `calls`, every change of visibility in `effects`. fail_next() makes a
    call raise, before or after it did its work.
    """

    def __init__(
        self,
        page: Page | None = None,
        *,
        now: Callable[[], datetime] = lambda: SCHOOL_DAY,
        capabilities: frozenset[Capability] = EVERYTHING,
        batch_size: int = 100,
        watch_hours: float = 48.0,
    ):
        self.page = page or make_page()
        self.capabilities = capabilities
        self.now = now
        self.batch_size = batch_size
        self.watch_hours = watch_hours
        self.posts: dict[str, Post] = {}
        self.comments: dict[str, Comment] = {}
        self.calls: list[tuple[str, str]] = []  # method, comment id or cursor
        self.effects: list[tuple[str, bool]] = []  # comment id, hidden from now on
        self.usage: float | None = None
        self._changed: dict[str, int] = {}  # comment id -> number of its last change
        self._numbers = itertools.count(1)
        self._failures: dict[str, list[tuple[Exception, bool]]] = {}
        self._lock = threading.RLock()

    # what the public does

    def add_post(self, post_id: str, text: str) -> Post:
        post = Post(id=post_id, text=text, created_at=self.now())
        self.posts[post_id] = post
        return post

    def add(self, text: str, **fields: object) -> Comment:
        """A new comment, created now; `fields` as in make_comment()."""
        with self._lock:
            number = next(self._numbers)
            values: dict[str, object] = {"id": f"c{number}", "created_at": self.now(), **fields}
            comment = make_comment(text, page=self.page, **values)  # type: ignore[arg-type]
            self.comments[comment.id] = comment
            self._changed[comment.id] = number
            return comment

    def edit(self, comment_id: str, text: str) -> Comment:
        with self._lock:
            raw = make_comment(text, page=self.page).raw
            comment = replace(self.comments[comment_id], text=text, raw=raw)
            self.comments[comment_id] = comment
            self._changed[comment_id] = next(self._numbers)
            return comment

    def remove(self, comment_id: str) -> None:
        with self._lock:
            del self.comments[comment_id]
            del self._changed[comment_id]

    def put_back(self, comment: Comment) -> None:
        """Shows a removed comment again, as that of an account that was closed for a while."""
        with self._lock:
            self.comments[comment.id] = comment
            self._changed[comment.id] = next(self._numbers)

    def looking_back(self, connection: Connection) -> FakeAdapter:
        """The same page, whose listing reaches back further."""
        other = copy.copy(self)
        other.watch_hours = connection.watch_hours
        return other

    def hidden_ids(self) -> set[str]:
        return {c.id for c in self.comments.values() if c.hidden}

    def fail_next(
        self, method: str, *errors: Exception, times: int = 1, after: bool = False
    ) -> None:
        """The next calls of `method` raise `errors`; `after`: the work is done, the answer lost."""
        planned = [(error, after) for error in errors for _ in range(times)]
        self._failures.setdefault(method, []).extend(planned)

    # what the service does

    def check(self) -> None:
        self._call("check", "", lambda: None)

    def fetch_since(self, cursor: str | None) -> CommentBatch:
        return self._call("fetch_since", cursor or "", lambda: self._list(int(cursor or 0)))

    def fetch_one(self, comment_id: str) -> Comment | None:
        return self._call("fetch_one", comment_id, lambda: self._seen(comment_id))

    def fetch_many(self, comment_ids: Sequence[str]) -> Mapping[str, Comment | None]:
        return self._call(
            "fetch_many", ",".join(comment_ids), lambda: {i: self._seen(i) for i in comment_ids}
        )

    def hide(self, comment_id: str) -> None:
        self._call("hide", comment_id, lambda: self._show(Capability.HIDE, comment_id, hidden=True))

    def restore(self, comment_id: str) -> None:
        self._call(
            "restore", comment_id, lambda: self._show(Capability.RESTORE, comment_id, hidden=False)
        )

    def delete(self, comment_id: str) -> None:
        self._call("delete", comment_id, lambda: self._delete(comment_id))

    def _call(self, method: str, about: str, work: Callable[[], T]) -> T:
        with self._lock:
            self.calls.append((method, about))
            planned = self._failures.get(method)
            error, after = planned.pop(0) if planned else (None, False)
            if error is not None and not after:
                raise error
            result = work()
            if error is not None:
                raise error
            return result

    def _list(self, seen: int) -> CommentBatch:
        new = sorted((n, i) for i, n in self._changed.items() if n > seen)
        watched_since = self.now() - timedelta(hours=self.watch_hours)
        more = len(new) > self.batch_size
        ids = {i for _, i in new[: self.batch_size]}
        covered: tuple[Coverage, ...] = ()
        if Capability.LISTS_EDITS in self.capabilities and not more:
            ids |= {c.id for c in self.comments.values() if c.created_at >= watched_since}
            covered = (Coverage(post_id=None, since=watched_since),)
        last = new[: self.batch_size][-1][0] if new else seen
        return CommentBatch(
            comments=tuple(self._oldest_first(ids)),
            cursor=str(last),
            posts=tuple(self.posts.values()),
            covered=covered,
            more=more,
            usage=self.usage,
        )

    def _oldest_first(self, ids: Iterable[str]) -> list[Comment]:
        known = [self._seen(i) for i in ids]
        return sorted((c for c in known if c), key=lambda c: (c.created_at, self._changed[c.id]))

    def _seen(self, comment_id: str) -> Comment | None:
        comment = self.comments.get(comment_id)
        if comment is not None and Capability.READ_HIDDEN not in self.capabilities:
            return replace(comment, hidden=None)
        return comment

    def _show(self, needed: Capability, comment_id: str, *, hidden: bool) -> None:
        if needed not in self.capabilities:
            raise Unsupported
        comment = self.comments.get(comment_id)
        if comment is None:
            raise CommentGone
        if comment.hidden is not hidden:
            self.comments[comment_id] = replace(comment, hidden=hidden)
            self.effects.append((comment_id, hidden))

    def _delete(self, comment_id: str) -> None:
        if Capability.DELETE not in self.capabilities:
            raise Unsupported
        if comment_id not in self.comments:
            raise CommentGone
        self.remove(comment_id)


class FakePlatform:
    """An AdapterFactory whose pages are FakeAdapters that outlive a restart of the service."""

    def __init__(self, *adapters: FakeAdapter):
        self.adapters = {adapter.page.id: adapter for adapter in adapters}
        self.tokens: list[str] = []  # those that an adapter was made with
        self.connections: list[Connection] = []  # the same

    def __call__(self, page: Page, connection: Connection) -> FakeAdapter:
        self.tokens.append(connection.secrets.get("token", ""))
        self.connections.append(connection)
        if page.id not in self.adapters:
            self.adapters[page.id] = FakeAdapter(page, now=connection.now)
        adapter = self.adapters[page.id]
        return adapter if connection.watch_hours == 48 else adapter.looking_back(connection)
