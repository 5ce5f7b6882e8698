"""One run: how far it is, the receipt of each comment, pause, stop, and the receipts as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from modbot import store, undo
from modbot.errors import UnknownRun
from modbot.export import spreadsheet_lines
from modbot.people import Person, Right
from modbot.people.accounts import note
from modbot.room_tables import UndoRunRow
from modbot.store import LoggedItem
from modbot.stored_rows import iso_time
from modbot.undo.receipts import OPEN, STOPPED, items, outcome_of, totals
from modbot.undo.runs import MAY_FOLLOW, PAUSED, RUNNING
from modbot.web.access import needs
from modbot.web.filters import BadAddress, read_id
from modbot.web.marking import pieces
from modbot.web.rendering import Pages
from modbot.web.routes import Routes
from modbot.web.seam import WebService
from modbot.web.undo import Undoer, may_see
from modbot.web.undo_words import KINDS, OUTCOMES, STATES, look_of, outcome_parts
from modbot.web.veiling import may_offend

ROWS, CHUNK_ROWS = 50, 500
FIELDS = (
    *("comment", "page_id", "page", "platform", "comment_id", "author_name", "text"),
    *("decision_taken_back", "decision_made", "receipt", "asked_for", "answer", "ended_at"),
)
_STATES = {"pause": PAUSED, "resume": RUNNING, "stop": STOPPED}
_NOTICES = {"pause": "undo-paused", "resume": "undo-resumed", "stop": "undo-stopped"}
Reader = Annotated[Person, Depends(needs(Right.READ))]
Exporter = Annotated[Person, Depends(needs(Right.EXPORT))]


def undo_run_routes(service: WebService, pages: Pages) -> Routes:
    """/undo/{run} and what can be done with it."""
    routes, desk = Routes(), RunDesk(service, pages)

    @routes.api_route("/undo/{number}", methods=["GET", "HEAD"])
    def run(request: Request, number: str, who: Reader) -> Response:
        return desk.page(request, number, who)

    @routes.get("/undo/{number}/progress")
    def progress(request: Request, number: str, who: Reader) -> Response:
        with service.database.read() as s:
            values = desk.progress(s, desk.found(s, number, who))
        return pages.answer(request, "undo/_progress.html", **values)

    @routes.post("/undo/{number}/receipts.csv")
    def receipts(number: str, who: Exporter) -> Response:
        return desk.receipts(number, who)

    @routes.post("/undo/{number}/{change}")
    def change(number: str, change: str, who: Undoer) -> Response:
        return desk.change(number, change, who)

    return routes


class RunDesk:
    """The pages of runs for one service."""

    def __init__(self, service: WebService, pages: Pages):
        self.service, self.pages = service, pages

    def found(self, s: Session, number: str, who: Person) -> UndoRunRow:
        """The run, where it is on pages of theirs only; else 404."""
        try:
            run = store.undo_run(s, read_id(number))
        except (BadAddress, UnknownRun):
            raise HTTPException(404) from None
        if not may_see(run, who):
            raise HTTPException(404)
        return run

    def page(self, request: Request, number: str, who: Person) -> Response:
        """Progress and receipts."""
        query = request.query_params
        wanted = query.get("receipt", "")
        if wanted and wanted not in set(undo.Outcome):
            raise BadAddress("receipt")
        outcome = undo.Outcome(wanted) if wanted else None
        after = read_id(query["after"]) if query.get("after") else 0
        with self.service.database.read() as s:
            run = self.found(s, number, who)
            values = self.progress(s, run)
            assert run.id is not None
            some = items(s, run.id, outcome, after=after, limit=ROWS + 1)
        shown = [_row(item) for item in some[:ROWS]]
        return self.pages.answer(
            request,
            "undo/run.html",
            here=(f"/undo/{run.id}", {"receipt": wanted} if wanted else {}),
            kinds=KINDS,
            outcomes=OUTCOMES,
            receipt=wanted,
            rows=shown,
            first=not after,
            more=some[ROWS - 1].id if len(some) > ROWS else 0,
            **values,
        )

    def progress(self, s: Session, run: UndoRunRow) -> dict[str, Any]:
        """How far it is, in numbers and drawn."""
        assert run.id is not None
        by_page = totals(s, run.id)
        names = {page.id: page for page in store.pages(s)}
        whole: Counter[undo.Outcome] = Counter()
        for counted in by_page.values():
            whole.update(counted)
        left = sum(whole[outcome] for outcome in OPEN)
        return {
            "run": run,
            "whole": whole.total(),
            "ended": whole.total() - left,
            "over": run.state not in MAY_FOLLOW and not left,
            "counts": [
                (outcome.value, OUTCOMES[outcome], look_of(outcome), whole[outcome])
                for outcome in undo.Outcome
                if whole[outcome]
            ],
            "parts": outcome_parts(whole),
            "by_page": [
                (
                    names.get(page_id),
                    page_id,
                    counted.total(),
                    outcome_parts(counted),
                    _left(counted),
                )
                for page_id, counted in sorted(by_page.items())
            ],
            "states": STATES,
            "may": MAY_FOLLOW.get(run.state, ()),
        }

    def change(self, number: str, change: str, who: Person) -> Response:
        """Pauses, takes up again or stops."""
        if change not in _STATES:
            raise HTTPException(404)
        with self.service.database.read() as s:
            run = self.found(s, number, who)
        assert run.id is not None
        now = self.service.clock.now()
        done = undo.change_state(self.service.database, run.id, _STATES[change], who.actor, now)
        said = _NOTICES[change] if done else "undo-too-late"
        return RedirectResponse(f"/undo/{run.id}?said={said}", status_code=303)

    def receipts(self, number: str, who: Person) -> Response:
        """The receipts as a table."""
        with self.service.database.read() as s:
            run = self.found(s, number, who)
        assert run.id is not None
        with self.service.database.write() as s:
            now = self.service.clock.now()
            note(s, "undo.exported", who.actor.name, now, person=who.id, run=run.id)
        name = f'attachment; filename="modbot-undo-{run.id}.csv"'
        return StreamingResponse(
            self._lines(run.id),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": name},
        )

    def _lines(self, run_id: int) -> Iterator[bytes]:
        yield b"\xef\xbb\xbf" + spreadsheet_lines(
            [FIELDS]
        )  # the mark by which spreadsheets know UTF-8
        after = 0
        while True:  # a session for each part: a long download holds nobody up
            with self.service.database.read() as s:
                some = items(s, run_id, after=after, limit=CHUNK_ROWS)
            if not some:
                return
            yield spreadsheet_lines(_cells(item) for item in some)
            after = some[-1].id


def _left(counted: Counter[undo.Outcome]) -> int:
    return sum(counted[outcome] for outcome in OPEN)


def _row(item: LoggedItem) -> dict[str, Any]:
    outcome = outcome_of(item.outcome, item.action_state)
    return {
        "item": item,
        "name": OUTCOMES[outcome],
        "look": look_of(outcome),
        "pieces": pieces(item.text, []),
        "veiled": may_offend(item.categories),
    }


def _cells(item: LoggedItem) -> tuple[object, ...]:
    outcome = outcome_of(item.outcome, item.action_state)
    ended = iso_time(item.ended_at) if item.ended_at else ""
    return (
        *(item.id, item.page_id, item.page_name, item.platform, item.comment_id),
        *(item.author_name or "", item.text, item.decision_id, item.made_decision or ""),
        *(outcome.value, item.action_kind, item.answer, ended),
    )
