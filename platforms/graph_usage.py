"""What Meta says of its rate limits, and the budget that a Graph token draws on.

X-App-Usage and X-Business-Use-Case-Usage, in percent of a window that slides: Graph API, rate
limits. The first is the app's, the second the Page's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import requests

from modbot.budget import Gauge, PageBudget
from modbot.budget.budgets import fingerprint
from modbot.errors import PlatformError, RateLimited
from modbot.ports import Connection
from platforms.gate import LONGEST_WAIT_SECONDS, Gate, retry_after_seconds

WAIT_SECONDS = 300.0  # when throttled and the vendor does not say for how long
OF_THE_APP = "4"  # the code for an app, not a Page, that called too often
MOST = 1_000_000  # percent or minutes: larger numbers say no more
APP, PAGE = "X-App-Usage", "X-Business-Use-Case-Usage"


def budget_of(connection: Connection, base_url: str) -> PageBudget:
    """The app's budget where `app_secret` tells which app it is, else the token's; the page's own
    part of it is the token's, which Facebook and Instagram may share."""
    token, app = (connection.secrets.get(name, "").strip() for name in ("token", "app_secret"))
    budget = connection.budgets.of("meta", app or token, base_url)
    return PageBudget(of=budget, scope=fingerprint(token))


def gate(budget: PageBudget, connection: Connection) -> Gate:
    """Lets calls through, and keeps what each answer says of limits."""

    def learn(_: requests.PreparedRequest, response: requests.Response) -> None:
        now = connection.now()
        app = _share([_header_json(response.headers, APP)])
        if app is not None:
            budget.of.learn(Gauge(used=app, at=now))
        page = _share(list(_page_parts(response.headers)))
        if page is not None:
            budget.learn(Gauge(used=page, at=now))

    return Gate(budget, connection.now, learn=learn)


def note(budget: PageBudget, error: PlatformError, lane: str) -> None:
    """What a failed call says of the next: of all the app's, or of this token's alone."""
    of_the_app = isinstance(error, RateLimited) and error.code.partition("/")[0] == OF_THE_APP
    budget.of.note(error, lane, "" if of_the_app else budget.scope)


def usage(headers: Mapping[str, str]) -> float | None:
    """The largest share in both headers, 0 to 1. None: they say nothing."""
    return _share([_header_json(headers, APP), *_page_parts(headers)])


def wait_seconds(headers: Mapping[str, str], now: datetime) -> float:
    """The longest estimated_time_to_regain_access (minutes), or Retry-After."""
    parts = (_header_json(headers, APP), *_page_parts(headers))
    waits = [60 * (_number(part.get("estimated_time_to_regain_access")) or 0.0) for part in parts]
    asked = retry_after_seconds(headers, now)
    longest = max([*waits, asked or 0.0])
    return min(longest, LONGEST_WAIT_SECONDS) if longest > 0 else WAIT_SECONDS


def _share(parts: list[Mapping[str, Any]]) -> float | None:
    shares = [
        value
        for part in parts
        for name, told in part.items()
        if name in ("call_count", "total_time", "total_cputime")
        and (value := _number(told)) is not None
    ]
    return min(max(shares) / 100, 1.0) if shares else None


def _page_parts(headers: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    for parts in _header_json(headers, PAGE).values():
        if isinstance(parts, list):
            yield from (part for part in parts if isinstance(part, dict))


def _header_json(headers: Mapping[str, str], name: str) -> Mapping[str, Any]:
    """Usage is advice: a header that cannot be read counts as absent."""
    try:
        value = json.loads(headers.get(name, "{}"))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float | None:
    """0 to MOST; None: not a number, which JSON's NaN is in Python."""
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
        return None
    return float(min(max(value, 0), MOST))
