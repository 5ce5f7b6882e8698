"""Taking back together: the form, what it would do, and the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Form
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from modbot import store, undo
from modbot.domain import Page
from modbot.errors import UndoRefused
from modbot.people import Person, Right
from modbot.room_tables import UndoRunRow
from modbot.undo.runs import REASON_CAP
from modbot.web.access import needs
from modbot.web.filters import read_id
from modbot.web.rendering import Pages
from modbot.web.routes import Routes
from modbot.web.seam import WebService
from modbot.web.undo_asked import (
    PROBLEMS,
    Asked,
    Unclear,
    local_minute,
    read_asked,
    read_through,
)
from modbot.web.undo_words import KINDS, PLANS, STATES, look_of_plan, plan_parts

Undoer = Annotated[Person, Depends(needs(Right.UNDO_MANY))]
Field = Annotated[str, Form()]
RUNS_SHOWN, BUSY_SHOWN = 50, 12
CHUNK = 200  # runs that are looked through at once
EXAMPLES_SHOWN = 3


def undo_routes(service: WebService, pages: Pages) -> Routes:
    """/undo, /undo/preview, and the POST that starts a run."""
    routes, desk = Routes(), UndoDesk(service, pages)

    @routes.api_route("/undo", methods=["GET", "HEAD"])
    def form(request: Request, who: Undoer) -> Response:
        return desk.form(request, who, desk.asked(request), status=200)

    @routes.api_route("/undo/preview", methods=["GET", "HEAD"])
    def preview(request: Request, who: Undoer) -> Response:
        return desk.preview(request, who, desk.asked(request))

    @routes.post("/undo")
    def start(
        request: Request,
        who: Undoer,
        kind: Field = "",
        subject: Field = "",
        since: Field = "",
        until: Field = "",
        page: Annotated[list[str] | None, Form()] = None,
        others: Field = "",
        through: Field = "",
        agreed: Field = "",
        reason: Field = "",
    ) -> Response:
        asked = read_asked(kind, subject, since, until, page or (), others)
        return desk.start(request, who, asked, read_through(through), agreed, reason)

    return routes


def rights_of(service: WebService) -> undo.Rights:
    """What can be restored, under the policy in force."""
    return undo.Rights(policy=service.config.policy, capabilities=service.capabilities)


def may_see(run: UndoRunRow, who: Person) -> bool:
    """Whether every page of a run is one of theirs."""
    return who.pages is None or who.pages.issuperset(run.pages)


class UndoDesk:
    """The form and the preview for one service."""

    def __init__(self, service: WebService, pages: Pages):
        self.service, self.pages = service, pages

    def asked(self, request: Request) -> Asked:
        """The fields in an address."""
        query = request.query_params
        names = ("kind", "subject", "since", "until")
        kind, subject, since, until = (query.get(name, "") for name in names)
        chosen = [*query.getlist("page"), *filter(None, query.get("pages", "").split("\n"))]
        return read_asked(kind, subject, since, until, chosen, query.get("others", ""))

    def form(
        self, request: Request, who: Person, asked: Asked, *, status: int, problem: str = ""
    ) -> Response:
        """The form as it was filled in, what was busy lately, and the runs."""
        now, typed = self.service.clock.now(), request.query_params.get("before", "")
        before = read_id(typed) if typed else None
        with self.service.database.read() as s:
            registered = self._mine(s, who)
            lately = store.doers_lately(s, who.pages)
            runs, older = _runs(s, who, before)
        today = local_minute(self.pages.day_start(now), self.pages.zone())
        return self.pages.answer(
            request,
            "undo/form.html",
            status=status,
            here=("/undo", {"before": typed} if typed else {}),
            asked=asked,
            since=asked.since or today,
            problem=PROBLEMS.get(problem, ""),
            field=problem,
            kinds=KINDS,
            states=STATES,
            registered=registered,
            lately=list(lately.items()),
            busy=[
                (doer, number, _address(doer, today))
                for doer, number in list(lately.items())[:BUSY_SHOWN]
            ],
            runs=runs,
            older=older,
            newest=before is None,
        )

    def preview(
        self, request: Request, who: Person, asked: Asked, *, problem: str = "", reason: str = ""
    ) -> Response:
        """What a run would do, with the form that starts it."""
        now = self.service.clock.now()
        with self.service.database.read() as s:
            registered = self._mine(s, who)
            through = store.newest_decision(s)
            try:
                choice = self._choice(asked, who, registered, now, max(1, through))
            except Unclear as unclear:
                return self.form(request, who, asked, status=400, problem=str(unclear))
            seen = undo.look(s, choice, rights_of(self.service), others_too=asked.others)
            namesakes = _namesakes(s, choice.doer, who)
        names = {page.id: page for page in registered}
        return self.pages.answer(
            request,
            "undo/preview.html",
            status=409 if problem == "changed" else 400 if problem else 200,
            here=("/undo/preview", _flat(asked)),
            asked=asked,
            doer=choice.doer,
            namesakes=[
                (name, replace(asked, subject=name).address(until="")) for name in namesakes
            ],
            since=choice.since,
            until=choice.until,
            until_text=choice.until.isoformat(),
            through=choice.through,
            seen=seen,
            parts=plan_parts(seen.plans),
            lines=_lines(seen),
            others=seen.plans[undo.Plan.OTHERS],
            names=names,
            kinds=KINDS,
            problem=PROBLEMS.get(problem, ""),
            field=problem,
            reason=reason,
            reason_cap=REASON_CAP,
        )

    def start(
        self,
        request: Request,
        who: Person,
        asked: Asked,
        through: int,
        agreed: str,
        reason: str,
    ) -> Response:
        """Starts the run that was agreed to, and leads to its page."""
        now = self.service.clock.now()
        with self.service.database.read() as s:
            registered = self._mine(s, who)
        try:
            choice = self._choice(asked, who, registered, now, through)
            wanted = undo.Request(
                choice=choice,
                others_too=asked.others,
                reason=reason,
                set_sha256=agreed or "none",
            )
            if not reason.strip() or len(reason) > REASON_CAP:
                return self.preview(request, who, asked, problem="reason", reason=reason)
            rights = rights_of(self.service)
            run_id = undo.start(self.service.database, wanted, rights, who.actor, now)
        except Unclear as unclear:
            return self.form(request, who, asked, status=400, problem=str(unclear))
        except undo.PreviewChanged:
            return self.preview(request, who, asked, problem="changed", reason=reason)
        except UndoRefused:
            return self.form(request, who, asked, status=400, problem="nothing")
        return RedirectResponse(f"/undo/{run_id}?said=undo-started", status_code=303)

    def _mine(self, s: Session, who: Person) -> list[Page]:
        mine = [p for p in store.pages(s) if who.pages is None or p.id in who.pages]
        return sorted(mine, key=lambda page: page.name.casefold())

    def _choice(
        self, asked: Asked, who: Person, mine: list[Page], now: datetime, through: int
    ) -> store.DeedChoice:
        return asked.choice(who, {p.id for p in mine}, self.pages.zone(), now, through)


def _runs(s: Session, who: Person, before: int | None) -> tuple[list[UndoRunRow], int | None]:
    """A screenful of the runs that somebody may see, and where the next one begins."""
    found: list[UndoRunRow] = []
    while len(found) <= RUNS_SHOWN and (some := store.undo_runs(s, limit=CHUNK, before=before)):
        found += (run for run in some if may_see(run, who))
        before = some[-1].id
    more = len(found) > RUNS_SHOWN
    return found[:RUNS_SHOWN], found[RUNS_SHOWN - 1].id if more else None


def _namesakes(s: Session, doer: store.Doer, who: Person) -> list[str]:
    return store.namesakes(s, doer.subject, who.pages) if doer.kind is store.DoerKind.PERSON else []


def _address(doer: store.Doer, since: str) -> str:
    return Asked(kind=doer.kind.value, subject=doer.subject, since=since).address()


def _flat(asked: Asked) -> Mapping[str, str]:
    """The query for the language links, each name once."""
    values = {"kind": asked.kind, "subject": asked.subject, "since": asked.since}
    values |= {"until": asked.until, "pages": "\n".join(asked.pages)}
    return {**values, "others": "1" if asked.others else ""}


def _lines(seen: undo.Preview) -> list[dict[str, Any]]:
    """One line for each plan that occurs, in the order of the plans."""
    return [
        {
            "name": PLANS[plan][0],
            "meaning": PLANS[plan][1],
            "look": look_of_plan(plan),
            "number": seen.plans[plan],
            "examples": seen.examples(plan)[:EXAMPLES_SHOWN],
        }
        for plan in undo.Plan
        if seen.plans[plan]
    ]
