"""What may be changed of a page: its mode, its pause, where its token is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from modbot import registry, store
from modbot.domain import Mode, Page
from modbot.errors import ChangedMeanwhile
from modbot.people import Person, Right
from modbot.registry import Problem
from modbot.web.access import needs
from modbot.web.filters import BadAddress
from modbot.web.forms import Filled, Sent, by_field
from modbot.web.page_screen import page_of, screen, week
from modbot.web.place_rights import may_pause, may_register, page_address, require
from modbot.web.places import Places
from modbot.web.routes import Routes

Setting = Annotated[Person, Depends(needs(Right.PAGES))]
Reading = Annotated[Person, Depends(needs(Right.READ))]  # who may pause is asked for each page
Approving = Annotated[Person, Depends(needs(Right.APPROVE))]


def page_change_routes(places: Places) -> Routes:
    """GET and POST /pages/ID/mode, POST /pages/ID/pause, /resume and /token."""
    routes = Routes()
    _mode_routes(routes, places)
    _pause_routes(routes, places)
    _token_route(routes, places)
    return routes


def _mode_routes(routes: Routes, places: Places) -> None:
    service = places.service

    @routes.api_route("/pages/{page_id:path}/mode", methods=["GET", "HEAD"])
    def confirm(request: Request, who: Setting, page_id: str) -> HTMLResponse:
        page = page_of(service, who, page_id)
        return _confirm(places, request, page, _mode(request.query_params.get("to", "")))

    @routes.post("/pages/{page_id:path}/mode")
    def set_mode(request: Request, who: Setting, page_id: str, sent: Sent) -> Response:
        page = page_of(service, who, page_id)
        mode, seen = _mode(sent.text("to")), _mode(sent.text("seen"))
        reason = sent.text("reason")
        if problems := list(registry.reason_problems(reason)):
            return _confirm(places, request, page, mode, sent=sent, problems=problems)
        try:
            registry.set_mode(
                service.database,
                page.id,
                mode,
                who.actor,
                service.clock.now(),
                seen=seen,
                reason=reason,
            )
        except ChangedMeanwhile:
            return screen(places, request, who, page_of(service, who, page_id), late=True)
        return RedirectResponse(f"{page_address(page.id)}?said=mode-changed", 303)


def _pause_routes(routes: Routes, places: Places) -> None:
    service = places.service

    @routes.post("/pages/{page_id:path}/pause")
    def pause(request: Request, who: Reading, page_id: str, sent: Sent) -> Response:
        page = page_of(service, who, page_id)
        require(request, Right.PAGES, granted=may_pause(who, page.id), page_id=page.id)
        if problems := list(registry.reason_problems(sent.text("reason"))):
            faults = by_field(problems)
            return screen(places, request, who, page, sent=sent, faults=faults)
        now, reason = service.clock.now(), sent.text("reason")
        registry.pause(service.database, page.id, who.actor, now, reason=reason)
        return RedirectResponse(f"{page_address(page.id)}?said=page-paused", 303)

    @routes.post("/pages/{page_id:path}/resume")
    def resume(request: Request, who: Reading, page_id: str) -> Response:
        page = page_of(service, who, page_id)
        require(request, Right.PAGES, granted=may_pause(who, page.id), page_id=page.id)
        registry.resume(service.database, page.id, who.actor, service.clock.now())
        return RedirectResponse(f"{page_address(page.id)}?said=page-resumed", 303)


def _token_route(routes: Routes, places: Places) -> None:
    service = places.service

    @routes.post("/pages/{page_id:path}/token")
    def token(request: Request, who: Approving, page_id: str, sent: Sent) -> Response:
        page = page_of(service, who, page_id)
        needed = registry.token_is_needed(page.platform)
        require(request, Right.PAGES, granted=may_register(who) and needed, page_id=page.id)
        ends = _day(sent.text("token_ends"))
        ref = sent.text("token_ref") or (page.token_ref if ends else "")
        with service.database.read() as s:
            others = [other for other in store.pages(s) if other.id != page.id]
        where = places.token_places
        problems = list(_day_problems(sent.text("token_ends")))
        if ref != page.token_ref or not ref:
            problems += registry.token_problems(page.platform, ref, others, where)
        if problems:
            secret = any(problem.why == "no_reference" for problem in problems)
            typed = sent.without("token_ref") if secret else sent
            faults = by_field(problems)
            return screen(places, request, who, page, sent=typed, faults=faults)
        now = service.clock.now()
        registry.set_token_ref(service.database, page.id, ref, who.actor, now, ends=ends)
        return RedirectResponse(f"{page_address(page.id)}?said=token-changed", 303)


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        return None


def _day_problems(typed: str) -> Iterator[Problem]:
    if typed and _day(typed) is None:
        yield Problem(field="token_ends", why="no_date", says="no day")


def _confirm(
    places: Places,
    request: Request,
    page: Page,
    mode: Mode,
    *,
    sent: Filled | None = None,
    problems: Sequence[Problem] = (),
) -> HTMLResponse:
    """What the change would have meant last week, and the question why."""
    effects, alarms = week(places.service, page)
    return places.answer(
        request,
        "pages/mode.html",
        path=f"{page_address(page.id)}/mode",
        query={"to": mode.value},
        status=422 if problems else 200,
        page=page,
        to=mode,
        effects=effects,
        alarms=alarms,
        sent=sent or Filled(),
        faults=by_field(problems),
        limits=places.service.limits,
    )


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError:
        raise BadAddress("mode") from None
