"""Fundraisers: the list of them, what is asked for, and the answer of a named approver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse

from modbot import registry
from modbot.people import Person, Right
from modbot.registry import Approver, ApproverRole, FundraiserWish, Problem
from modbot.tables import FundraiserRequestRow
from modbot.web.access import needs
from modbot.web.forms import Filled, midnight
from modbot.web.fundraiser_view import effect_of, entries, imitations, wished
from modbot.web.place_rights import asker
from modbot.web.places import Places
from modbot.web.requests import RequestKind
from modbot.web.routes import Routes

Reading = Annotated[Person, Depends(needs(Right.READ))]


def fundraiser_list_routes(places: Places) -> Routes:
    """GET /fundraisers."""
    routes = Routes()

    @routes.api_route("/fundraisers", methods=["GET", "HEAD"])
    def listed(request: Request, who: Reading) -> HTMLResponse:
        with places.service.database.read() as s:
            found = entries(s, places.service.clock.now())
        return places.answer(
            request,
            "fundraisers/list.html",
            path="/fundraisers",
            entries=found,
            approves=who.may(Right.APPROVE),
        )

    return routes


class FundraiserRequests(RequestKind[FundraiserRequestRow]):
    """Fundraisers to approve; everybody sees them."""

    table, folder, said, right = FundraiserRequestRow, "/fundraisers", "fundraiser", Right.APPROVE

    def may_see(self, who: Person, _row: FundraiserRequestRow) -> bool:
        return who.may(Right.READ)

    def may_answer(self, who: Person) -> bool:
        return who.may(Right.APPROVE)

    def ask(self, who: Person, sent: Filled) -> int | list[Problem]:
        now = self.service.clock.now()
        wish, unread = self._wish(sent)
        # A day that is no day is told once, not as missing too.
        told = {problem.field for problem in unread if problem.why == "no_date"}
        faults = [p for p in registry.wish_problems(wish, now) if p.field not in told]
        if unread or faults:
            return [*unread, *faults]
        return registry.ask_fundraiser(self.service.database, wish, asker(who), now)

    def _wish(self, sent: Filled) -> tuple[FundraiserWish, list[Problem]]:
        """What was asked for, and what is wrong with how its days are written."""
        zone, problems = self.places.pages.zone(), []
        days = {}
        for field, later in (("starts", 0), ("ends", 1)):
            typed = sent.text(field)
            days[field] = midnight(typed, zone, days=later) if typed else None
            if typed and days[field] is None:
                problems.append(Problem(field=field, why="no_date", says="no day"))
        if not sent.text("starts"):
            problems.append(Problem(field="starts", why="missing", says="the first day is missing"))
        wish = FundraiserWish(
            **{name: sent.text(name) for name in ("name", "purpose", "school", "beneficiary")},
            links=sent.lines("links"),
            accounts=sent.lines("accounts"),
            starts_at=days["starts"],
            ends_at=days["ends"],
        )
        return wish, problems

    def approval_problems(self, row: FundraiserRequestRow, sent: Filled) -> list[Problem]:
        problems = []
        if sent.text("role") not in list(ApproverRole):
            problems.append(Problem(field="role", why="choose", says="a role is missing"))
        if row.ends_at is not None and row.ends_at <= self.service.clock.now():
            problems.append(Problem(field="role", why="over", says="the last day has passed"))
        return problems

    def approve(self, row: FundraiserRequestRow, sent: Filled, approver: Approver) -> str:
        chosen = sent.text("role")
        # Where none was chosen the request was answered already, which is what it then says.
        role = ApproverRole(chosen) if chosen in list(ApproverRole) else ApproverRole.DESIGNEE
        made = registry.approve_fundraiser(
            self.service.database, row.id or 0, role, approver, self.service.clock.now()
        )
        return f"/fundraisers/{made.id}"

    def form_values(self) -> Mapping[str, Any]:
        return {}

    def values(self, who: Person, row: FundraiserRequestRow) -> Mapping[str, Any]:
        with self.service.database.read() as s:
            known = [link for each in registry.fundraisers_of(s) for link in each.links]
        waits = row.state == registry.RequestState.WAITING
        return {
            "roles": list(ApproverRole),
            "imitations": imitations(self.service, row.links, known),
            "effect": effect_of(self.service, who, wished(row)) if waits else None,
        }
