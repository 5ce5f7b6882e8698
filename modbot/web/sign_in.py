"""Signing in with a password, and signing out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from modbot.people import passwords, sessions
from modbot.people.accounts import by_email, note
from modbot.tables import PersonRow
from modbot.web.access import SIGN_IN, visit
from modbot.web.cookies import cookies_for
from modbot.web.devices import device_of, network_of
from modbot.web.rendering import Pages
from modbot.web.seam import WebService


def sign_in_routes(service: WebService, pages: Pages) -> APIRouter:
    """The sign-in form, what it sends, and the way out."""
    routes = APIRouter()
    cookies = cookies_for(service.config.settings.web)

    @routes.api_route(SIGN_IN, methods=["GET", "HEAD"])
    def form(request: Request) -> Response:
        if visit(request).signed_in is not None:
            return RedirectResponse(own_path(request.query_params.get("next", "")), 303)
        return _form(pages, request, own_path(request.query_params.get("next", "")))

    @routes.post(SIGN_IN)
    def sign_in(
        request: Request,
        email: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        next: Annotated[str, Form()] = "",
    ) -> Response:
        row = _known(service, email, password)
        if row is None:
            return _form(pages, request, own_path(next), email=email, refused=True)
        return let_in(service, request, row, how="password", to=own_path(next))

    @routes.post("/sign-out")
    def sign_out(request: Request) -> Response:
        found = visit(request).signed_in
        if found is not None:
            with service.database.write() as s:
                who = found.person
                sessions.end(s, found.id_sha256, who, service.clock.now(), by=who.name)
        answer = RedirectResponse(f"{SIGN_IN}?said=signed-out", 303)
        cookies.drop(answer, cookies.session)
        return answer

    return routes


def let_in(service: WebService, request: Request, row: PersonRow, *, how: str, to: str) -> Response:
    """Begins a session for a person whose identity was shown, under a new id."""
    cookies = cookies_for(service.config.settings.web)
    with service.database.write() as s:
        token = sessions.begin(
            s,
            row,
            service.clock.now(),
            how=how,
            network=network_of(request),
            device=device_of(request),
        )
    answer = RedirectResponse(to, 303)
    cookies.set(answer, cookies.session, token)
    cookies.drop(answer, cookies.visit)
    return answer


def own_path(wanted: str) -> str:
    """`wanted` where it is a path of ours, else "/": no address can send a person elsewhere."""
    plain = wanted.startswith("/") and wanted.isprintable() and "\\" not in wanted
    return wanted if plain and not wanted.startswith("//") and wanted.isascii() else "/"


def _known(service: WebService, email: str, password: str) -> PersonRow | None:
    """The person with this address and password; every refusal takes as long as a match."""
    with service.database.read() as s:
        row = by_email(s, email)
    usable = row is not None and row.disabled_at is None
    right = passwords.matches(row.password_hash if row is not None and usable else "", password)
    if right:
        return row
    with service.database.write() as s:
        detail = {"person": row.id} if row is not None else {}
        note(s, "sign_in.refused", "nobody", service.clock.now(), how="password", **detail)
    return None


def _form(
    pages: Pages, request: Request, next_path: str, *, email: str = "", refused: bool = False
) -> Response:
    return pages.answer(
        request,
        "sign_in/form.html",
        status=400 if refused else 200,
        here=(SIGN_IN, {"next": next_path} if next_path != "/" else {}),
        next_path=next_path,
        email=email,
        refused=refused,
    )
