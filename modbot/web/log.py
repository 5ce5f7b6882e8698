"""The log: the newest decisions, filtered, a screenful at a time."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from modbot import store
from modbot.domain import Category, Verdict
from modbot.i18n import Language
from modbot.store import LogEntry
from modbot.web.entries import log_row
from modbot.web.filters import Filters, read_filters
from modbot.web.rendering import Pages, reader_language
from modbot.web.seam import WebService
from modbot.web.today import DayCounter, count_today

ROWS = 50
COUNTED_NEW = 99  # more new decisions than this are not counted one by one


def log_routes(service: WebService, pages: Pages) -> APIRouter:
    """The log and what its script asks for."""
    routes = APIRouter()
    counter = DayCounter()

    @routes.api_route("/", methods=["GET", "HEAD"])
    def log(request: Request) -> HTMLResponse:
        day = pages.day_start(service.clock.now())
        with service.database.read() as session:
            registered = store.pages(session)
            filters = read_filters(request.query_params, {page.id for page in registered})
            entries, newer, older = _screenful(session, filters)
            counted = counter.count(session, day)
        return pages.answer(
            request,
            "log/list.html",
            here=("/", filters.here()),
            filters=filters,
            rows=[log_row(entry) for entry in entries],
            newest=entries[0].id if entries and not newer else 0,
            newer=filters.address(after=entries[0].id) if newer else "",
            older=filters.address(before=entries[-1].id) if older else "",
            pages=sorted(registered, key=lambda page: page.name.casefold()),
            categories=list(Category),
            verdicts=list(Verdict),
            today=count_today(counted, registered, day),
        )

    @routes.get("/newest")
    def newest(request: Request) -> Response:
        with service.database.read() as session:
            known = {page.id for page in store.pages(session)}
            filters = read_filters(request.query_params, known)
            after = filters.after or 0
            entries = _query(session, filters, after=after, limit=COUNTED_NEW + 1)
        return _newer_note(reader_language(request), len(entries))

    return routes


def _newer_note(spoken: Language, count: int) -> JSONResponse:
    """How many decisions a reader has not seen, and what to say about it."""
    message = spoken.ngettext("Show %(num)s new decision", "Show %(num)s new decisions", count)
    shown = f"{COUNTED_NEW}+" if count > COUNTED_NEW else str(count)
    return JSONResponse({"count": count, "message": message % {"num": shown}})


def _screenful(session: Session, filters: Filters) -> tuple[Sequence[LogEntry], bool, bool]:
    """The decisions to show, and whether there are newer and older ones that fit the filters."""
    going_up = filters.after is not None
    found = _query(session, filters, before=filters.before, after=filters.after, limit=ROWS + 1)
    beyond = len(found) > ROWS
    if not going_up:
        newer = bool(found) and filters.before is not None
        return found[:ROWS], newer, beyond
    if not beyond:
        # Near the top the screen is filled from the newest, so that it is never a short one.
        top = _query(session, filters, limit=ROWS + 1)
        return top[:ROWS], False, len(top) > ROWS
    return found[1:], True, True


def _query(
    session: Session,
    filters: Filters,
    *,
    limit: int,
    before: int | None = None,
    after: int | None = None,
) -> list[LogEntry]:
    return store.decision_log(
        session,
        page=filters.page or None,
        category=filters.category or None,
        verdict=filters.verdict or None,
        before=before,
        after=after,
        limit=limit,
    )
