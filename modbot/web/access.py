"""Who sends a request, and whether they may: what every route asks here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modbot.errors import StoreUnreadable
from modbot.people import Person, Right
from modbot.people.accounts import note
from modbot.people.sessions import Lifetimes, SignedIn, find, note_seen
from modbot.web.cookies import cookies_for
from modbot.web.seam import WebService

SIGN_IN = "/sign-in"
# What answers without a sign-in; everything else, and whatever comes to be, asks for one.
OPEN_PATHS = frozenset({"/livez", "/readyz", "/metrics", SIGN_IN})
OPEN_FOLDERS = ("/static/", "/oidc/", "/first/", "/invited/", "/demo/")
_PROBES = frozenset({"/livez", "/readyz", "/metrics"})  # they and static files never look who it is
LARGEST_BODY = 1_000_000  # bytes
LARGEST_LIST = 4_000_000  # of what somebody who is signed in brings to a page without an API


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What is known of whoever sends a request."""

    signed_in: SignedIn | None = None
    cookie: str = ""  # the session's, else that of the visit


def visit(request: Request) -> Visit:
    """Who sends a request; nobody, where nothing looked."""
    found: Visit = getattr(request.state, "visit", Visit())
    return found


def visitor(request: Request) -> Person | None:
    """The signed-in person, if there is one."""
    signed_in = visit(request).signed_in
    return signed_in.person if signed_in else None


def person(request: Request) -> Person:
    """The signed-in person. A request without one was sent to the sign-in before it came here."""
    who = visitor(request)
    if who is None:
        raise HTTPException(403)
    return who


def needs(right: Right) -> Callable[[Request], Awaitable[Person]]:
    """A dependency: the signed-in person where they have `right`, else 403 and an audit row."""

    # Async, as asking costs nothing: a turn in a thread is only for writing down a refusal.
    async def check(request: Request) -> Person:
        who = person(request)
        if not who.may(right):
            await run_in_threadpool(refuse, request, right)
        return who

    check.right = right  # type: ignore[attr-defined]  # what the table of routes and roles reads
    return check


def refuse(request: Request, right: Right, page_id: str = "") -> None:
    """Writes down that the signed-in person tried what they may not, and raises 403."""
    service: WebService = request.app.state.service
    route = getattr(request.scope.get("route"), "path", "")
    who = person(request)
    detail = {"person": who.id, "right": right.value, "route": f"{request.method} {route}"}
    if page_id:
        detail["page"] = page_id
    with service.database.write() as s:
        note(s, "access.refused", who.actor.name, service.clock.now(), **detail)
    raise HTTPException(403)


def lifetimes(service: WebService) -> Lifetimes:
    """How long a session lasts by the service's clock: the demo's runs faster than a reader."""
    setting, speed = service.config.settings.sign_in, service.clock.speed
    return Lifetimes(
        idle=timedelta(minutes=setting.idle_minutes) * speed,
        whole=timedelta(hours=setting.session_hours) * speed,
    )


class Access:
    """Finds out who sends a request, and sends whoever is not signed in to the sign-in."""

    def __init__(self, app: ASGIApp, *, service: WebService):
        self.app = app
        self.service = service
        self.cookies = cookies_for(service.config.settings.web)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or path in _PROBES or path.startswith("/static/"):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        request.state.visit = found = await run_in_threadpool(self._look, request)
        if found.signed_in is None and not is_open(path):
            await _to_sign_in(request)(scope, receive, send)
            return
        largest = LARGEST_LIST if found.signed_in and _brings_a_list(path) else LARGEST_BODY
        await self.app(scope, _capped(receive, largest), send)

    def _look(self, request: Request) -> Visit:
        token = self.cookies.read(request, self.cookies.session)
        if not token:
            return Visit(cookie=self.cookies.read(request, self.cookies.visit))
        now = self.service.clock.now()
        with self.service.database.read() as s:
            signed_in = find(s, token, now, lifetimes(self.service))
        if signed_in is None:
            return Visit(cookie=self.cookies.read(request, self.cookies.visit))
        if signed_in.stale:
            self._note_seen(signed_in)
        return Visit(signed_in=signed_in, cookie=token)

    def _note_seen(self, signed_in: SignedIn) -> None:
        try:
            with self.service.database.write() as s:
                note_seen(s, signed_in.id_sha256, self.service.clock.now())
        except StoreUnreadable:
            pass  # somebody else writes: reading goes on, the next request tries again


def is_open(path: str) -> bool:
    """Whether a path answers without a sign-in."""
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDERS)


def _to_sign_in(request: Request) -> Response:
    address = SIGN_IN
    if request.method in ("GET", "HEAD") and request.url.path != "/":
        query = f"?{request.url.query}" if request.url.query else ""
        address += "?" + urlencode({"next": request.url.path + query})
    return RedirectResponse(address, status_code=303)


def _brings_a_list(path: str) -> bool:
    return path.startswith("/pages/") and path.endswith("/seen")


def _capped(receive: Receive, largest: int) -> Receive:
    """The body of a request, as long as it is no longer than a form can be."""
    taken = 0

    async def receive_capped() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > largest:
            raise HTTPException(413)
        return message

    return receive_capped
