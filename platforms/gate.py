"""Between a vendor's client and the wire: no call that the budget does not let through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

import requests

from modbot.budget import READS, WRITES, PageBudget, Receipt

DAY_SECONDS = 24 * 3600.0
LONGEST_WAIT_SECONDS = 31 * DAY_SECONDS  # longer is a mistake: then it is asked again
ASK_TO_WAIT = (429, 503)


def lane_by_method(request: requests.PreparedRequest) -> str:
    """Reads and writes, as HTTP tells them apart."""
    return READS if request.method in ("GET", "HEAD") else WRITES


class Prices(Protocol):
    """What a vendor charges, in the words of the budget's allowances."""

    def at_most(self, request: requests.PreparedRequest) -> Mapping[str, int]:
        """What a call may cost, before it is made."""
        ...

    def in_fact(
        self, request: requests.PreparedRequest, response: requests.Response | None
    ) -> Mapping[str, int]:
        """What it has cost. None: no answer came. What is left out costs what it may at most."""
        ...


class Gate:
    """Admits each call to a page's budget and tells it what the answer says of limits.

    `lane_of` names the kind of call that the vendor counts; `learn` reads the vendor's headers. A
    Retry-After (RFC 9110, section 10.2.3) stops every call of the credential by itself.
    """

    def __init__(
        self,
        budget: PageBudget,
        now: Callable[[], datetime],
        *,
        lane_of: Callable[[requests.PreparedRequest], str] = lane_by_method,
        learn: Callable[[requests.PreparedRequest, requests.Response], object] | None = None,
        prices: Prices | None = None,
    ):
        self._budget = budget
        self._now = now
        self._lane_of = lane_of
        self._learn = learn
        self._prices = prices

    def before(self, request: requests.PreparedRequest) -> Receipt:
        """Raises RateLimited or QuotaSpent, and then the call must not be made."""
        costs = self._prices.at_most(request) if self._prices else None
        return self._budget.admit(self._lane_of(request), costs)

    def after(
        self,
        request: requests.PreparedRequest,
        response: requests.Response | None,
        receipt: Receipt,
    ) -> None:
        """Whatever the answer's status; None: there was none."""
        if self._prices is not None:
            self._budget.of.settle(receipt, self._prices.in_fact(request, response))
        if response is None:
            return
        if self._learn is not None:
            self._learn(request, response)
        if response.status_code in ASK_TO_WAIT:
            asked = _asked_seconds(response.headers, self._now())
            if asked is not None:
                why = f"status {response.status_code} with Retry-After"
                if asked > LONGEST_WAIT_SECONDS:
                    why += f" of more than {LONGEST_WAIT_SECONDS / DAY_SECONDS:.0f} days"
                self._budget.block(self._now() + timedelta(seconds=_bounded(asked)), why)


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """What Retry-After asks for, as a number of seconds or a date: 1 s to 31 days. None: nothing
    that can be read."""
    asked = _asked_seconds(headers, now)
    return None if asked is None else _bounded(asked)


def _bounded(seconds: float) -> float:
    return min(max(seconds, 1.0), LONGEST_WAIT_SECONDS)


def _asked_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text.lstrip("0")[:9] or 0)  # nine digits are three years at least
    until, sent = _moment(text), _moment(headers.get("Date", ""))
    if until is None:
        return None
    return (until - (sent or now)).total_seconds()  # by the sender's clock


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)
