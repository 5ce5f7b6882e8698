"""What a one-time link opens: the first admin's form, an invitation, a new password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Form
from starlette.requests import Request
from starlette.responses import Response

from modbot.errors import PersonRefused
from modbot.people import passwords
from modbot.people.invitations import FIRST, INVITED, PASSWORD, accept, find_invitation
from modbot.people_tables import InvitationRow
from modbot.web.refusals import refusal_text
from modbot.web.rendering import Pages
from modbot.web.routes import Routes
from modbot.web.seam import WebService
from modbot.web.sign_in import let_in


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What somebody filled in."""

    name: str = ""
    email: str = ""
    password: str = ""
    again: str = ""


def link_routes(service: WebService, pages: Pages) -> Routes:
    """/first/{token} and /invited/{token}. Looking at a link does not use it up: mail filters and
    chat programs open every address that they see."""
    routes = Routes()
    for way, kinds in (("first", (FIRST,)), ("invited", (INVITED, PASSWORD))):
        routes.include(_routes(_Door(service, pages, way, kinds)))
    return routes


def _routes(door: _Door) -> Routes:
    routes = Routes()
    path = f"/{door.way}/{{token}}"

    @routes.api_route(path, methods=["GET", "HEAD"])
    def look(request: Request, token: str) -> Response:
        return door.form(request, token)

    @routes.post(path)
    def use(
        request: Request,
        token: str,
        name: Annotated[str, Form()] = "",
        email: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        again: Annotated[str, Form()] = "",
    ) -> Response:
        answers = Answers(name=name, email=email, password=password, again=again)
        return door.use(request, token, answers)

    return routes


class _Door:
    """One kind of link."""

    def __init__(self, service: WebService, pages: Pages, way: str, kinds: tuple[str, ...]):
        self.service, self.pages, self.way, self.kinds = service, pages, way, kinds

    def use(self, request: Request, token: str, given: Answers) -> Response:
        """Lets somebody in whose answers will do; else the form again, with the reason."""
        if self._found(token) is None:
            return self.form(request, token)
        try:
            if given.password != given.again:
                raise PersonRefused("different", "the two passwords are not the same")
            # Hashing takes long: it must not hold up the one writer.
            hashed = request.app.state.hashing.hash_password(given.password[: passwords.LONGEST])
            with self.service.database.write() as s:
                person = accept(
                    s,
                    token,
                    kinds=self.kinds,
                    name=given.name,
                    email=given.email,
                    password=given.password,
                    hashed=hashed,
                    now=self.service.clock.now(),
                )
        except PersonRefused as error:
            return self.form(request, token, given=given, error=error)
        return let_in(self.service, request, person, how="link", to="/?said=welcome")

    def form(
        self,
        request: Request,
        token: str,
        *,
        given: Answers | None = None,
        error: PersonRefused | None = None,
    ) -> Response:
        """The form of a link that works, or the page that says it does not."""
        row = self._found(token)
        path = f"/{self.way}/{token}" if row is not None else "/sign-in"
        return self.pages.answer(
            request,
            "sign_in/link.html",
            status=404 if row is None else 200 if error is None else 400,
            here=(path, {}),
            action=path,
            link=row,
            given=given or Answers(),
            refusal=refusal_text(error) if error else "",
            shortest=passwords.SHORTEST,
            advised=passwords.ADVISED,
        )

    def _found(self, token: str) -> InvitationRow | None:
        with self.service.database.read() as s:
            return find_invitation(s, token, self.kinds, self.service.clock.now())
