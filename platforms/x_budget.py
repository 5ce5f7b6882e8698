"""What X charges and how often it lets itself be called, as the rate budget counts it.

Prices: X's pay-per-use price list (August 2026): each post that an answer shows, once a UTC day;
each hide. That hiding is "Content: Manage" is a guess. Limits: the x-rate-limit headers, which
count each endpoint and account by itself in windows of 15 minutes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import requests

from modbot.budget import READS, WRITES, Allowance, Gauge, PageBudget
from modbot.domain import Page
from modbot.errors import PlatformError, QuotaSpent
from modbot.ports import Connection, Spending
from platforms.gate import Gate

CENTS, SWEEP_CENTS = "cents", "cents of the sweep"
A_DAY, A_MONTH = "cents a day", "cents a month"  # names of allowances
SCALE = 1000  # thousandths of a cent
SMALLEST_PAGE, LARGEST_PAGE = 5, 100  # of a listing
SMALLEST_SEARCH = 10
MENTIONS, OWN_POSTS, LOOK_UPS, SEARCH, ACCOUNT = (
    *("mentions", "own posts", "look-ups", "search", "account"),
)
KEPT_FOR_HIDES = 100 * SCALE  # of a cap, or a quarter of it where that is less
# So much of a cap may be spent when known replies are looked at again. X charges each once a UTC
# day, and so for all of them anew after midnight: without an end to it they take what the day's new
# ones need.
LOOKS_SHARE = 0.5
_STEP = 5 * SCALE
_ADVICE = "The caps stand in modbot.toml, [budget]"


def budget_of(page: Page, connection: Connection) -> PageBudget:
    """The developer app's, which is what X bills: `consumer_key` or `client_id` tells which it is.
    Pages that name none are taken to be of one app, so that the caps hold in any case. The page's
    own part are the limits of its account."""
    secrets = connection.secrets
    app = secrets.get("consumer_key") or secrets.get("client_id") or ""
    allowances = _allowances(connection.spending)
    budget = connection.budgets.of("x", app, page.base_url, allowances)
    return PageBudget(of=budget, scope=page.external_id, poll_lane=MENTIONS)


def gate(budget: PageBudget, connection: Connection) -> Gate:
    """Lets calls through, charges them, and keeps what each answer says of limits."""

    def learn(request: requests.PreparedRequest, response: requests.Response) -> None:
        found = gauge(response.headers, connection.now())
        if found is not None:
            budget.learn(found, lane_of(request))

    prices = XPrices(budget, connection.spending)
    return Gate(budget, connection.now, lane_of=lane_of, learn=learn, prices=prices)


def note(budget: PageBudget, error: PlatformError, lane: str) -> None:
    """What a failed call says of the next: credits are the app's, limits the account's."""
    budget.of.note(error, lane, "" if isinstance(error, QuotaSpent) else budget.scope)


def page_size(
    budget: PageBudget, spending: Spending, *, what: str = CENTS, for_reads: bool = True
) -> int:
    """How many posts a listing may bring for what is left, for reads or at all; 0: not even the
    fewest."""
    price = _thousandths(spending.cents_a_post)
    affordable = budget.of.left(what, for_reads=for_reads) // price if price else LARGEST_PAGE
    least = SMALLEST_SEARCH if what == SWEEP_CENTS else SMALLEST_PAGE
    return min(LARGEST_PAGE, affordable) if affordable >= least else 0


def looks_left(budget: PageBudget, spending: Spending) -> int:
    """How many replies LOOKS_SHARE of the day's cap and of the month's pays for still."""
    price = _thousandths(spending.cents_a_post)
    if not price:
        return sys.maxsize
    caps = {A_DAY: spending.cents_a_day, A_MONTH: spending.cents_a_month}
    left = [LOOKS_SHARE * _thousandths(cap) - budget.of.spent(name) for name, cap in caps.items()]
    return max(0, int(min(left)) // price)


def needs(spending: Spending) -> Mapping[str, int]:
    """What a poll has to be able to pay."""
    return {CENTS: SMALLEST_PAGE * _thousandths(spending.cents_a_post)}


class XPrices:
    """platforms.gate.Prices of X."""

    def __init__(self, budget: PageBudget, spending: Spending):
        self._charged = budget.of.charged_today
        self._post = _thousandths(spending.cents_a_post)
        self._hide = _thousandths(spending.cents_a_hide)

    def at_most(self, request: requests.PreparedRequest) -> Mapping[str, int]:
        lane = lane_of(request)
        if lane == WRITES:
            return {CENTS: self._hide}
        query = parse_qs(urlsplit(request.url or "").query)
        if lane == LOOK_UPS:
            return {CENTS: self._charged.new(query.get("ids", [""])[0].split(",")) * self._post}
        if lane == ACCOUNT:
            return {}
        most = int(query.get("max_results", ["10"])[0]) * self._post
        return {CENTS: most, SWEEP_CENTS: most} if lane == SEARCH else {CENTS: most}

    def in_fact(
        self, request: requests.PreparedRequest, response: requests.Response | None
    ) -> Mapping[str, int]:
        """A post that did not arrive is charged when it does: X counts it once a day. A hide may
        have taken effect though no answer came."""
        if lane_of(request) == WRITES:
            done = response is None or response.ok
            return {CENTS: self._hide if done else 0}
        cost = self._charged.charge(_shown(response)) * self._post
        return {CENTS: cost, SWEEP_CENTS: cost}


def lane_of(request: requests.PreparedRequest) -> str:
    """The endpoint, as X counts."""
    if request.method != "GET":
        return WRITES
    path = urlsplit(request.url or "").path
    for end, lane in (
        ("/mentions", MENTIONS),
        ("/search/recent", SEARCH),
        ("/me", ACCOUNT),
        ("/2/tweets", LOOK_UPS),
        ("/tweets", OWN_POSTS),
    ):
        if path.endswith(end):
            return lane
    return READS


def gauge(headers: Mapping[str, str], now: datetime) -> Gauge | None:
    """The x-rate-limit headers. None: there are none, or they cannot be read."""
    try:
        limit, left, resets = (
            int(headers[f"x-rate-limit-{name}"]) for name in ("limit", "remaining", "reset")
        )
        # No window of X's is longer than a day, whatever a header says.
        resets_at = min(datetime.fromtimestamp(resets, UTC), now + timedelta(days=1))
        used = min(1.0, max(0.0, 1 - left / limit))
    except (KeyError, ValueError, ZeroDivisionError, OverflowError, OSError):
        return None
    return Gauge(used=used, at=now, left=left, limit=limit, resets_at=resets_at)


def _allowances(spending: Spending) -> list[Allowance]:
    day, month = _thousandths(spending.cents_a_day), _thousandths(spending.cents_a_month)
    sweep = _thousandths(spending.sweep_cents_a_day)
    of_the_app = Allowance(
        name=A_DAY,
        what=CENTS,
        limit=day,
        reserve=min(KEPT_FOR_HIDES, day // 4),
        scale=SCALE,
        step=_STEP,
        money=True,
        advice=_ADVICE,
    )
    return [
        of_the_app,
        replace(
            of_the_app,
            name=A_MONTH,
            limit=month,
            reserve=min(KEPT_FOR_HIDES, month // 4),
            monthly=True,
        ),
        replace(of_the_app, name="cents of sweeps a day", what=SWEEP_CENTS, limit=sweep, reserve=0),
    ]


def _thousandths(cents: float) -> int:
    return round(cents * SCALE)


def _shown(response: requests.Response | None) -> list[str]:
    """The ids of the posts in an answer."""
    try:
        data = json.loads(response.content)["data"] if response is not None else []
        return [item["id"] for item in data] if isinstance(data, list) else []
    except (ValueError, TypeError, KeyError, RecursionError):
        return []
