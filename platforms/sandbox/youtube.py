"""A strict stand-in of the YouTube Data API v3, as far as moderating comments needs it.

Calls are checked against YouTube's own description. What YouTube documents nowhere is here the
harder case, or either by a switch: which replies a thread shows (here the oldest five), whether
missing ids make a call fail, whether a look-up by id shows held comments.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from platforms.sandbox.faults import Answer, Request
from platforms.sandbox.records import SandboxComment, Token
from platforms.sandbox.world import SCOPES, World
from platforms.sandbox.youtube_parameters import (
    Call,
    Refused,
    checked,
    page_token,
    read_page_token,
)

UNITS_A_DAY = 10_000
COSTS = {"youtube.comments.setModerationStatus": 50}
PACIFIC = ZoneInfo("America/Los_Angeles")
TOKEN_SECONDS = 3599
SHOWN_REPLIES = 5
FORM = {"client_id", "client_secret", "refresh_token", "grant_type"}
JSON_HEADERS = {"Content-Type": "application/json; charset=UTF-8"}


class YouTubeApi:
    """Serves /youtube/v3/... and /token of a world; called with the world's lock held.

    World's tokens are refresh tokens. World.limits["youtube"].calls are the units of a day.
    """

    def __init__(self, world: World):
        self.world = world
        self.units: Counter[str] = Counter()  # by day of the Pacific
        self.over_quota = 0  # calls refused because the day's units were spent
        self.requests: Counter[str] = Counter()  # by method
        self.deviations: list[str] = []  # calls that the description does not allow
        self.rejected: list[str] = []
        self.refuses_missing_ids = False
        self.shows_held_by_id = True
        self.disabled_videos: set[str] = set()
        self._access: dict[str, tuple[str, datetime]] = {}

    def serves(self, path: str) -> bool:
        return path.startswith("/youtube/v3/") or path == "/token"

    def platform_of(self, request: Request) -> str:
        return "youtube" if self.serves(request.path) else ""

    def refresh_token_of(self, access: str) -> str:
        """The refresh token that an access token was granted for; empty: none."""
        return self._access.get(access, ("",))[0]

    def answer(self, request: Request) -> Answer:
        try:
            if request.path == "/token":
                return self._grant(request)
            body = self._answered(request)
        except Refused as refused:
            return _json(refused.status, refused.body)
        return Answer(status=204) if body is None else _json(200, body)

    def _grant(self, request: Request) -> Answer:
        """RFC 6749, section 6, with Google's form of the answer."""
        form = {k: v[0] for k, v in parse_qs(request.body.decode()).items()}
        if request.method != "POST" or form.keys() != FORM or form["grant_type"] != "refresh_token":
            return _json(400, {"error": "invalid_request"})
        if not form["client_id"].endswith(".apps.googleusercontent.com"):
            return _json(401, {"error": "invalid_client"})
        token = self.world.tokens.get(form["refresh_token"])
        if token is None or token.expired or token.platform != "youtube":
            said = "Token has been expired or revoked."
            return _json(400, {"error": "invalid_grant", "error_description": said})
        made = f"ya29.{secrets.token_urlsafe(24)}"
        ends = self.world.now() + timedelta(seconds=TOKEN_SECONDS)
        self._access[made] = (token.token, ends)
        return _json(
            200,
            {
                "access_token": made,
                "expires_in": TOKEN_SECONDS,
                "scope": " ".join(sorted(token.scopes)),
                "token_type": "Bearer",
            },
        )

    def _answered(self, request: Request) -> dict[str, object] | None:
        token = self._token(request)
        try:
            call = checked(request)
            if request.undescribed:
                raise Refused(400, "badRequest", "global")
        except Refused as refused:
            self._spend(1)
            self.deviations.append(f"{request.method} {request.path}: {refused}")
            raise
        self.requests[call.method] += 1
        self._spend(COSTS.get(call.method, 1))
        if not token.scopes >= set(SCOPES["youtube"]):
            raise Refused(403, "insufficientPermissions", "global")
        answers: dict[str, Callable[[Call, Token], dict[str, object] | None]] = {
            "youtube.commentThreads.list": self._list_threads,
            "youtube.comments.list": self._list_comments,
            "youtube.comments.setModerationStatus": self._set_status,
            "youtube.channels.list": self._list_channels,
            "youtube.videos.list": self._list_videos,
        }
        if call.method not in answers:
            self.deviations.append(f"{call.method} is not for us")
            raise Refused(400, "badRequest", "global")
        return answers[call.method](call, token)

    def _token(self, request: Request) -> Token:
        scheme, _, access = request.headers.get("authorization", "").partition(" ")
        refresh, ends = self._access.get(access, ("", datetime.min.replace(tzinfo=UTC)))
        token = self.world.tokens.get(refresh)
        if scheme != "Bearer" or token is None or token.expired or ends <= self.world.now():
            raise Refused(401, "authError", "global")
        return token

    def _spend(self, cost: int) -> None:
        day = self.world.now().astimezone(PACIFIC).date().isoformat()
        limit = self.world.limits.get("youtube")
        if self.units[day] + cost > (limit.calls if limit else UNITS_A_DAY):
            self.over_quota += 1
            raise Refused(403, "quotaExceeded", "youtube.quota")
        self.units[day] += cost

    def _list_threads(self, call: Call, token: Token) -> dict[str, object]:
        channel, status = call.one("allThreadsRelatedToChannelId"), call.one("moderationStatus")
        page = self.world.page(channel)
        if page is None or page.platform != "youtube" or page.id != channel:
            raise Refused(404, "channelNotFound", "youtube.commentThread")
        if status in ("heldForReview", "likelySpam") and token.page_id != channel:
            raise Refused(403, "forbidden", "youtube.commentThread")
        if status == "rejected":
            raise Refused(400, "invalidParameter")
        posts = self.world.posts(channel)
        tops = [c for p in posts for c in self.world.comments(p.id) if c.parent_id is None]
        listed = [c for c in tops if self._in_list(c, status or "published")]
        listed.sort(key=_anchor, reverse=True)
        shown, following = _page(listed, call)
        items = [self._thread(c, status or "published", token) for c in shown]
        return _listed("commentThread", items, following)

    def _in_list(self, top: SandboxComment, status: str) -> bool:
        if status == "published":
            return not top.hidden
        return any(_status(c) == status for c in (top, *self._replies(top)))

    def _replies(self, top: SandboxComment) -> list[SandboxComment]:
        return [c for c in self.world.comments(top.post_id) if c.parent_id == top.id]

    def _thread(self, top: SandboxComment, status: str, token: Token) -> dict[str, object]:
        replies = self._replies(top)
        public = [r for r in replies if not r.hidden]
        shown = public if status == "published" else replies
        thread: dict[str, object] = {
            "kind": "youtube#commentThread",
            "etag": secrets.token_urlsafe(20),
            "id": top.id,
            "snippet": {
                "channelId": top.page_id,
                "videoId": top.post_id,
                "topLevelComment": self._comment(top, token),
                "canReply": True,
                "totalReplyCount": len(shown),
                "isPublic": not top.hidden,
            },
        }
        if shown:
            some = [self._comment(r, token) for r in shown[:SHOWN_REPLIES]]
            thread["replies"] = {"comments": some}
        return thread

    def _list_comments(self, call: Call, token: Token) -> dict[str, object]:
        if "parentId" in call.query:
            top = self._there(call.one("parentId"))
            if top is None:
                raise Refused(404, "commentNotFound", "youtube.comment")
            if top.post_id in self.disabled_videos:
                raise Refused(403, "commentsDisabled", "youtube.comment")
            public = [r for r in self._replies(top) if not r.hidden]
            shown, following = _page(sorted(public, key=_anchor, reverse=True), call)
            return _listed("comment", [self._comment(r, token) for r in shown], following)
        found = {one: self._there(one) for one in call.ids()}
        if self.refuses_missing_ids and not all(found.values()):
            raise Refused(404, "commentNotFound", "youtube.comment")
        there = [c for c in found.values() if c and (self.shows_held_by_id or not c.hidden)]
        return _listed("comment", [self._comment(c, token, by_id=True) for c in there], None)

    def _there(self, comment_id: str) -> SandboxComment | None:
        found = self.world.comment(comment_id)
        return found if found and found.platform == "youtube" and found.id == comment_id else None

    def _comment(
        self, comment: SandboxComment, token: Token, *, by_id: bool = False
    ) -> dict[str, object]:
        snippet: dict[str, Any] = {
            "channelId": comment.page_id,
            "textDisplay": comment.text,
            "authorDisplayName": f"@{comment.author_name}",
            "authorChannelId": {"value": comment.author_id},
            "canRate": True,
            "viewerRating": "none",
            "likeCount": 0,
            "publishedAt": _time(comment.created_at),
            "updatedAt": _time(comment.edited_at or comment.created_at),
        }
        if comment.parent_id:
            snippet["parentId"] = comment.parent_id
        if not by_id:
            snippet["videoId"] = comment.post_id
            if token.page_id == comment.page_id:  # "will not be set" in answers to ids
                snippet["moderationStatus"] = _status(comment)
        etag = secrets.token_urlsafe(20)
        return {"kind": "youtube#comment", "etag": etag, "id": comment.id, "snippet": snippet}

    def _set_status(self, call: Call, token: Token) -> None:
        found = [self._there(one) for one in call.ids()]
        if not all(found):
            raise Refused(404, "commentNotFound", "youtube.comment")
        comments = [c for c in found if c]
        if any(c.page_id != token.page_id for c in comments):
            raise Refused(403, "forbidden", "youtube.comment")
        status = call.one("moderationStatus")
        for comment in comments:
            if status == "rejected":
                self.rejected.append(comment.id)
                self.world.delete_comment(comment.id, with_replies=True)
            else:
                self.world.set_hidden(comment.id, status == "heldForReview")

    def _list_channels(self, call: Call, token: Token) -> dict[str, object]:
        ids = [token.page_id] if call.one("mine") == "true" else call.ids()
        items = [{"kind": "youtube#channel", "id": one} for one in ids if self.world.page(one)]
        return _listed("channel", items, None)

    def _list_videos(self, call: Call, _: Token) -> dict[str, object]:
        items = []
        for post in filter(None, map(self.world.post, call.ids())):
            snippet = {
                "publishedAt": _time(post.created_at),
                "channelId": post.page_id,
                "title": post.text,
                "description": "",
            }
            items.append({"kind": "youtube#video", "id": post.id, "snippet": snippet})
        return _listed("video", items, None)


def _status(comment: SandboxComment) -> str:
    return comment.held_as if comment.hidden else "published"


def _anchor(comment: SandboxComment) -> str:
    return f"{comment.created_at.timestamp():017.6f} {comment.id}"


def _page(
    newest_first: Sequence[SandboxComment], call: Call
) -> tuple[list[SandboxComment], str | None]:
    """A page of a listing and the token of the next."""
    size = int(call.one("maxResults", "20"))
    rest = list(newest_first)
    if token := call.one("pageToken"):
        below = read_page_token(token)
        rest = [c for c in rest if _anchor(c) < below]
    shown = rest[:size]
    return shown, page_token(_anchor(shown[-1])) if len(rest) > size else None


def _listed(kind: str, items: Iterable[object], following: str | None) -> dict[str, object]:
    listed = list(items)
    body: dict[str, object] = {
        "kind": f"youtube#{kind}ListResponse",
        "etag": secrets.token_urlsafe(20),
        "pageInfo": {"totalResults": len(listed), "resultsPerPage": len(listed)},
        "items": listed,
    }
    return body | ({"nextPageToken": following} if following else {})


def _json(status: int, body: object) -> Answer:
    return Answer(status=status, headers=JSON_HEADERS, body=json.dumps(body).encode())


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
