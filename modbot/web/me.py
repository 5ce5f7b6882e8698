"""What people see and change of their own account."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from modbot import store
from modbot.errors import PersonRefused
from modbot.people import changes, lists, passwords, sessions
from modbot.people.accounts import note
from modbot.people.passwords import Hashing
from modbot.people.signing_in import try_password
from modbot.web.access import lifetimes, person, visit
from modbot.web.refusals import refusal_text
from modbot.web.rendering import LANGUAGE_COOKIE, Pages, keep_language
from modbot.web.routes import Routes
from modbot.web.seam import WebService
from modbot.web.sign_in import origin_of

Text = Annotated[str, Form()]


def me_routes(service: WebService, pages: Pages) -> Routes:
    """/me and what its forms send."""
    routes = Routes()
    mine = _Me(service, pages)

    @routes.api_route("/me", methods=["GET", "HEAD"])
    def me(request: Request) -> Response:
        return mine.page(request)

    @routes.post("/me")
    def prefer(request: Request, language: Text = "", theme: Text = "auto") -> Response:
        return mine.prefer(request, language, theme)

    @routes.post("/me/password")
    def password(
        request: Request, present: Text = "", password: Text = "", again: Text = ""
    ) -> Response:
        try:
            mine.set_password(request, present, password, again)
        except PersonRefused as error:
            return mine.page(request, error=error)
        return RedirectResponse("/me?said=password", 303)

    @routes.post("/me/sessions/{sha256}/end")
    def end(request: Request, sha256: str) -> Response:
        return mine.end(request, sha256)

    @routes.post("/me/sessions/end-others")
    def end_others(request: Request) -> Response:
        return mine.end_others(request)

    return routes


class _Me:
    def __init__(self, service: WebService, pages: Pages):
        self.service, self.pages = service, pages

    def page(self, request: Request, *, error: PersonRefused | None = None) -> Response:
        who, now, lives = person(request), self.service.clock.now(), lifetimes(self.service)
        with self.service.database.read() as s:
            row = changes.known_person(s, who.id)
            known = {page.id: page.name for page in store.pages(s)}
            return self.pages.answer(
                request,
                "people/me.html",
                status=400 if error else 200,
                here=("/me", {}),
                account=lists.account(s, row, now, lives),
                page_names=None if who.pages is None else [known.get(p, p) for p in who.pages],
                sessions=lists.open_sessions(s, who.id, now, lives),
                own_session=_own(request),
                themes=changes.THEMES,
                refusal=refusal_text(error) if error else "",
                shortest=passwords.SHORTEST,
                advised=passwords.ADVISED,
            )

    def prefer(self, request: Request, language: str, theme: str) -> Response:
        try:
            with self.service.database.write() as s:
                row = changes.known_person(s, person(request).id)
                changes.set_preferences(s, row, language=language, theme=theme)
        except PersonRefused as error:
            return self.page(request, error=error)
        answer = RedirectResponse("/me?said=saved", 303)
        if language:
            keep_language(answer, language)
        else:
            answer.delete_cookie(LANGUAGE_COOKIE)
        return answer

    def set_password(self, request: Request, present: str, wanted: str, again: str) -> None:
        """Asks for the present one first: whoever finds an open browser must not keep others
        out. Raises PersonRefused."""
        who = person(request)
        if not self.service.config.settings.sign_in.passwords:
            raise HTTPException(403)
        with self.service.database.read() as s:
            has_one = bool(changes.known_person(s, who.id).password_hash)
        if not has_one:
            raise PersonRefused("no_password", "there is none to change: sign in as before")
        if wanted != again:
            raise PersonRefused("different", "the two passwords are not the same")
        passwords.check_new(wanted, name=who.name, email=who.email)
        hashing: Hashing = request.app.state.hashing
        tried = try_password(self.service.database, hashing, who.email, present, origin_of(request))
        if tried.person is None:
            raise PersonRefused("old_password", "the present password is not right")
        hashed = hashing.hash_password(wanted)
        with self.service.database.write() as s:
            row = changes.known_person(s, who.id)
            now = self.service.clock.now()
            changes.set_password(s, row, hashed, keep=_own(request), now=now)

    def end(self, request: Request, sha256: str) -> Response:
        who = person(request)
        with self.service.database.write() as s:
            ended = sessions.end(s, sha256, who, self.service.clock.now(), by=who.actor.name)
        if not ended:
            raise HTTPException(404)
        return RedirectResponse("/me?said=sessions-ended", 303)

    def end_others(self, request: Request) -> Response:
        who = person(request)
        with self.service.database.write() as s:
            ended = sessions.end_all(s, who.id, but=_own(request))
            now = self.service.clock.now()
            note(s, "sign_in.ended", who.actor.name, now, person=who.id, signed_out=ended)
        return RedirectResponse("/me?said=sessions-ended", 303)


def _own(request: Request) -> str:
    """The hash of the session that asks."""
    found = visit(request).signed_in
    return found.id_sha256 if found else ""
