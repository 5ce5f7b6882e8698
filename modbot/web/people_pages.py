"""The pages about people, drawn from what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from modbot import store
from modbot.domain import Page
from modbot.errors import PersonRefused
from modbot.people import Role, changes, invitations, lists
from modbot.web.access import lifetimes
from modbot.web.refusals import refusal_text
from modbot.web.rendering import Pages
from modbot.web.seam import WebService


class PeoplePages:
    """Everybody, one person, and a link that is shown once."""

    def __init__(self, service: WebService, pages: Pages):
        self.service, self.pages = service, pages

    def everybody(
        self, request: Request, *, error: PersonRefused | None = None, email: str = ""
    ) -> Response:
        """The list, with the form that invites."""
        now, lives = self.service.clock.now(), lifetimes(self.service)
        with self.service.database.read() as s:
            registered = _by_name(store.pages(s))
            return self.pages.answer(
                request,
                "people/list.html",
                status=400 if error else 200,
                here=("/people", {}),
                accounts=lists.accounts(s, now, lives),
                invitations=invitations.open_invitations(s, now),
                pages=registered,
                page_names={page.id: page.name for page in registered},
                roles=list(Role),
                refusal=refusal_text(error) if error else "",
                email=email,
            )

    def one(self, request: Request, number: int, *, error: PersonRefused | None = None) -> Response:
        """One person. Raises HTTPException 404."""
        now, lives = self.service.clock.now(), lifetimes(self.service)
        with self.service.database.read() as s:
            try:
                row = changes.known_person(s, number)
            except PersonRefused:
                raise HTTPException(404) from None
            return self.pages.answer(
                request,
                "people/one.html",
                status=400 if error else 200,
                here=(f"/people/{number}", {}),
                account=lists.account(s, row, now, lives),
                sessions=lists.open_sessions(s, number, now, lives),
                pages=_by_name(store.pages(s)),
                roles=list(Role),
                refusal=refusal_text(error) if error else "",
            )

    def link(self, request: Request, token: str, *, email: str, ends_at: datetime) -> Response:
        """A one-time link, shown this once."""
        return self.pages.answer(
            request,
            "people/link.html",
            here=("/people", {}),
            address=f"{self._public(request)}/invited/{token}",
            email=email,
            ends_at=ends_at,
        )

    def _public(self, request: Request) -> str:
        configured = self.service.config.settings.web.public_address
        return configured or f"{request.url.scheme}://{request.url.netloc}"


def _by_name(pages: Sequence[Page]) -> list[Page]:
    return sorted(pages, key=lambda page: page.name.casefold())
