"""A district site on WordPress, read and moderated through core's REST API and no plug-in.

A quiet poll is one call: the newest 100 comments, published or held. They are the watch window too,
for core tells no time of change: an edit shows as another text, a deletion as a gap. Comments that
the site's own filter puts into spam are not judged unless someone takes them out while they are
among those 100. Facts: WordPress 6.1.9, seen on a running site.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests

from modbot.budget import PageBudget
from modbot.domain import Capability, Comment, CommentBatch, Coverage, Page, Post
from modbot.errors import (
    AuthExpired,
    BadAnswer,
    BadConfig,
    BadRequest,
    CommentGone,
    MissingScope,
    PlatformError,
    Unreachable,
)
from modbot.ports import Connection
from platforms.gate import Gate
from platforms.hiding import HIDES_A_CALL, hide_each
from platforms.raw_items import raw_items
from platforms.transport import VendorTransport, is_loopback
from platforms.wordpress_answers import decoded, error_of, field, utc, valid_json, visible_text

WINDOW = 100  # the most that one listing call may bring
OVERLAP = 10  # rows read again, so that a deletion between two calls cannot push one out of sight
MOST_WINDOWS = 500  # 45,000 comments at once: more is a site that goes in circles
ITEM_FIELDS = (  # all of an item but avatars and links
    "id,post,parent,author,author_name,author_email,author_url,author_ip,author_user_agent,"
    "date,date_gmt,content,link,status,type"
)
HIDDEN, SHOWN = "hold", "approved"
OUT_OF_SIGHT = (HIDDEN, "spam", "trash")

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Answer:
    text: str  # valid JSON
    total: int | None  # how many rows the whole list has


class WordPressAdapter:
    """Secrets: `user` and `app_password`, or `token` = "user:password"; role editor or above.

    Comments in spam or trash are still there, with hidden=True. Only the account of the token
    counts as the page itself: other logged-in authors may be students.
    """

    capabilities = frozenset(Capability)
    hides_a_call = HIDES_A_CALL

    def __init__(self, page: Page, connection: Connection):
        self.page = page
        self._connection = connection
        self._base = _site_address(page)
        # Core has no limits, hosts have: sites of one host share what it asks for.
        host = urlsplit(self._base).netloc
        self.budget = PageBudget(of=connection.budgets.of("wordpress", host, ""))
        self._session = requests.Session()
        self._session.headers.update({"Accept": "application/json", "User-Agent": "modbot"})
        self._authorization = _authorization(connection.secrets)
        transport = VendorTransport(
            platform="wordpress",
            timeout_seconds=connection.timeout_seconds,
            deadline_seconds=connection.deadline_seconds,
            gate=Gate(self.budget, connection.now),
            answered=connection.answered,
        )
        transport.carry(self._session, self._base)
        self._own_user_id: int | None = None
        self._posts: dict[int, Post | None] = {}  # None: has no text that we may read

    def check(self) -> None:
        """One call. Raises AuthExpired, or MissingScope for a role below editor."""
        answer = self._get("users/me", {"context": "edit", "_fields": "id,capabilities"})
        user = decoded(answer.text)
        self._own_user_id = field(user, "id", int)
        if field(user, "capabilities", dict).get("moderate_comments") is not True:
            raise MissingScope("the WordPress account may not moderate: make it an editor")

    def fetch_since(self, cursor: str | None) -> CommentBatch:
        """The newest 100 comments, and the older ones that came after the cursor.

        Without a cursor: as far back as the watch window reaches.
        """
        known_id = self._read_cursor(cursor)
        watched_since = self._connection.now() - timedelta(hours=self._connection.watch_hours)
        listed, whole = self._listed(known_id, watched_since)
        comments = tuple(listed[id_] for id_ in sorted(listed))
        newest = max(listed, default=known_id or 0)
        if comments and not whole:  # the second of the oldest one may hold others, not listed
            watched_since = max(watched_since, comments[0].created_at + timedelta(seconds=1))
        return CommentBatch(
            comments=comments,
            cursor=json.dumps({"v": 1, "newest": newest}),
            posts=self._posts_of(comments),
            covered=(Coverage(post_id=None, since=watched_since),),
        )

    def fetch_one(self, comment_id: str) -> Comment | None:
        found = self._read(comment_id)
        return self._comment(*found) if found else None

    def fetch_many(self, comment_ids: Sequence[str]) -> Mapping[str, Comment | None]:
        """100 comments a call."""
        found: dict[str, Comment | None] = dict.fromkeys(comment_ids)
        askable = [id_ for id_ in found if _is_number(id_)]
        for start in range(0, len(askable), WINDOW):
            ids = ",".join(askable[start : start + WINDOW])
            answer = self._list({"status": "any", "include": ids})
            found.update({c.id: c for c in self._comments(answer).values() if c.id in found})
        return found

    def hide(self, comment_id: str) -> None:
        """Holds the comment for moderation; one in spam or trash stays there."""
        self._set_status(comment_id, HIDDEN, enough=OUT_OF_SIGHT)

    def hide_many(self, comment_ids: Sequence[str]) -> Mapping[str, PlatformError | None]:
        """A call for each, which answers with the new state, and one to read them all before."""
        ids = ",".join(one for one in comment_ids if _is_number(one))
        answer = self._list({"status": "any", "include": ids or "0"})
        before = {str(field(item, "id", int)): item for item, _ in _items(answer.text, "comments")}

        def hold(comment_id: str) -> None:
            if comment_id not in before:
                raise CommentGone
            self._change_status(before[comment_id], HIDDEN, enough=OUT_OF_SIGHT)

        return hide_each(comment_ids, hold)

    def restore(self, comment_id: str) -> None:
        """Publishes the comment, out of spam or trash too."""
        self._set_status(comment_id, SHOWN, enough=(SHOWN,))

    def delete(self, comment_id: str) -> None:
        """Into the site's trash, which core empties after 30 days; for good where there is none."""
        if not _is_number(comment_id):
            raise CommentGone
        try:
            self._call("DELETE", f"comments/{comment_id}")
        except PlatformError as error:
            if error.code == "rest_trash_not_supported":
                self._call("DELETE", f"comments/{comment_id}", {"force": "true"})
            elif error.code != "rest_already_trashed":
                raise

    def _set_status(self, comment_id: str, status: str, *, enough: Sequence[str]) -> None:
        """Two calls: a change by REST overwrites the writer's address and browser with ours unless
        they are sent along. Raises BadAnswer when the site did not do as asked."""
        found = self._read(comment_id)
        if found is None:
            raise CommentGone
        self._change_status(found[0], status, enough=enough)

    def _change_status(
        self, before: Mapping[str, Any], status: str, *, enough: Sequence[str]
    ) -> None:
        if field(before, "status", str) in enough:
            return
        form = {"status": status}
        for name in ("author_ip", "author_user_agent"):
            if field(before, name, str):
                form[name] = before[name]
        comment_id = field(before, "id", int)
        answer = self._call("POST", f"comments/{comment_id}", {"_fields": "id,status"}, form)
        after = field(decoded(answer.text), "status", str)
        if after not in enough:  # WordPress answers 200 to a status it does not know
            raise BadAnswer(f"the site answered yes, but comment {comment_id} is not {status}")

    def _read(self, comment_id: str) -> tuple[dict[str, Any], bytes] | None:
        """The item and its bytes; None: gone."""
        if not _is_number(comment_id):
            return None
        try:
            query = {"context": "edit", "_fields": ITEM_FIELDS}
            answer = self._get(f"comments/{comment_id}", query)
        except CommentGone:
            return None
        return decoded(answer.text), answer.text.strip().encode("utf-8", "surrogatepass")

    def _listed(self, known_id: int | None, since: datetime) -> tuple[dict[int, Comment], bool]:
        """From the newest comment down to known ground, and whether that was the whole list."""
        listed: dict[int, Comment] = {}
        for window, ended in self._windows():
            listed.update(window)
            if known_id is not None and max(listed, default=known_id) < known_id:
                known_id = None  # newest comments deleted, or the site went back to a backup
            if ended or (window and _reaches(window, known_id, since)):
                return listed, ended
        raise BadAnswer("the list of comments has no end")

    def _windows(self) -> Iterator[tuple[dict[int, Comment], bool]]:
        """Windows of the list, newest first, each with whether the list ends there."""
        offset, lowest = 0, 0
        for _ in range(MOST_WINDOWS):
            answer = self._list({"status": "all", "offset": str(offset)})
            window = self._comments(answer)
            if offset and max(window, default=0) < lowest:
                offset = max(0, offset - WINDOW // 2)  # deletions moved the list: look again
                continue
            lowest = min(window, default=lowest)
            total = offset + len(window) if answer.total is None else answer.total
            ended = offset + WINDOW >= total
            yield window, ended
            offset += WINDOW - OVERLAP

    def _list(self, query: Mapping[str, str]) -> _Answer:
        # context=edit: to a revoked password WordPress shows the public view, as if all were well.
        wanted = {"context": "edit", "orderby": "id", "order": "desc", "per_page": str(WINDOW)}
        return self._get("comments", {**wanted, "_fields": ITEM_FIELDS, **query})

    def _comments(self, answer: _Answer) -> dict[int, Comment]:
        items = _items(answer.text, "comments")
        return {field(item, "id", int): self._comment(item, raw) for item, raw in items}

    def _comment(self, item: Mapping[str, Any], raw: bytes) -> Comment:
        author = field(item, "author", int)
        parent = field(item, "parent", int)
        return Comment(
            page_id=self.page.id,
            platform=self.page.platform,
            id=str(field(item, "id", int)),
            post_id=str(field(item, "post", int)),
            text=visible_text(field(field(item, "content", dict), "raw", str)),
            created_at=utc(field(item, "date_gmt", str)),
            parent_id=str(parent) if parent else None,
            author_id=str(author) if author else None,
            author_name=field(item, "author_name", str),
            hidden=field(item, "status", str) != SHOWN,
            by_page=author > 0 and author == self._own_id(),
            permalink=field(item, "link", str),
            raw=raw,
        )

    def _own_id(self) -> int:
        if self._own_user_id is None:
            user = decoded(self._get("users/me", {"_fields": "id"}).text)
            self._own_user_id = field(user, "id", int)
        return self._own_user_id

    def _posts_of(self, comments: Sequence[Comment]) -> tuple[Post, ...]:
        """Asks only for posts not seen yet. A post that cannot be read costs its text, no more."""
        ids = {int(comment.post_id) for comment in comments}
        for kind in ("posts", "pages"):
            missing = sorted(ids - self._posts.keys())
            for start in range(0, len(missing), WINDOW):
                try:
                    self._posts.update(self._read_posts(kind, missing[start : start + WINDOW]))
                except (BadAnswer, BadRequest, MissingScope) as error:
                    log.warning("%s of page %s cannot be read: %s", kind, self.page.id, error)
        self._posts.update(dict.fromkeys(ids - self._posts.keys()))
        return tuple(post for id_ in sorted(ids) if (post := self._posts[id_]) is not None)

    def _read_posts(self, kind: str, ids: Sequence[int]) -> dict[int, Post]:
        query = {"include": ",".join(map(str, ids)), "per_page": str(WINDOW), "status": "any"}
        answer = self._get(kind, {**query, "_fields": "id,date_gmt,title,content"})
        posts = {}
        for item, _ in _items(answer.text, kind):
            title, content = (
                visible_text(field(field(item, name, dict), "rendered", str)).strip()
                for name in ("title", "content")
            )
            id_ = field(item, "id", int)
            created_at = utc(field(item, "date_gmt", str))
            text = f"{title}\n{content}".strip()
            posts[id_] = Post(id=str(id_), text=text, created_at=created_at)
        return posts

    def _read_cursor(self, cursor: str | None) -> int | None:
        if cursor is None:
            return None
        try:
            return field(decoded(cursor), "newest", int)
        except BadAnswer:
            log.warning("the cursor of page %s cannot be read: starting anew", self.page.id)
            return None

    def _get(self, path: str, query: Mapping[str, str]) -> _Answer:
        return self._call("GET", path, query)

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> _Answer:
        if not self._authorization:
            raise AuthExpired("no WordPress credentials: user and application password are needed")
        address = f"{self._base}/wp-json/wp/v2/{path}"
        try:
            response = self._session.request(
                method,
                address,
                params=query,
                data=form,
                headers={"Authorization": self._authorization},
            )
        except requests.RequestException as error:
            raise Unreachable(f"the site did not answer ({type(error).__name__})") from None
        if response.status_code >= 300:
            refusal = error_of(response, self._connection.now())
            self.budget.of.note(refusal)
            raise refusal
        total = response.headers.get("X-WP-Total", "")
        return _Answer(text=valid_json(response), total=int(total) if _is_number(total) else None)


def _site_address(page: Page) -> str:
    """Without the last slash. Raises BadConfig: a password goes over https or stays at home."""
    address = page.base_url.rstrip("/")
    parts = urlsplit(address)
    if parts.username or parts.password or parts.query or not parts.hostname:
        raise BadConfig("a site address is due, such as https://blog.example.org", key="base_url")
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)):
        return address
    raise BadConfig("the site address must begin with https://", key="base_url")


def _authorization(secrets: Mapping[str, str]) -> str:
    """The header's value; empty without a user and a password."""
    user, password = secrets.get("user", ""), secrets.get("app_password", "")
    if not (user and password):
        user, _, password = secrets.get("token", "").strip().partition(":")
    joined = base64.b64encode(f"{user}:{password}".encode()).decode()
    return f"Basic {joined}" if user and password else ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20


def _items(text: str, what: str) -> list[tuple[dict[str, Any], bytes]]:
    """Each object of a JSON array, and its bytes as sent. Raises BadAnswer."""
    whole = json.loads(text)
    if not isinstance(whole, list) or not all(isinstance(item, dict) for item in whole):
        raise BadAnswer(f"a list of {what} was due")
    return list(raw_items(text, ("*",)))


def _reaches(window: Mapping[int, Comment], known_id: int | None, since: datetime) -> bool:
    """Is all below this window known, or older than what is watched?"""
    oldest = min(window)
    if known_id is None:
        return window[oldest].created_at < since
    return oldest <= known_id
