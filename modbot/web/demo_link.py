"""The demo's link, which signs in whoever sits at this machine."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from modbot.people.demo import demo_person
from modbot.settings.sign_in import on_this_machine
from modbot.web.routes import Routes
from modbot.web.seam import WebService
from modbot.web.sign_in import let_in


def demo_routes(service: WebService) -> Routes:
    """/demo/{token}. Only an app that was made for the demo has it."""
    routes = Routes()

    @routes.get("/demo/{token}")
    def demo(request: Request, token: str) -> Response:
        if request.client is None or not on_this_machine(request.client.host):
            raise HTTPException(404)
        with service.database.read() as s:
            person = demo_person(s, token)
        if person is None:
            raise HTTPException(404)
        return let_in(service, request, person, how="demo", to="/")

    return routes
