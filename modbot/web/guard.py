"""What every answer carries and every request must pass: host names, headers, plain error pages."""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Callable, Iterable, Mapping

import structlog
from sqlalchemy.exc import OperationalError
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modbot.errors import StoreUnreadable

_log = structlog.get_logger("modbot.web")

# OWASP ASVS 5.0, 3.4: no inline script or style, nothing from elsewhere, no framing.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "object-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
# OWASP ASVS 5.0, 3.4.1: from the first answer over TLS on, a browser takes no other way.
HTTPS_HEADERS = {"strict-transport-security": "max-age=31536000; includeSubDomains"}
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

ErrorPage = Callable[[Scope, int, str], Response]  # scope, status, number of the incident


class Guard:
    """Refuses foreign host names, adds the security headers and hides failures' insides."""

    def __init__(
        self, app: ASGIApp, *, hosts: Iterable[str], error_page: ErrorPage, https: bool = False
    ):
        self.app = app
        self.headers = {**SECURITY_HEADERS, **(HTTPS_HEADERS if https else {})}
        self.hosts = frozenset(host.lower() for host in (*_LOOPBACK, *hosts))
        self.error_page = error_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _add_headers(MutableHeaders(scope=message), self.headers)
            await send(message)

        if _host_name(scope) not in self.hosts:
            # DNS rebinding: a stranger's name that resolves to this machine reads nothing here.
            await self.error_page(scope, 400, "")(scope, receive, send_guarded)
            return
        try:
            await self.app(scope, receive, send_guarded)
        except Exception as error:
            status, number = _noted(error)
            if started:
                raise ConnectionResetError(f"answer broke off, incident {number}") from None
            await self.error_page(scope, status, number)(scope, receive, send_guarded)


def _host_name(scope: Scope) -> str:
    """The name in the Host header, without its port; empty when there is not exactly one."""
    given = Headers(scope=scope).getlist("host")
    if len(given) != 1:
        return ""
    host = given[0].lower()
    if host.startswith("["):
        return host[: host.find("]") + 1]
    return host.rpartition(":")[0] if ":" in host else host


def _add_headers(headers: MutableHeaders, ours: Mapping[str, str]) -> None:
    for name, value in ours.items():
        headers[name] = value
    headers.setdefault("cache-control", "no-store")
    del headers["server"]


def _noted(error: Exception) -> tuple[int, str]:
    """Status and incident number of a failure, logged without its message, which may quote text."""
    status = 503 if isinstance(error, OperationalError | StoreUnreadable) else 500
    number = secrets.token_hex(4)
    place = traceback.extract_tb(error.__traceback__)[-1]
    _log.error(
        "request_failed",
        incident=number,
        status=status,
        error=type(error).__name__,
        where=f"{place.filename}:{place.lineno}",
    )
    return status, number
