"""Registering a page: the form for any member of staff, and the answer of those who approve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from modbot import registry, store
from modbot.errors import ChangedMeanwhile, ModbotError, UnknownRequest
from modbot.people import Person, Right
from modbot.registry import Approval, Problem, Registration, TokenPlaces
from modbot.tables import RegistrationRow
from modbot.web.access import needs
from modbot.web.filters import BadAddress, read_id
from modbot.web.forms import Filled, Sent, by_field
from modbot.web.place_rights import approver, asker, may_register, page_address, require
from modbot.web.places import Places
from modbot.web.seam import WebService

Asking = Annotated[Person, Depends(needs(Right.REQUEST))]
Approving = Annotated[Person, Depends(needs(Right.APPROVE))]
_TEXTS = (
    *("platform", "name", "school", "purpose", "manager", "administrator", "contact"),
    *("external_id", "handle", "address", "government_use"),
)


def registration_routes(places: Places) -> APIRouter:
    """The form under /pages/new, and one request under /pages/requests/NUMBER."""
    routes = APIRouter()
    service = places.service

    may_ask = [Depends(needs(Right.REQUEST))]

    @routes.api_route("/pages/new", methods=["GET", "HEAD"], dependencies=may_ask)
    def form(request: Request) -> HTMLResponse:
        return _form(places, request, Filled(), ())

    @routes.post("/pages/new")
    def ask(request: Request, who: Asking, sent: Sent) -> Response:
        wanted = _registration(sent)
        problems = list(registry.registration_problems(wanted, service.platforms))
        if problems:
            return _form(places, request, sent, problems)
        number = registry.ask_registration(
            service.database,
            wanted,
            asker(who),
            service.clock.now(),
            platforms=service.platforms,
        )
        return RedirectResponse(f"/pages/requests/{number}?said=page-asked", 303)

    @routes.api_route("/pages/requests/{number}", methods=["GET", "HEAD"])
    def one(request: Request, who: Asking, number: str) -> HTMLResponse:
        return _screen(places, request, who, number)

    _answer_routes(routes, places)
    return routes


def _answer_routes(routes: APIRouter, places: Places) -> None:
    service = places.service

    @routes.post("/pages/requests/{number}/approve")
    def approve(request: Request, who: Approving, number: str, sent: Sent) -> Response:
        require(request, Right.PAGES, granted=may_register(who))
        row = _row(service, who, number)
        with service.database.read() as s:
            answering = approver(s, who, of_pages=True)
            pages = store.pages(s)
        given = Approval(external_id=sent.text("external_id"), token_ref=sent.text("token_ref"))
        where = token_places(service)
        problems = list(registry.approval_problems(row.platform, given, pages, where))
        if problems and row.state == "waiting":
            return _screen(places, request, who, number, sent=sent, problems=problems)
        require(request, Right.APPROVE, granted=answering.alone or row.asked_by_id != who.id)
        try:
            page = registry.approve_registration(
                service.database, row.id or 0, given, answering, service.clock.now(), places=where
            )
        except ModbotError as error:
            return _screen(places, request, who, number, sent=sent, late=answered_first(error))
        return RedirectResponse(f"{page_address(page.id)}?said=page-approved", 303)

    @routes.post("/pages/requests/{number}/refuse")
    def refuse(request: Request, who: Approving, number: str, sent: Sent) -> Response:
        require(request, Right.PAGES, granted=may_register(who))
        row, reason = _row(service, who, number), sent.text("reason")
        problems = reason_problems(reason)
        if problems and row.state == "waiting":
            return _screen(places, request, who, number, sent=sent, problems=problems)
        try:
            registry.refuse_registration(
                service.database, row.id or 0, reason, asker(who), service.clock.now()
            )
        except ModbotError as error:
            return _screen(places, request, who, number, sent=sent, late=answered_first(error))
        return RedirectResponse(f"/pages/requests/{row.id}?said=page-refused", 303)


def answered_first(error: ModbotError) -> bool:
    """Whether somebody answered first; any other error is none that a form can make."""
    if not isinstance(error, ChangedMeanwhile):
        raise error
    return True


def reason_problems(reason: str) -> list[Problem]:
    """What is wrong with a reason that has to be given."""
    return list(registry.reason_problems(reason))


def token_places(service: WebService) -> TokenPlaces:
    """Where tokens may be that are named here."""
    allowed = service.config.settings.registry
    return TokenPlaces(folders=allowed.token_folders, variables=allowed.token_variables)


def _registration(sent: Filled) -> Registration:
    texts = {name: sent.text(name) for name in _TEXTS}
    address = texts.pop("address")
    if address and "://" not in address and address.partition("/")[0].count(":") == 0:
        address = f"https://{address}"
    owned = sent.text("district_owned") == "yes"
    return Registration(**texts, address=address, district_owned=owned)


def _form(
    places: Places, request: Request, sent: Filled, problems: Sequence[Problem]
) -> HTMLResponse:
    return places.answer(
        request,
        "pages/form.html",
        path="/pages/new",
        status=422 if problems else 200,
        sent=sent,
        faults=by_field(problems),
        platforms=sorted(places.service.platforms),
    )


def _row(service: WebService, who: Person, number: str) -> RegistrationRow:
    """The request; raises 404 for one that is not there or not for this person."""
    try:
        with service.database.read() as s:
            row = registry.registration(s, read_id(number))
    except (BadAddress, UnknownRequest):
        raise HTTPException(404) from None
    sees_all = who.pages is None and (may_register(who) or who.may(Right.AUDIT))
    if not sees_all and row.asked_by_id != who.id:
        raise HTTPException(404)
    return row


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
    row = _row(places.service, who, number)
    filled = sent or Filled(values={"external_id": (row.external_id,)})
    if any(problem.why == "no_reference" for problem in problems):
        filled = filled.without("token_ref")  # it may be the token itself
    with places.service.database.read() as s:
        values = _of_request(s, who, row)
    allowed = token_places(places.service)
    return places.answer(
        request,
        "pages/request.html",
        path=f"/pages/requests/{row.id}",
        status=422 if problems else 409 if late else 200,
        row=row,
        sent=filled,
        faults=by_field(problems),
        late=late,
        token_needed=registry.token_is_needed(row.platform),
        token_places=allowed,
        **values,
    )


def _of_request(s: Session, who: Person, row: RegistrationRow) -> Mapping[str, Any]:
    answers = row.state == "waiting" and may_register(who)
    own = answers and row.asked_by_id == who.id
    return {
        "answers": answers,
        "needs_second": own and not approver(s, who, of_pages=True).alone,
        "audit": store.audit_of_rows(s, [("registration", str(row.id))]),
    }
