"""A change is taken only from our own forms: a token in the form, and the browser's own word."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

import structlog
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request

from modbot.people.tokens import form_token
from modbot.web.access import visit

_log = structlog.get_logger("modbot.web")

FIELD, HEADER = "csrf", "x-csrf-token"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_ELSEWHERE = frozenset({"cross-site", "same-site"})


async def from_our_own_form(request: Request) -> None:
    """A dependency of every route: raises 403 for a change that did not come from our pages."""
    if request.method in _READING:
        return
    if request.headers.get("sec-fetch-site", "") in _ELSEWHERE or _foreign_origin(request):
        raise _refused(request, "from another site")
    cookie = visit(request).cookie
    given = request.headers.get(HEADER) or str((await request.form()).get(FIELD) or "")
    if not cookie or not hmac.compare_digest(given.encode(), form_token(cookie).encode()):
        raise _refused(request, "without the token")


def _refused(request: Request, why: str) -> HTTPException:
    route = getattr(request.scope.get("route"), "path", "")
    _log.warning("form_refused", why=why, route=route)
    return HTTPException(403)


def _foreign_origin(request: Request) -> bool:
    """Whether the browser names another origin. It says "null" where our Referrer-Policy keeps it
    quiet; then the token alone decides."""
    origin = request.headers.get("origin", "")
    if origin in ("", "null"):
        return False
    return urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()


def hidden_field(token: str) -> Markup:
    """The field that every form with a POST holds."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token)
