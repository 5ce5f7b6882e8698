"""Fundraisers: the list of them, the request form, and the answer of a named approver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from modbot import registry, store
from modbot.errors import ModbotError, UnknownRequest
from modbot.people import Person, Right
from modbot.registry import ApproverRole, FundraiserWish, Problem
from modbot.tables import FundraiserRequestRow
from modbot.web.access import needs
from modbot.web.filters import BadAddress, read_id
from modbot.web.forms import Filled, Sent, by_field, midnight
from modbot.web.fundraiser_view import effect_of, entries, imitations, wished
from modbot.web.place_rights import approver, asker, require
from modbot.web.places import Places
from modbot.web.registration import answered_first, reason_problems
from modbot.web.seam import WebService

Asking = Annotated[Person, Depends(needs(Right.REQUEST))]
Reading = Annotated[Person, Depends(needs(Right.READ))]
Approving = Annotated[Person, Depends(needs(Right.APPROVE))]


def fundraiser_routes(places: Places) -> APIRouter:
    """GET /fundraisers, the form under /fundraisers/new, requests under /fundraisers/requests."""
    routes = APIRouter()
    service = places.service

    @routes.api_route("/fundraisers", methods=["GET", "HEAD"])
    def listed(request: Request, who: Reading) -> HTMLResponse:
        with service.database.read() as s:
            found = entries(s, service.clock.now())
        return places.answer(
            request,
            "fundraisers/list.html",
            path="/fundraisers",
            entries=found,
            approves=who.may(Right.APPROVE),
        )

    @routes.api_route(
        "/fundraisers/new", methods=["GET", "HEAD"], dependencies=[Depends(needs(Right.REQUEST))]
    )
    def form(request: Request) -> HTMLResponse:
        return _form(places, request, Filled(), ())

    @routes.post("/fundraisers/new")
    def ask(request: Request, who: Asking, sent: Sent) -> Response:
        now = service.clock.now()
        wish, problems = _wish(places, sent)
        problems += registry.wish_problems(wish, now)
        if problems:
            return _form(places, request, sent, problems)
        number = registry.ask_fundraiser(service.database, wish, asker(who), now)
        return RedirectResponse(f"/fundraisers/requests/{number}?said=fundraiser-asked", 303)

    _request_routes(routes, places)
    return routes


def _request_routes(routes: APIRouter, places: Places) -> None:
    service = places.service

    @routes.api_route("/fundraisers/requests/{number}", methods=["GET", "HEAD"])
    def one(request: Request, who: Reading, number: str) -> HTMLResponse:
        return _screen(places, request, who, number)

    @routes.post("/fundraisers/requests/{number}/approve")
    def approve(request: Request, who: Approving, number: str, sent: Sent) -> Response:
        row, now = _row(service, number), service.clock.now()
        problems = _approval_problems(row, sent, service)
        if problems and row.state == "waiting":
            return _screen(places, request, who, number, sent=sent, problems=problems)
        with service.database.read() as s:
            answering = approver(s, who)
        own = row.asked_by_id == who.id and not answering.alone
        require(request, Right.APPROVE, granted=not own)
        try:
            made = registry.approve_fundraiser(
                service.database, row.id or 0, _role(sent), answering, now
            )
        except ModbotError as error:
            late = answered_first(error)
            return _screen(places, request, who, number, sent=sent, late=late)
        return RedirectResponse(f"/fundraisers/{made.id}?said=fundraiser-approved", 303)

    @routes.post("/fundraisers/requests/{number}/refuse")
    def refuse(request: Request, who: Approving, number: str, sent: Sent) -> Response:
        row, reason = _row(service, number), sent.text("reason")
        problems = reason_problems(reason)
        if problems and row.state == "waiting":
            return _screen(places, request, who, number, sent=sent, problems=problems)
        try:
            registry.refuse_fundraiser(
                service.database, row.id or 0, reason, asker(who), service.clock.now()
            )
        except ModbotError as error:
            late = answered_first(error)
            return _screen(places, request, who, number, sent=sent, late=late)
        return RedirectResponse(f"/fundraisers/requests/{row.id}?said=fundraiser-refused", 303)


def _role(sent: Filled) -> ApproverRole:
    """What somebody approves as; where none was chosen the request was answered anyway."""
    chosen = sent.text("role")
    return ApproverRole(chosen) if chosen in list(ApproverRole) else ApproverRole.DESIGNEE


def _approval_problems(
    row: FundraiserRequestRow, sent: Filled, service: WebService
) -> list[Problem]:
    problems = []
    if sent.text("role") not in list(ApproverRole):
        problems.append(Problem(field="role", why="choose", says="a role is missing"))
    if row.ends_at is not None and row.ends_at <= service.clock.now():
        problems.append(Problem(field="role", why="over", says="the last day has passed"))
    return problems


def _wish(places: Places, sent: Filled) -> tuple[FundraiserWish, list[Problem]]:
    """What was asked for, and what is wrong with how its days are written."""
    zone, problems = places.pages.zone(), []
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


def _form(
    places: Places, request: Request, sent: Filled, problems: Sequence[Problem]
) -> HTMLResponse:
    # A day that is no day is told once, not as missing too.
    unread = {problem.field for problem in problems if problem.why == "no_date"}
    told = [p for p in problems if p.why == "no_date" or p.field not in unread]
    return places.answer(
        request,
        "fundraisers/form.html",
        path="/fundraisers/new",
        status=422 if problems else 200,
        sent=sent,
        faults=by_field(told),
    )


def _row(service: WebService, number: str) -> FundraiserRequestRow:
    """The request; raises 404 for one that is not there."""
    try:
        with service.database.read() as s:
            return registry.fundraiser_request(s, read_id(number))
    except (BadAddress, UnknownRequest):
        raise HTTPException(404) from None


def _screen(
    places: Places,
    request: Request,
    who: Person,
    number: str,
    *,
    sent: Filled | None = None,
    problems: Sequence[Problem] = (),
    late: bool = False,
) -> HTMLResponse:
    service, row = places.service, _row(places.service, number)
    with service.database.read() as s:
        values = _of_request(s, who, row)
        known = [link for each in registry.fundraisers_of(s) for link in each.links]
    effect = None
    if row.state == "waiting":
        effect = effect_of(service, who, wished(row))
    return places.answer(
        request,
        "fundraisers/request.html",
        path=f"/fundraisers/requests/{row.id}",
        status=422 if problems else 409 if late else 200,
        row=row,
        sent=sent or Filled(),
        faults=by_field(problems),
        late=late,
        roles=list(ApproverRole),
        imitations=imitations(service, row.links, known),
        effect=effect,
        **values,
    )


def _of_request(s: Session, who: Person, row: FundraiserRequestRow) -> Mapping[str, Any]:
    answers = row.state == "waiting" and who.may(Right.APPROVE)
    own = answers and row.asked_by_id == who.id
    return {
        "answers": answers,
        "needs_second": own and not approver(s, who).alone,
        "audit": store.audit_of_rows(s, [("fundraiser_request", str(row.id))]),
    }
