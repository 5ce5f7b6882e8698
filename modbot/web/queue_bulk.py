"""What one form decided together: what was done, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from fastapi import Depends
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from modbot import store, undo
from modbot.people import Person, Right
from modbot.review import TAKEN_BACK
from modbot.room_tables import UndoRunRow
from modbot.store import DeedChoice, Doer, DoerKind
from modbot.store.deeds import BulkDecision
from modbot.undo.receipts import STOPPED
from modbot.web.access import needs, refuse
from modbot.web.filters import read_id
from modbot.web.queue_many import AT_ONCE, many_page
from modbot.web.rendering import Pages
from modbot.web.routes import Routes
from modbot.web.seam import WebService
from modbot.web.undo import may_see, rights_of

Decider = Annotated[Person, Depends(needs(Right.DECIDE))]
Undoer = Annotated[Person, Depends(needs(Right.UNDO_MANY))]


def queue_bulk_routes(service: WebService, pages: Pages) -> Routes:
    """GET /queue/many/BULK, and the POST that takes it back."""
    routes = Routes()

    @routes.api_route("/queue/many/{bulk}", methods=["GET", "HEAD"])
    def done(request: Request, who: Decider, bulk: str) -> Response:
        with service.database.read() as s:
            decisions, run = _decided(s, who, bulk), _run_of(s, bulk)
        mine = all(each.actor == who.actor.name for each in decisions)
        over = run is None or run.state == STOPPED
        return many_page(
            *(service, pages, request, who, "queue/many_done.html"),
            path=f"/queue/many/{bulk}",
            verdict=decisions[0].verdict.value,
            done=len(decisions),
            bulk=bulk,
            decisions=decisions,
            run=run if run is not None and may_see(run, who) else None,
            may_undo=mine and over and who.may(Right.UNDO_MANY),
            left_out={name: _number(request, name) for name in ("said", "held", "changed")},
        )

    @routes.post("/queue/many/{bulk}/undo")
    def take_back(request: Request, who: Undoer, bulk: str) -> Response:
        with service.database.read() as s:
            decisions, run = _decided(s, who, bulk), _run_of(s, bulk)
        if any(each.actor != who.actor.name for each in decisions):
            refuse(request, Right.UNDO_MANY)
        run_id = None if run is None or run.state == STOPPED else run.id
        if run_id is None:
            run_id = _begin(service, who, bulk, decisions)
        return RedirectResponse(f"/undo/{run_id}?said=undo-started", status_code=303)

    return routes


def _begin(service: WebService, who: Person, bulk: str, decisions: Sequence[BulkDecision]) -> int:
    choice = DeedChoice(
        doer=Doer(kind=DoerKind.BULK, subject=bulk),
        since=decisions[0].decided_at,
        until=decisions[-1].decided_at + timedelta(microseconds=1),
        pages=frozenset(each.page_id for each in decisions),
        through=decisions[-1].id,
    )
    wanted = undo.Request(choice=choice, others_too=False, reason=TAKEN_BACK, set_sha256="")
    return undo.start(service.database, wanted, rights_of(service), who.actor, service.clock.now())


def _decided(s: Session, who: Person, bulk: str) -> list[BulkDecision]:
    """The decisions of a bulk on pages in this person's care; 404 where there are none."""
    decisions = store.decided_together(s, bulk)
    found = [each for each in decisions if who.may(Right.DECIDE, each.page_id)]
    if not found:
        raise HTTPException(404)
    return found


def _run_of(s: Session, bulk: str) -> UndoRunRow | None:
    return next(iter(store.undo_runs(s, of=(DoerKind.BULK, bulk), limit=1)), None)


def _number(request: Request, name: str) -> int:
    """How many an address says were left out for this reason."""
    typed = request.query_params.get(name, "")
    return min(read_id(typed), AT_ONCE) if typed else 0
