"""One approved fundraiser: its terms, which comments it lets through, and its end."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from modbot import registry, review, store
from modbot.domain import Verdict
from modbot.errors import UnknownRequest, VerdictRefused
from modbot.people import Person, Right
from modbot.registry import ApprovedFundraiser
from modbot.web.access import needs
from modbot.web.filters import BadAddress, read_id
from modbot.web.forms import Sent
from modbot.web.fundraiser_view import allowed_by, effect_of, imitations, plain, stand_of
from modbot.web.places import Places
from modbot.web.queue_sitting import room_of
from modbot.web.routes import Routes
from modbot.web.seam import WebService

Reading = Annotated[Person, Depends(needs(Right.READ))]
Deciding = Annotated[Person, Depends(needs(Right.DECIDE))]
Approving = Annotated[Person, Depends(needs(Right.APPROVE))]


def fundraiser_screen_routes(places: Places) -> Routes:
    """GET /fundraisers/NUMBER, POST its end, and POST to leave up what it lets through."""
    routes = Routes()
    service = places.service

    @routes.api_route("/fundraisers/{number}", methods=["GET", "HEAD"])
    def one(request: Request, who: Reading, number: str) -> HTMLResponse:
        return _screen(places, request, who, _fundraiser(service, number))

    @routes.post("/fundraisers/{number}/end")
    def end(who: Approving, number: str) -> Response:
        found = _fundraiser(service, number)
        registry.end_fundraiser(service.database, found.id, who.actor, service.clock.now())
        return RedirectResponse(f"/fundraisers/{found.id}?said=fundraiser-ended", 303)

    @routes.post("/fundraisers/{number}/leave-up")
    def leave_up(who: Deciding, number: str, sent: Sent) -> Response:
        found = _fundraiser(service, number)
        chosen = {read_id(text) for text in sent.all("decision")}
        done = _leave_up(service, who, found, chosen)
        said = "left-up" if done else "none-left"
        return RedirectResponse(f"/fundraisers/{found.id}?said={said}", 303)

    return routes


def _leave_up(
    service: WebService, who: Person, fundraiser: ApprovedFundraiser, chosen: set[int]
) -> int:
    """Records a person's decision for each chosen comment that it still lets through."""
    now, done = service.clock.now(), 0
    if stand_of(fundraiser, now) != "running":
        return 0
    for each in allowed_by(service, who, plain(fundraiser))[0]:
        if each.decision_id not in chosen:
            continue
        reason = f"approved fundraiser {fundraiser.name}"
        try:
            review.resolve(
                *(service.database, each.decision_id, Verdict.ALLOW, who.actor, reason, now),
                room=room_of(service, who),
            )
        except VerdictRefused:  # edited, decided or opened by somebody since: that stands
            continue
        done += 1
    return done


def _fundraiser(service: WebService, number: str) -> ApprovedFundraiser:
    try:
        with service.database.read() as s:
            return registry.fundraiser(s, read_id(number))
    except (BadAddress, UnknownRequest):
        raise HTTPException(404) from None


def _screen(
    places: Places, request: Request, who: Person, found: ApprovedFundraiser
) -> HTMLResponse:
    service = places.service
    stand = stand_of(found, service.clock.now())
    effect = effect_of(service, who, plain(found)) if stand == "running" else None
    with service.database.read() as s:
        asked = registry.request_of(s, found.id)
        about = [("fundraiser", str(found.id))]
        if asked is not None:
            about.append(("fundraiser_request", str(asked.id)))
        audit = store.audit_of_rows(s, about)
        known = [
            link
            for other in registry.fundraisers_of(s)
            if other.id != found.id
            for link in other.links
        ]
    return places.answer(
        request,
        "fundraisers/one.html",
        path=f"/fundraisers/{found.id}",
        found=found,
        stand=stand,
        asked=asked,
        effect=effect,
        audit=audit,
        imitations=imitations(service, found.links, known),
        approves=who.may(Right.APPROVE),
    )
