"""Requests that are answered once: the form that asks, the screen of one, and its answer. What the
two kinds have in common; registration.py and fundraisers.py have the rest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Generic

from fastapi import Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from modbot import registry, store
from modbot.errors import ChangedMeanwhile, UnknownRequest
from modbot.people import Person, Right
from modbot.registry import Approver, Problem, RequestState
from modbot.registry.requests import Row
from modbot.web.access import needs
from modbot.web.filters import BadAddress, read_id
from modbot.web.forms import Filled, Sent, by_field
from modbot.web.place_rights import approver, asker, require
from modbot.web.places import Places
from modbot.web.routes import Routes

Asking = Annotated[Person, Depends(needs(Right.REQUEST))]
Approving = Annotated[Person, Depends(needs(Right.APPROVE))]


class RequestKind(ABC, Generic[Row]):
    """What is special about one kind of request."""

    table: type[Row]
    folder: str  # its addresses, and its templates, are below it
    said: str  # how the names of its notices begin
    right: Right  # what whoever answers needs, as a refusal names it

    def __init__(self, places: Places):
        self.places, self.service = places, places.service

    @abstractmethod
    def may_see(self, who: Person, row: Row) -> bool:
        """Whether this person sees the request."""

    @abstractmethod
    def may_answer(self, who: Person) -> bool:
        """Whether this person answers such requests."""

    @abstractmethod
    def ask(self, who: Person, sent: Filled) -> int | list[Problem]:
        """The number of the new request; or what is wrong with the form, and nothing was stored."""

    @abstractmethod
    def approval_problems(self, row: Row, sent: Filled) -> list[Problem]:
        """What is wrong with the form that approves."""

    @abstractmethod
    def approve(self, row: Row, sent: Filled, approver: Approver) -> str:
        """Makes what was asked for; its address. Raises ChangedMeanwhile."""

    @abstractmethod
    def form_values(self) -> Mapping[str, Any]:
        """What the form that asks shows besides what was typed."""

    @abstractmethod
    def values(self, who: Person, row: Row) -> Mapping[str, Any]:
        """What the screen of one shows besides the request."""

    def typed(self, _row: Row, sent: Filled | None, _problems: Sequence[Problem]) -> Filled:
        """What stands in the fields of the answer."""
        return sent or Filled()


def request_routes(kind: RequestKind[Row]) -> Routes:
    """FOLDER/new, and one request under FOLDER/requests/NUMBER."""
    routes, desk = Routes(), _Desk(kind)
    form_path, one_path = f"{kind.folder}/new", f"{kind.folder}/requests/{{number}}"
    may_ask = [Depends(needs(Right.REQUEST))]

    @routes.api_route(form_path, methods=["GET", "HEAD"], dependencies=may_ask)
    def form(request: Request) -> HTMLResponse:
        return desk.form(request, Filled(), ())

    @routes.post(form_path)
    def ask(request: Request, who: Asking, sent: Sent) -> Response:
        return desk.ask(request, who, sent)

    @routes.api_route(one_path, methods=["GET", "HEAD"])
    def one(request: Request, who: Asking, number: str) -> HTMLResponse:
        return desk.screen(request, who, desk.row(who, number))

    @routes.post(f"{one_path}/approve")
    def approve(request: Request, who: Approving, number: str, sent: Sent) -> Response:
        return desk.approve(request, who, number, sent)

    @routes.post(f"{one_path}/refuse")
    def refuse(request: Request, who: Approving, number: str, sent: Sent) -> Response:
        return desk.refuse(request, who, number, sent)

    return routes


class _Desk(Generic[Row]):
    def __init__(self, kind: RequestKind[Row]):
        self.kind: RequestKind[Row] = kind
        self.places, self.service = kind.places, kind.service

    def form(self, request: Request, sent: Filled, problems: Sequence[Problem]) -> HTMLResponse:
        address = f"{self.kind.folder}/new"
        return self.places.answer(
            request,
            f"{self.kind.folder[1:]}/form.html",
            path=address,
            address=address,
            status=422 if problems else 200,
            sent=sent,
            faults=by_field(problems),
            **self.kind.form_values(),
        )

    def ask(self, request: Request, who: Person, sent: Filled) -> Response:
        asked = self.kind.ask(who, sent)
        if not isinstance(asked, int):
            return self.form(request, sent, asked)
        return RedirectResponse(f"{self._address(asked)}?said={self.kind.said}-asked", 303)

    def row(self, who: Person, number: str) -> Row:
        """The request; raises 404 for one that is not there or not for this person."""
        try:
            with self.service.database.read() as s:
                row = registry.request(s, self.kind.table, read_id(number))
        except (BadAddress, UnknownRequest):
            raise HTTPException(404) from None
        if not self.kind.may_see(who, row):
            raise HTTPException(404)
        return row

    def approve(self, request: Request, who: Person, number: str, sent: Filled) -> Response:
        row = self._to_answer(request, who, number)
        problems = self.kind.approval_problems(row, sent)
        if problems and row.state == RequestState.WAITING:
            return self.screen(request, who, row, sent=sent, problems=problems)
        answering = self._approver(who)
        own = row.asked_by_id == who.id and not answering.alone
        require(request, Right.APPROVE, granted=not own)
        try:
            to = self.kind.approve(row, sent, answering)
        except ChangedMeanwhile:
            return self.screen(request, who, self.row(who, number), sent=sent, late=True)
        return RedirectResponse(f"{to}?said={self.kind.said}-approved", 303)

    def refuse(self, request: Request, who: Person, number: str, sent: Filled) -> Response:
        row, reason = self._to_answer(request, who, number), sent.text("reason")
        problems = list(registry.reason_problems(reason))
        if problems and row.state == RequestState.WAITING:
            return self.screen(request, who, row, sent=sent, problems=problems)
        database, now = self.service.database, self.service.clock.now()
        try:
            registry.refuse_request(database, self.kind.table, row.id or 0, reason, asker(who), now)
        except ChangedMeanwhile:
            return self.screen(request, who, self.row(who, number), sent=sent, late=True)
        return RedirectResponse(f"{self._address(row.id)}?said={self.kind.said}-refused", 303)

    def screen(
        self,
        request: Request,
        who: Person,
        row: Row,
        *,
        sent: Filled | None = None,
        problems: Sequence[Problem] = (),
        late: bool = False,
    ) -> HTMLResponse:
        """One request; with the faults of a form on it, or after somebody else was faster."""
        answers = row.state == RequestState.WAITING and self.kind.may_answer(who)
        own = answers and row.asked_by_id == who.id
        with self.service.database.read() as s:
            audit = store.audit_of_rows(s, [(str(row.__tablename__), str(row.id))])
        return self.places.answer(
            request,
            f"{self.kind.folder[1:]}/request.html",
            path=self._address(row.id),
            address=self._address(row.id),
            status=422 if problems else 409 if late else 200,
            row=row,
            sent=self.kind.typed(row, sent, problems),
            faults=by_field(problems),
            late=late,
            answers=answers,
            needs_second=own and not self._approver(who).alone,
            audit=audit,
            **self.kind.values(who, row),
        )

    def _to_answer(self, request: Request, who: Person, number: str) -> Row:
        require(request, self.kind.right, granted=self.kind.may_answer(who))
        return self.row(who, number)

    def _approver(self, who: Person) -> Approver:
        with self.service.database.read() as s:
            return approver(s, who, self.kind.may_answer)

    def _address(self, number: int | None) -> str:
        return f"{self.kind.folder}/requests/{number}"
