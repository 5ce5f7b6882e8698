"""A WordPress site whose answers a test writes, and an adapter on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from modbot.domain import Page
from modbot.ports import Connection
from platforms.wordpress import WordPressAdapter
from tests.fakes import SCHOOL_DAY, ManualClock
from tests.platforms.loopback import Call, Reply

JSON = {"Content-Type": "application/json; charset=UTF-8"}


def site_page(base_url: str) -> Page:
    return Page(
        id="wordpress:blog",
        platform="wordpress",
        external_id="blog",
        name="District blog",
        base_url=base_url,
    )


def adapter_on(base_url: str, **secrets: str) -> WordPressAdapter:
    connection = Connection(
        secrets=secrets or {"user": "bot", "app_password": "hush"},
        now=ManualClock().now,
        timeout_seconds=2,
        deadline_seconds=4,
    )
    return WordPressAdapter(site_page(base_url), connection)


def json_reply(value: object, status: int = 200, *, total: int | None = None) -> Reply:
    headers = JSON if total is None else {**JSON, "X-WP-Total": str(total)}
    return Reply(status=status, headers=headers, body=json.dumps(value).encode())


def make_item(number: int, **fields: object) -> dict[str, Any]:
    minutes_old = timedelta(minutes=1000 - number)
    return {
        "id": number,
        "post": 4,
        "parent": 0,
        "author": 0,
        "author_name": "Kid",
        "author_ip": "192.0.2.7",
        "author_user_agent": "Elm",
        "date_gmt": (SCHOOL_DAY - minutes_old).isoformat()[:19],
        "content": {"rendered": "", "raw": f"text {number}"},
        "link": f"https://blog.example.org/p/#comment-{number}",
        "status": "approved",
        "type": "comment",
        **fields,
    }


class Site:
    """A list of comments as core would page through it; `before` may change it at any call."""

    def __init__(self, numbers: range):
        self.items = {n: make_item(n) for n in numbers}
        self.before: Callable[[Call], Reply | None] = lambda call: None
        self.total_shift = 0

    def __call__(self, call: Call) -> Reply:
        changed = self.before(call)
        if changed is not None:
            return changed
        if call.path == "/wp-json/wp/v2/comments":
            return self._list(call)
        if call.path.startswith("/wp-json/wp/v2/comments/"):
            return self._single(int(call.path.rpartition("/")[2]), call)
        return json_reply([])

    def _list(self, call: Call) -> Reply:
        if "include" in call.query:
            wanted = [int(number) for number in call.query["include"].split(",")]
            return json_reply([self.items[n] for n in wanted if n in self.items])
        offset = int(call.query["offset"])
        newest_first = [self.items[n] for n in sorted(self.items, reverse=True)]
        total = len(self.items) + self.total_shift
        return json_reply(newest_first[offset : offset + 100], total=total)

    def _single(self, number: int, call: Call) -> Reply:
        if number not in self.items:
            return json_reply({"code": "rest_comment_invalid_id", "message": "no"}, 404)
        if call.method == "POST":
            self.items[number] = {**self.items[number], **call.form}
        return json_reply(self.items[number])
