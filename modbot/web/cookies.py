"""The cookies of the pages: who is signed in, and which browser asked for a form."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from modbot.settings.sections import WebSection


@dataclass(frozen=True, kw_only=True)
class Cookies:
    """Their names and how they are set; over https a browser takes them from this host alone."""

    secure: bool

    @property
    def session(self) -> str:
        return self._named("modbot")

    @property
    def visit(self) -> str:
        return self._named("modbot-visit")

    def _named(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name

    def read(self, request: Request, name: str) -> str:
        """The cookie's value, or nothing."""
        return request.cookies.get(name, "")

    def set(self, response: Response, name: str, value: str) -> None:
        """Until the browser is closed; what ends a session is in the database."""
        response.set_cookie(name, value, httponly=True, samesite="lax", secure=self.secure)

    def drop(self, response: Response, name: str) -> None:
        """Takes it off the browser."""
        response.delete_cookie(name, httponly=True, samesite="lax", secure=self.secure)


def cookies_for(web: WebSection) -> Cookies:
    """As the public address wants them."""
    return Cookies(secure=web.https)
