"""Signing in with a password, and signing out."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Form
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from modbot.people import sessions
from modbot.people.signing_in import From, Outcome, try_password
from modbot.people_tables import PersonRow
from modbot.web.access import SIGN_IN, visit
from modbot.web.cookies import cookies_for
from modbot.web.devices import client_address, device_of, network_of
from modbot.web.notices import N_
from modbot.web.rendering import Pages, keep_language
from modbot.web.routes import Routes
from modbot.web.seam import WebService

_REFUSED = N_("The address or the password is not right.")


def sign_in_routes(service: WebService, pages: Pages) -> Routes:
    """The sign-in form, what it sends, and the way out."""
    routes = Routes()
    cookies = cookies_for(service.config.settings.web)

    @routes.api_route(SIGN_IN, methods=["GET", "HEAD"])
    def form(request: Request) -> Response:
        if visit(request).signed_in is not None:
            return RedirectResponse(own_path(request.query_params.get("next", "")), 303)
        return sign_in_page(service, pages, request, own_path(request.query_params.get("next", "")))

    @routes.post(SIGN_IN)
    def sign_in(
        request: Request,
        email: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        next: Annotated[str, Form()] = "",
    ) -> Response:
        if not service.config.settings.sign_in.passwords:
            raise HTTPException(403)
        tried = try_password(
            service.database, request.app.state.hashing, email, password, origin_of(request)
        )
        if tried.person is None:
            return sign_in_page(service, pages, request, own_path(next), email=email, tried=tried)
        return let_in(service, request, tried.person, how="password", to=own_path(next))

    @routes.post("/sign-out")
    def sign_out(request: Request) -> Response:
        found = visit(request).signed_in
        if found is not None:
            with service.database.write() as s:
                who = found.person
                sessions.end(s, found.id_sha256, who, service.clock.now(), by=who.actor.name)
        answer = RedirectResponse(f"{SIGN_IN}?said=signed-out", 303)
        cookies.drop(answer, cookies.session)
        return answer

    return routes


def let_in(service: WebService, request: Request, row: PersonRow, *, how: str, to: str) -> Response:
    """Begins a session for a person whose identity was shown, under a new id; one that this browser
    had before ends."""
    cookies = cookies_for(service.config.settings.web)
    before = visit(request).signed_in
    with service.database.write() as s:
        if before is not None:
            who = before.person
            sessions.end(s, before.id_sha256, who, service.clock.now(), by=who.actor.name)
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
    if row.language:  # the browser may remember that of whoever used it before
        keep_language(answer, row.language)
    return answer


def own_path(wanted: str) -> str:
    """`wanted` where it is a path of ours, else "/": no address can send a person elsewhere."""
    plain = wanted.startswith("/") and wanted.isprintable() and "\\" not in wanted
    return wanted if plain and not wanted.startswith("//") and wanted.isascii() else "/"


def origin_of(request: Request) -> From:
    """Where and when a request tries to sign in."""
    clock = request.app.state.service.clock
    return From(
        address=client_address(request),
        network=network_of(request),
        now=clock.now(),
        speed=clock.speed,
    )


def sign_in_page(
    service: WebService,
    pages: Pages,
    request: Request,
    next_path: str = "/",
    *,
    email: str = "",
    tried: Outcome | None = None,
    status: int = 200,
    refusal: str = "",
) -> Response:
    """The form, with why the last try was refused: by a password or, as `refusal`, otherwise."""
    setting = service.config.settings.sign_in
    wait = tried.wait_seconds if tried else 0
    if tried is not None:
        status = 429 if wait else 400
        refusal = "" if wait else _REFUSED
    answer = pages.answer(
        request,
        "sign_in/form.html",
        status=status,
        here=(SIGN_IN, {"next": next_path} if next_path != "/" else {}),
        next_path=next_path,
        email=email,
        refusal=refusal,
        wait_minutes=-(-wait // 60),
        wait_seconds=wait,
        passwords=setting.passwords,
        providers=setting.providers,
        onward=urlencode({"next": next_path}) if next_path != "/" else "",
    )
    if wait:
        answer.headers["retry-after"] = str(wait)
    return answer
