"""The list of pages: how each is, worst first, and what asks to be registered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse

from modbot import registry, store
from modbot.people import Person, Right
from modbot.registry import RequestState
from modbot.store import brakes
from modbot.tables import RegistrationRow
from modbot.web.access import needs
from modbot.web.filters import BadAddress
from modbot.web.health import DRAWN_WIDTH, STATES, TONES, PageHealth, page_health, worst_first
from modbot.web.navigation import paths_of
from modbot.web.place_rights import may_register
from modbot.web.places import Places
from modbot.web.routes import Routes
from modbot.web.seam import WebService

Reader = Annotated[Person, Depends(needs(Right.READ))]


def page_list_routes(places: Places) -> Routes:
    """GET /pages."""
    routes = Routes()

    @routes.api_route("/pages", methods=["GET", "HEAD"])
    def pages(request: Request, who: Reader) -> HTMLResponse:
        with places.service.database.read() as s:
            seen, asked = _seen(places.service, s, who), requests_for(s, who)
            pulled = {row.page_id for row, _name in brakes.brakes_on(s, pages=who.pages)}
        schools = sorted({p.facts.school for p in seen if p.facts.school}, key=str.casefold)
        platforms = sorted({p.page.platform for p in seen})
        chosen = {
            "school": _chosen(request, "school", schools),
            "platform": _chosen(request, "platform", platforms),
        }
        shown = [
            p
            for p in seen
            if chosen["school"] in ("", p.facts.school)
            and chosen["platform"] in ("", p.page.platform)
        ]
        return places.answer(
            request,
            "pages/list.html",
            path="/pages",
            query={name: value for name, value in chosen.items() if value},
            rows=worst_first(shown),
            braked=pulled,
            parts=_parts(shown),
            registered=len(seen),
            schools=schools,
            platforms=platforms,
            **chosen,  # type: ignore[arg-type]
            asked=asked,
            approves=may_register(who),
            has_queue="/queue" in paths_of(request.app.routes),
        )

    return routes


def _seen(service: WebService, s: Session, who: Person) -> list[PageHealth]:
    """The pages that a person sees."""
    polling, now = service.config.settings.polling, service.clock.now()
    return [page_health(s, p, polling, now) for p in store.pages(s) if who.sees(p.id)]


def requests_for(s: Session, who: Person) -> Sequence[RegistrationRow]:
    """What waits for an approval, for those who approve; else what a person asked for."""
    if may_register(who) or (who.pages is None and who.may(Right.AUDIT)):
        return registry.requests(s, RegistrationRow, RequestState.WAITING)
    mine = [row for row in registry.requests(s, RegistrationRow) if row.asked_by_id == who.id]
    return [row for row in mine if row.state != RequestState.APPROVED][:10]


def _chosen(request: Request, name: str, known: Sequence[str]) -> str:
    value = request.query_params.get(name, "")
    if value and value not in known:
        raise BadAddress(name)
    return value


def _parts(pages: Sequence[PageHealth]) -> list[dict[str, object]]:
    """How many pages are in each state, and the piece of the bar that they take."""
    counted, start, parts = Counter(page.state for page in pages), 0, []
    for state in STATES:
        width = round(counted[state] / len(pages) * DRAWN_WIDTH) if pages else 0
        parts.append(
            {
                "state": state,
                "tone": TONES[state],
                "count": counted[state],
                "start": start,
                "width": width,
            }
        )
        start += width
    return [part for part in parts if part["count"]]
