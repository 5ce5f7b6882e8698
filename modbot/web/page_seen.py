"""Pages without an API: people bring what they saw, by one, as a list or a file, and remove it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from modbot import manual, review
from modbot.domain import Page, Verdict
from modbot.errors import ModbotError, SeenListRefused
from modbot.people import Person, Right
from modbot.registry import Problem
from modbot.seen_list import Seen, Terms, checked, read_seen_list
from modbot.web.access import needs
from modbot.web.by_hand import MOST_ROWS, brings
from modbot.web.entries import entry_for
from modbot.web.forms import Filled, Sent, by_field
from modbot.web.page_screen import page_of, screen
from modbot.web.place_rights import page_address, require
from modbot.web.places import Places
from modbot.web.routes import Routes

Reading = Annotated[Person, Depends(needs(Right.READ))]  # who may decide is asked for each page
LET_STAND = "Looked at in the app; it may stay."
# The field beside which a fault of a single comment is told; else it is beside the text.
_FIELD_OF = {"url": "url", "time": "time", "when": "time"}


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file as a form sent it."""

    name: str
    content: bytes


async def _uploaded(request: Request) -> Upload | None:
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile):
        return None
    content = await file.read()
    await file.close()
    return Upload(name=file.filename or "", content=content) if content or file.filename else None


File = Annotated[Upload | None, Depends(_uploaded)]


def page_seen_routes(places: Places) -> Routes:
    """POST /pages/ID/seen and /removed."""
    routes = Routes()
    _seen_route(routes, places)
    _removed_route(routes, places)
    return routes


def _seen_route(routes: Routes, places: Places) -> None:
    """The answer is the screen with what came of the list: sent once more it adds nothing."""
    service = places.service

    @routes.post("/pages/{page_id:path}/seen")
    def bring(request: Request, who: Reading, page_id: str, sent: Sent, file: File) -> Response:
        page = page_of(service, who, page_id)
        granted = who.may(Right.DECIDE, page.id)
        require(request, Right.DECIDE, granted=granted, page_id=page.id)
        if not brings(who, page):
            raise HTTPException(404)
        terms = Terms(zone=places.pages.zone(), now=service.clock.now(), most_rows=MOST_ROWS)
        try:
            seen = _seen(sent, file, terms)
        except SeenListRefused as refusal:
            return _refused(places, request, who, page, sent, file, refusal)
        taken = service.take_in(page, seen, who.actor, terms.zone)
        return screen(places, request, who, page, taken=taken)


def _removed_route(routes: Routes, places: Places) -> None:
    service = places.service

    @routes.post("/pages/{page_id:path}/removed")
    def removed(request: Request, who: Reading, page_id: str, sent: Sent) -> Response:
        page = page_of(service, who, page_id)
        granted = who.may(Right.DECIDE, page.id)
        require(request, Right.DECIDE, granted=granted, page_id=page.id)
        with service.database.read() as s:
            entry = entry_for(s, sent.text("decision"), who)
        if not brings(who, page) or entry.page_id != page.id:
            raise HTTPException(404)
        stays, now, database = sent.text("answer") == "stays", service.clock.now(), service.database
        try:
            if stays:
                review.resolve(database, entry.id, Verdict.ALLOW, who.actor, LET_STAND, now)
            else:
                manual.confirm_removed(database, entry.id, who.actor, "", now)
        except ModbotError:  # somebody else was faster
            return RedirectResponse(f"{page_address(page.id)}?said=removed-before", 303)
        said = "stays-by-hand" if stays else "removed-by-hand"
        return RedirectResponse(f"{page_address(page.id)}?said={said}#by-hand", 303)


def _seen(sent: Filled, file: Upload | None, terms: Terms) -> list[Seen]:
    pasted = sent.typed("list")
    if file is not None and pasted.strip():
        raise SeenListRefused("give a file or a pasted list, not both", why="both")
    if file is not None:
        return read_seen_list(file.content, terms)
    if "list" in sent.values:
        return read_seen_list(pasted.encode("utf-8", "surrogatepass"), terms)
    rest = {name: sent.text(name) for name in ("author", "post", "url", "time")}
    return [checked(Seen(text=sent.typed("text"), **rest), terms)]


def _refused(
    places: Places,
    request: Request,
    who: Person,
    page: Page,
    sent: Filled,
    file: Upload | None,
    refusal: SeenListRefused,
) -> Response:
    """The form again as it was filled in, and beside the field where the fault is."""
    field = _FIELD_OF.get(refusal.why, "text")
    if file is not None or "list" in sent.values:
        field = "file" if file is not None else "list"
    problems = [
        Problem(field=field, why=f"seen_{refusal.why}", says=str(refusal), what=refusal.what)
    ]
    if refusal.line is not None:
        line = Problem(field=field, why="seen_line", says="", what=str(refusal.line))
        problems.insert(0, line)
    return screen(places, request, who, page, sent=sent, faults=by_field(problems))
