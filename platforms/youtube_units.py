"""YouTube's daily quota units: what calls cost, as an allowance of the rate budget.

Costs and the default of 10,000 units a day: developers.google.com/youtube/v3/determine_quota_cost.
The count belongs to a Google Cloud project, not to a channel, and starts anew at midnight Pacific
time. Calls that fail are charged too; renewing an access token is none of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import requests

from modbot.budget import Allowance, PageBudget
from modbot.domain import Page
from modbot.ports import Connection

UNITS_A_DAY = 10_000
READ_COST, WRITE_COST = 1, 50
UNITS, ALLOWANCE = "units", "units a day"
# Polls end while as much is left as twenty calls that hide up to 50 comments each, in the course of
# the day ever fewer.
KEPT_FOR_HIDES = 20 * WRITE_COST
KEPT_AT_MIDNIGHT = 2 * WRITE_COST
TOKEN_HOST = "oauth2.googleapis.com"


def units(limit: int) -> Allowance:
    """So many a day."""
    return Allowance(
        name=ALLOWANCE,
        what=UNITS,
        limit=limit,
        reserve=min(KEPT_FOR_HIDES, limit // 2),
        reserve_at_end=min(KEPT_AT_MIDNIGHT, limit // 4),
        step=min(100, max(1, limit // 100)),
        zone="America/Los_Angeles",
        poll_cost=READ_COST,
        advice="Ask Google for more, or poll less often (polling.min_seconds)",
    )


def budget_of(page: Page, connection: Connection) -> PageBudget:
    """That of the project which the client id names ("PROJECT-...apps.googleusercontent.com")."""
    secrets = connection.secrets
    said = secrets.get("units_a_day", "")
    limit = int(said) if said.isdecimal() and len(said) < 10 else UNITS_A_DAY
    project = secrets.get("client_id", "").partition("-")[0]
    return PageBudget(of=connection.budgets.of("youtube", project, page.base_url, [units(limit)]))


class UnitPrices:
    """platforms.gate.Prices: a unit a read, 50 a write."""

    def at_most(self, request: requests.PreparedRequest) -> Mapping[str, int]:
        if TOKEN_HOST in (request.url or ""):
            return {}
        return {UNITS: READ_COST if request.method == "GET" else WRITE_COST}

    def in_fact(
        self,
        request: requests.PreparedRequest,  # noqa: ARG002
        response: requests.Response | None,  # noqa: ARG002
    ) -> Mapping[str, int]:
        return {}
