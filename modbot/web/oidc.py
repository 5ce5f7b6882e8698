"""Signing in through the district's provider: there and back."""

from __future__ import annotations

import os
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from modbot.errors import ProviderRefused
from modbot.people.accounts import note
from modbot.people.flows import Flow, begin_flow, person_for, take_flow
from modbot.people.provider import Provider
from modbot.people.tokens import new_token
from modbot.people_tables import PersonRow
from modbot.web.cookies import cookies_for
from modbot.web.devices import network_of
from modbot.web.notices import N_
from modbot.web.rendering import Pages
from modbot.web.routes import Routes
from modbot.web.seam import WebService
from modbot.web.sign_in import let_in, own_path, sign_in_page

_WORDS = {
    "unknown": N_("You are not invited here. Ask an administrator for an invitation."),
    "disabled": N_("You are not invited here. Ask an administrator for an invitation."),
    "domain": N_("That is not an account of the district. Choose another one."),
    "tenant": N_("That is not an account of the district. Choose another one."),
    "unreachable": N_("The sign-in provider does not answer right now. Try again in a minute."),
    "state": N_("That took too long, or began in another browser. Please begin again."),
    "denied": N_("The sign-in was broken off."),
}
_OTHERWISE = N_("The sign-in provider's answer was not accepted. Please begin again.")


def oidc_routes(service: WebService, pages: Pages) -> Routes:
    """/oidc/{name} and /oidc/{name}/return, for each configured provider."""
    routes = Routes()
    way = _Way(service, os.environ)

    # A link, not a form: the form-action of our pages would stop a form from leading elsewhere.
    # All that a GET does here is to remember a random state for ten minutes.
    @routes.get("/oidc/{name}")
    def go(request: Request, name: str) -> Response:
        try:
            return way.go(request, name)
        except ProviderRefused as error:
            return refused(request, name, error)

    @routes.get("/oidc/{name}/return")
    def come_back(request: Request, name: str) -> Response:
        flow = way.flow(request, name)
        try:
            person = way.person(request, name, flow)
        except ProviderRefused as error:
            return refused(request, name, error)
        return let_in(service, request, person, how=name, to=flow.next_path if flow else "/")

    def refused(request: Request, name: str, error: ProviderRefused) -> Response:
        with service.database.write() as s:
            detail = {"how": name, "why": error.code, "network": network_of(request)}
            note(s, "sign_in.refused", "unknown", service.clock.now(), **detail)
        words = _WORDS.get(error.code, _OTHERWISE)
        return sign_in_page(service, pages, request, status=403, refusal=words)

    return routes


class _Way:
    """The way to each provider and back."""

    def __init__(self, service: WebService, environ: Mapping[str, str]):
        self.service = service
        self.cookies = cookies_for(service.config.settings.web)
        found = service.config.settings.sign_in.providers
        self.providers = {setting.name: Provider(setting, environ) for setting in found}

    def go(self, request: Request, name: str) -> Response:
        """Sends the browser to the provider. Raises ProviderRefused or HTTPException."""
        provider = self._provider(name)
        browser = self.cookies.read(request, self.cookies.visit) or new_token()
        clock = self.service.clock
        with self.service.database.write() as s:
            flow = begin_flow(
                s,
                provider=name,
                browser=browser,
                next_path=own_path(request.query_params.get("next", "")),
                now=clock.now(),
                speed=clock.speed,
            )
        address = provider.address(
            redirect_uri=self._return_address(request, name),
            state=flow.state,
            nonce=flow.nonce,
            verifier=flow.verifier,
        )
        answer = RedirectResponse(address, 303)
        self.cookies.set(answer, self.cookies.visit, browser)
        return answer

    def flow(self, request: Request, name: str) -> Flow | None:
        """What this browser began, used up by asking."""
        self._provider(name)
        with self.service.database.write() as s:
            return take_flow(
                s,
                state=request.query_params.get("state", ""),
                provider=name,
                browser=self.cookies.read(request, self.cookies.visit),
                now=self.service.clock.now(),
            )

    def person(self, request: Request, name: str, flow: Flow | None) -> PersonRow:
        """Who came back. Raises ProviderRefused."""
        provider, query = self._provider(name), request.query_params
        if flow is None:
            raise ProviderRefused("state")
        if query.get("iss", provider.setting.issuer_address) != provider.setting.issuer_address:
            raise ProviderRefused("issuer")
        if "error" in query or not query.get("code"):
            raise ProviderRefused("denied")
        now = self.service.clock.now()
        identity = provider.identity(
            code=query["code"],
            redirect_uri=self._return_address(request, name),
            nonce=flow.nonce,
            verifier=flow.verifier,
            now=now,
        )
        with self.service.database.write() as s:
            return person_for(s, identity, provider.setting, now)

    def _provider(self, name: str) -> Provider:
        if name not in self.providers:
            raise HTTPException(404)
        return self.providers[name]

    def _return_address(self, request: Request, name: str) -> str:
        configured = self.service.config.settings.web.public_address
        return f"{configured or f'http://{request.url.netloc}'}/oidc/{name}/return"
