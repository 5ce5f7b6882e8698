"""One page: how it is, what each mode would have done, who is in charge, and what was changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from modbot import catching_up, registry, store
from modbot.domain import Mode, Page
from modbot.errors import UnknownPage
from modbot.manual import Taken
from modbot.mode_effects import ModeEffect, mode_effects, urgent
from modbot.people import Person, Right
from modbot.tables import RegistrationRow
from modbot.web.access import needs
from modbot.web.brakes import braked
from modbot.web.by_hand import by_hand
from modbot.web.forms import Filled
from modbot.web.health import page_health
from modbot.web.navigation import paths_of
from modbot.web.place_rights import (
    may_pause,
    may_read_past,
    may_register,
    page_address,
    sees_page,
)
from modbot.web.places import Places
from modbot.web.routes import Routes
from modbot.web.seam import WebService

Reader = Annotated[Person, Depends(needs(Right.READ))]
WEEK = timedelta(days=7)
MOST_DECISIONS = 20_000  # of a week that are looked at
_AUDITED = 12


def page_screen_routes(places: Places) -> Routes:
    """GET /pages/ID."""
    routes = Routes()

    @routes.api_route("/pages/{page_id:path}", methods=["GET", "HEAD"])
    def one(request: Request, who: Reader, page_id: str) -> HTMLResponse:
        return screen(places, request, who, page_of(places.service, who, page_id))

    return routes


def page_of(service: WebService, who: Person, page_id: str) -> Page:
    """The page; raises 404 for one that is not there or that this person does not see."""
    try:
        with service.database.read() as s:
            return sees_page(who, store.page(s, page_id))
    except UnknownPage:
        raise HTTPException(404) from None


def week(service: WebService, page: Page) -> tuple[dict[Mode, ModeEffect], int]:
    """What each mode would have done in the last seven days, and how many were urgent."""
    since = service.clock.now() - WEEK
    with service.database.read() as s:
        decisions = store.bot_decisions(s, page.id, since, limit=MOST_DECISIONS)
    can_hide = page.platform not in registry.WITHOUT_TOKEN
    return mode_effects(decisions, service.limits, can_hide=can_hide), urgent(decisions)


def screen(
    places: Places,
    request: Request,
    who: Person,
    page: Page,
    *,
    sent: Filled | None = None,
    faults: dict[str, list[registry.Problem]] | None = None,
    late: bool = False,
    taken: Taken | None = None,
) -> HTMLResponse:
    """The page's screen; with faults of a form, after somebody was faster, or a list was taken."""
    service, now = places.service, places.service.clock.now()
    effects, alarms = week(service, page)
    with service.database.read() as s:
        health = page_health(s, page, service.config.settings.polling, now)
        refusals = store.failed_actions(s, page.id, now - WEEK)
        asked = registry.registration_of(s, page.id)
        audit = store.audit_of_rows(s, _audited(page, asked), limit=_AUDITED)
    return places.answer(
        request,
        "pages/page.html",
        path=page_address(page.id),
        status=409 if late else 422 if faults else 200,
        health=health,
        page=page,
        facts=health.facts,
        effects=effects,
        alarms=alarms,
        refusals=refusals,
        audit=audit,
        sent=sent or Filled(),
        faults=faults or {},
        late=late,
        granted=_granted(who, page),
        **_surroundings(places, page),
        by_hand=by_hand(service, who, page, taken),
        has_queue="/queue" in paths_of(request.app.routes),
    )


def _surroundings(places: Places, page: Page) -> dict[str, Any]:
    """The brakes in force, and what forms on the screen need to know."""
    with places.service.database.read() as s:
        pulled = braked(s, [page.id])
    return {
        "pulled": pulled,
        "token_places": places.token_places,
        "limits": places.service.limits,
        "past": catching_up.backfill_of(places.service.database, page.id),
        "most_days": catching_up.MOST_DAYS,
    }


def _granted(who: Person, page: Page) -> dict[str, bool]:
    """Which forms stand on the screen."""
    return {
        "sets_mode": who.may(Right.PAGES, page.id),
        "pauses": may_pause(who, page.id),
        "names_tokens": may_register(who) and registry.token_is_needed(page.platform),
        "reads_past": may_read_past(who, page),
    }


def _audited(page: Page, row: RegistrationRow | None) -> list[tuple[str, str]]:
    about = [("page", page.id)]
    return about if row is None else [*about, ("registration", str(row.id))]
