"""The people of the room: who there is, invitations, and what an admin may change of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Form
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from modbot import store
from modbot.errors import PersonRefused
from modbot.people import Person, Right, Role, changes, invitations, sessions
from modbot.people.accounts import note
from modbot.people.invitations import Grant
from modbot.people_tables import PersonRow
from modbot.web.access import needs
from modbot.web.people_pages import PeoplePages
from modbot.web.rendering import Pages
from modbot.web.routes import Routes
from modbot.web.seam import WebService

Admin = Annotated[Person, Depends(needs(Right.PEOPLE))]
Text = Annotated[str, Form()]
Texts = Annotated[list[str] | None, Form()]


def people_routes(service: WebService, pages: Pages) -> Routes:
    """/people and everything below it; for admins."""
    routes = Routes()
    shown = PeoplePages(service, pages)
    routes.include(_inviting(service, shown))
    routes.include(_one_person(service, shown))

    @routes.api_route("/people", methods=["GET", "HEAD"])
    def people(request: Request, _admin: Admin) -> Response:
        return shown.everybody(request)

    return routes


def _inviting(service: WebService, shown: PeoplePages) -> Routes:
    routes = Routes()

    @routes.post("/people/invite")
    def invite(
        request: Request,
        admin: Admin,
        email: Text = "",
        role: Text = "",
        scope: Text = "all",
        pages: Texts = None,
        approver: Text = "",
    ) -> Response:
        now = service.clock.now()
        lasts = timedelta(days=service.config.settings.sign_in.invitation_days)
        try:
            with service.database.write() as s:
                grant = read_grant(s, role, scope, pages, approver)
                token = invitations.invite(
                    s, email, grant, by=admin.actor, now=now, lasts=lasts * service.clock.speed
                )
        except PersonRefused as error:
            return shown.everybody(request, error=error, email=email)
        return shown.link(request, token, email=email.strip(), ends_at=now + lasts)

    @routes.post("/people/invitations/{sha256}/withdraw")
    def withdraw(sha256: str, admin: Admin) -> Response:
        with service.database.write() as s:
            done = invitations.withdraw(s, sha256, by=admin.actor, now=service.clock.now())
        if not done:
            raise HTTPException(404)  # used since, or withdrawn before
        return RedirectResponse("/people?said=uninvited", 303)

    return routes


def _one_person(service: WebService, shown: PeoplePages) -> Routes:
    routes = Routes()

    @routes.api_route("/people/{number}", methods=["GET", "HEAD"])
    def one(request: Request, number: str, _admin: Admin) -> Response:
        return shown.one(request, _number(number))

    @routes.post("/people/{number}")
    def change(
        request: Request,
        number: str,
        admin: Admin,
        role: Text = "",
        scope: Text = "",
        pages: Texts = None,
        approver: Text = "",
    ) -> Response:
        def do(s: Session, row: PersonRow) -> str:
            grant = read_grant(s, role, scope, pages, approver)
            done = changes.change_grant(s, row, grant, by=admin.actor, now=service.clock.now())
            return "changed" if done else "unchanged"

        return _changed(service, shown, request, number, do)

    @routes.post("/people/{number}/link")
    def link(request: Request, number: str, admin: Admin) -> Response:
        now = service.clock.now()
        with service.database.write() as s:
            row = _row(s, number)
            token = invitations.password_link(s, row, by=admin.actor, now=now)
        ends_at = now + timedelta(hours=invitations.PASSWORD_HOURS)
        return shown.link(request, token, email=row.email, ends_at=ends_at)

    _ending(routes, service, shown)
    return routes


def _ending(routes: Routes, service: WebService, shown: PeoplePages) -> None:
    @routes.post("/people/{number}/disable")
    def disable(request: Request, number: str, admin: Admin) -> Response:
        def do(s: Session, row: PersonRow) -> str:
            changes.disable(s, row, by=admin.actor, now=service.clock.now())
            return "disabled"

        return _changed(service, shown, request, number, do)

    @routes.post("/people/{number}/enable")
    def enable(request: Request, number: str, admin: Admin) -> Response:
        def do(s: Session, row: PersonRow) -> str:
            changes.enable(s, row, by=admin.actor, now=service.clock.now())
            return "enabled"

        return _changed(service, shown, request, number, do)

    @routes.post("/people/{number}/end-sessions")
    def end_sessions(request: Request, number: str, admin: Admin) -> Response:
        def do(s: Session, row: PersonRow) -> str:
            ended = sessions.end_all(s, row.id or 0)
            now, who = service.clock.now(), admin.actor.name
            note(s, "sign_in.ended", who, now, person=row.id, signed_out=ended)
            return "sessions-ended"

        return _changed(service, shown, request, number, do)


def _changed(
    service: WebService,
    shown: PeoplePages,
    request: Request,
    number: str,
    do: Callable[[Session, PersonRow], str],
) -> Response:
    """Does one thing to a person; back to their page with what to say, or with why not."""
    try:
        with service.database.write() as s:
            said = do(s, _row(s, number))
    except PersonRefused as error:
        return shown.one(request, _number(number), error=error)
    return RedirectResponse(f"/people/{_number(number)}?said={said}", 303)


def _row(s: Session, number: str) -> PersonRow:
    try:
        return changes.known_person(s, _number(number))
    except PersonRefused:
        raise HTTPException(404) from None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise HTTPException(404)
    return int(text)


def read_grant(s: Session, role: str, scope: str, pages: list[str] | None, approver: str) -> Grant:
    """What a form grants. Raises HTTPException for a role or page that there is not."""
    known = {page.id for page in store.pages(s)}
    chosen = frozenset(pages or ())
    if role not in set(Role) or scope not in ("all", "some") or not chosen <= known:
        raise HTTPException(400)
    return Grant(
        role=Role(role), pages=None if scope == "all" else chosen, approver=approver == "yes"
    )
