"""The log: the newest decisions, filtered, a screenful at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from modbot import store
from modbot.domain import Category, Verdict
from modbot.i18n import Language
from modbot.people import Person, Right
from modbot.store import LogEntry, LogSearch
from modbot.web.access import needs
from modbot.web.by_day import count_days, day_edges
from modbot.web.entries import log_row
from modbot.web.filters import SPOKEN, Filters
from modbot.web.log_asked import Asked, LogRoom, ask
from modbot.web.log_values import Known, LogValues
from modbot.web.rendering import reader_language
from modbot.web.routes import Routes
from modbot.web.today import DayCounter, count_today

ROWS = 25
COUNTED_NEW = 99  # more new decisions than this are not counted one by one


def log_routes(room: LogRoom) -> Routes:
    """The log, its numbers by day, and what its script asks for."""
    routes = Routes()
    counter, values = DayCounter(), LogValues(room.columns)

    @routes.api_route("/log", methods=["GET", "HEAD"])
    def log(request: Request, who: Annotated[Person, Depends(needs(Right.READ))]) -> HTMLResponse:
        return _log(room, request, who, counter, values)

    @routes.api_route("/log/days", methods=["GET", "HEAD"])
    def days(request: Request, who: Annotated[Person, Depends(needs(Right.READ))]) -> HTMLResponse:
        return _days(room, request, who)

    @routes.get("/newest")
    def newest(request: Request, who: Annotated[Person, Depends(needs(Right.READ))]) -> Response:
        with room.service.database.read() as session:
            asked = ask(session, request.query_params, who, room)
            after = asked.filters.after or 0
            newer = asked.search.next_newer(COUNTED_NEW + 1, after=after)
        return _newer_note(reader_language(request), len(newer))

    return routes


def _log(
    room: LogRoom, request: Request, who: Person, counter: DayCounter, values: LogValues
) -> HTMLResponse:
    now, pages = room.service.clock.now(), room.pages
    day = pages.day_start(now)
    with room.service.database.read() as session:
        asked = ask(session, request.query_params, who, room)
        filters, search = asked.filters, asked.search
        found, newer, older = _screenful(session, search, filters)
        counted = counter.count(session, day)
        edges = day_edges(filters, now, pages.zone())
        days = count_days(search.counts_by(edges), edges)
        matching = search.count()
    known = values.known() if who.pages is None else Known(persons=(), signs=())
    return pages.answer(
        request,
        "log/list.html",
        here=("/log", filters.here()),
        filters=filters,
        rows=[log_row(entry) for entry in found],
        newest=found[0].id if found and not newer else 0,
        newer=filters.address(after=found[0].id) if newer else "",
        older=filters.address(before=found[-1].id) if older else "",
        **_form(asked, known),
        matching=matching,
        days=days,
        today=count_today(counted, asked.visible, day),
    )


def _form(asked: Asked, known: Known) -> dict[str, Any]:
    """What the form of the filters offers."""
    return {
        "pages": sorted(asked.visible, key=lambda page: page.name.casefold()),
        "platforms": sorted({page.platform for page in asked.visible}),
        "categories": list(Category),
        "verdicts": list(Verdict),
        "spoken": SPOKEN,
        "actors": ("bot", "person", *(f"person:{name}" for name in known.persons)),
        "signs": known.signs,
        "page_name": next((p.name for p in asked.visible if p.id == asked.filters.page), ""),
    }


def _days(room: LogRoom, request: Request, who: Person) -> HTMLResponse:
    with room.service.database.read() as session:
        asked = ask(session, request.query_params, who, room)
        edges = day_edges(asked.filters, room.service.clock.now(), room.pages.zone())
        counted = asked.search.counts_by(edges)
    return room.pages.answer(
        request,
        "log/days.html",
        here=("/log/days", asked.filters.choice()),
        filters=asked.filters,
        verdicts=list(Verdict),
        days=count_days(counted, edges),
    )


def _newer_note(spoken: Language, count: int) -> JSONResponse:
    """How many decisions a reader has not seen, and what to say about it."""
    message = spoken.ngettext("Show %(num)s new decision", "Show %(num)s new decisions", count)
    shown = f"{COUNTED_NEW}+" if count > COUNTED_NEW else str(count)
    return JSONResponse({"count": count, "message": message % {"num": shown}})


def _screenful(
    session: Session, search: LogSearch, filters: Filters
) -> tuple[Sequence[LogEntry], bool, bool]:
    """The decisions to show, and whether there are newer and older ones that fit the filters."""
    ids, newer, older = _place(search, filters)
    return store.entries(session, ids), newer, older


def _place(search: LogSearch, filters: Filters) -> tuple[list[int], bool, bool]:
    if filters.after is not None:
        found = search.next_newer(ROWS + 1, after=filters.after)
        if len(found) > ROWS:
            return found[:ROWS], True, bool(search.newest_first(1, before=found[0]))
        # Near the top the screen is filled from the newest, so that it is never a short one.
    ids = search.newest_first(ROWS + 1, before=filters.before)
    newer = filters.before is not None and bool(ids) and bool(search.next_newer(1, after=ids[0]))
    return ids[:ROWS], newer, len(ids) > ROWS
