"""The fictional district as the platforms hold it, on a clock.

Every method takes ids of either kind: the feed's ("pg01", "p01", "c001") or the vendor's.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from threading import RLock

from modbot.ports import Clock
from platforms.sandbox.deviations import Deviation
from platforms.sandbox.faults import Faults, RateLimit, RateMeter
from platforms.sandbox.feed import FeedEvent
from platforms.sandbox.ids import VendorIds
from platforms.sandbox.records import (
    Call,
    Effect,
    InstagramWays,
    SandboxComment,
    SandboxItem,
    SandboxPage,
    SandboxPost,
    Token,
)

SCOPES = {
    "facebook": (
        "pages_show_list",
        "pages_read_engagement",
        "pages_read_user_content",
        "pages_manage_engagement",
    ),
    "instagram": ("instagram_basic", "instagram_manage_comments", "pages_read_engagement"),
    "x": ("tweet.read", "tweet.moderate.write", "users.read"),
    "youtube": ("https://www.googleapis.com/auth/youtube.force-ssl",),
    "wordpress": ("moderate_comments",),
}


class World:
    """Pages, posts and comments; thread-safe. Every request first calls advance()."""

    def __init__(self, clock: Clock, events: Sequence[FeedEvent] = ()) -> None:
        self.lock = RLock()
        self.clock = clock
        self.ids = VendorIds()
        self.faults = Faults()
        self.meter = RateMeter()
        self.limits: dict[str, RateLimit] = {}  # by platform, or "platform:what"
        self.calls: Counter[str] = Counter()
        self.call_log: list[Call] = []
        self.effects: list[Effect] = []
        self.requests_checked = 0  # against the descriptions of the vendors' APIs ...
        self.deviations: list[Deviation] = []  # ... and what was wrong with them
        self.edited_as_new: dict[str, str] = {}
        self.app_secret = secrets.token_hex(16)
        self.requires_proof = False  # the Facebook app demands appsecret_proof
        self.withholds_authors = False  # Facebook leaves `from` out
        self.refuses_id_lists = False  # Graph: ?ids= is no parameter (any more)
        self.instagram = InstagramWays()
        self.tokens: dict[str, Token] = {}
        self._pages: dict[str, SandboxPage] = {}
        self._posts: dict[str, SandboxPost] = {}
        self._comments: dict[str, SandboxComment] = {}
        self._of_post: dict[str, list[SandboxComment]] = {}
        self._posts_on: dict[str, list[SandboxPost]] = {}  # by page
        self._comments_on: dict[str, list[SandboxComment]] = {}
        self._naming: list[SandboxItem] = []  # written with an @
        self._events = sorted(events, key=lambda event: event.at)
        self._next = 0

    def now(self) -> datetime:
        return self.clock.now()

    # The feed

    def advance(self) -> None:
        """Lets happen what is due by the clock."""
        with self.lock:
            now = self.now()
            while self._next < len(self._events) and self._events[self._next].at <= now:
                self._next += 1
                self._happen(self._events[self._next - 1])

    def next_event(self) -> FeedEvent | None:
        """The first event still to come."""
        with self.lock:
            return self._events[self._next] if self._next < len(self._events) else None

    def _happen(self, event: FeedEvent) -> None:
        if event.kind == "page":
            self.add_page(
                event.platform,
                event.author_name,
                feed_id=event.id,
                about=event.text,
                at=event.at,
            )
        elif event.kind == "post":
            self.add_post(event.page, event.text, feed_id=event.id, at=event.at)
        elif event.kind == "comment":
            self.add_comment(
                event.post or "",
                event.text,
                parent=event.parent,
                author_id=event.author_id,
                author_name=event.author_name,
                feed_id=event.id,
                at=event.at,
            )
        elif event.kind == "edit":
            self.edit_comment(event.id, event.text, at=event.at)
        elif event.kind == "delete":
            self.delete_comment(event.id, at=event.at)
        else:
            raise ValueError(f"unknown kind of feed event: {event.kind}")

    # What people do

    def add_page(
        self,
        platform: str,
        name: str,
        *,
        handle: str = "",
        about: str = "",
        feed_id: str = "",
        at: datetime | None = None,
    ) -> str:
        """Opens an account; gives the vendor's id."""
        with self.lock:
            at = at or self.now()
            page_id = self._bound(feed_id, self.ids.make("page", platform, at))
            self._pages[page_id] = SandboxPage(
                id=page_id,
                platform=platform,
                name=name,
                handle=handle or _handle(platform, name),
                about=about,
                created_at=at,
            )
            self._posts_on[page_id], self._comments_on[page_id] = [], []
            return page_id

    def add_post(
        self, page: str, text: str, *, feed_id: str = "", at: datetime | None = None
    ) -> str:
        """Publishes on a page; gives the vendor's id."""
        with self.lock:
            at = at or self.now()
            owner = self._pages[self.ids.resolve(page)]
            post_id = self._bound(feed_id, self.ids.make("post", owner.platform, at, owner.id))
            post = self._posts[post_id] = SandboxPost(
                id=post_id, page_id=owner.id, platform=owner.platform, text=text, created_at=at
            )
            self._posts_on[owner.id].append(post)
            self._naming += [post] if "@" in text else []
            self._of_post[post_id] = []
            return post_id

    def remove_post(self, post: str) -> None:
        """The API knows it no longer, nor anything under it."""
        with self.lock:
            gone = self._posts.pop(self._known(post))
            self._posts_on[gone.page_id].remove(gone)
            self._forget_names(gone)

    def add_comment(
        self,
        post: str,
        text: str,
        *,
        parent: str | None = None,
        author_id: str = "u0",
        author_name: str = "A Parent",
        feed_id: str = "",
        at: datetime | None = None,
    ) -> str:
        """Comments on a post or, with `parent`, replies; gives the vendor's id."""
        with self.lock:
            at = at or self.now()
            under = self._posts[self.ids.resolve(post)]
            above = self.ids.resolve(parent) if parent else None
            if above and under.platform == "youtube":
                above = above.partition(".")[0]  # one level of replies
            named_after = above if above and under.platform == "youtube" else under.id
            comment = SandboxComment(
                id=self._bound(feed_id, self.ids.make("comment", under.platform, at, named_after)),
                page_id=under.page_id,
                post_id=under.id,
                platform=under.platform,
                text=text,
                created_at=at,
                parent_id=above,
                author_id=self._author(under.platform, author_id, at),
                author_name=author_name,
            )
            # Facebook and Instagram do not let a page hide its own comments.
            comment.can_hide = not comment.by_page
            self._comments[comment.id] = comment
            self._of_post[under.id].append(comment)
            self._comments_on[under.page_id].append(comment)
            self._naming += [comment] if "@" in text else []
            return comment.id

    def edit_comment(self, comment: str, text: str, *, at: datetime | None = None) -> str:
        """Changes the text. X cannot: there it is a deletion and a new id, which is given back."""
        with self.lock:
            old = self._comments[self.ids.resolve(comment)]
            if old.platform != "x":
                old.text, old.edited_at = text, at or self.now()
                return old.id
            self.delete_comment(old.id, at=at)
            new_id = self.add_comment(
                old.post_id,
                text,
                parent=old.parent_id,
                author_id=old.author_id,
                author_name=old.author_name,
                feed_id=self.ids.feed_id(old.id),
                at=at,
            )
            self.edited_as_new[old.id] = new_id
            return new_id

    def delete_comment(
        self, comment: str, *, with_replies: bool = False, at: datetime | None = None
    ) -> None:
        """The API forgets the comment; the world keeps it for the accounts."""
        with self.lock:
            gone = self._comments[self.ids.resolve(comment)]
            gone.deleted_at = gone.deleted_at or at or self.now()
            self._forget_names(gone)
            if with_replies:
                for reply in self._of_post[gone.post_id]:
                    if reply.parent_id == gone.id and reply.deleted_at is None:
                        self.delete_comment(reply.id, with_replies=True, at=at)

    def set_hidden(self, comment: str, hidden: bool) -> None:
        """Hides or shows; writes an effect only where the state changes."""
        with self.lock:
            found = self._comments[self.ids.resolve(comment)]
            if found.hidden == hidden:
                return
            found.hidden = hidden
            self.effects.append(
                Effect(
                    at=self.now(),
                    platform=found.platform,
                    page_id=found.page_id,
                    comment_id=found.id,
                    hidden=hidden,
                )
            )

    # What can be seen

    def pages(self, platform: str | None = None) -> list[SandboxPage]:
        with self.lock:
            return [p for p in self._pages.values() if platform in (None, p.platform)]

    def page(self, page: str) -> SandboxPage | None:
        with self.lock:
            return self._pages.get(self._known(page))

    def posts(self, page: str) -> list[SandboxPost]:
        """A page's posts, newest first."""
        with self.lock:
            page_id = self.ids.resolve(page)
            return sorted(self._posts_on.get(page_id, ()), key=lambda p: p.created_at, reverse=True)

    def post(self, post: str) -> SandboxPost | None:
        with self.lock:
            return self._posts.get(self._known(post))

    def comments(self, post: str) -> list[SandboxComment]:
        """A post's comments that are still there, hidden ones too, oldest first."""
        with self.lock:
            there = self._of_post[self.ids.resolve(post)]
            return sorted(_there(there), key=lambda comment: comment.created_at)

    def comment(self, comment: str) -> SandboxComment | None:
        """None when unknown or deleted."""
        with self.lock:
            found = self._comments.get(self._known(comment))
            return found if found and found.deleted_at is None else None

    def ever(self, comment: str) -> SandboxComment:
        """The comment, deleted or not; KeyError when there never was one."""
        with self.lock:
            return self._comments[self.ids.resolve(comment)]

    def all_comments(self, platform: str | None = None) -> list[SandboxComment]:
        """Every comment there ever was, deleted ones too."""
        with self.lock:
            return [c for c in self._comments.values() if platform in (None, c.platform)]

    def comments_on(self, page: str) -> list[SandboxComment]:
        """A page's comments that are still there, hidden ones too."""
        with self.lock:
            return _there(self._comments_on.get(self.ids.resolve(page), ()))

    def naming(self, platform: str) -> list[SandboxItem]:
        """Posts and comments that are there and were written with an @."""
        with self.lock:
            return [item for item in self._naming if item.platform == platform]

    def is_public(self, comment: str) -> bool:
        """Does a visitor see the comment?"""
        found = self.comment(comment)
        return found is not None and not found.hidden

    def hidden_ids(self, platform: str | None = None) -> set[str]:
        """Vendor ids of comments that are hidden now or were so when deleted."""
        return {comment.id for comment in self.all_comments(platform) if comment.hidden}

    def vendor_id(self, feed_id: str) -> str:
        """The newest id; `ids.vendor_ids()` gives all of them."""
        return self.ids.resolve(feed_id)

    def feed_id(self, vendor_id: str) -> str:
        return self.ids.feed_id(vendor_id)

    # Access

    def issue_token(
        self,
        page: str,
        scopes: Iterable[str] | None = None,
        *,
        expired: bool = False,
        kind: str = "page",
        token: str = "",
    ) -> str:
        """A token for a page; every scope it needs unless `scopes` says otherwise."""
        with self.lock:
            owner = self._pages[self.ids.resolve(page)]
            made = token or f"SANDBOX{secrets.token_hex(24)}"
            self.tokens[made] = Token(
                token=made,
                platform=owner.platform,
                page_id=owner.id,
                scopes=frozenset(SCOPES[owner.platform] if scopes is None else scopes),
                kind=kind,
                expired=expired,
            )
            return made

    def expire_token(self, token: str, subcode: int = 463) -> None:
        with self.lock:
            self.tokens[token].expired = True
            self.tokens[token].error_subcode = subcode

    def checked(self, found: Sequence[Deviation]) -> None:
        """A request was compared with the description of its API."""
        with self.lock:
            self.requests_checked += 1
            self.deviations += found

    def record_call(self, platform: str, method: str, path: str, status: int) -> None:
        with self.lock:
            self.calls[platform] += 1
            self.call_log.append(
                Call(at=self.now(), platform=platform, method=method, path=path, status=status)
            )

    def _bound(self, feed_id: str, vendor_id: str) -> str:
        self.ids.bind(feed_id or vendor_id, vendor_id)
        return vendor_id

    def _forget_names(self, gone: SandboxItem) -> None:
        self._naming = [item for item in self._naming if item is not gone]

    def _known(self, any_id: str) -> str:
        try:
            return self.ids.resolve(any_id)
        except KeyError:
            return ""

    def _author(self, platform: str, author_id: str, at: datetime) -> str:
        known = self._known(author_id)
        return known if known in self._pages else self.ids.author(platform, author_id, at)


def _there(comments: Iterable[SandboxComment]) -> list[SandboxComment]:
    return [comment for comment in comments if comment.deleted_at is None]


def _handle(platform: str, name: str) -> str:
    """What an account of that name could be called; on X at most 15 of A-Z, digits and _."""
    if platform == "x":
        return "".join(c for c in name if (c.isascii() and c.isalnum()) or c == "_")[:15]
    return "".join(c for c in name if c.isalnum() or c in "._")
