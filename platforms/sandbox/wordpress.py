"""A stand-in of WordPress's REST API, as far as moderating comments needs it, on a world's clock.

The contract of the adapter is held to a real site (tests/platforms/wordpress_site.py), which lives
by the real clock and takes seconds to start; this one is for many sites and simulated days. Each
page of the world is a site in a folder of its own: `URL/PAGE_ID`. What core answers is from a
running WordPress 6.1.9.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from platforms.sandbox.faults import Answer, Request
from platforms.sandbox.records import SandboxComment, SandboxPage, SandboxPost, Token
from platforms.sandbox.world import SCOPES, World

MODERATE = SCOPES["wordpress"][0]
DEFAULT_SIZE = 10
JSON_HEADERS = {"Content-Type": "application/json; charset=UTF-8"}
_PATH = re.compile(r"/(?P<site>[0-9]+)/wp-json/wp/v2/(?P<what>[a-z]+)(?:/(?P<id>[0-9]+|me))?")


class _Refused(Exception):
    """Core's error: a status and a code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class WordPressApi:
    """Serves the sites of a world; called with the world's lock held. Tokens are "user:password"
    of an account that belongs to one site."""

    def __init__(self, world: World):
        self.world = world

    def serves(self, path: str) -> bool:
        return "/wp-json/" in path

    def platform_of(self, request: Request) -> str:
        return "wordpress" if self.serves(request.path) else ""

    def answer(self, request: Request) -> Answer:
        try:
            site, what, found_id = self._asked(request)
            token = self._account(request, site)
            if request.undescribed:
                raise _Refused(400, "rest_invalid_param")
            answers: dict[str, Callable[[], Answer]] = {
                "users": lambda: _json(_account(site, token), request),
                "posts": lambda: self._posts(site, request),
                "pages": lambda: _json([], request, total=0),
                "comments": lambda: self._comments(site, request, found_id),
            }
            if what not in answers:
                raise _Refused(404, "rest_no_route")
            return answers[what]()
        except _Refused as refused:
            body = {"code": refused.code, "message": "no", "data": {"status": refused.status}}
            return Answer(
                status=refused.status, headers=JSON_HEADERS, body=json.dumps(body).encode()
            )

    def _asked(self, request: Request) -> tuple[SandboxPage, str, str]:
        """The site, the route and what stands behind it in the path."""
        path = _PATH.fullmatch(request.path)
        page = self.world.page(path["site"]) if path else None
        if path is None or page is None or page.platform != "wordpress":
            raise _Refused(404, "rest_no_route")
        return page, path["what"], path["id"] or ""

    def _account(self, request: Request, site: SandboxPage) -> Token:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            shown = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, ValueError):
            shown = ""
        token = self.world.tokens.get(shown)
        good = token is not None and token.platform == "wordpress" and not token.expired
        if scheme != "Basic" or token is None or not good or token.page_id != site.id:
            raise _Refused(401, "rest_forbidden_context")
        if MODERATE not in token.scopes:
            raise _Refused(403, "rest_forbidden_context")
        return token

    def _comments(self, site: SandboxPage, request: Request, found_id: str) -> Answer:
        if not found_id:
            return self._list(site, request)
        comment = self.world.comment(found_id)
        if comment is None or comment.id != found_id or comment.page_id != site.id:
            raise _Refused(404, "rest_comment_invalid_id")
        if request.method == "DELETE":
            shown = _comment(comment)
            self.world.delete_comment(comment.id)
            return _json(shown | {"status": "trash"}, request)
        if request.method == "POST":
            self._change(comment, request)
        return _json(_comment(comment), request)

    def _change(self, comment: SandboxComment, request: Request) -> None:
        form = {
            k: v[-1] for k, v in parse_qs(request.body.decode(), keep_blank_values=True).items()
        }
        if "content" in form:
            self.world.edit_comment(comment.id, html.unescape(form["content"]))
        if form.get("status") in ("hold", "approved"):
            self.world.set_hidden(comment.id, form["status"] == "hold")

    def _list(self, site: SandboxPage, request: Request) -> Answer:
        found = [c for post in self.world.posts(site.id) for c in self.world.comments(post.id)]
        if wanted := _one(request, "include"):
            ids = set(wanted.split(","))
            found = [c for c in found if c.id in ids]
        if (status := _one(request, "status")) in ("hold", "approve"):
            found = [c for c in found if c.hidden == (status == "hold")]
        found.sort(key=lambda c: int(c.id), reverse=_one(request, "order") != "asc")
        first, size = int(_one(request, "offset") or 0), _size(request)
        shown = [_comment(c) for c in found[first : first + size]]
        return _json(shown, request, total=len(found))

    def _posts(self, site: SandboxPage, request: Request) -> Answer:
        ids = set(_one(request, "include").split(","))
        found = [p for p in self.world.posts(site.id) if p.id in ids]
        shown = [_post(p) for p in found[: _size(request)]]
        return _json(shown, request, total=len(found))


def _account(site: SandboxPage, token: Token) -> dict[str, Any]:
    return {"id": int(site.id), "capabilities": dict.fromkeys(sorted(token.scopes), True)}


def _comment(comment: SandboxComment) -> dict[str, Any]:
    written = html.escape(comment.text, quote=False)
    return {
        "id": int(comment.id),
        "post": int(comment.post_id),
        "parent": int(comment.parent_id or 0),
        "author": int(comment.page_id) if comment.by_page else 0,
        "author_name": comment.author_name,
        "author_email": "",
        "author_url": "",
        "author_ip": "192.0.2.7",
        "author_user_agent": "Elm",
        "date": _time(comment.created_at),
        "date_gmt": _time(comment.created_at),
        "content": {"rendered": f"<p>{written}</p>", "raw": written},
        "link": f"https://blog.example.org/{comment.post_id}/#comment-{comment.id}",
        "status": "hold" if comment.hidden else "approved",
        "type": "comment",
    }


def _post(post: SandboxPost) -> dict[str, Any]:
    return {
        "id": int(post.id),
        "date_gmt": _time(post.created_at),
        "title": {"rendered": html.escape(post.text, quote=False)},
        "content": {"rendered": ""},
    }


def _json(body: object, request: Request, *, total: int | None = None) -> Answer:
    """With the fields that were asked for."""
    fields = set(filter(None, _one(request, "_fields").split(",")))
    shown = [_some(one, fields) for one in body] if isinstance(body, list) else body
    shown = _some(shown, fields) if isinstance(shown, dict) else shown
    headers = JSON_HEADERS if total is None else {**JSON_HEADERS, "X-WP-Total": str(total)}
    return Answer(headers=headers, body=json.dumps(shown).encode())


def _some(item: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    wanted = set(fields)
    return {name: value for name, value in item.items() if not wanted or name in wanted}


def _one(request: Request, name: str) -> str:
    return request.query.get(name, [""])[-1]


def _size(request: Request) -> int:
    return int(_one(request, "per_page") or DEFAULT_SIZE)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
