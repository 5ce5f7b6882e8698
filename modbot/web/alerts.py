"""The alerts: what is open and who was told, to be acknowledged; brakes, to be released."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Form
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from modbot import brake, store
from modbot.alert_tables import AlertRow, AlertSendingRow
from modbot.domain import Page
from modbot.people import Person, Right
from modbot.store import brakes, sendings
from modbot.store.incidents import about_crisis
from modbot.web.access import needs, refuse
from modbot.web.brakes import braked
from modbot.web.filters import BadAddress, read_id
from modbot.web.place_rights import page_address
from modbot.web.rendering import Pages, reader_language
from modbot.web.routes import Routes
from modbot.web.seam import WebService

ROWS = 50
REASON_CAP = 500  # characters
Reader = Annotated[Person, Depends(needs(Right.READ))]
Acknowledger = Annotated[Person, Depends(needs(Right.ACKNOWLEDGE))]
Releaser = Annotated[Person, Depends(needs(Right.UNDO_MANY))]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One alert on the screen."""

    row: AlertRow
    page: Page | None  # None: about no page, or one that the reader does not look after
    sendings: Sequence[AlertSendingRow]
    crisis: bool  # what the law asks of whoever reads it is told beside it

    @property
    def told_nobody(self) -> bool:
        """It was sent to nobody and will not be."""
        return not self.sendings and self.row.next_step_at is None


def alert_routes(service: WebService, pages: Pages) -> Routes:
    """The screen, and what its forms do."""
    routes = Routes()

    @routes.api_route("/alerts", methods=["GET", "HEAD"])
    def alerts(request: Request, who: Reader) -> HTMLResponse:
        before = _before(request)
        with service.database.read() as s:
            waiting = store.open_list(s, pages=who.pages, limit=ROWS + 1)
            past = store.past_list(s, pages=who.pages, before=before, limit=ROWS + 1)
            shown, over = _shown(s, waiting[:ROWS]), _shown(s, past[:ROWS])
            number = store.count_open(s, pages=who.pages)
            pulled = braked(s, who.pages)
            failing = sendings.failing_destinations(s) if who.pages is None else []
        return pages.answer(
            request,
            "alerts/list.html",
            here=("/alerts", {"before": str(before)} if before else {}),
            now=service.clock.now(),
            before=before,
            older=past[ROWS - 1].id if len(past) > ROWS else None,
            reporting=service.config.settings.alerts.reporting_in(reader_language(request).code),
            waiting=shown,
            told_nobody=len(shown) > 1 and all(one.told_nobody for one in shown),
            number=number,
            past=over,
            pulled=pulled,
            failing=failing,
        )

    _acknowledging(routes, service)
    _releasing(routes, service)
    return routes


def _acknowledging(routes: Routes, service: WebService) -> None:
    @routes.post("/alerts/{number}/acknowledge")
    def acknowledge(number: str, who: Acknowledger) -> Response:
        alert_id = _number(number)
        with service.database.read() as s:
            row = store.incident(s, alert_id)
        if row is None or not who.sees(row.page_id):
            raise HTTPException(404)
        with service.database.write() as s:
            new = store.acknowledge(s, alert_id, who.actor.name, service.clock.now())
        return _said("acknowledged" if new else "acknowledged-before")


def _releasing(routes: Routes, service: WebService) -> None:
    @routes.post("/alerts/brakes/{number}/release")
    def release(
        request: Request,
        number: str,
        who: Releaser,
        reason: Annotated[str, Form()] = "",
        at: Annotated[str, Form()] = "",
    ) -> Response:
        brake_id, reason = _number(number), reason.strip()[:REASON_CAP]
        with service.database.read() as s:
            row = brakes.brake(s, brake_id)
        if row is None or not who.sees(row.page_id):
            raise HTTPException(404)
        if not who.may(Right.UNDO_MANY, row.page_id):
            refuse(request, Right.UNDO_MANY, row.page_id)
        place = page_address(row.page_id) if at == "page" else "/alerts"
        if not reason:
            return _said("reason-missing", place)
        with service.database.write() as s:
            row = brakes.brake(s, brake_id)
            assert row is not None
            new = brake.release(s, row, who.actor.name, reason, service.clock.now())
        return _said("released" if new else "released-before", place)


def _said(key: str, place: str = "/alerts") -> Response:
    return RedirectResponse(f"{place}?said={key}", status_code=303)


def _number(text: str) -> int:
    try:
        return read_id(text)
    except BadAddress:
        raise HTTPException(404) from None


def _before(request: Request) -> int | None:
    asked = request.query_params.get("before")
    return read_id(asked) if asked else None


def _shown(s: Session, rows: Sequence[AlertRow]) -> list[Shown]:
    registered = {page.id: page for page in store.pages(s)} if rows else {}
    sent = store.sendings_of(s, [row.id for row in rows if row.id is not None])
    of_crisis = about_crisis(s, rows)
    return [
        Shown(
            row=row,
            page=registered.get(row.page_id),
            sendings=sent.get(row.id or 0, []),
            crisis=row.id in of_crisis,
        )
        for row in rows
    ]
