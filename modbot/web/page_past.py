"""Asking for a page's past to be read, and stopping it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from modbot import catching_up
from modbot.people import Person, Right
from modbot.registry import Problem
from modbot.web.access import needs
from modbot.web.forms import Sent, by_field
from modbot.web.page_screen import page_of, screen
from modbot.web.place_rights import may_read_past, page_address, require
from modbot.web.places import Places
from modbot.web.routes import Routes

Setting = Annotated[Person, Depends(needs(Right.PAGES))]


def page_past_routes(places: Places) -> Routes:
    """POST /pages/ID/past and /past/stop."""
    routes, service = Routes(), places.service

    @routes.post("/pages/{page_id:path}/past/stop")
    def stop(request: Request, who: Setting, page_id: str) -> Response:
        page = page_of(service, who, page_id)
        require(request, Right.PAGES, granted=may_read_past(who, page), page_id=page.id)
        now = service.clock.now()
        catching_up.stop(service.database, page.id, by=who.name, now=now)
        return RedirectResponse(f"{page_address(page.id)}?said=past-stopped", 303)

    @routes.post("/pages/{page_id:path}/past")
    def ask(request: Request, who: Setting, page_id: str, sent: Sent) -> Response:
        page = page_of(service, who, page_id)
        require(request, Right.PAGES, granted=may_read_past(who, page), page_id=page.id)
        days, watch_hours = sent.text("days"), service.config.settings.polling.watch_hours
        try:
            catching_up.ask(
                service.database,
                page,
                days=int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0,
                by=who.name,
                now=service.clock.now(),
                watch_hours=watch_hours,
            )
        except ValueError as error:
            problem = Problem(field="days", why="days", says=str(error))
            faults = by_field([problem])
            return screen(places, request, who, page, sent=sent, faults=faults)
        return RedirectResponse(f"{page_address(page.id)}?said=past-asked", 303)

    return routes
