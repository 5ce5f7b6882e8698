"""The web page: read-only, for people inside the district."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from modbot.web.failures import failure
from modbot.web.filters import BadAddress
from modbot.web.guard import Guard
from modbot.web.log import log_routes
from modbot.web.metrics import metrics_routes
from modbot.web.probes import probe_routes
from modbot.web.record import record_routes
from modbot.web.rendering import STATIC_FOLDER, Pages
from modbot.web.seam import WebService


def create_app(service: WebService) -> FastAPI:
    """The pages and probes over a service's database."""
    web = service.config.settings.web
    pages = Pages(zone=lambda: ZoneInfo(service.config.settings.web.time_zone))
    app = FastAPI(title="modbot", docs_url=None, redoc_url=None, openapi_url=None)

    def error_page(scope: Scope, status: int, incident: str) -> Response:
        return failure(pages, Request(scope), status, incident=incident)

    own = f"[{web.host}]" if ":" in web.host else web.host
    app.add_middleware(Guard, hosts=(own, *web.allowed_hosts), error_page=error_page)
    app.add_exception_handler(HTTPException, _handler(pages))
    app.add_exception_handler(RequestValidationError, _handler(pages))
    app.add_exception_handler(BadAddress, _handler(pages))
    app.include_router(log_routes(service, pages))
    app.include_router(record_routes(service, pages))
    app.include_router(probe_routes(service))
    app.include_router(metrics_routes(service))
    app.mount("/static", _Kept(StaticFiles(directory=STATIC_FOLDER)), name="static")
    return app


def _handler(pages: Pages) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.BAD_REQUEST
        return failure(pages, request, status)

    return answer


class _Kept:
    """Static files whose address changes with their content may stay in the browser."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_kept(message: dict) -> None:  # type: ignore[type-arg]
            if message["type"] == "http.response.start" and message["status"] == HTTPStatus.OK:
                age = (b"cache-control", b"public, max-age=31536000, immutable")
                message = {**message, "headers": [*message["headers"], age]}
            await send(message)

        await self.app(scope, receive, send_kept)  # type: ignore[arg-type]
