"""The web pages, for people of the district who are signed in."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from zoneinfo import ZoneInfo

from anyio.to_thread import current_default_thread_limiter
from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from modbot import store
from modbot.errors import SignInBusy
from modbot.people import Person
from modbot.people.passwords import HASHING, Hashing
from modbot.store import LogColumns
from modbot.web.access import Access, person
from modbot.web.alerts import alert_routes
from modbot.web.cookies import cookies_for
from modbot.web.csrf import from_our_own_form
from modbot.web.demo_link import demo_routes
from modbot.web.failures import failure
from modbot.web.filters import BadAddress
from modbot.web.first_answers import prepare
from modbot.web.guard import Guard
from modbot.web.links import link_routes
from modbot.web.log import log_routes
from modbot.web.log_asked import LogRoom
from modbot.web.log_export import log_export_routes
from modbot.web.me import me_routes
from modbot.web.metrics import metrics_routes
from modbot.web.navigation import first_place, paths_of
from modbot.web.notices import NOTICES
from modbot.web.oidc import oidc_routes
from modbot.web.people import people_routes
from modbot.web.place_routes import place_routes
from modbot.web.probes import probe_routes
from modbot.web.queue import queue_routes
from modbot.web.queue_bulk import queue_bulk_routes
from modbot.web.queue_many import queue_many_routes
from modbot.web.record import record_routes
from modbot.web.rendering import STATIC_FOLDER, Pages
from modbot.web.routes import Routes
from modbot.web.seam import WebService
from modbot.web.sign_in import sign_in_routes
from modbot.web.undo import undo_routes
from modbot.web.undo_run import undo_run_routes

THREADS = 4  # that answer requests


def create_app(
    service: WebService,
    *,
    demo: bool = False,
    prepared: bool = False,
    hashing: Hashing | None = None,
) -> FastAPI:
    """The pages and probes over a service's database. `demo`: the demo's link signs in;
    `prepared`: the first readers do not wait for what a fresh process has to make; `hashing`: of
    passwords, in place of modbot's own."""
    web = service.config.settings.web
    pages = Pages(
        zone=lambda: ZoneInfo(service.config.settings.web.time_zone),
        cookies=cookies_for(web),
        urgent_alerts=lambda who: _urgent_alerts(service, who),
    )
    log_room = LogRoom(service=service, pages=pages, columns=LogColumns())
    app = FastAPI(
        title="modbot",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=partial(_running, service, log_room, prepared),
        dependencies=[Depends(from_our_own_form)],
    )
    app.state.service, app.state.hashing = service, hashing or HASHING

    def error_page(scope: Scope, status: int, incident: str) -> Response:
        return failure(pages, Request(scope), status, incident=incident)

    own = f"[{web.host}]" if ":" in web.host else web.host
    hosts = (own, web.public_host, *web.allowed_hosts)
    app.add_middleware(Access, service=service)
    app.add_middleware(Guard, hosts=hosts, https=web.https, error_page=error_page)
    for error in (HTTPException, RequestValidationError, BadAddress, SignInBusy):
        app.add_exception_handler(error, _handler(pages))
    _add_routes(app, log_room, demo=demo)
    app.mount("/static", _Kept(StaticFiles(directory=STATIC_FOLDER)), name="static")
    return app


def _add_routes(app: FastAPI, log_room: LogRoom, *, demo: bool) -> None:
    service, pages = log_room.service, log_room.pages
    for log_part in (log_routes, log_export_routes):
        log_part(log_room).add_to(app)
    rooms = (record_routes, alert_routes, place_routes, undo_routes, undo_run_routes)
    for routes in (*rooms, sign_in_routes, oidc_routes, link_routes, people_routes, me_routes):
        routes(service, pages).add_to(app)
    if demo:
        demo_routes(service).add_to(app)
    queue_many_routes(service, pages).add_to(app)
    queue_bulk_routes(service, pages).add_to(app)
    queue_routes(service, pages).add_to(app)
    probe_routes(service).add_to(app)
    metrics_routes(service).add_to(app)
    if "/" not in paths_of(app.routes):
        _home().add_to(app)


@asynccontextmanager
async def _running(
    service: WebService, log_room: LogRoom, prepared: bool, _app: FastAPI
) -> AsyncIterator[None]:
    """Requests take turns: many threads at once would each wait for Python's lock after every row
    that SQLite hands over, and all of them be slower."""
    current_default_thread_limiter().total_tokens = THREADS
    over = threading.Event()

    def ahead() -> None:
        if prepared:
            prepare(service, log_room.pages, over)
        log_room.columns.read_ahead(service.database, over)

    reading = threading.Thread(target=ahead, daemon=True)
    reading.start()
    yield
    over.set()
    reading.join()


def _urgent_alerts(service: WebService, who: Person) -> int:
    """How many urgent alerts of the person's pages nobody has acknowledged."""
    with service.database.read() as s:
        return store.count_urgent(s, pages=who.pages)


def _home() -> Routes:
    routes = Routes()

    @routes.api_route("/", methods=["GET", "HEAD"])
    def home(request: Request) -> Response:
        said = request.query_params.get("said", "")
        to = first_place(request, person(request)) + (f"?said={said}" if said in NOTICES else "")
        return RedirectResponse(to, status_code=303)

    return routes


def _handler(pages: Pages) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        status = int(HTTPStatus.BAD_REQUEST)
        if isinstance(error, HTTPException):
            status = error.status_code
        elif isinstance(error, SignInBusy):
            status = HTTPStatus.TOO_MANY_REQUESTS
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
